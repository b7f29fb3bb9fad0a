"""Benchmarks on synthetic networks with live codes: ratios of what runs side by side.

Machines differ and are shared: every figure is a ratio of two things measured in turn in one run,
or a growth over sizes within one run. Seconds are given beside them, for this machine.
"""
