"""Gate branch: shift-based SiLU of a code."""
