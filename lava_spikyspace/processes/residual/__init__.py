"""Residual stream behind an output projection."""
