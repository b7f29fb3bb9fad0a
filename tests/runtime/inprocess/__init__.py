"""Tests of the in-process Lava runtime."""
