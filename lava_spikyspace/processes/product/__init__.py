"""Gating product."""
