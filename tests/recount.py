"""Counts per process from nothing but recorded codes and weights.

Written from the definitions of the counts, event by event, and apart from
`lava_spikyspace.profiling.counters`, against which it stands in the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.network import (
    ConvLayer,
    DenseLayer,
    HeadLayer,
    InputLayer,
    Layer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
)


@dataclass
class Row:
    """What a row of the profile has to say."""

    neurons: int = 0
    spikes: int = 0
    graded_spikes: int = 0
    events_in: int = 0
    synops: int = 0
    neuron_updates: int = 0
    firing_rate: float | None = None


class Recount:
    """Recounts a run.

    Parameters
    ----------
    network : Network
        What was run.
    records : mapping of str to ndarray
        Codes of every process, shape (window, element, channel).
    coding : str
        ``graded`` or ``unary``.
    """

    def __init__(self, network: Network, records: Mapping[str, np.ndarray], coding: str) -> None:
        self.network = network
        self.records = records
        self.unary = coding == "unary"
        self.elements = records[network.input.name].shape[0] * network.window
        widths = [layer.bits for layer in network if layer.bits is not None]
        self.frame_steps = 2 ** max(widths) - 1 if self.unary else 1
        self.rows: dict[str, Row] = {}
        for layer in network:
            self._count(layer)

    def _events(self, name: str) -> np.ndarray:
        """Events that a layer sends, (window, element, channel)."""
        sent = self.records[name]
        if self.unary and self.network[name].bits is not None:
            return np.abs(sent)
        return (sent != 0).astype(np.int64)

    def _add(self, name: str, neurons: int, arrivals=()) -> Row:
        """Add a row; arrivals are (events, non-zero weights that each of them meets)."""
        row = Row(neurons=neurons, neuron_updates=neurons * self.elements * self.frame_steps)
        for events, fan_out in arrivals:
            row.events_in += int(events.sum())
            row.synops += int((events * fan_out).sum())
        self.rows[name] = row
        return row

    def _sends(self, row: Row, layer: Layer) -> None:
        codes = self.records[layer.name]
        if layer.bits is None:
            whole = int(np.count_nonzero(codes)) if self._sent_whole(layer) else 0
            row.graded_spikes = whole + self._limb_messages(layer)
            return
        total = int(np.abs(codes).sum())
        row.firing_rate = total / (layer.neurons * self.elements * (2**layer.bits - 1))
        if self.unary:
            row.spikes = total
        else:
            row.graded_spikes = int(np.count_nonzero(codes))

    def _sent_whole(self, layer: Layer) -> bool:
        """Whether some consumer, or none at all, takes the message as it is."""
        consumers = self.network.consumers(layer.name)
        split = [
            c
            for c in consumers
            if getattr(c, "limbs", ())
            and c.source("product" if isinstance(c, ResidualLayer) else "residual") == layer.name
        ]
        return len(split) < len(consumers) or not consumers

    def _limb_messages(self, layer: Layer) -> int:
        """Messages that a process sends besides its own, to consumers that take it in limbs."""
        for consumer in self.network.consumers(layer.name):
            widths = getattr(consumer, "limbs", ())
            split_role = "product" if isinstance(consumer, ResidualLayer) else "residual"
            if widths and consumer.source(split_role) == layer.name:
                return sum(int(limb.sum()) for limb in self._limbs(layer.name, widths))
        return 0

    def _limbs(self, source: str, widths: tuple[int, ...]) -> list[np.ndarray]:
        """Events of every limb of a message, the lowest first."""
        rest = self.records[source]
        events = []
        for width in widths:
            events.append((rest % 2**width != 0).astype(np.int64))
            rest = rest // 2**width
        return [*events, (rest != 0).astype(np.int64)]

    def _synapses(self, layer: DenseLayer, source: str) -> None:
        fan_out = (layer.weight != 0).sum(axis=0)
        widths = getattr(layer, "limbs", ())
        if not widths:
            self._add(f"{layer.name}.synapses", 0, [(self._events(source), fan_out)])
            return
        names = {2: ("", ".hi"), 3: ("", ".mid", ".hi"), 4: ("", ".mid1", ".mid2", ".hi")}
        limbs = self._limbs(source, widths)
        for suffix, events in zip(names[len(limbs)], limbs, strict=True):
            self._add(f"{layer.name}.synapses{suffix}", 0, [(events, fan_out)])

    def _count(self, layer: Layer) -> None:
        arriving = [self._events(name) for name in layer.inputs]
        if isinstance(layer, ScanLayer):
            self._count_scan(layer, *arriving)
            return
        if isinstance(layer, ConvLayer):
            self._count_conv(layer, *arriving)
            row = self._add(f"{layer.name}.neuron", layer.neurons)
        elif isinstance(layer, NormEncoderLayer):
            self._synapses(layer, layer.source("residual"))
            row = self._add(f"{layer.name}.neuron", layer.neurons, [(arriving[1], layer.neurons)])
        elif isinstance(layer, ResidualLayer):
            self._synapses(layer, layer.source("product"))
            row = self._add(f"{layer.name}.neuron", layer.neurons, [(arriving[1], 1)])
        elif isinstance(layer, DenseLayer):
            self._synapses(layer, layer.inputs[0])
            row = self._add(f"{layer.name}.neuron", layer.neurons)
        elif isinstance(layer, HeadLayer):
            # One weight per step and element; the same for all variates.
            fan_out = (layer.weight != 0).sum(axis=0)[None, :, None]
            row = self._add(layer.name, layer.neurons, [(arriving[0], fan_out)])
        elif isinstance(layer, RmsNormLayer):
            squares = self._squares(layer, arriving)
            row = self._add(layer.name, layer.neurons, [(squares, 1)])
        elif isinstance(layer, InputLayer | ProductLayer):
            row = self._add(layer.name, layer.neurons, [(events, 1) for events in arriving])
        else:
            raise TypeError(type(layer).__name__)
        self._sends(row, layer)

    def _squares(self, layer: RmsNormLayer, arriving: list[np.ndarray]) -> np.ndarray:
        """Count the neurons that square a channel each; return the events that they send."""
        (source,) = layer.inputs
        row = self._add(f"{layer.name}.squares", layer.channels, [(e, 1) for e in arriving])
        sent = (self.records[source] ** 2 // 4**layer.square_shift != 0).astype(np.int64)
        row.graded_spikes = int(sent.sum())
        return sent

    def _count_conv(self, layer: ConvLayer, events: np.ndarray) -> None:
        row = self._add(f"{layer.name}.synapses", 0, [(events, 0)])
        taps = layer.weight.shape[1]
        for tap in range(taps):
            for element in range(events.shape[1]):
                # Tap `taps - 1` meets the newest element; older taps meet it later, if ever.
                if element + taps - 1 - tap < self.network.window:
                    row.synops += int((events[:, element] * (layer.weight[:, tap] != 0)).sum())

    def _count_scan(self, layer: ScanLayer, codes, delta, b, c) -> None:
        states, channels = layer.states, layer.neurons
        held = self.records[f"{layer.name}.state"]
        row = self._add(
            f"{layer.name}.state",
            states * channels,
            [(codes, states), (delta, states), (b, channels), (c, channels)],
        )
        row.graded_spikes = int(np.count_nonzero(held))
        row.firing_rate = int(held.sum()) / (
            row.neurons * self.elements * (2**layer.state_bits - 1)
        )
        kept = (held != 0).astype(np.int64)
        output = self._add(f"{layer.name}.output", channels, [(codes, 1), (kept, 1)])
        self._sends(output, layer)
