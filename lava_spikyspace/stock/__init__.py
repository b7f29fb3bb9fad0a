"""Run plain NetX networks of lava-dl: plan, input, counts and results.

`lava_spikyspace.netx.stock` reads the files; `lava_spikyspace.backends.stock` builds the Lava
processes of a plan.
"""
