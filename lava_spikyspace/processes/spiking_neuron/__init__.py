"""Leaky and Bernoulli spiking neurons."""
