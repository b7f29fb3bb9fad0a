"""What a plain NetX file describes, as frozen dataclasses: a chain of layers with their neurons.

Shapes and pairs are in the order of Lava: (x, y, channel) and (x, y). A file has them reversed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar, TypeAlias

from lava_spikyspace.network import IntArray

Shape: TypeAlias = tuple[int, ...]
"""(x, y, channel), or (size,)."""

Pair: TypeAlias = tuple[int, int]
"""(x, y)."""

FULL_DECAY = 1 << 12
"""A decay of this size forgets everything in one step."""


@dataclass(frozen=True)
class CubaNeuron:
    """Leaky integrate-and-fire neuron with a current; `lava.proc.lif.process.LIF`.

    In each step, with decays that truncate towards zero::

        u = u - decay(u, current_decay) + (input << 6)
        v = v - decay(v, voltage_decay) + u + (bias << 6)
        spike = v > threshold << 6, which sets v to 0

    Parameters
    ----------
    kind : str
        ``CUBA`` or ``LOIHI``: two names for one neuron.
    threshold : int
        Mantissa of the threshold (``vThMant``).
    current_decay, voltage_decay : int
        Decays (``iDecay``, ``vDecay``) in units of 1 / `FULL_DECAY`.
    message_bits : int
        Width of the message; 0 for binary spikes.
    """

    kind: str
    threshold: int
    current_decay: int
    voltage_decay: int
    message_bits: int = 0


@dataclass(frozen=True)
class SigmaDeltaNeuron:
    """Sigma-delta neuron with a rectified activation; `lava.proc.sdn.process.SigmaDelta`.

    It sums what arrives, adds its bias, rectifies, and sends the change since its last message once
    that reaches the threshold. In an input layer it only sends changes (`Delta`); with
    `sends_sums` it only sums (`Sigma`).

    Parameters
    ----------
    threshold : int
        Smallest change that is sent (``vThMant``).
    sends_sums : bool
        Whether it sends the sum itself (``sigma_output``).
    message_bits : int
        Width of the message.
    """

    kind: ClassVar[str] = "SDNN"

    threshold: int
    sends_sums: bool = False
    message_bits: int = 16


Neuron: TypeAlias = CubaNeuron | SigmaDeltaNeuron

SILENT_INTEGRATOR = CubaNeuron(
    kind="CUBA", threshold=1 << 17, current_decay=0, voltage_decay=FULL_DECAY
)
"""What lava-dl makes of a dense layer without a neuron: the threshold is beyond every voltage."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StockLayer:
    """What all layers have.

    Parameters
    ----------
    index : int
        Id in the file.
    shape : tuple of int
        Shape of what it sends.
    """

    netx_type: ClassVar[str]

    index: int
    shape: Shape

    @property
    def name(self) -> str:
        """Name for counts and records; the file has none."""
        return f"layer.{self.index}"

    @property
    def neurons(self) -> int:
        """Number of elements of what it sends."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False, kw_only=True)
class StockInput(StockLayer):
    """Input layer: a shape, and often a neuron that is fed through its bias.

    Parameters
    ----------
    neuron : CubaNeuron or SigmaDeltaNeuron, optional
        Without it the layer only tells the shape of the input.
    weight, bias : int, optional
        Transformation that the training applied to the input; for whoever prepares it.
    """

    netx_type = "input"

    neuron: Neuron | None
    weight: int | None = None
    bias: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class StockFlatten(StockLayer):
    """The next layer reads (channel, y, x) as one axis, in this order."""

    netx_type = "flatten"


@dataclass(frozen=True, eq=False, kw_only=True)
class SynapticLayer(StockLayer):
    """Layer with synapses and neurons.

    Parameters
    ----------
    neuron : CubaNeuron or SigmaDeltaNeuron
        Its neurons.
    bias : ndarray, int64, shape (neurons,) or (channel,), optional
        Bias of each neuron of a dense layer, of each channel of a convolution.
    """

    neuron: Neuron
    bias: IntArray | None = None

    @property
    def input_shape(self) -> Shape:
        """Shape of what it reads."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class StockDense(SynapticLayer):
    """Every output reads every input.

    Parameters
    ----------
    weight : ndarray, int64, shape (output, input)
        Weights.
    delay : ndarray, int64, shape (output, input), optional
        Steps that each synapse holds a spike back, beyond the one that all take.
    """

    netx_type = "dense"

    weight: IntArray
    delay: IntArray | None = None

    @property
    def input_shape(self) -> Shape:
        """Shape of what it reads: (input,)."""
        return (int(self.weight.shape[1]),)


@dataclass(frozen=True, eq=False, kw_only=True)
class StockRecurrent(StockDense):
    """Dense layer that also reads its own spikes of the step before.

    Parameters
    ----------
    recurrent_weight : ndarray, int64, shape (output, output)
        Weights of its own spikes; they are delayed like the others.
    """

    netx_type = "dense_rec"

    recurrent_weight: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class StockConv(SynapticLayer):
    """Two-dimensional convolution (a correlation, as PyTorch has it).

    Parameters
    ----------
    weight : ndarray, int64, shape (output channel, x, y, input channel of the group)
        Kernels.
    reads : tuple of int
        Shape of what it reads.
    stride, padding, dilation : tuple of int
        Each (x, y).
    groups : int
        Parts of the channels that do not see each other.
    """

    netx_type = "conv"

    weight: IntArray
    reads: Shape
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int

    @property
    def input_shape(self) -> Shape:
        """Shape of what it reads."""
        return self.reads


@dataclass(frozen=True, eq=False)
class StockNetwork:
    """A chain of layers.

    Parameters
    ----------
    layers : tuple of StockLayer
        All layers of the file, `StockFlatten` included.
    """

    layers: tuple[StockLayer, ...]

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[StockLayer]:
        return iter(self.layers)
