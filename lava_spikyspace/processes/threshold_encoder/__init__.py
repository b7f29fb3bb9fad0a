"""Threshold encoder of a code from an accumulator."""
