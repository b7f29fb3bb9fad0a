"""Synthetic integer networks of any size, whose codes are live; no training and no torch."""

from __future__ import annotations

from lava_spikyspace.synthetic.networks import code_entropies, random_messages, random_network

__all__ = ["code_entropies", "random_messages", "random_network"]
