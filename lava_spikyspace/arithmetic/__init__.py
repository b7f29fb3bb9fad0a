"""The arithmetic of the integer network: pure functions on NumPy integers, defined once.

Lava process models and the batch engine call these functions or are tested against them; nothing
else restates them. ``>>`` is the arithmetic shift (floor). All functions take and return int64 and
are exact while their operands stay within the ranges that a model file proves.
"""

from lava_spikyspace.arithmetic.activations import pt_silu, pt_softplus
from lava_spikyspace.arithmetic.emission import emit_spikes
from lava_spikyspace.arithmetic.exp2 import exp2
from lava_spikyspace.arithmetic.fixed_point import (
    descale,
    descale_sum,
    descale_sums,
    join_limbs,
    saturate,
    split_limbs,
)
from lava_spikyspace.arithmetic.roots import (
    isqrt,
    mean_of_squares,
    mean_square,
    root_mean_square,
    shift_subtract_isqrt,
    shifted_square,
)
from lava_spikyspace.arithmetic.scan import ScanStep, scan_step
from lava_spikyspace.arithmetic.thresholds import (
    comparison_sums,
    encode,
    encode_normalised,
    encode_signed,
    lowest_signed,
)

__all__ = [
    "ScanStep",
    "comparison_sums",
    "descale",
    "descale_sum",
    "descale_sums",
    "emit_spikes",
    "encode",
    "encode_normalised",
    "encode_signed",
    "exp2",
    "isqrt",
    "join_limbs",
    "lowest_signed",
    "mean_of_squares",
    "mean_square",
    "pt_silu",
    "pt_softplus",
    "root_mean_square",
    "saturate",
    "scan_step",
    "shift_subtract_isqrt",
    "shifted_square",
    "split_limbs",
]
