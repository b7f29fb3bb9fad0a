"""Interface of the root mean square."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.processes.framed_process import UNWATCHED, FramedProcess, Watch
from lava_spikyspace.processes.frames import Schedule


class RmsNorm(FramedProcess):
    """Root mean square of the residual: ``isqrt((sum(x*x) // C + eps) << 2*root_bits)``.

    It answers in the step in which the residual arrives.

    Parameters
    ----------
    channels : int
        Channels C that the mean goes over.
    eps : int
        Stabiliser in units of ``2**(-2*f)``, f the fraction bits of the residual.
    root_bits : int
        Extra fraction bits of the root.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Residual messages.
    message : OutPort, shape (1,)
        The root, with ``f + root_bits`` fraction bits.
    eps, root_bits : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        channels: int,
        eps: int,
        root_bits: int,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        super().__init__(shape=(1,), inputs=("a_in",), schedule=schedule, watch=watch, name=name)
        self.a_in = InPort(shape=(channels,))
        self.message = OutPort(shape=(1,))
        self.eps = Var(shape=(1,), init=eps)
        self.root_bits = Var(shape=(1,), init=root_bits)
