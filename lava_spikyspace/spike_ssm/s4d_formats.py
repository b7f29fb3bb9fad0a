"""From the complex numbers of a diagonal state space to its fixed-point layer.

    h_t = a h_{t-1} + x_t,    y_t = 2 Re(sum_n c_n h_{t,n}) + d x_t

Every state gets the least right shift of its input with which both its parts are proven to stay in
24 bits, whatever the input; every channel the most bits of readout with which its sum stays exact.
Nothing here needs PyTorch or Lava: `fixed_point_s4d` can be used alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import UsageError
from lava_spikyspace.intervals import layer_ranges
from lava_spikyspace.network import EXACT_BITS, MESSAGE_BITS, Interval
from lava_spikyspace.spike_ssm.layers import S4dLayer
from lava_spikyspace.spike_ssm.ranges import state_bounds

FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]

DECAY_BITS = 20
"""Fraction bits of the decay a."""

COEFFICIENT_BITS = 23
"""Magnitude bits of a readout coefficient: a signed operand of 24 bits."""

STATE_LIMIT = (1 << (MESSAGE_BITS - 1)) - 1
"""Largest magnitude in a register of 24 bits."""


def fixed_point_s4d(
    decay: ComplexArray,
    readout: ComplexArray,
    skip: FloatArray,
    *,
    input_unit: FloatArray,
    output_unit: float,
    elements: int,
    name: str = "s4d",
    inputs: tuple[str, ...] = (),
    input_bits: int = MESSAGE_BITS,
    message_bits: int = MESSAGE_BITS,
) -> S4dLayer:
    """Return the layer whose integers follow a diagonal state space.

    Parameters
    ----------
    decay : ndarray, complex128, shape (channel, state)
        a, of magnitude below 1; rounded to `DECAY_BITS` fraction bits.
    readout : ndarray, complex128, shape (channel, state)
        c; every state stands for a conjugate pair.
    skip : ndarray, float64, shape (channel,)
        d.
    input_unit : ndarray, float64, shape (channel,)
        Integers of the input per 1.0.
    output_unit : float
        Integers of the output per 1.0; what is beyond the message saturates.
    elements : int
        Steps after which the state starts anew.
    name : str
        Name of the layer.
    inputs : tuple of str
        Name of the layer that it reads, in a network.
    input_bits, message_bits : int
        Widths of the signed input and output.

    Raises
    ------
    UsageError
        A number is none or no unit, a decay does not die away, or a value fits no register.
    """
    numbers = {"decay": decay, "readout": readout, "skip": skip, "input_unit": input_unit}
    for what, values in {**numbers, "output_unit": np.asarray(output_unit)}.items():
        if not np.isfinite(values).all():
            raise UsageError(f"{name}: {what}: found a value that is not finite")
    if not (np.all(input_unit > 0) and output_unit > 0):
        raise UsageError(f"{name}: expected units above 0")
    rounded = np.rint(decay * 2.0**DECAY_BITS)
    if (np.abs(rounded) >= 2.0**DECAY_BITS).any():
        raise UsageError(
            f"{name}: found a decay of magnitude {np.abs(decay).max():g}, expected < 1"
        )
    shape = rounded.shape
    x = Interval.signed(input_bits)
    layer = fit_states(
        S4dLayer(
            name=name,
            inputs=inputs,
            decay_real=rounded.real.astype(np.int64),
            decay_imag=rounded.imag.astype(np.int64),
            decay_bits=DECAY_BITS,
            left=np.zeros(shape, dtype=np.int64),
            right=np.zeros(shape, dtype=np.int64),
            read_real=np.zeros(shape, dtype=np.int64),
            read_imag=np.zeros(shape, dtype=np.int64),
            skip=np.zeros(shape[0], dtype=np.int64),
            shift=np.ones(shape[0], dtype=np.int64),
            message_bits=message_bits,
            elements=elements,
        ),
        x,
    )
    states = np.exp2(layer.right.astype(np.float64)) / input_unit[:, None]
    read = 2.0 * readout * states * output_unit
    for bits in range(COEFFICIENT_BITS, 2, -1):
        finished = _with_readout(layer, read, skip / input_unit * output_unit, bits)
        ranges = layer_ranges(finished, [x])
        if ranges["accumulator"].bits <= EXACT_BITS:
            return replace(finished, ranges=ranges)
    raise UsageError(
        f"{name}: the sum needs {ranges['accumulator'].bits} bits, expected at most {EXACT_BITS}"
    )


def fit_states(layer: S4dLayer, x: Interval) -> S4dLayer:
    """Return the layer with the least right shifts with which every state fits its register.

    Parameters
    ----------
    layer : S4dLayer
        Gives decay and length.
    x : Interval
        Range of the input.

    Raises
    ------
    UsageError
        A state fits with no shift.
    """
    while True:
        bounds = np.array(state_bounds(layer, x), dtype=np.int64)
        wide = bounds > STATE_LIMIT
        if not wide.any():
            return layer
        if layer.right.max() >= MESSAGE_BITS:
            widest = int(bounds.max()).bit_length() + 1
            raise UsageError(
                f"{layer.name}: a state needs {widest} bits, expected at most {MESSAGE_BITS}"
            )
        layer = replace(layer, right=layer.right + wide)


def _with_readout(layer: S4dLayer, read: ComplexArray, skip: FloatArray, bits: int) -> S4dLayer:
    """Return the layer with readout coefficients of `bits` magnitude bits in each channel."""
    largest = np.maximum(
        np.maximum(np.abs(read.real).max(axis=1), np.abs(read.imag).max(axis=1)), np.abs(skip)
    )
    shift = bits - np.ceil(np.log2(np.maximum(largest, 2.0**-30) * (1 + 2.0 ** (1 - bits))))
    shift = np.clip(shift, 1, 48).astype(np.int64)
    unit = np.exp2(shift.astype(np.float64))
    return replace(
        layer,
        read_real=np.rint(read.real * unit[:, None]).astype(np.int64),
        read_imag=np.rint(read.imag * unit[:, None]).astype(np.int64),
        skip=np.rint(skip * unit).astype(np.int64),
        shift=shift,
    )
