"""Logits from the mean over time."""
