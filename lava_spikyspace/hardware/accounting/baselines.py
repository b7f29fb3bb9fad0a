"""Operations of the models that SpikySpace is compared with, counted the same way.

Every multiplication of a weight and an activation is one multiply-accumulate in fp32, and reads its
weight; a spiking network accumulates once for each spike instead. Inputs of every matrix product
are moved. Exponentials, divisions and roots are left out, as everywhere here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lava_spikyspace.hardware.accounting.operations import OperationCounts
from lava_spikyspace.hardware.accounting.spikyspace import FP32_BITS, Sizes


@dataclass(frozen=True)
class Task:
    """What is forecast from what.

    Parameters
    ----------
    window, horizon, channels : int
        Elements of a window, steps of a forecast, variates.
    """

    window: int
    horizon: int
    channels: int


PUBLISHED_TASK = Task(window=168, horizon=3, channels=321)
"""Electricity, horizon 3."""


@dataclass(frozen=True)
class Baseline:
    """A model and what it does for one forecast.

    Parameters
    ----------
    key : str
        Its name among the published numbers of a profile.
    name : str
        Its name for people.
    size : str
        Its sizes in words.
    parameters : int
        Trained parameters.
    counts : OperationCounts
        For one forecast.
    """

    key: str
    name: str
    size: str
    parameters: int
    counts: OperationCounts


@dataclass(frozen=True)
class TransformerShape:
    """Sizes of a transformer.

    Parameters
    ----------
    width, hidden, blocks : int
        Of a token, of the perceptron between its two matrices, and how many blocks.
    """

    width: int
    hidden: int
    blocks: int

    def __str__(self) -> str:
        return f"{self.blocks} blocks, width {self.width}, hidden {self.hidden}"


PUBLISHED_TRANSFORMER = TransformerShape(width=256, hidden=1024, blocks=2)
"""Sizes of the published experiments on Electricity, for both transformers."""

SPIKING_STEPS = 4
"""Steps of iSpikformer."""

PUBLISHED_SPIKES = Fraction("3.19") / Fraction("0.9") / (Fraction("9.47") / Fraction("4.6"))
"""Spikes of iSpikformer in its steps, for each multiplication of iTransformer: the ratio of the
operations behind their published energies (3.19 mJ at 0.9 pJ, 9.47 mJ at 4.6 pJ)."""

GRU_WIDTH = 483
"""Makes the GRU as large as the published iTransformer; its own size is not published."""


def baselines(task: Task, sizes: Sizes) -> tuple[Baseline, ...]:
    """Return the models of the comparison on a task.

    Parameters
    ----------
    task : Task
        Window, horizon and variates.
    sizes : Sizes
        Of the SpikySpace model, which the float Mamba block shares.
    """
    return (
        itransformer(task),
        ispikformer(task, PUBLISHED_SPIKES),
        gru(task, GRU_WIDTH),
        float_mamba(sizes),
    )


def _matrix(rows: int, inputs: int, outputs: int) -> OperationCounts:
    """Return the operations of `rows` products with a weight matrix."""
    products = rows * inputs * outputs
    return OperationCounts(
        multiply_accumulate_fp32=products,
        movement=rows * inputs * FP32_BITS,
        weight_access=products * FP32_BITS,
    )


def _elementwise(values: int) -> OperationCounts:
    return OperationCounts(multiply_accumulate_fp32=values, movement=values * FP32_BITS)


def _attention(tokens: int, width: int) -> OperationCounts:
    """Return the operations of scores and weighted values, which read no weights."""
    return OperationCounts(
        multiply_accumulate_fp32=2 * tokens * tokens * width,
        movement=(3 * tokens * width + tokens * tokens) * FP32_BITS,
    )


def _transformer_parameters(task: Task, shape: TransformerShape) -> int:
    d, hidden = shape.width, shape.hidden
    block = 4 * (d * d + d) + (d * hidden + hidden) + (hidden * d + d) + 2 * 2 * d
    embedding = task.window * d + d
    return embedding + shape.blocks * block + 2 * d + d * task.horizon + task.horizon


def itransformer(task: Task, shape: TransformerShape = PUBLISHED_TRANSFORMER) -> Baseline:
    """Return iTransformer: every variate is a token, its window embedded by one matrix.

    Parameters
    ----------
    task : Task
        Window, horizon and variates.
    shape : TransformerShape
        Sizes.
    """
    tokens, d, hidden = task.channels, shape.width, shape.hidden
    block = (
        _matrix(tokens, d, d) * 4
        + _attention(tokens, d)
        + _matrix(tokens, d, hidden)
        + _matrix(tokens, hidden, d)
        + _elementwise(tokens * d) * 4  # two norms, two operations for each value
    )
    counts = (
        _matrix(tokens, task.window, d)
        + block * shape.blocks
        + _elementwise(tokens * d) * 2
        + _matrix(tokens, d, task.horizon)
    )
    parameters = _transformer_parameters(task, shape)
    return Baseline("itransformer", "iTransformer", str(shape), parameters, counts)


def ispikformer(
    task: Task, spikes: Fraction, shape: TransformerShape = PUBLISHED_TRANSFORMER
) -> Baseline:
    """Return iSpikformer: iTransformer with spikes, after an encoder of real values.

    Parameters
    ----------
    task : Task
        Window, horizon and variates.
    spikes : Fraction
        Mean spikes of a neuron in all steps.
    shape : TransformerShape
        Sizes.
    """
    tokens, d, hidden = task.channels, shape.width, shape.hidden
    matrices = tokens * (task.window * d + shape.blocks * (4 * d * d + 2 * d * hidden))
    attention = shape.blocks * 2 * tokens * tokens * d
    inputs = tokens * (task.window + shape.blocks * (5 * d + hidden))
    encoder = _matrix(tokens * task.window, 3, SPIKING_STEPS)  # a convolution of 3 elements
    counts = (
        encoder
        + OperationCounts(
            accumulate_fp32=(matrices + attention) * spikes,
            movement=inputs * spikes,  # one bit for each spike
            weight_access=matrices * spikes * FP32_BITS,
        )
        + _matrix(tokens, d, task.horizon)
    )
    size = f"{shape}, {float(spikes):.3g} spikes in {SPIKING_STEPS} steps"
    # Batch norms have as many parameters as the layer norms that they replace, and more.
    parameters = _transformer_parameters(task, shape)
    return Baseline("ispikformer", "iSpikformer", size, parameters, counts)


def linear_map(task: Task) -> Baseline:
    """Return one linear map over the window for all variates, such as a ridge regression.

    Parameters
    ----------
    task : Task
        Window, horizon and variates.
    """
    parameters = task.window * task.horizon + task.horizon
    counts = _matrix(task.channels, task.window, task.horizon)
    return Baseline("linear", "Linear map", "one for all variates", parameters, counts)


def gru(task: Task, width: int) -> Baseline:
    """Return a GRU over all variates, and a linear head for all variates and steps.

    Parameters
    ----------
    task : Task
        Window, horizon and variates.
    width : int
        Hidden units.
    """
    C, L, outputs = task.channels, task.window, task.channels * task.horizon
    counts = (
        _matrix(L, C, 3 * width)
        + _matrix(L, width, 3 * width)
        + _elementwise(L * width) * 3
        + _matrix(1, width, outputs)
    )
    parameters = 3 * (C * width + width * width + 2 * width) + width * outputs + outputs
    return Baseline("gru", "GRU", f"1 layer, width {width}", parameters, counts)


def float_mamba(sizes: Sizes) -> Baseline:
    """Return the Mamba model that SpikySpace makes spiking, in floats, of the same sizes."""
    L, C, DH = sizes.window, sizes.channels, sizes.d_inner
    DS, DR = sizes.d_state, sizes.dt_rank
    layer = (
        _elementwise(L * C) * 2  # RMSNorm
        + _matrix(L, C, 2 * DH)
        + _matrix(L * DH, sizes.taps, 1)
        + _matrix(L, DH, DR + 2 * DS)
        + _matrix(L, DR, DH)
        + _elementwise(L * DH * DS) * 3  # delta*A, delta*B*u
        + _elementwise(L * DH * DS) * 2  # decay and readout
        + _elementwise(L * DH) * 2  # skip, gate
        + _matrix(L, DH, C)
    )
    counts = layer * sizes.layers + _matrix(C, L, sizes.horizon)
    size = (
        f"{sizes.layers} layers, d_inner {sizes.d_inner}, d_state {sizes.d_state}, "
        f"dt_rank {sizes.dt_rank}"
    )
    return Baseline("mamba", "Mamba, float", size, sizes.parameters, counts)
