"""A shorter way through Lava's fixed-point `Dense`, with the same result.

Lava's model multiplies int32 matrices, for which NumPy has no fast routine, and picks the columns
of spikes one by one. A product in floats gives the same sums, exactly, as long as every partial sum
is an integer that the floats hold: weights have 9 bits, so float32 will do for spikes and up to
65,000 inputs, float64 for messages of 32 bits and up to 16,000 inputs. Where Lava's int32 sums
would wrap, these are wrapped afterwards.

The copy of the weights is made anew when a Var is set. Where weights could change without a word,
models keep Lava's own way: one with VarPorts never takes the short one, and one that is handed out
by `InProcessRuntime.model` takes it no more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from lava.proc.dense.models import PyDenseModelBitAcc

if TYPE_CHECKING:
    from lava.magma.core.model.py.model import PyLoihiProcessModel
    from numpy.typing import NDArray

_LARGEST_MESSAGE = 2**31
_EXACT_BELOW = {np.float32: 2**24, np.float64: 2**53}

_AT_ONCE = 9000
"""Weights multiplied in one call; for more of them OpenBLAS starts threads, which costs more than
they save."""


def shorten_dense(model: PyLoihiProcessModel) -> None:
    """Put the short way on a model, if it is Lava's fixed-point `Dense`."""
    if type(model) is PyDenseModelBitAcc and not model.var_ports:
        shortcut = _Shortcut(model)
        model.run_spk = shortcut.run_spk
        model.on_var_update = shortcut.on_var_update


def restore_dense(model: PyLoihiProcessModel) -> None:
    """Take the short way off again."""
    if type(model) is PyDenseModelBitAcc:
        for name in ("run_spk", "on_var_update"):
            model.__dict__.pop(name, None)


class _Shortcut:
    """What runs in place of `PyDenseModelBitAcc.run_spk`."""

    def __init__(self, model: PyDenseModelBitAcc) -> None:
        self._model = model
        self._lavas_way: Callable[[], None] = model.run_spk
        self._lavas_on_var_update: Callable[[], None] = model.on_var_update
        self._product: _ExactProduct | None = None

    def on_var_update(self) -> None:
        """Forget the copy of the weights: a Var was set."""
        self._product = None
        self._lavas_on_var_update()

    def run_spk(self) -> None:
        """Run one time step."""
        model = self._model
        product = self._product or self._prepare()
        if product is None:
            self._lavas_way()
            return
        model.a_out.send(model.a_buff)
        exponent = model.weight_exp
        a_accum = self._accumulate(model.s_in.recv(), product)
        model.__dict__["a_buff"] = (
            np.left_shift(a_accum, exponent) if exponent > 0 else np.right_shift(a_accum, -exponent)
        )

    def _prepare(self) -> _ExactProduct | None:
        """Copy the weights, if the model has clipped them already and products are exact."""
        model = self._model
        if not model.weights_set or model.weights.dtype != np.int32:
            return None
        self._graded = model.num_message_bits.item() > 0
        kind = np.float64 if self._graded else np.float32
        sums = np.abs(model.weights.astype(np.float64)).sum(axis=1).max(initial=0)
        if sums * (_LARGEST_MESSAGE if self._graded else 1) >= _EXACT_BELOW[kind]:
            return None
        self._product = _ExactProduct(model.weights.astype(kind))
        return self._product

    def _accumulate(self, s_in: NDArray[Any], product: _ExactProduct) -> NDArray[Any]:
        if not self._graded:
            # Lava's sum of int32 columns is of NumPy's default integer type.
            return product(s_in.astype(bool)).astype(np.int_)
        if np.result_type(s_in, np.int32) != np.int32:
            return np.asarray(self._model.weights.dot(s_in))
        return product(s_in).astype(np.int64).astype(np.int32)


class _ExactProduct:
    """Product of a matrix of floats with integer vectors, in strips of rows."""

    def __init__(self, weights: NDArray[Any]) -> None:
        rows, columns = weights.shape
        size = max(1, _AT_ONCE // max(1, columns))
        self._kind = weights.dtype
        self._sums = np.empty(rows, self._kind)
        self._strips = [
            (weights[first : first + size], self._sums[first : first + size])
            for first in range(0, rows, size)
        ]

    def __call__(self, vector: NDArray[Any]) -> NDArray[Any]:
        """Return the product, in an array that the next call overwrites."""
        floats = vector.astype(self._kind)
        for weights, sums in self._strips:
            np.dot(weights, floats, out=sums)
        return self._sums
