"""Synapses of a causal depthwise convolution."""
