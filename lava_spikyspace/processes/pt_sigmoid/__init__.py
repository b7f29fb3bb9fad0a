"""Power-of-two sigmoid of a projection."""
