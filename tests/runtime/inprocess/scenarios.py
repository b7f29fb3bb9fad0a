"""Graphs that both runtimes run, and what is compared afterwards.

A scenario is a function that builds a fresh graph. It says in which portions to run it, what to do
between them, and which Vars to read at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
from lava.magma.core.learning.learning_rule import Loihi2FLearningRule
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg, RunConfig
from lava.proc.conv.process import Conv
from lava.proc.dense.process import DelayDense, Dense, LearningDense
from lava.proc.io.dataloader import SpikeDataloader, StateDataloader
from lava.proc.io.extractor import Extractor
from lava.proc.io.injector import Injector
from lava.proc.io.reset import Reset
from lava.proc.io.sink import Read
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.learning_rules.r_stdp_learning_rule import RewardModulatedSTDP
from lava.proc.lif.process import LIF, LearningLIF
from lava.proc.monitor.process import Monitor
from lava.proc.sdn.process import ActivationMode, Delta, SigmaDelta
from lava.proc.sparse.process import DelaySparse, Sparse
from scipy.sparse import csr_matrix

from tests.runtime.inprocess.lava_models import models as m

SCENARIOS: dict[str, Callable[[], Scenario]] = {}


@dataclass
class Scenario:
    process: AbstractProcess
    reads: dict[str, Var]
    portions: tuple[int, ...] = (12,)
    tag: str | None = "fixed_pt"
    between: Callable[[], None] = field(default=lambda: None)
    after: Callable[[], dict[str, np.ndarray]] = field(default=dict)

    @property
    def run_cfg(self) -> RunConfig:
        return Loihi2SimCfg(select_tag=self.tag)

    def run(self) -> dict[str, np.ndarray]:
        """Run on whatever runtime the process has been given, through Lava's own methods."""
        for index, steps in enumerate(self.portions):
            if index:
                self.between()
            self.process.run(RunSteps(steps))
        found = {label: np.asarray(dense(var.get())) for label, var in self.reads.items()}
        return {**found, **self.after()}


def dense(value):
    return value.toarray() if hasattr(value, "toarray") else value


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


NEEDED_MODULES = {"lava_dl_network": "lava.lib.dl.netx.hdf5"}
"""Optional modules that a scenario needs; without them it is skipped."""


def rng():
    return np.random.default_rng(1234)


def spikes(neurons, steps=12, rate=0.5):
    return (rng().random((neurons, steps)) < rate).astype(int)


def recorded(**recorders):
    return {
        f"{name}.{var}": getattr(recorder, var)
        for name, recorder in recorders.items()
        for var in ("raw", "kind")
    }


@scenario
def lif_dense_chain():
    random = rng()
    first = last = LIF(
        shape=(20,), vth=8, bias_mant=random.integers(1, 6, 20), bias_exp=6, du=4095, dv=300
    )
    reads = {"v0": first.v}
    for layer in range(1, 5):
        dense_layer = Dense(weights=random.integers(-60, 90, (20, 20)), weight_exp=layer % 3 - 1)
        lif = LIF(shape=(20,), vth=60, du=2000, dv=200)
        last.s_out.connect(dense_layer.s_in)
        dense_layer.a_out.connect(lif.a_in)
        reads |= {f"v{layer}": lif.v, f"u{layer}": lif.u, f"a{layer}": dense_layer.a_buff}
        reads |= {f"w{layer}": dense_layer.weights}
        last = lif
    sink = m.RecorderInt16((20,), 40)
    last.s_out.connect(sink.a_in)
    return Scenario(first, {**reads, **recorded(sink=sink)}, portions=(40,))


@scenario
def lif_dense_floating_point():
    random = rng()
    source = Source(data=random.normal(size=(6, 12)))
    dense_layer = Dense(weights=random.normal(size=(7, 6)), num_message_bits=8)
    lif = LIF(shape=(7,), vth=0.7, du=0.3, dv=0.1)
    sink = m.RecorderFloat((7,), 12)
    source.s_out.connect(dense_layer.s_in)
    dense_layer.a_out.connect(lif.a_in)
    lif.s_out.connect(sink.a_in)
    reads = {"v": lif.v, "u": lif.u, "a": dense_layer.a_buff}
    return Scenario(lif, {**reads, **recorded(sink=sink)}, tag="floating_pt")


@scenario
def recurrent():
    random = rng()
    source = Source(data=spikes(10))
    feed = Dense(weights=random.integers(0, 90, (10, 10)))
    loop = Dense(weights=random.integers(-90, 40, (10, 10)))
    lif = LIF(shape=(10,), vth=20, du=3000, dv=100)
    own = LIF(shape=(10,), vth=300, du=4095, dv=100)
    ring = Dense(weights=random.integers(-20, 40, (10, 10)))
    source.s_out.connect(feed.s_in)
    feed.a_out.connect(lif.a_in)
    loop.a_out.connect(lif.a_in)
    lif.s_out.connect([loop.s_in, ring.s_in])
    ring.a_out.connect(own.a_in)

    return Scenario(
        source, {"v": lif.v, "u": lif.u, "a": loop.a_buff, "own": own.v}, portions=(12, 12)
    )


@scenario
def delay_dense():
    random = rng()
    source = Source(data=spikes(8, steps=24))
    delayed = DelayDense(
        weights=random.integers(-50, 90, (5, 8)), delays=random.integers(0, 6, (5, 8))
    )
    lif = LIF(shape=(5,), vth=9, du=4095, dv=50)
    source.s_out.connect(delayed.s_in)
    delayed.a_out.connect(lif.a_in)
    return Scenario(lif, {"v": lif.v, "a": delayed.a_buff, "d": delayed.delays}, portions=(24,))


@scenario
def sparse():
    random = rng()
    weights = random.integers(-90, 90, (6, 9)) * (random.random((6, 9)) < 0.4)
    delays = random.integers(0, 4, (6, 9)) * (weights != 0)
    source = Source(data=spikes(9))
    plain = Sparse(weights=csr_matrix(weights))
    delayed = DelaySparse(weights=csr_matrix(weights), delays=csr_matrix(delays), max_delay=4)
    one, two = (LIF(shape=(6,), vth=9, du=4095, dv=50) for _ in range(2))
    source.s_out.connect([plain.s_in, delayed.s_in])
    plain.a_out.connect(one.a_in)
    delayed.a_out.connect(two.a_in)
    reads = {"one": one.v, "two": two.v, "w": plain.weights, "a": delayed.a_buff}
    return Scenario(source, reads)


@scenario
def convolution():
    random = rng()
    source = Source(data=random.integers(-30, 30, (8, 7, 3, 12)))
    conv = Conv(
        weight=random.integers(-20, 20, (4, 3, 3, 3)),
        input_shape=(8, 7, 3),
        padding=1,
        stride=2,
        num_message_bits=8,
    )
    sink = Sink(shape=conv.a_out.shape, buffer=12)
    source.s_out.connect(conv.s_in)
    conv.a_out.connect(sink.a_in)
    return Scenario(conv, {"out": sink.data})


@scenario
def sigma_delta():
    random = rng()
    source = Source(data=random.integers(-100, 100, (6, 12)))
    encoder = Delta(shape=(6,), vth=120, spike_exp=0, state_exp=6, cum_error=True)
    first = Dense(weights=random.integers(-60, 60, (5, 6)) * 2, num_message_bits=24)
    hidden = SigmaDelta(
        shape=(5,),
        vth=5,
        bias=random.integers(-9, 9, 5),
        spike_exp=0,
        state_exp=6,
        act_mode=ActivationMode.RELU,
    )
    second = Dense(weights=random.integers(-60, 60, (4, 5)) * 2, num_message_bits=24)
    output = SigmaDelta(shape=(4,), vth=1, act_mode=ActivationMode.UNIT)
    sink = Sink(shape=(4,), buffer=12)
    source.s_out.connect(encoder.a_in)
    encoder.s_out.connect(first.s_in)
    first.a_out.connect(hidden.a_in)
    hidden.s_out.connect(second.s_in)
    second.a_out.connect(output.a_in)
    output.s_out.connect(sink.a_in)
    reads = {"out": sink.data, "sigma": hidden.sigma, "residue": encoder.residue}
    return Scenario(sink, {**reads, "error": encoder.error})


@scenario
def lava_dl_network():
    """A sigma-delta network that lava-dl's own loader reads from a NetX file."""
    from lava.lib.dl.netx.hdf5 import Network

    random = rng()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sdnn.net"
        with h5py.File(path, "w") as file:
            for index, (kind, outputs, inputs) in enumerate(
                [("input", 6, 0), ("dense", 7, 6), ("dense", 5, 7)]
            ):
                layer = file.create_group(f"layer/{index}")
                layer["type"] = np.array([kind], dtype="S10")
                layer["shape"] = np.array([outputs])
                layer["neuron/type"] = np.array(["SDNN"], dtype="S10")
                layer["neuron/vThMant"] = 2
                if inputs:
                    layer["weight"] = random.integers(-90, 90, (outputs, inputs))
                    layer["bias"] = random.integers(-900, 900, outputs)
        network = Network(str(path), skip_layers=1, input_message_bits=24)
    source = Source(data=random.integers(-100, 100, (6, 12)))
    encoder = Delta(shape=(6,), vth=20, state_exp=6, spike_exp=0)
    sink = Sink(shape=(5,), buffer=12)
    source.s_out.connect(encoder.a_in)
    encoder.s_out.connect(network.inp)
    network.out.connect(sink.a_in)
    hidden = network.layers[0].neuron
    return Scenario(network, {"out": sink.data, "sigma": hidden.sigma, "act": hidden.act})


@scenario
def monitors():
    source = Source(data=spikes(6))
    dense_layer = Dense(weights=rng().integers(0, 60, (4, 6)))
    lif = LIF(shape=(4,), vth=230, du=4095, dv=50)
    source.s_out.connect(dense_layer.s_in)
    dense_layer.a_out.connect(lif.a_in)
    voltage, output = Monitor(), Monitor()
    voltage.probe(lif.v, 12)
    output.probe(lif.s_out, 12)

    def after():
        return {
            "voltage": voltage.get_data()[lif.name]["v"],
            "output": output.get_data()[lif.name]["s_out"],
        }

    return Scenario(lif, {"v": lif.v}, after=after)


@scenario
def read_and_reset():
    source = Source(data=spikes(6))
    dense_layer = Dense(weights=rng().integers(0, 60, (4, 6)))
    lif = LIF(shape=(4,), vth=50, du=4095, dv=0)
    reader = Read(buffer=6, interval=2, offset=1)
    reset = Reset(reset_value=3, interval=5, offset=4)
    source.s_out.connect(dense_layer.s_in)
    dense_layer.a_out.connect(lif.a_in)
    reader.connect_var(lif.v)
    reset.connect_var(lif.u)
    return Scenario(lif, {"v": lif.v, "u": lif.u, "read": reader.data})


@scenario
def reference_ports():
    holder = m.Holder((2, 3))
    post = m.Accessor((2, 3), phase="post")
    pre = m.Accessor((3, 2), phase="pre")
    post.ref.connect_var(holder.value)
    # From here on everything hangs together, so one of them finds the others.
    pre.ref.transpose().connect(holder.value_port)
    return Scenario(holder, {"value": holder.value, "post": post.read, "pre": pre.read}, tag=None)


@scenario
def learning_two_factors():
    random = rng()
    rule = Loihi2FLearningRule(
        dw="2^-1 * x1 * y0 - 2^-1 * y1 * x0",
        x1_impulse=16,
        x1_tau=4,
        y1_impulse=16,
        y1_tau=4,
        t_epoch=3,
        rng_seed=7,
    )
    source = Source(data=spikes(5, steps=30))
    plastic = LearningDense(weights=random.integers(0, 60, (4, 5)), learning_rule=rule)
    lif = LIF(shape=(4,), vth=12, du=4095, dv=100, bias_mant=3)
    source.s_out.connect(plastic.s_in)
    plastic.a_out.connect(lif.a_in)
    lif.s_out.connect(plastic.s_in_bap)
    return Scenario(source, {"w": plastic.weights, "x1": plastic.x1, "v": lif.v}, (15, 15))


@scenario
def learning_three_factors():
    random = rng()
    rule = RewardModulatedSTDP(
        learning_rate=1,
        A_plus=2,
        A_minus=-2,
        pre_trace_decay_tau=10,
        post_trace_decay_tau=10,
        pre_trace_kernel_magnitude=16,
        post_trace_kernel_magnitude=16,
        eligibility_trace_decay_tau=0.5,
        t_epoch=2,
    )
    source = Source(data=spikes(5, steps=30))
    plastic = LearningDense(weights=random.random((4, 5)), learning_rule=rule)
    neurons = LearningLIF(shape=(4,), vth=50_000, du=0.4, dv=0.2, learning_rule=rule)
    source.s_out.connect(plastic.s_in)
    plastic.a_out.connect(neurons.a_in)
    neurons.s_out.connect(plastic.s_in_bap)
    for port in (plastic.s_in_y1, plastic.s_in_y2, plastic.s_in_y3):
        Source(data=random.integers(0, 9, (4, 30))).s_out.connect(port)
    reads = {"w": plastic.weights, "tag": plastic.tag_1, "x1": plastic.x1, "v": neurons.v}
    return Scenario(source, reads, (30,), "floating_pt")


@scenario
def phases():
    logs = [m.PhaseLog(*periods) for periods in [(0, 0, 0), (2, 1, 3), (1, 4, 0), (3, 0, 2)]]
    for one, next_one in zip(logs, logs[1:] + logs[:1], strict=True):
        one.s_out.connect(next_one.a_in)
    reads = {f"log{i}": log.log for i, log in enumerate(logs)}
    reads |= {f"used{i}": log.used for i, log in enumerate(logs)}
    return Scenario(logs[0], reads, (7, 5), tag=None)


@scenario
def pause_in_spiking_phase():
    return _pausing("spk")


@scenario
def pause_in_post_management():
    return _pausing("post")


def _pausing(phase):
    brake, log = m.Brake(at=4, phase=phase), m.PhaseLog(2, 3, 4)
    brake.s_out.connect(log.a_in)
    return Scenario(brake, {"steps": brake.steps, "log": log.log}, (10, 3), tag=None)


@scenario
def overridden_handler():
    own, sink = m.OwnSpike(), m.RecorderInt16((1,), 12)
    own.s_out.connect(sink.a_in)
    return Scenario(own, {"calls": own.calls, **recorded(sink=sink)}, tag=None)


@scenario
def dtypes():
    """Every emitter to every recorder, with values that do not fit."""
    values = np.array(
        [[0, 1, -1, 127], [128, 255, 256, 300], [-129, 2**31, 2**31 - 1, -(2**31) - 1]]
    )
    fractions = values + np.array([0.25, 0.75, -0.5, 0.0])
    fractions[0, 0] = -0.0
    emitters = {
        f"{kind.__name__}{i}": kind(data)
        for kind in (m.EmitterBool, m.EmitterInt8, m.EmitterInt32, m.EmitterFloat)
        for i, data in enumerate([values, fractions])
    }
    reads = {}
    for name, emitter in emitters.items():
        for kind in (m.RecorderBool, m.RecorderInt16, m.RecorderInt64, m.RecorderFloat):
            recorder = kind((4,), 3)
            emitter.s_out.connect(recorder.a_in)
            reads |= recorded(**{f"{name}-{kind.__name__}": recorder})
    # Pairs of sources, which also join all emitters to one graph.
    for one, other in zip(emitters.values(), list(emitters.values())[1:], strict=False):
        pair = m.RecorderInt64((4,), 3)
        one.s_out.connect(pair.a_in)
        other.s_out.connect(pair.a_in)
        reads |= recorded(**{f"pair{len(reads)}": pair})
    return Scenario(pair, reads, (3,), tag=None)


@scenario
def reused_buffer():
    reuser = m.Reuser((3,))
    recorders = {f"r{i}": m.RecorderInt64((3,), 12) for i in range(3)}
    for recorder in recorders.values():
        reuser.s_out.connect(recorder.a_in)
    return Scenario(reuser, {"buffer": reuser.buffer, **recorded(**recorders)}, tag=None)


@scenario
def shared_parameters():
    table, matrix = [5], csr_matrix(np.diag([1, 2, 3]))
    changers = [m.ParameterChanger(table, matrix) for _ in range(2)]
    sink = m.RecorderInt64((1,), 12)
    for changer in changers:
        changer.s_out.connect(sink.a_in)
    reads = {f"total{i}": changer.total for i, changer in enumerate(changers)}

    def after():
        return {"table": np.array(table), "matrix": matrix.toarray()}

    return Scenario(sink, {**reads, **recorded(sink=sink)}, tag=None, after=after)


@scenario
def virtual_ports():
    data = rng().integers(-1000, 1000, (12, 2, 3, 4))
    whole, real = m.EmitterInt32(data), m.EmitterFloat(data / 7)
    flat, turned = m.RecorderInt64((24,), 12), m.RecorderInt16((4, 2, 3), 12)
    both, twice = m.RecorderFloat((6, 4), 12), m.RecorderFloat((4, 6), 12)
    whole.s_out.flatten().connect(flat.a_in)
    whole.s_out.transpose([2, 0, 1]).connect(turned.a_in)
    whole.s_out.reshape((6, 4)).connect(both.a_in)
    real.s_out.reshape((6, 4)).connect(both.a_in)
    real.s_out.reshape((6, 4)).transpose().connect(twice.a_in)
    return Scenario(whole, recorded(flat=flat, turned=turned, both=both, twice=twice), tag=None)


@scenario
def sparse_ports():
    emitter, recorder = m.SparseEmitter(8), m.SparseRecorder(8)
    emitter.s_out.connect(recorder.a_in)
    return Scenario(emitter, {"total": recorder.total, "dtypes": recorder.dtypes}, tag=None)


@scenario
def several_messages_in_a_step():
    source = m.EmitterInt32(np.arange(12).reshape(12, 1))
    many, few = m.Relay(takes=1, gives=3), m.Relay(takes=3, gives=2)
    sink = m.Relay(takes=2, gives=1)
    last = m.RecorderInt64((1,), 12)
    source.s_out.connect(many.a_in)
    many.s_out.connect(few.a_in)
    few.s_out.connect(sink.a_in)
    sink.s_out.connect(last.a_in)
    return Scenario(few, recorded(last=last), tag=None)


@scenario
def hierarchy():
    random = rng()
    source = Source(data=spikes(6))
    first = m.Layer(random.integers(0, 60, (5, 6)), vth=200)
    second = m.Layer(random.integers(0, 60, (4, 5)), vth=90)
    source.s_out.connect(first.s_in)
    first.s_out.connect(second.s_in)
    return Scenario(first, {"first": first.v, "second": second.v})


@scenario
def set_between_runs():
    random = rng()
    source = Source(data=spikes(6, steps=24))
    dense_layer = Dense(weights=random.integers(0, 60, (4, 6)))
    lif = LIF(shape=(4,), vth=400, du=0.5, dv=0.1)
    sparse_layer = Sparse(weights=csr_matrix(random.random((3, 4)).round(1)), num_message_bits=8)
    source.s_out.connect(dense_layer.s_in)
    dense_layer.a_out.connect(lif.a_in)
    lif.s_out.connect(sparse_layer.s_in)

    def between():
        lif.v.set(np.array([5.0, 60.0, -3.0, 4.0]))
        dense_layer.weights.set(dense_layer.weights.get()[::-1] + 2)
        sparse_layer.weights.set(sparse_layer.weights.get() * 2)

    reads = {"v": lif.v, "w": dense_layer.weights, "s": sparse_layer.weights}
    return Scenario(
        lif, {**reads, "a": sparse_layer.a_buff}, (6, 9), tag="floating_pt", between=between
    )


@scenario
def data_loaders():
    random = rng()
    dataset = [(random.integers(0, 2, (4, 3)), label) for label in range(5)]
    states = [(random.integers(0, 9, (4,)), label) for label in range(3)]
    loader = SpikeDataloader(dataset=dataset, interval=3)
    state_loader = StateDataloader(dataset=states, interval=4, offset=1)
    dense_layer = Dense(weights=random.integers(0, 60, (4, 4)))
    lif = LIF(shape=(4,), vth=150, du=4095, dv=10)
    loader.s_out.connect(dense_layer.s_in)
    dense_layer.a_out.connect(lif.a_in)
    state_loader.connect_var(lif.u)
    labels = [Sink(shape=(1,), buffer=12) for _ in range(2)]
    loader.ground_truth.connect(labels[0].a_in)
    state_loader.ground_truth.connect(labels[1].a_in)
    reads = {"v": lif.v, "labels0": labels[0].data, "labels1": labels[1].data}
    return Scenario(lif, reads)


@scenario
def injector_and_extractor():
    injector, extractor = Injector(shape=(3,)), Extractor(shape=(3,))
    dense_layer = Dense(weights=np.arange(9).reshape(3, 3) * 2, num_message_bits=8)
    injector.out_port.connect(dense_layer.s_in)
    dense_layer.a_out.connect(extractor.in_port)
    received = []

    def between():
        for value in range(4):
            injector.send(np.array([value, 1.0, -value]))

    def after():
        received.extend(extractor.receive() for _ in range(4))
        return {"received": np.array(received)}

    return Scenario(dense_layer, {}, (0, 4), tag=None, between=between, after=after)
