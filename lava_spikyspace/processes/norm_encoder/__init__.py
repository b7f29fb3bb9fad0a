"""Threshold encoder of a normalised input."""
