"""Sizes of the programs of PTSoftplus, PTSiLU and PTSigmoid, from the arguments that they get."""

from __future__ import annotations

import math

import numpy as np

from lava_spikyspace.arithmetic import exp2
from lava_spikyspace.arithmetic.activations import (
    SILU_BREAK,
    SILU_OFFSET,
    SOFTPLUS_BREAK,
    SOFTPLUS_OFFSET,
)
from lava_spikyspace.arithmetic.exp2 import log2_factors
from lava_spikyspace.hardware.microcode.words import words_for
from lava_spikyspace.network import GateLayer, IntArray, Interval, SoftplusLayer
from lava_spikyspace.spike_ssm.layers import SigmoidGateLayer

_FARTHEST = 62
"""A power that is shifted right by more is 0 in any format."""


def silu_params(layer: GateLayer) -> tuple[dict[str, int], IntArray]:
    """Return the parameters of ``pt_silu`` that its activation needs, and the constant ``less``."""
    frac, x = layer.frac_bits, layer.table
    turn = math.ceil(SILU_BREAK * 2**frac)
    offset = round(SILU_OFFSET * 2**frac)
    mirrored = -x - (1 << frac)
    below = x < turn
    argument = np.where(below, x, mirrored)
    power = exp2(argument, frac, layer.exp2_terms)
    params, less = _exp2_params(argument, frac, layer.exp2_terms)
    values = [power, -power, power + x, power + x + offset]
    return {
        **params,
        "ARGUMENT": _bits(np.stack([x, -x, mirrored])),
        "RESULT": _bits(np.stack(values)),
        "TURN": turn,
        "OFFSET": offset,
    }, less


def softplus_params(layer: SoftplusLayer) -> tuple[dict[str, int], IntArray]:
    """Return the parameters of ``pt_softplus`` that its activation needs, and ``less``."""
    frac, x = layer.frac_bits, layer.table
    turn = math.ceil(SOFTPLUS_BREAK * 2**frac)
    offset = round(SOFTPLUS_OFFSET * 2**frac)
    below = x[x < turn]
    power = exp2(below, frac, layer.exp2_terms)
    params, less = _exp2_params(below, frac, layer.exp2_terms)
    return {
        **params,
        "RESULT": _bits(np.concatenate([power, x + offset])),
        "TURN": turn,
        "OFFSET": offset,
        "BELOW": int(below.size > 0),
        "ABOVE": int(below.size < x.size),
        # The limit binds for Mitchell's power only.
        "LIMITED": int((power > turn + offset).any()),
    }, less


def sigmoid_params(layer: SigmoidGateLayer, x: Interval) -> tuple[dict[str, int], IntArray]:
    """Return the parameters of ``pt_sigmoid`` for arguments in `x`, and ``less``."""
    one = 1 << layer.frac_bits
    argument = np.array([-x.magnitude - one, -one])
    params, less = _exp2_params(argument, layer.frac_bits, layer.exp2_terms)
    return {**params, "ARGUMENT": _bits(argument), "RESULT": layer.frac_bits + 2}, less


def _exp2_params(y: IntArray, frac: int, terms: int) -> tuple[dict[str, int], IntArray]:
    """Return the parameters of the part ``exp2`` for the given exponents."""
    shift = (y >> frac) - terms
    left = int(shift.max(initial=-1))
    right = int((-shift).max(initial=0))
    power_bits = frac + terms + 2
    less = -np.asarray(log2_factors(frac + terms, terms), dtype=np.int64)
    return {
        "FRAC": frac,
        "TERMS": terms,
        "POWER": power_bits,
        "POWER_TOP": words_for(power_bits) - 1,
        "LEFT": left,
        "RIGHT": right,
        "ROUNDS": min(right, _FARTHEST),
    }, less


def _bits(values: IntArray) -> int:
    return Interval.of(values).union(Interval(0, 0)).bits
