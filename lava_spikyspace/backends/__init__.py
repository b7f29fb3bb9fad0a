"""Engines that run a network, `batch` and `sim`, with one result type."""
