"""Behaviour of the spiking neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic.spiking import NeuronState, observed_values, rest, spiking_step
from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.spiking_neuron.process import SpikingNeuron
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    HardResetLayer,
    RefractoryLayer,
    SoftResetLayer,
    SpikingLayer,
)


@implements(proc=SpikingNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySpikingNeuronModelFixed(SameStepModel):
    """Fixed-point model of `SpikingNeuron`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    potential: IntArray = LavaPyType(np.ndarray, np.int64)
    pressure: IntArray = LavaPyType(np.ndarray, np.int64)
    spikes: IntArray = LavaPyType(np.ndarray, np.int64)
    random: IntArray = LavaPyType(np.ndarray, np.int64)
    threshold: IntArray = LavaPyType(np.ndarray, np.int64)
    leak: int = LavaPyType(int, int)
    leak_bits: int = LavaPyType(int, int)
    refractory: IntArray = LavaPyType(np.ndarray, np.int64)
    fade: int = LavaPyType(int, int)
    seed: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Gather the parameters for the arithmetic."""
        super().begin()
        self.parameters = self._layer(self.proc_params["kind"])

    def _layer(self, kind: str) -> SpikingLayer:
        membrane: dict[str, Any] = {"leak": self.leak, "leak_bits": self.leak_bits}
        common: dict[str, Any] = {"name": "neuron", "threshold": self.threshold}
        if kind == BernoulliLayer.neuron_type:
            return BernoulliLayer(**common, seed=self.seed)
        if kind == RefractoryLayer.neuron_type:
            return RefractoryLayer(**common, **membrane, refractory=self.refractory, fade=self.fade)
        if kind == HardResetLayer.neuron_type:
            return HardResetLayer(**common, **membrane)
        if kind == SoftResetLayer.neuron_type:
            return SoftResetLayer(**common, **membrane)
        raise InternalError(f"no spiking neuron of kind {kind}")

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Advance the neurons by one element; return their spikes."""
        if position.element == 0:
            state = rest(self.parameters, self.threshold.shape)
        else:
            state = NeuronState(self.potential, self.pressure, self.spikes, self.random)
        state = spiking_step(self.parameters, state, arrived["a_in"])
        for var, value in state._asdict().items():
            getattr(self, var)[:] = value
        values = observed_values(self.parameters, state)
        self.tally.note_extremes(values["state"])
        self.check(**values, message=state.spikes)
        return state.spikes
