"""Small Lava processes that make the behaviour of a runtime visible."""

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyAsyncProcessModel, PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort, PyRefPort, PyVarPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.process.ports.ports import InPort, OutPort, RefPort, VarPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.async_protocol import AsyncProtocol
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.dense.process import Dense
from lava.proc.lif.process import LIF
from scipy.sparse import csr_matrix

# --- Emitters send arrays of any dtype through a port of a declared dtype -----------------------


class Emitter(AbstractProcess):
    """Sends `data[t - 1]` in time step t; the first dimension of `data` is time."""

    def __init__(self, data, **kwargs):
        super().__init__(data=data, **kwargs)
        self.s_out = OutPort(data.shape[1:])


class EmitterBool(Emitter):
    pass


class EmitterInt8(Emitter):
    pass


class EmitterInt32(Emitter):
    pass


class EmitterFloat(Emitter):
    pass


class EmitterModel(PyLoihiProcessModel):
    def run_spk(self):
        data = self.proc_params["data"]
        self.s_out.send(data[(self.time_step - 1) % len(data)])


@implements(proc=EmitterBool, protocol=LoihiProtocol)
@requires(CPU)
class EmitterBoolModel(EmitterModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)


@implements(proc=EmitterInt8, protocol=LoihiProtocol)
@requires(CPU)
class EmitterInt8Model(EmitterModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int8)


@implements(proc=EmitterInt32, protocol=LoihiProtocol)
@requires(CPU)
class EmitterInt32Model(EmitterModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)


@implements(proc=EmitterFloat, protocol=LoihiProtocol)
@requires(CPU)
class EmitterFloatModel(EmitterModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


# --- Recorders keep the raw bytes and the dtype of what they receive ---------------------------


class Recorder(AbstractProcess):
    """Keeps bytes, dtype number and memory order of what arrives in `steps` time steps."""

    def __init__(self, shape, steps, **kwargs):
        super().__init__(shape=shape, **kwargs)
        self.a_in = InPort(shape)
        self.raw = Var((steps, 8 * int(np.prod(shape))), init=0)
        self.kind = Var((steps, 3), init=0)


class RecorderBool(Recorder):
    pass


class RecorderInt16(Recorder):
    pass


class RecorderInt64(Recorder):
    pass


class RecorderFloat(Recorder):
    pass


class RecorderModel(PyLoihiProcessModel):
    raw: np.ndarray = LavaPyType(np.ndarray, np.uint8)
    kind: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        data = self.a_in.recv()
        flags = data.flags
        content = np.frombuffer(data.tobytes(), np.uint8)
        self.raw[self.time_step - 1, : content.size] = content
        self.kind[self.time_step - 1] = (data.dtype.num, flags.c_contiguous, flags.writeable)
        data[...] = 0  # what a model receives is its own


@implements(proc=RecorderBool, protocol=LoihiProtocol)
@requires(CPU)
class RecorderBoolModel(RecorderModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, bool)


@implements(proc=RecorderInt16, protocol=LoihiProtocol)
@requires(CPU)
class RecorderInt16Model(RecorderModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int16)


@implements(proc=RecorderInt64, protocol=LoihiProtocol)
@requires(CPU)
class RecorderInt64Model(RecorderModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, int)


@implements(proc=RecorderFloat, protocol=LoihiProtocol)
@requires(CPU)
class RecorderFloatModel(RecorderModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)


# --- Things that share memory where they should not -------------------------------------------


class Reuser(AbstractProcess):
    """Sends its buffer and then changes it in place."""

    def __init__(self, shape, **kwargs):
        super().__init__(shape=shape, **kwargs)
        self.s_out = OutPort(shape)
        self.buffer = Var(shape, init=1)


@implements(proc=Reuser, protocol=LoihiProtocol)
@requires(CPU)
class ReuserModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    buffer: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        self.buffer += 1
        self.s_out.send(self.buffer)
        self.buffer *= 3


class ParameterChanger(AbstractProcess):
    """Changes its parameters and its sparse Var in place, and shows their sums."""

    def __init__(self, table, matrix, **kwargs):
        super().__init__(table=table, **kwargs)
        self.s_out = OutPort((1,))
        self.matrix = Var(matrix.shape, init=matrix)
        self.total = Var((2,), init=0)


@implements(proc=ParameterChanger, protocol=LoihiProtocol)
@requires(CPU)
class ParameterChangerModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    matrix: csr_matrix = LavaPyType(csr_matrix, np.int64)
    total: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        self.proc_params["table"].append(self.time_step)
        self.matrix.data += 1
        self.total[:] = (sum(self.proc_params["table"]), self.matrix.sum())
        self.s_out.send(np.array([self.total[0]]))


# --- The protocol ------------------------------------------------------------------------------


class PhaseLog(AbstractProcess):
    """Asks for phases in every `pre`, `lrn`, `post`-th step and writes down what is called."""

    def __init__(self, pre, lrn, post, size=400, **kwargs):
        super().__init__(pre=pre, lrn=lrn, post=post, **kwargs)
        self.a_in = InPort((1,))
        self.s_out = OutPort((1,))
        self.log = Var((size,), init=0)
        self.used = Var((1,), init=0)


@implements(proc=PhaseLog, protocol=LoihiProtocol)
@requires(CPU)
class PhaseLogModel(PyLoihiProcessModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    log: np.ndarray = LavaPyType(np.ndarray, np.int64)
    used: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def _write(self, what):
        self.log[self.used[0]] = 100 * self.time_step + 10 * int(self.phase[0]) + what
        self.used += 1

    def _due(self, name):
        every = self.proc_params[name]
        return bool(every) and self.time_step % every == 0

    def run_spk(self):
        self.s_out.send(self.used)
        self.a_in.recv()
        self._write(0)

    def pre_guard(self):
        self._write(1)
        return self._due("pre")

    def lrn_guard(self):
        self._write(2)
        return self._due("lrn")

    def post_guard(self):
        self._write(3)
        return self._due("post")

    def run_pre_mgmt(self):
        self._write(4)

    def run_lrn(self):
        self._write(5)

    def run_post_mgmt(self):
        self._write(6)


class Brake(AbstractProcess):
    """Asks for a pause (or to stop) in one time step, and counts the steps."""

    def __init__(self, at, request="pause", phase="spk", **kwargs):
        super().__init__(at=at, request=request, phase=phase, **kwargs)
        self.s_out = OutPort((1,))
        self.steps = Var((1,), init=0)


@implements(proc=Brake, protocol=LoihiProtocol)
@requires(CPU)
class BrakeModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    steps: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def _act(self, phase):
        if self.proc_params["phase"] == phase and self.time_step == self.proc_params["at"]:
            setattr(self, f"_req_{self.proc_params['request']}", True)

    def run_spk(self):
        self.steps += 1
        self.s_out.send(self.steps)
        self._act("spk")

    def post_guard(self):
        return self.proc_params["phase"] == "post"

    def run_post_mgmt(self):
        self._act("post")


class OwnSpike(AbstractProcess):
    """Its model overrides Lava's handler of the spiking phase."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.s_out = OutPort((1,))
        self.calls = Var((2,), init=0)


@implements(proc=OwnSpike, protocol=LoihiProtocol)
@requires(CPU)
class OwnSpikeModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    calls: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def _spike(self):
        self.calls[0] += 1
        super()._spike()

    def run_spk(self):
        self.calls[1] += 1
        self.s_out.send(self.calls[:1])


# --- Vars of other processes -------------------------------------------------------------------


class Holder(AbstractProcess):
    """Counts in a Var that others may read and write, also through an explicit VarPort."""

    def __init__(self, shape, **kwargs):
        super().__init__(shape=shape, **kwargs)
        self.value = Var(shape, init=0)
        self.seen = Var(shape, init=0)
        self.value_port = VarPort(self.seen)


@implements(proc=Holder, protocol=LoihiProtocol)
@requires(CPU)
class HolderModel(PyLoihiProcessModel):
    value: np.ndarray = LavaPyType(np.ndarray, np.int32)
    seen: np.ndarray = LavaPyType(np.ndarray, np.int32)
    value_port: PyVarPort = LavaPyType(PyVarPort.VEC_DENSE, np.int32)

    def run_spk(self):
        self.value = self.value + 1

    def post_guard(self):
        return self.time_step % 2 == 0

    def run_post_mgmt(self):
        self.value = self.value * 2


class Accessor(AbstractProcess):
    """Reads and writes the Var of another process through a RefPort, in a chosen phase."""

    def __init__(self, shape, phase="post", write=True, wait=True, **kwargs):
        super().__init__(phase=phase, write=write, wait=wait, **kwargs)
        self.ref = RefPort(shape)
        self.read = Var((*shape, 12), init=0)


@implements(proc=Accessor, protocol=LoihiProtocol)
@requires(CPU)
class AccessorModel(PyLoihiProcessModel):
    ref: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)
    read: np.ndarray = LavaPyType(np.ndarray, np.int32)

    def _access(self):
        value = self.ref.read()
        self.read[..., (self.time_step - 1) % 12] = value
        if self.proc_params["write"]:
            self.ref.write(value + 7)
            if self.proc_params["wait"]:
                self.ref.wait()

    def run_spk(self):
        if self.proc_params["phase"] == "spk":
            self._access()

    def lrn_guard(self):
        return self.proc_params["phase"] == "pre"

    def pre_guard(self):
        return self.proc_params["phase"] == "pre"

    def post_guard(self):
        return self.proc_params["phase"] == "post"

    def run_pre_mgmt(self):
        self._access()

    def run_post_mgmt(self):
        self._access()


class Writer(AbstractProcess):
    """Writes to the Var of another process in the spiking phase, without waiting."""

    def __init__(self, shape, factor=1, **kwargs):
        super().__init__(factor=factor, **kwargs)
        self.ref = RefPort(shape)


@implements(proc=Writer, protocol=LoihiProtocol)
@requires(CPU)
class WriterModel(PyLoihiProcessModel):
    ref: PyRefPort = LavaPyType(PyRefPort.VEC_DENSE, np.int32)

    def run_spk(self):
        self.ref.write(np.full(self.ref.shape, self.time_step * self.proc_params["factor"]))


# --- Sparse ports ------------------------------------------------------------------------------


class SparseEmitter(AbstractProcess):
    """Sends growing lists of values and indices."""

    def __init__(self, size, **kwargs):
        super().__init__(size=size, **kwargs)
        self.s_out = OutPort((size,))


@implements(proc=SparseEmitter, protocol=LoihiProtocol)
@requires(CPU)
class SparseEmitterModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_SPARSE, np.int32)

    def run_spk(self):
        count = self.time_step % self.proc_params["size"] + 1
        values = np.arange(count, dtype=np.int32) * self.time_step
        self.s_out.send(values, np.arange(count, dtype=np.int32)[::-1].copy())


class SparseRecorder(AbstractProcess):
    """Adds up what it receives."""

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.a_in = InPort((size,))
        self.total = Var((size,), init=0)
        self.dtypes = Var((2,), init=0)


@implements(proc=SparseRecorder, protocol=LoihiProtocol)
@requires(CPU)
class SparseRecorderModel(PyLoihiProcessModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_SPARSE, np.int32)
    total: np.ndarray = LavaPyType(np.ndarray, np.int64)
    dtypes: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        values, indices = self.a_in.recv()
        self.total[indices] += values
        self.dtypes[:] = (values.dtype.num, indices.dtype.num)


# --- A hierarchy -------------------------------------------------------------------------------


class Layer(AbstractProcess):
    """A Dense and a LIF in one; `v` and `weights` are aliases."""

    def __init__(self, weights, vth, **kwargs):
        super().__init__(weights=weights, vth=vth, **kwargs)
        self.s_in = InPort((weights.shape[1],))
        self.s_out = OutPort((weights.shape[0],))
        self.v = Var((weights.shape[0],), init=0)


@implements(proc=Layer, protocol=LoihiProtocol)
@tag("fixed_pt")
class LayerModel(AbstractSubProcessModel):
    def __init__(self, proc):
        weights = proc.proc_params["weights"]
        self.dense = Dense(weights=weights)
        self.lif = LIF(shape=(weights.shape[0],), vth=proc.proc_params["vth"], dv=100, du=4095)
        proc.in_ports.s_in.connect(self.dense.in_ports.s_in)
        self.dense.out_ports.a_out.connect(self.lif.in_ports.a_in)
        self.lif.out_ports.s_out.connect(proc.out_ports.s_out)
        proc.vars.v.alias(self.lif.vars.v)


# --- Text, numbers -----------------------------------------------------------------------------


class Mixed(AbstractProcess):
    """Vars of every type."""

    def __init__(self, matrix, **kwargs):
        super().__init__(**kwargs)
        self.s_out = OutPort((1,))
        self.text = Var((5,), init="hello")
        self.whole = Var((1,), init=3)
        self.real = Var((1,), init=0.5)
        self.matrix = Var(matrix.shape, init=matrix)
        self.small = Var((2, 3), init=np.arange(6).reshape(2, 3))
        self.updates = Var((1,), init=0)


@implements(proc=Mixed, protocol=LoihiProtocol)
@requires(CPU)
class MixedModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    text: str = LavaPyType(str, str)
    whole: int = LavaPyType(int, int)
    real: float = LavaPyType(float, float)
    matrix: csr_matrix = LavaPyType(csr_matrix, np.int64)
    small: np.ndarray = LavaPyType(np.ndarray, np.int8)
    updates: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        self.s_out.send(np.array([self.whole]))

    def on_var_update(self):
        self.updates += 1


# --- Failures ----------------------------------------------------------------------------------


class Failing(AbstractProcess):
    """Raises in one time step; passes its input on before."""

    def __init__(self, at, error=None, **kwargs):
        super().__init__(at=at, error=error, **kwargs)
        self.a_in = InPort((1,))
        self.s_out = OutPort((1,))
        self.steps = Var((1,), init=0)


@implements(proc=Failing, protocol=LoihiProtocol)
@requires(CPU)
class FailingModel(PyLoihiProcessModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    steps: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        data = self.a_in.recv()
        if self.time_step == self.proc_params["at"]:
            self._break(self.proc_params["error"] or ValueError("broken on purpose"))
        self.steps += 1
        self.s_out.send(data)

    def _break(self, error):
        raise error


class Unbuildable(AbstractProcess):
    """Its model raises in its constructor."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.s_out = OutPort((1,))


@implements(proc=Unbuildable, protocol=LoihiProtocol)
@requires(CPU)
class UnbuildableModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)

    def __init__(self, proc_params):
        super().__init__(proc_params)
        raise KeyError("no such parameter")


class Relay(AbstractProcess):
    """Receives `takes` messages and sends `gives` in a time step; notes if it is abandoned."""

    def __init__(self, takes=1, gives=1, shape=(1,), **kwargs):
        super().__init__(takes=takes, gives=gives, **kwargs)
        self.a_in = InPort(shape)
        self.s_out = OutPort(shape)
        self.abandoned = Var((1,), init=0)


@implements(proc=Relay, protocol=LoihiProtocol)
@requires(CPU)
class RelayModel(PyLoihiProcessModel):
    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)
    abandoned: np.ndarray = LavaPyType(np.ndarray, np.int64)

    def run_spk(self):
        data = np.zeros(self.s_out.shape, np.int64)
        try:
            for _ in range(self.proc_params["takes"]):
                data = data + self.a_in.recv()
            for _ in range(self.proc_params["gives"]):
                self.s_out.send(data)
        except BaseException:
            self.abandoned += 1
            raise


class BadShape(AbstractProcess):
    """Sends an array of another shape than its port has."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.s_out = OutPort((2, 3))


@implements(proc=BadShape, protocol=LoihiProtocol)
@requires(CPU)
class BadShapeModel(PyLoihiProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)

    def run_spk(self):
        self.s_out.send(np.zeros((3, 2)))


class Free(AbstractProcess):
    """Its model follows the asynchronous protocol."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.s_out = OutPort((1,))


@implements(proc=Free, protocol=AsyncProtocol)
@requires(CPU)
class FreeModel(PyAsyncProcessModel):
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int64)

    def run_async(self):
        self.s_out.send(np.zeros(1))
