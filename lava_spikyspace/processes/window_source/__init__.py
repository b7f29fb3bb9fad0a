"""Plays windows into the network."""
