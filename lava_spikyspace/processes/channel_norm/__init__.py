"""Affine normalisation of each channel."""
