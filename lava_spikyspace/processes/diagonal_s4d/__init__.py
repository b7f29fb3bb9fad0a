"""Diagonal state space in fixed point."""
