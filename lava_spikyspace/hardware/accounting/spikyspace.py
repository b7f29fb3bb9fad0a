"""Operations of a SpikySpace model for one window: as the released code counts, and completely.

The released accounting reads the weights of the dense in_proj once for each spike though its input
is dense, leaves out RMSNorm, the gate's products and most of the head, and takes the input of
out_proj for spikes though it is gated. The complete accounting corrects these and keeps the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lava_spikyspace.hardware.accounting.operations import OperationCounts, total
from lava_spikyspace.network import ConvLayer, EncoderLayer, Network, ScanLayer

FP32_BITS = 32
INT8_BITS = 8
TAPS = 3
"""Taps of the convolution of the published model."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model.

    Parameters
    ----------
    window, horizon, channels : int
        Elements of a window, steps of a forecast, variates.
    layers, d_inner, d_state, dt_rank : int
        Sizes of the blocks.
    taps : int
        Of the convolution.
    """

    window: int
    horizon: int
    channels: int
    layers: int
    d_inner: int
    d_state: int
    dt_rank: int
    taps: int = TAPS

    @property
    def parameters(self) -> int:
        """Number of trained parameters, quantiser steps left out."""
        c, d, n, r = self.channels, self.d_inner, self.d_state, self.dt_rank
        block = (
            c  # gain of RMSNorm
            + c * 2 * d
            + d * self.taps
            + d
            + d * (r + 2 * n)
            + r * d
            + d
            + d * n
            + d
            + d * c
        )
        return self.layers * block + self.window * self.horizon + self.horizon

    @classmethod
    def of(cls, network: Network) -> Sizes:
        """Return the sizes of a network."""
        scan = next(layer for layer in network if isinstance(layer, ScanLayer))
        conv = next(layer for layer in network if isinstance(layer, ConvLayer))
        delta = next(layer for layer in network if type(layer) is EncoderLayer)
        return cls(
            window=network.window,
            horizon=network.horizon,
            channels=network.channels,
            layers=sum(isinstance(layer, ScanLayer) for layer in network),
            d_inner=scan.neurons,
            d_state=scan.states,
            dt_rank=delta.neurons,
            taps=conv.weight.shape[1],
        )


PUBLISHED_SIZES = Sizes(
    window=168, horizon=3, channels=321, layers=3, d_inner=64, d_state=32, dt_rank=21
)
"""Electricity, horizon 3, at the settings of the released code."""


@dataclass(frozen=True)
class Firing:
    """How one encoder fires.

    Parameters
    ----------
    steps : int
        Steps T of its frame.
    rate : Fraction
        Share of them in which it fires, 0 to 1.
    """

    steps: int
    rate: Fraction

    @property
    def spikes(self) -> Fraction:
        """Mean spikes for one element."""
        return self.steps * self.rate


@dataclass(frozen=True)
class FiringRates:
    """How the encoders of a model fire, by their names in the published code.

    Parameters
    ----------
    c, s, delta, delta1, x, y : Firing
        After in_proj, after the convolution, input of dt_proj, step size, state, output.
    gated : Fraction
        Share of the inputs of out_proj that are not 0.
    """

    c: Firing
    s: Firing
    delta: Firing
    delta1: Firing
    x: Firing
    y: Firing
    gated: Fraction

    @classmethod
    def uniform(cls, steps: int, rate: Fraction) -> FiringRates:
        """Return one rate for all, as the released accounting has it."""
        one = Firing(steps, rate)
        # An output of T steps is not 0 at most as often as it fires at all.
        return cls(one, one, one, one, one, one, min(Fraction(1), one.spikes))


PUBLISHED_RATES = FiringRates.uniform(3, Fraction("0.268"))
"""Three steps, and the mean firing rate that the paper states."""


def released_stages(sizes: Sizes, rates: FiringRates) -> dict[str, OperationCounts]:
    """Count as the released code of the paper does.

    Parameters
    ----------
    sizes : Sizes
        Of the model.
    rates : FiringRates
        Of its encoders.
    """
    L, C, DH = sizes.window, sizes.channels, sizes.d_inner
    dense = OperationCounts(
        multiply_accumulate_fp32=L * C * 2 * DH,
        accumulate_int8=L * C,
        movement=L * C * FP32_BITS,
        weight_access=L * rates.c.spikes * C * 2 * DH * FP32_BITS,
    )
    out = OperationCounts(
        accumulate_int8=L * DH * C * rates.y.spikes,
        movement=L * DH * rates.y.spikes,
        weight_access=L * rates.y.spikes * DH * C * INT8_BITS,
    )
    layers = {"in_proj": dense, **_spiking_stages(sizes, rates), "out_proj": out}
    head = OperationCounts(
        multiply_accumulate_fp32=C * sizes.horizon,
        movement=C * FP32_BITS,
        weight_access=C * sizes.horizon * FP32_BITS,
    )
    return {**{name: counts * sizes.layers for name, counts in layers.items()}, "head": head}


def complete_stages(sizes: Sizes, rates: FiringRates) -> dict[str, OperationCounts]:
    """Count everything, in the form of the released accounting.

    Parameters
    ----------
    sizes : Sizes
        Of the model.
    rates : FiringRates
        Of its encoders.
    """
    L, C, DH = sizes.window, sizes.channels, sizes.d_inner
    layers = {
        "rmsnorm": OperationCounts(
            multiply_accumulate_fp32=2 * L * C,  # squares, and the division by the root
            movement=L * C * FP32_BITS,
        ),
        "in_proj": OperationCounts(
            multiply_accumulate_fp32=L * C * 2 * DH,
            movement=L * C * FP32_BITS,
            weight_access=L * C * 2 * DH * FP32_BITS,
        ),
        **_spiking_stages(sizes, rates),
        "gate": OperationCounts(
            multiply_accumulate_fp32=L * DH * rates.gated,
            shift=L * DH,  # PTSiLU
            movement=L * DH * FP32_BITS,
        ),
        "out_proj": OperationCounts(
            multiply_accumulate_fp32=L * DH * C * rates.gated,
            movement=L * DH * rates.gated * FP32_BITS,
            weight_access=L * DH * C * rates.gated * INT8_BITS,
        ),
    }
    head = OperationCounts(
        multiply_accumulate_fp32=C * L * sizes.horizon,
        movement=C * L * FP32_BITS,
        weight_access=C * L * sizes.horizon * FP32_BITS,
    )
    return {**{name: counts * sizes.layers for name, counts in layers.items()}, "head": head}


def _spiking_stages(sizes: Sizes, rates: FiringRates) -> dict[str, OperationCounts]:
    """Count the stages between the projections, of one layer."""
    L, DH, DS, DR = sizes.window, sizes.d_inner, sizes.d_state, sizes.dt_rank
    columns = DR + 2 * DS
    return {
        "conv": OperationCounts(
            accumulate_int8=L * DH * sizes.taps * rates.c.spikes,
            movement=L * DH * rates.c.spikes,
            weight_access=L * DH * rates.c.spikes * sizes.taps * INT8_BITS,
        ),
        "x_proj": OperationCounts(
            accumulate_int8=L * DH * columns * rates.s.spikes,
            movement=L * DH * rates.s.spikes,
            weight_access=L * rates.s.spikes * DH * columns * INT8_BITS,
        ),
        "dt_proj": OperationCounts(
            accumulate_int8=L * DR * DH * rates.delta.spikes,
            movement=L * DR * rates.delta.spikes,
            weight_access=L * rates.delta.spikes * DR * DH * INT8_BITS,
        ),
        "PTSoftplus": OperationCounts(shift=L * DH * rates.delta1.spikes),
        "scan": total(_scan_parts(sizes, rates)),
        "skip": OperationCounts(
            shift=L * DH,
            accumulate_int8=L * DH * (rates.s.spikes + (rates.s.steps - 1) + 1),
        ),
    }


def _scan_parts(sizes: Sizes, rates: FiringRates) -> tuple[OperationCounts, ...]:
    """Count discretisation, recurrence, readout and memory of the scan, of one layer."""
    L, DH, DS = sizes.window, sizes.d_inner, sizes.d_state
    n = L * DH * DS
    step, state = rates.delta1, rates.x
    discretisation = OperationCounts(
        accumulate_int8=n * (3 * step.spikes + 2 * (step.steps - 1) * step.rate + 1), shift=2 * n
    )
    first = OperationCounts(shift=DH * DS, accumulate_int8=DH * DS)
    later = OperationCounts(shift=1, accumulate_int8=state.spikes + (state.steps - 1) + 1)
    readout = OperationCounts(
        accumulate_int8=L
        * (DH * DS * state.spikes + DH * state.steps * (DS - 1) + DH * (state.steps - 1))
    )
    memory = OperationCounts(
        weight_access=(n + L * DH + (2 * L - 1) * DH * DS) * FP32_BITS  # A, D and the state
    )
    return discretisation, first, later * ((L - 1) * DH * DS), readout, memory
