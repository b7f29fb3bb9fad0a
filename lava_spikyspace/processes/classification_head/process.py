"""Interface of the classification head."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
    sum_ports,
)
from lava_spikyspace.processes.frames import Schedule


class ClassificationHead(FramedProcess):
    """Logits of classes: the sums of all elements of a window, descaled.

    It integrates the elements of a window, starting afresh at element 0, and answers in the step in
    which the sums of the last element arrive.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (class,)
        Descaling; every shift is at least 1.
    limbs : tuple of int
        Widths of the unsigned low limbs that its input went through the synapses in.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in_0, ..., a_in_3 : InPort, shape (class,)
        Sums of the synapses, by limb, lowest first.
    message : OutPort, shape (1, class)
        Logits.
    mult, add, shift : Var
        Parameters.
    forecast : Var, int64, shape (window, 1, class)
        All logits that were sent.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        (classes,) = mult.shape
        shape = (1, classes)
        super().__init__(
            shape=shape,
            inputs=sum_ports(limbs),
            limbs=limbs,
            schedule=schedule,
            watch=Watch(proof=watch.proof),  # `forecast` keeps the messages in any case
            name=name,
        )
        self.add_sum_ports((classes,))
        self.message = OutPort(shape=shape)
        self.mult = Var(shape=(classes,), init=mult)
        self.add = Var(shape=(classes,), init=add)
        self.shift = Var(shape=(classes,), init=shift)
        self.forecast = Var(shape=(schedule.windows, *shape), init=0)
