"""Energy of models on paper: operations and moved bits times the constants of a profile.

The released accounting of SpikySpace, a complete one of the same form, and the models that it is
compared with, all on one footing.
"""
