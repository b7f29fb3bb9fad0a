"""Behaviour that the process models share: receive, integrate, send and count in frames.

A model of a process class adds `decide`, the arithmetic of one frame. Two bases say when its
answer leaves: `SameStepModel` in the step in which its messages arrive, `NextFrameModel` in the
frame after the one it integrated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import ClassVar

import numpy as np
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.process import ProcessParameters

from lava_spikyspace.arithmetic import descale_sums, emit_spikes, join_limbs, split_limbs
from lava_spikyspace.backends.base import check_ranges
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.plan import MESSAGE, limb_role
from lava_spikyspace.processes.framed_process import MessageLimbs, sum_ports
from lava_spikyspace.processes.frames import Position, Schedule
from lava_spikyspace.processes.tally import Tally

Arrived = Mapping[str, IntArray]
"""What arrived at each in port during a frame, summed over its steps."""

Observed = IntArray | Callable[[], IntArray]
"""A value, or a function that computes it where ranges are checked."""


class FrameInput:
    """In port with a delay line that sums a frame of messages.

    A code has the same sum in both codings; a message arrives in one step of its frame, so that
    its sum is the message, held until the end of the frame.

    Parameters
    ----------
    port : PyInPort
        Where messages arrive.
    delay : int
        Steps that they are held back.
    """

    def __init__(self, port: PyInPort, delay: int) -> None:
        self._port = port
        self._line: deque[IntArray] = deque([np.zeros(port._shape, dtype=np.int64)] * delay)
        self.total: IntArray = np.zeros(port._shape, dtype=np.int64)

    def receive(self, *, begins: bool) -> None:
        """Take in one step; `begins` says that it is the first of a frame."""
        arrived = self._port.recv()
        if self._line:
            self._line.append(arrived)
            arrived = self._line.popleft()
        self.total = arrived if begins else self.total + arrived


class FramedModel(PyLoihiProcessModel):
    """Base of all models: inputs, counted outputs, range checks and records."""

    counters: IntArray = LavaPyType(np.ndarray, np.int64)
    record: IntArray = LavaPyType(np.ndarray, np.int64)

    def __init__(self, proc_params: ProcessParameters) -> None:
        super().__init__(proc_params)
        self.schedule: Schedule = proc_params["schedule"]
        self._proof = proc_params["proof"]
        self._bits: int | None = proc_params["bits"]
        self._output_limbs: tuple[int, ...] = proc_params["output_limbs"]
        self._message_limbs: MessageLimbs = proc_params["message_limbs"]
        self._spiking = self.schedule.coding == "unary" and self._bits is not None
        self._has_begun = False

    def begin(self) -> None:
        """Bind what Lava assigns to a model after its construction: ports and Vars."""
        names, delays = self.proc_params["inputs"], self.schedule.delays
        self._inputs: dict[str, FrameInput] = {
            name: FrameInput(getattr(self, name), delays.get(name, 0)) for name in names
        }
        ports: tuple[str, ...] = self.proc_params["event_ports"]
        self._outputs: list[PyOutPort] = [getattr(self, port) for port in ports]
        self._silence = np.zeros(self.record.shape[1:], dtype=np.int64)
        self.tally = Tally(self.counters, ports, coded=self._bits is not None)

    def run_spk(self) -> None:
        """Run one time step."""
        if not self._has_begun:
            self.begin()
            self._has_begun = True
        self.run_step()
        if self.var_ports:  # another process may read the counters in any step
            self.settle_vars()

    def settle_vars(self) -> None:
        """Bring the Vars up to date, from which counts are kept back while the model runs.

        The in-process runtime calls this at the end of each run.
        """
        if self._has_begun:
            self.tally.settle()

    def _get_var(self) -> None:
        # Lava's own runtime calls this and the next one where a Var is read or set.
        self.settle_vars()
        super()._get_var()

    def _set_var(self) -> None:
        self.settle_vars()
        super()._set_var()

    def run_step(self) -> None:
        """Receive, compute and send."""
        raise NotImplementedError

    def receive(self, *, begins: bool) -> None:
        """Take in one step of all in ports; `begins` says that it is the first of a frame."""
        for one in self._inputs.values():
            one.receive(begins=begins)

    def arrived(self) -> Arrived:
        """Return what has arrived in the frame so far."""
        return {name: one.total for name, one in self._inputs.items()}

    def limbs_at(self, port: str, arrived: Arrived) -> tuple[IntArray, ...]:
        """Return the limbs of the message at an in port, lowest first; one if it came whole."""
        count = len(self._message_limbs.get(port, ())) + 1
        return tuple(arrived[limb_role(port, limb)] for limb in range(count))

    def message_at(self, port: str, arrived: Arrived) -> IntArray:
        """Return the message at an in port, recombined if it came in limbs."""
        return join_limbs(self.limbs_at(port, arrived), self._message_limbs.get(port, ()))

    def send_nothing(self) -> None:
        """Send 0 on every port."""
        for port in self._outputs:
            port.send(self._silence)

    def send_message(self, frame: int, message: IntArray) -> None:
        """Send a code, its spikes or a message, with its limbs; count and record it.

        Parameters
        ----------
        frame : int
            Frame that it belongs to.
        message : ndarray, int64
            Of the shape of the out port.
        """
        limbs = split_limbs(message, self._output_limbs) if self._output_limbs else ()
        parts = (message, *limbs)
        for port, part in zip(self._outputs, parts, strict=True):
            port.send(part)
        self.tally.count_message(*parts)
        if len(self.record):
            self.record[frame] += message

    def check(self, **values: Observed) -> None:
        """In strict mode, hold values against their proven ranges.

        Parameters
        ----------
        **values : ndarray or callable
            Values by range name.

        Raises
        ------
        StrictRangeError
            A value is outside its range.
        """
        if self._proof is not None:
            seen = {name: Interval.of(v() if callable(v) else v) for name, v in values.items()}
            check_ranges(self._proof, seen)


class SameStepModel(FramedModel):
    """Answers in the step in which its messages arrive, the first of a frame."""

    def decide(self, position: Position, arrived: Arrived) -> IntArray | None:
        """Return the code or message that answers one frame of the input; None for no answer.

        Parameters
        ----------
        position : Position
            Step in which the answer is due.
        arrived : mapping of str to ndarray, int64
            Sums of the frame by in port.
        """
        raise NotImplementedError

    def run_step(self) -> None:
        """Receive, and answer in the first step of each frame."""
        position = self.schedule.locate(self.time_step)
        self.receive(begins=True)
        if position is None or position.step > 0:
            self.send_nothing()
        else:
            message = self.decide(position, self.arrived())
            if message is None:
                self.send_nothing()
            else:
                self.send_message(position.frame, message)


class NextFrameModel(FramedModel):
    """Integrates a frame, decides at its end and sends in the next frame.

    A code leaves as spikes or as one message, depending on the coding; a message as such, in the
    first step.
    """

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the code or message that answers one frame of the input.

        Parameters
        ----------
        position : Position
            Last step of the frame.
        arrived : mapping of str to ndarray, int64
            Sums of the frame by in port.
        """
        raise NotImplementedError

    def begin(self) -> None:
        """Work out once which spikes each code becomes, by step and code (from the lowest)."""
        super().begin()
        if self._spiking and self._bits is not None:
            bits, levels = self._bits, (1 << self._bits) - 1
            codes = np.arange(-levels, levels + 1)
            steps = range(self.schedule.frame_steps)
            self._spikes = np.stack([emit_spikes(codes, step, bits) for step in steps])
        self._frame: int | None = None

    def run_step(self) -> None:
        """Send what the last frame has decided; integrate this one."""
        position = self.schedule.locate(self.time_step)
        self.send_decided()
        self.receive(begins=position is None or position.step == 0)
        if position is not None and position.step == self.schedule.frame_steps - 1:
            self.decided = self.decide(position, self.arrived())
            self._frame, self._sent_steps = position.frame, 0

    def send_decided(self) -> None:
        """Send the part of the last decision that is due in this step."""
        if self._frame is None or self._sent_steps == self.schedule.frame_steps:
            self.send_nothing()
            return
        if self._spiking:
            lowest = self._spikes.shape[1] // 2
            self.send_message(self._frame, self._spikes[self._sent_steps, self.decided + lowest])
        elif self._sent_steps == 0:
            self.send_message(self._frame, self.decided)
        else:
            self.send_nothing()
        self._sent_steps += 1


class LimbReceiver(FramedModel):
    """Receives the sums of its synapses in limbs, one in port each."""

    a_in_0: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)

    def begin(self) -> None:
        """Find out which of the ports are in use."""
        super().begin()
        self._limbs: tuple[int, ...] = self.proc_params["limbs"]
        self._sum_ports = sum_ports(self._limbs)

    def joined(self, arrived: Arrived) -> IntArray:
        """Return the accumulator: the sums of all limbs, recombined."""
        return join_limbs([arrived[port] for port in self._sum_ports], self._limbs)


class Descaler(FramedModel):
    """Descales its accumulator, see `arithmetic.descale`."""

    mult: IntArray = LavaPyType(np.ndarray, np.int64)
    add: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)

    def descale(self, acc: IntArray) -> tuple[IntArray, tuple[IntArray, ...]]:
        """Return the descaled accumulator, and the sums on the way to it."""
        limbs: tuple[int, ...] = self.proc_params["mult_limbs"]
        sums = descale_sums(acc, self.mult, self.add, self.shift, limbs)
        return sums[-1] >> (self.shift - sum(limbs)), sums


class LimbSender(FramedModel):
    """Sends its message also in limbs, one out port each, where a receiver needs them."""

    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    limb0: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    limb1: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    limb2: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    limb3: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)


class PassingModel(FramedModel):
    """Has neurons of two kinds on a chip; what one sends to the other is counted on its own."""

    PASSES_CODES: ClassVar[bool] = False
    """Whether that are codes, whose magnitudes are added up."""

    passing_counters: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Count what passes inside."""
        super().begin()
        self.passing_tally = Tally(self.passing_counters, (MESSAGE,), coded=self.PASSES_CODES)

    def settle_vars(self) -> None:
        """Bring the counts of what passes inside up to date too."""
        super().settle_vars()
        if self._has_begun:
            self.passing_tally.settle()


class InnerCodes(FramedModel):
    """Has codes that stay inside and can be recorded."""

    inner_record: IntArray = LavaPyType(np.ndarray, np.int64)

    def record_inner(self, position: Position, codes: IntArray) -> None:
        """Keep the inner codes of a frame, if records are kept."""
        if len(self.inner_record):
            self.inner_record[position.frame] = codes.ravel()
