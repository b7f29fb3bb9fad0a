"""Behaviour of the input smoother."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.process import ProcessParameters
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from input_smoother.process import InputSmoother


@implements(proc=InputSmoother, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyInputSmootherModel(PyLoihiProcessModel):
    """Fixed-point model of `InputSmoother`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32, precision=24)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    shift: npt.NDArray[np.int64] = LavaPyType(np.ndarray, np.int64)
    y: npt.NDArray[np.int64] = LavaPyType(np.ndarray, np.int64)
    changed: npt.NDArray[np.int64] = LavaPyType(np.ndarray, np.int64)

    def __init__(self, proc_params: ProcessParameters) -> None:
        super().__init__(proc_params)
        self.window: int = proc_params["window"]
        self.frame_steps: int = proc_params["frame_steps"]

    def run_spk(self) -> None:
        """Receive, smooth and send within one time step; Lava counts time steps from 1."""
        x = self.a_in.recv().astype(np.int64)
        frame, step = divmod(self.time_step - 1, self.frame_steps)
        if step != 0:  # nothing arrives in the rest of a frame, and nothing leaves
            self.a_out.send(np.zeros_like(x))
            return
        if frame % self.window == 0:
            self.y[:] = x
        else:
            self.y += (x - self.y) >> self.shift
        self.changed[0] += np.count_nonzero(self.y != x)
        self.a_out.send(self.y)
