"""Residual stream behind a gated mixer."""
