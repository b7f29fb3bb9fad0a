"""A complete network: layers, normalisation, golden windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network.base import Layer
from lava_spikyspace.network.formats import MESSAGE_BITS, IntArray
from lava_spikyspace.network.layers import HeadLayer, InputLayer, OutputLayer


@dataclass(frozen=True, eq=False, kw_only=True)
class Normalisation:
    """How values of the table become the input of the network and its output values again.

    Applied in float64 outside the integers.

    Parameters
    ----------
    kind : str
        ``fixed``: one mean and scale per variate; ``instance``: those of each window.
    mean, scale : ndarray, float64, shape (variate,), optional
        For ``fixed``.
    eps : float, optional
        For ``instance``: added to the variance of the window.
    """

    kind: str
    mean: npt.NDArray[np.float64] | None = None
    scale: npt.NDArray[np.float64] | None = None
    eps: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Golden:
    """Recorded windows that every backend has to reproduce.

    Parameters
    ----------
    inputs : ndarray, int64, shape (window, element, variate)
        The integers fed to the network.
    forecasts : ndarray, int64, shape (window, step, variate)
        The integers that the head sends.
    digests : mapping of str to str
        SHA-256 of the codes (little-endian int32, C order [window, element, channel]) by record
        name: a layer's name for what it sends, ``<name>.code`` for a code inside a neuron,
        ``<name>.state`` for the state codes of a scan (channels and states flattened).
    """

    inputs: IntArray
    forecasts: IntArray
    digests: Mapping[str, str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """A complete integer network.

    Parameters
    ----------
    window : int
        Elements L of a window.
    horizon : int
        Steps H of a forecast.
    layers : tuple of Layer
        In topological order; the first is the `InputLayer`, the last the `HeadLayer`.
    normalisation : Normalisation
        Between the table and the integers.
    variates : tuple of str, optional
        Names of the variates.
    bits : mapping of str to int
        Bits of each quantiser by its published name (c, s, delta, pts, delta1, x, y, y1).
    formats : mapping of str to int
        Fraction bits and other choices of the exporter, for the reader's information.
    golden : Golden, optional
        Recorded windows.
    provenance : mapping
        JSON-like: where the file comes from.
    """

    window: int
    horizon: int
    layers: tuple[Layer, ...]
    normalisation: Normalisation
    variates: tuple[str, ...] | None = None
    bits: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)
    golden: Golden | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Layer:
        """Return the layer of that name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def consumers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that read the layer of that name."""
        return tuple(layer for layer in self.layers if name in layer.inputs)

    def limbs_of(self, name: str) -> tuple[int, ...]:
        """Return the widths of the low limbs that the message of a layer is sent in.

        Empty where it is only sent whole. A message that its dense readers take in limbs, but that
        is not wide, goes whole to the others.
        """
        for reader in self.consumers(name):
            limbs: tuple[int, ...] = getattr(reader, "limbs", ())
            if limbs and reader.inputs[0] == name:
                return limbs
        if not self.is_wide(name):
            return ()
        low = MESSAGE_BITS - 1  # an unsigned limb of a signed message
        bits = self[name].ranges["message"].bits
        return (low,) * -(-(bits - MESSAGE_BITS) // low)

    def is_wide(self, name: str) -> bool:
        """Whether the message of a layer has more than `MESSAGE_BITS`: all read it in limbs."""
        layer = self[name]
        message = layer.ranges.get("message")
        return layer.MAY_BE_WIDE and message is not None and message.bits > MESSAGE_BITS

    @property
    def channels(self) -> int:
        """Number of variates C."""
        return self.layers[0].neurons

    @property
    def input(self) -> InputLayer:
        """The input layer."""
        layer = self.layers[0]
        if not isinstance(layer, InputLayer):
            raise InternalError(f"the first layer is {layer.name}, not an input layer")
        return layer

    @property
    def forecast_head(self) -> HeadLayer:
        """The head of a forecaster."""
        if not isinstance(self.head, HeadLayer):
            raise InternalError(f"the last layer is {self.head.name}, not a forecast head")
        return self.head

    @property
    def head(self) -> OutputLayer:
        """The layer that sends the result."""
        layer = self.layers[-1]
        if not isinstance(layer, OutputLayer):
            raise InternalError(f"the last layer is {layer.name}, not a head")
        return layer
