"""How Lava's Dense keeps the weights of a layer, as lava-dl asks it to.

Dense has weights of 8 bits and a sign mode: of one sign, -255..255, or mixed, even numbers from
-256 to 254. lava-dl shifts the weights of a layer to the left until they fill these bits and lets
Dense shift the sums back, so that odd weights survive. A sum in int32 can wrap around, and does so
at a magnitude that depends on the shift; so the shift is part of what a network means.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.description import StockDense, StockNetwork, StockRecurrent
from lava_spikyspace.netx.stock.fields import Findings

_BITS = 8
_MIXED = (-256, 254)
_POSITIVE = 255
_NEGATIVE = -256


@dataclass(frozen=True)
class DenseFormat:
    """How the weights of a layer are handed to Lava's Dense.

    Parameters
    ----------
    shift : int
        Bits that the weights are shifted to the left, and the sums back.
    weight_bits : int
        Bits per weight that Dense shall keep (``num_weight_bits``).
    """

    shift: int
    weight_bits: int


def dense_format(weight: IntArray) -> DenseFormat:
    """Return the format that lava-dl chooses.

    Parameters
    ----------
    weight : ndarray, int64
        All weights that share a format, within -256..255.
    """
    lowest, highest = int(weight.min()), int(weight.max())
    is_mixed = lowest < 0 <= highest
    floor, ceiling = _MIXED if is_mixed else (_NEGATIVE, _POSITIVE)
    shift = 0
    while (lowest or highest) and floor <= lowest << shift + 1 and highest << shift + 1 <= ceiling:
        shift += 1
    used = int(np.bitwise_or.reduce(np.abs(weight), axis=None))
    zeros = min(_BITS, (used & -used).bit_length() - 1) if used else _BITS
    return DenseFormat(shift, _BITS - shift - zeros + is_mixed)


def kept_weights(weight: IntArray, form: DenseFormat) -> IntArray:
    """Return the weights, shifted, as Dense keeps them.

    Parameters
    ----------
    weight : ndarray, int64, shape (output, input)
        Weights of one Dense.
    form : DenseFormat
        Format of the layer. Dense looks at the signs again, so that the halves of a recurrent
        layer may have other sign modes than the whole.
    """
    is_negative = bool(weight.max() <= 0 > weight.min())
    is_mixed = bool(weight.min() < 0 < weight.max())
    magnitude = (-weight if is_negative else weight) << form.shift
    floor = _NEGATIVE if is_mixed else 0
    clipped = np.clip(magnitude, floor, _POSITIVE)
    cut = _BITS - form.weight_bits + is_mixed
    # NumPy shifts by a negative number as by a large one.
    truncated = clipped >> cut << cut if cut >= 0 else np.zeros_like(clipped)
    return -truncated if is_negative else truncated


def layer_format(layer: StockDense) -> DenseFormat:
    """Return the format of a dense layer; a recurrent one has one for both of its weights."""
    if isinstance(layer, StockRecurrent):
        return dense_format(np.hstack([layer.weight, layer.recurrent_weight]))
    return dense_format(layer.weight)


def output_shift(layer: StockDense) -> int:
    """Return the bits that the sums of a dense layer are shifted back.

    lava-dl forgets to shift those of a recurrent layer with delays.
    """
    if isinstance(layer, StockRecurrent) and layer.delay is not None:
        return 0
    return layer_format(layer).shift


def check_weights(findings: Findings, network: StockNetwork) -> None:
    """Find layers that Lava runs with other weights than the file has."""
    for layer in network:
        if not isinstance(layer, StockDense):
            continue
        group = f"/layer/{layer.index}"
        form = layer_format(layer)
        _check_kept(findings, f"{group}/weight", layer.weight, form)
        if isinstance(layer, StockRecurrent):
            _check_kept(findings, f"{group}/weight_rec", layer.recurrent_weight, form)
        if form.shift != output_shift(layer):
            message = f"found delays; lava-dl makes all weights {1 << form.shift} times as large"
            findings.add("delayed-recurrence", f"{group}/delay", message)


def _check_kept(findings: Findings, where: str, weight: IntArray, form: DenseFormat) -> None:
    kept = kept_weights(weight, form)
    altered = kept != weight << form.shift
    if altered.any():
        place = tuple(np.argwhere(altered)[0].tolist())
        becomes = kept[place] / (1 << form.shift)
        message = (
            f"found {weight[place]} at {place}, which Lava's Dense makes {becomes:g}; "
            f"{np.count_nonzero(altered)} weights are altered"
        )
        findings.add("weight-altered", where, message)
