"""Interface of the spiking neuron."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class SpikingNeuron(FramedProcess):
    """Spiking neurons with soft or hard reset, refractory current, or random spikes.

    What each kind computes stands at `arithmetic.spiking.spiking_step`. It answers in the step in
    which its current arrives. Its state resets itself at element 0 of each window.

    Parameters
    ----------
    kind : str
        ``SOFT_RESET``, ``HARD_RESET``, ``REFRACTORY`` or ``BERNOULLI``.
    threshold : ndarray, int64, shape (channel,)
        Thresholds.
    leak, leak_bits : int
        Leak of the membrane, ``leak * 2**-leak_bits``; unused by ``BERNOULLI``.
    refractory : ndarray, int64, shape (channel,)
        Refractory current of a spike; 0 unless ``REFRACTORY``.
    fade : int
        Its decay, ``fade * 2**-leak_bits``.
    seed : ndarray, int64, shape (channel,)
        Generators of ``BERNOULLI`` before element 0; unused by the others.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Current.
    message : OutPort, shape (channel,)
        Spikes.
    potential, pressure, spikes, random : Var, int64, shape (channel,)
        State, see `arithmetic.spiking.NeuronState`.
    threshold, leak, leak_bits, refractory, fade, seed : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        kind: str,
        threshold: IntArray,
        leak: int = 0,
        leak_bits: int = 0,
        refractory: IntArray | None = None,
        fade: int = 0,
        seed: IntArray | None = None,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = threshold.shape
        super().__init__(
            shape=shape,
            inputs=("a_in",),
            bits=1,
            schedule=schedule,
            watch=watch,
            name=name,
            kind=kind,
        )
        self.a_in = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        for state in ("potential", "pressure", "spikes", "random"):
            setattr(self, state, Var(shape=shape, init=0))
        self.threshold = Var(shape=shape, init=threshold)
        self.leak = Var(shape=(1,), init=leak)
        self.leak_bits = Var(shape=(1,), init=leak_bits)
        self.refractory = Var(shape=shape, init=0 if refractory is None else refractory)
        self.fade = Var(shape=(1,), init=fade)
        self.seed = Var(shape=shape, init=0 if seed is None else seed)
