"""Spiking selective scan."""
