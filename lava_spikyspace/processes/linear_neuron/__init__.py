"""Descaled values of a projection."""
