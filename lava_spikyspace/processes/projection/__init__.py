"""Descaled values of a projection of messages."""
