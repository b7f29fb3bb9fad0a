"""Engines that run a network: `batch`, `sim` and `loihi2`, with one result type."""
