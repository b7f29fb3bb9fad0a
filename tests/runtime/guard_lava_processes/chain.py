"""Small Lava processes for the tests of the guarded runtime: a source, a faulty stage, a sink."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.errors import StrictRangeError
from tests.runtime.guard_remains import GATE


class Source(AbstractProcess):
    """Sends ``time_step + index`` in each time step; the first waits for a file, see `GATE`."""

    def __init__(self, size, **kwargs):
        super().__init__(size=size, **kwargs)
        self.values_out = OutPort(shape=(size,))


@implements(proc=Source, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySourceModel(PyLoihiProcessModel):
    values_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)

    def run_spk(self):
        gate = os.environ.get(GATE)
        while self.time_step == 1 and gate and not Path(gate).exists():
            time.sleep(0.01)
        size = self.proc_params["size"]
        self.values_out.send(np.arange(size, dtype=np.int64) + self.time_step)


class Stage(AbstractProcess):
    """Passes its input on; misbehaves in one time step, or when it is built.

    Parameters
    ----------
    fault : str
        A key of `FAULTS`, ``build`` or ``exit in build``, or ``none``.
    step : int
        Time step in which it misbehaves.
    """

    def __init__(self, size, fault="none", step=0, **kwargs):
        super().__init__(fault=fault, step=step, **kwargs)
        self.values_in = InPort(shape=(size,))
        self.values_out = OutPort(shape=(size,))


class UnpicklableError(Exception):
    """Cannot be sent to another process."""

    def __reduce__(self):
        raise TypeError("not to be pickled")


class TwoArgumentError(Exception):
    """Can be pickled, but not unpickled."""

    def __init__(self, one, two):
        super().__init__(f"{one} {two}")


def _raise(error):
    raise error


def _loop():
    while True:
        pass


FAULTS = {
    "raise": lambda: _raise(ValueError("the planted fault")),
    "raise much": lambda: _raise(ValueError("x" * 300_000)),
    "raise strict": lambda: _raise(StrictRangeError("state 9 is above 8", hint="widen it")),
    "raise unpicklable": lambda: _raise(UnpicklableError("the planted fault")),
    "raise not unpicklable": lambda: _raise(TwoArgumentError("planted", "fault")),
    "loop": _loop,
    "sleep": lambda: time.sleep(3600),
    "exit": lambda: os._exit(7),
    "exit 0": lambda: os._exit(0),
    "die": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "kill worker": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "print": lambda: print("printed by a model", flush=True),
}


@implements(proc=Stage, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyStageModel(PyLoihiProcessModel):
    values_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    values_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        if proc_params["fault"] == "build":
            raise KeyError("the planted build fault")
        if proc_params["fault"] == "exit in build":
            os._exit(7)

    def run_spk(self):
        values = self.values_in.recv()
        if self.time_step == self.proc_params["step"]:
            FAULTS[self.proc_params["fault"]]()
        self.values_out.send(values)


class Sink(AbstractProcess):
    """Sums what arrives; holds constants of several types."""

    def __init__(self, size, constant=0, **kwargs):
        super().__init__(**kwargs)
        self.values_in = InPort(shape=(size,))
        self.total = Var(shape=(size,), init=0)
        self.table = Var(shape=(2, 3), init=np.arange(6).reshape(2, 3) - 3)
        self.constant = Var(shape=(1,), init=np.array([constant], dtype=object))
        self.ratio = Var(shape=(2,), init=0.25)
        self.flag = Var(shape=(2,), init=np.array([True, False]))


@implements(proc=Sink, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySinkModel(PyLoihiProcessModel):
    values_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    total: np.ndarray = LavaPyType(np.ndarray, np.int64)
    table: np.ndarray = LavaPyType(np.ndarray, np.int8)
    constant: np.ndarray = LavaPyType(np.ndarray, np.int64)
    ratio: np.ndarray = LavaPyType(np.ndarray, np.float64)
    flag: np.ndarray = LavaPyType(np.ndarray, np.bool_)

    def run_spk(self):
        self.total += self.values_in.recv()


def chain(size, stages, constant=0):
    """Connect a source, stages of the given (fault, step), and a sink; return the sink."""
    source = Source(size, name="source")
    previous = source.values_out
    for index, (fault, step) in enumerate(stages):
        stage = Stage(size, fault=fault, step=step, name=f"stage.{index}")
        previous.connect(stage.values_in)
        previous = stage.values_out
    sink = Sink(size, constant=constant, name="sink")
    previous.connect(sink.values_in)
    return sink
