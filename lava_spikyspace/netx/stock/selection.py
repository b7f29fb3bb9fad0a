"""Which layers of a plain NetX network a run takes, and how it feeds the first of them.

The parameters mean what those of ``lava.lib.dl.netx.hdf5.Network`` do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lava_spikyspace.errors import UsageError
from lava_spikyspace.netx.stock.description import (
    Neuron,
    Shape,
    SigmaDeltaNeuron,
    StockFlatten,
    StockInput,
    StockLayer,
    StockNetwork,
    SynapticLayer,
)
from lava_spikyspace.netx.stock.neurons import MESSAGE_BITS

Feed: TypeAlias = Literal["spikes", "messages", "bias", "values"]
"""How the input gets into the first layer: as binary spikes or as messages to its synapses; into
the biases of its neurons (input layer of CUBA neurons); as what its neurons encode (of SDNN)."""


_STEPS = (1 << 31) - 1
_LIMITS = {
    "skip_layers": (0, _STEPS),
    "num_layers": (1, _STEPS),
    "reset_interval": (1, _STEPS),
    "reset_offset": (0, _STEPS),
    "input_bits": (MESSAGE_BITS.lo, MESSAGE_BITS.hi),
}


@dataclass(frozen=True)
class Settings:
    """What a run takes of a network.

    Parameters
    ----------
    skip_layers : int
        Layers of the file, from the first on, that are left out.
    num_layers : int, optional
        Layers of the file that are looked at, those left out included; default all.
    reset_interval : int, optional
        Steps after which currents and voltages of CUBA neurons return to 0; default never.
    reset_offset : int
        Steps by which the resets come later; each layer's come one step after those of the layer
        before.
    input_bits : int
        Width of the input message; 0 for binary spikes. Where layers with neurons are left out,
        it is that of their last one.
    """

    skip_layers: int = 0
    num_layers: int | None = None
    reset_interval: int | None = None
    reset_offset: int = 0
    input_bits: int = 0

    def __post_init__(self) -> None:
        for name, (least, most) in _LIMITS.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise UsageError(f"{name} is {value}, expected {least} to {most}")


@dataclass(frozen=True, eq=False)
class SelectedLayer:
    """A layer that runs.

    Parameters
    ----------
    layer : StockInput or SynapticLayer
        The layer; an input layer has neurons.
    neuron : CubaNeuron or SigmaDeltaNeuron
        Its neurons.
    input_bits : int
        Width of the messages that it reads; 0 for binary spikes.
    reset_phase : int
        Steps by which its resets are shifted; the first step has the number 1.
    flattened : tuple of int, optional
        Shape of the layer before, where it reads its (channel, y, x) as one axis.
    """

    layer: StockInput | SynapticLayer
    neuron: Neuron
    input_bits: int
    reset_phase: int
    flattened: Shape | None


@dataclass(frozen=True, eq=False)
class Selection:
    """The layers that run, in order.

    Parameters
    ----------
    layers : tuple of SelectedLayer
        At least one.
    settings : Settings
        What was asked for.
    """

    layers: tuple[SelectedLayer, ...]
    settings: Settings

    @property
    def first(self) -> SelectedLayer:
        """The layer that is fed."""
        return self.layers[0]

    @property
    def feed(self) -> Feed:
        """How the first layer is fed."""
        if isinstance(self.first.layer, StockInput):
            return "values" if isinstance(self.first.neuron, SigmaDeltaNeuron) else "bias"
        return "messages" if self.first.input_bits else "spikes"

    @property
    def input_shape(self) -> Shape:
        """Shape of one step of the input."""
        layer = self.first.layer
        return layer.shape if isinstance(layer, StockInput) else layer.input_shape

    @property
    def output_shape(self) -> Shape:
        """Shape of one step of the output."""
        return self.layers[-1].layer.shape

    @property
    def latency_steps(self) -> int:
        """Steps from the input to the first output that it can change, delays left out."""
        return sum(isinstance(selected.layer, SynapticLayer) for selected in self.layers)


def select_layers(network: StockNetwork, settings: Settings) -> Selection:
    """Choose the layers that run.

    Parameters
    ----------
    network : StockNetwork
        All layers.
    settings : Settings
        What to take of them.

    Raises
    ------
    UsageError
        No layer with neurons is left.
    """
    chosen: list[SelectedLayer] = []
    input_bits = settings.input_bits
    layers: Sequence[StockLayer] = network.layers[: settings.num_layers]
    flattens = False
    for layer in layers:
        neuron = _neuron(layer)
        if neuron is not None and isinstance(layer, StockInput | SynapticLayer):
            if layer.index >= settings.skip_layers:
                chosen.append(
                    SelectedLayer(
                        layer,
                        neuron,
                        input_bits=input_bits,
                        reset_phase=settings.reset_offset + 1 + len(chosen),
                        flattened=chosen[-1].layer.shape if chosen and flattens else None,
                    )
                )
            input_bits = neuron.message_bits
        flattens = isinstance(layer, StockFlatten)
    if not chosen:
        raise UsageError(
            f"skipping {settings.skip_layers} of {len(layers)} layers leaves none with neurons"
        )
    return Selection(tuple(chosen), settings)


def _neuron(layer: StockLayer) -> Neuron | None:
    return layer.neuron if isinstance(layer, StockInput | SynapticLayer) else None
