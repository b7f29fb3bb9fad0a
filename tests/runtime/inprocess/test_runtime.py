"""The public face of the in-process runtime."""

import gc
import multiprocessing
import threading
import weakref
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.run_conditions import RunContinuous, RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.dense.process import Dense
from lava.proc.io.extractor import Extractor
from lava.proc.io.injector import Injector
from lava.proc.lif.process import LIF
from scipy.sparse import csr_matrix

from lava_spikyspace.errors import SimulationError, StrictRangeError, UsageError
from lava_spikyspace.runtime.inprocess import InProcessRuntime, building
from tests.runtime.inprocess.lava_models import models as m


def run_cfg(tag=None):
    return Loihi2SimCfg(select_tag=tag)


def counting_chain(length=3):
    """An emitter of 1, 2, 3 ..., relays, and a recorder."""
    emitter = m.EmitterInt32(np.arange(1, 101).reshape(100, 1))
    last, relays = emitter, []
    for _ in range(length):
        relays.append(m.Relay())
        last.s_out.connect(relays[-1].a_in)
        last = relays[-1]
    recorder = m.RecorderInt64((1,), 100)
    last.s_out.connect(recorder.a_in)
    return emitter, relays, recorder


def received(runtime, recorder, steps):
    return runtime.get(recorder.raw)[:steps].copy().view(np.int64)[:, 0]


class TestRun:
    def test_runs_go_on_where_the_last_one_ended(self):
        emitter, _, recorder = counting_chain()
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            assert runtime.time_step == 0
            assert [runtime.run(steps) for steps in (3, 1, 0, 5)] == [3, 1, 0, 5]
            assert runtime.time_step == 9
            assert received(runtime, recorder, 9).tolist() == list(range(1, 10))

    def test_returns_early_when_a_model_asks_to_pause(self):
        brake, recorder = m.Brake(at=4), m.RecorderInt64((1,), 20)
        brake.s_out.connect(recorder.a_in)
        with InProcessRuntime(brake, run_cfg()) as runtime:
            assert runtime.run(10) == 4
            assert runtime.run(10) == 10
            assert runtime.get(brake.steps) == 14

    def test_a_model_that_asks_to_stop_ends_all_runs(self):
        brake, recorder = m.Brake(at=4, request="stop"), m.RecorderInt64((1,), 20)
        brake.s_out.connect(recorder.a_in)
        with InProcessRuntime(brake, run_cfg()) as runtime:
            assert runtime.run(10) == 4
            assert runtime.get(brake.steps) == 4
            with pytest.raises(UsageError, match="has asked to stop"):
                runtime.run(1)

    def test_refuses_a_negative_number_of_steps(self):
        emitter, _, _ = counting_chain()
        with (
            InProcessRuntime(emitter, run_cfg()) as runtime,
            pytest.raises(UsageError, match="at least 0, found -1"),
        ):
            runtime.run(-1)

    def test_lavas_own_methods_work(self):
        emitter, _, recorder = counting_chain()
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            emitter.run(RunSteps(2))
            recorder.run(RunSteps(2, blocking=False))
            emitter.wait()
            emitter.pause()
            assert recorder.kind.get().dtype == np.float64
            assert received(runtime, recorder, 4).tolist() == [1, 2, 3, 4]
            with pytest.raises(UsageError, match="not RunContinuous"):
                emitter.run(RunContinuous())
            recorder.stop()
            with pytest.raises(UsageError, match="has been stopped"):
                emitter.run(RunSteps(1))

    def test_processes_come_after_those_that_send_to_them(self):
        recorder, relays = m.RecorderInt64((1,), 9), [m.Relay() for _ in range(4)]
        emitter = m.EmitterInt32(np.ones((9, 1)))
        chain = [emitter, relays[2], relays[0], relays[3], relays[1]]
        for one, other in pairwise(chain):
            one.s_out.connect(other.a_in)
        chain[-1].s_out.connect(recorder.a_in)
        with InProcessRuntime(relays[1], run_cfg()) as runtime:
            assert runtime.processes == (*chain, recorder)


class TestVars:
    def mixed(self):
        mixed, sink = m.Mixed(csr_matrix(np.diag([1, 2, 3]))), m.RecorderInt64((1,), 4)
        mixed.s_out.connect(sink.a_in)
        return mixed, InProcessRuntime(mixed, run_cfg())

    def test_get_every_type(self):
        mixed, runtime = self.mixed()
        with runtime:
            assert runtime.get(mixed.text) == mixed.text.get() == "hello"
            assert runtime.get(mixed.whole).tolist() == [3]
            assert runtime.get(mixed.real).tolist() == mixed.real.get().tolist() == [0.5]
            assert runtime.get(mixed.matrix).dtype == np.int64
            assert runtime.get(mixed.matrix).toarray().tolist() == np.diag([1, 2, 3]).tolist()
            assert mixed.matrix.get().toarray().tolist() == np.diag([1, 2, 3]).tolist()
            assert runtime.get(mixed.small).dtype == np.int8

    def test_set_every_type(self):
        mixed, runtime = self.mixed()
        with runtime:
            runtime.set(mixed.text, "other")
            runtime.set(mixed.whole, 7)
            runtime.set(mixed.real, np.array([0.25]))
            runtime.set(mixed.matrix, csr_matrix(np.diag([4, 5, 6])))
            runtime.set(mixed.small, range(6))
            assert runtime.get(mixed.updates) == 5
            model = runtime.model(mixed)
            assert (model.text, model.whole, model.real) == ("other", 7, 0.25)
            assert type(model.whole) is int
            assert model.matrix.dtype == np.int64
            assert model.matrix.toarray().tolist() == np.diag([4, 5, 6]).tolist()
            assert model.small.tolist() == [[0, 1, 2], [3, 4, 5]]

    def test_a_numpy_scalar_stays_one(self):
        mixed, runtime = self.mixed()
        with runtime:
            runtime.model(mixed).whole = np.int32(4)
            runtime.set(mixed.whole, 6)
            assert type(runtime.model(mixed).whole) is np.int32
            assert runtime.get(mixed.whole).tolist() == [6]

    def test_lavas_set_does_the_same(self):
        mixed, runtime = self.mixed()
        with runtime:
            mixed.text.set("again")
            mixed.whole.set(np.array([9]))
            mixed.matrix.set(csr_matrix(np.diag([7, 8, 9])))
            mixed.small.set(np.ones((2, 3)))
            assert runtime.get(mixed.text) == "again"
            assert runtime.get(mixed.whole) == 9
            assert runtime.get(mixed.matrix).diagonal().tolist() == [7, 8, 9]
            assert runtime.get(mixed.small).tolist() == [[1, 1, 1], [1, 1, 1]]
            assert mixed.small.get(idx=(0, 1)) == 1
            with pytest.raises(UsageError, match="whole Vars only"):
                mixed.small.set(np.ones(1), idx=np.array([0]))

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("small", np.zeros((2, 2)), r"small has 6 elements \(shape \(2, 3\)\), found 4"),
            ("small", np.full(6, 200), "kept as int8, which cannot hold 200"),
            ("small", np.full(6, 0.5), "kept as int8, which cannot hold 0.5"),
            ("small", np.full(6, np.nan), "cannot hold nan"),
            ("whole", 1.5, "kept as int64, which cannot hold 1.5"),
            ("matrix", csr_matrix(np.eye(3)[::-1]), "the same 3 entries filled, found 3"),
            ("matrix", np.zeros(4), "has 3 elements"),
        ],
    )
    def test_set_refuses_what_does_not_fit(self, name, value, message):
        mixed, runtime = self.mixed()
        with runtime:
            var = getattr(mixed, name)
            before = runtime.get(var)
            with pytest.raises(UsageError, match=message):
                runtime.set(var, value)
            assert (runtime.get(var) != before).sum() == 0

    def test_what_get_returns_is_a_copy(self):
        mixed, runtime = self.mixed()
        with runtime:
            runtime.get(mixed.small)[:] = 9
            runtime.get(mixed.matrix).data[:] = 9
            assert runtime.get(mixed.small).max() == 5
            assert runtime.get(mixed.matrix).max() == 3

    def test_model_is_the_live_object(self):
        neurons = LIF(shape=(3,), du=4095, dv=0, vth=100, bias_mant=1, bias_exp=6)
        with InProcessRuntime(neurons, run_cfg("fixed_pt")) as runtime:
            runtime.run(2)
            runtime.model(neurons).v[1] += 1000
            runtime.run(1)
            assert runtime.get(neurons.v).tolist() == [192, 1192, 192]

    def test_an_alias_stands_for_its_var(self):
        layer = m.Layer(np.array([[2, 4]]), vth=1000)
        source = m.EmitterInt32(np.ones((1, 2)))
        source.s_out.connect(layer.s_in)
        with InProcessRuntime(source, run_cfg("fixed_pt")) as runtime:
            runtime.run(3)
            assert runtime.get(layer.v) > 0
            runtime.set(layer.v, [5])
            assert layer.v.get() == 5
            with pytest.raises(UsageError, match=r"::Layer has no model: it is made of"):
                runtime.model(layer)

    def test_unknown_process_and_var(self):
        emitter, _, _ = counting_chain()
        stranger = m.Relay()
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            with pytest.raises(UsageError, match="it is not part of this graph"):
                runtime.model(stranger)
            with pytest.raises(UsageError, match="has a Var with id"):
                runtime.get(stranger.abandoned)


class TestUnsynchronisedWrites:
    """With Lava's runtime the outcome depends on timing; here it is always the same."""

    def written(self, steps):
        holder = m.Holder((2,))
        writers = [m.Writer((2,), factor=factor) for factor in (1, 100)]
        for writer in writers:
            writer.ref.connect_var(holder.seen)
        reader = m.Accessor((2,), write=False)
        reader.ref.connect_var(holder.seen)
        with InProcessRuntime(holder, run_cfg()) as runtime:
            runtime.run(steps)
            return runtime.get(holder.seen).tolist(), runtime.get(reader.read)[0].tolist()

    def test_they_are_done_in_the_next_management_phase(self):
        """What was connected last is served first: the reader, then the second writer."""
        assert self.written(4) == ([4, 4], [0, 1, 2, 3, *[0] * 8])

    @pytest.mark.parametrize("arrange", [list, lambda order: list(order)[::-1]])
    def test_the_running_order_does_not_matter(self, monkeypatch, arrange):
        natural = building.running_order
        monkeypatch.setattr(building, "running_order", lambda exe: arrange(natural(exe)))
        assert self.written(3) == ([3, 3], [0, 1, 2, *[0] * 9])

    def test_the_host_phase_does_what_is_left(self):
        holder, writer = m.Holder((2,)), m.Writer((2,))
        writer.ref.connect(holder.value_port)
        with InProcessRuntime(holder, run_cfg()) as runtime:
            runtime.run(3)
            assert runtime.get(holder.seen).tolist() == [3, 3]


class TestFailure:
    def failing(self, **kwargs):
        emitter = m.EmitterInt32(np.arange(10).reshape(10, 1))
        # A loop, so that others wait when it breaks.
        failing, relay = m.Failing(name="weak", **kwargs), m.Relay()
        emitter.s_out.connect(failing.a_in)
        failing.s_out.connect(relay.a_in)
        return failing, relay

    def test_exception_arrives_with_its_own_traceback(self):
        failing, _ = self.failing(at=3)
        with InProcessRuntime(failing, run_cfg()) as runtime:
            with pytest.raises(SimulationError) as caught:
                runtime.run(5)
            error = caught.value
            assert error.process == "weak"
            assert type(error.__cause__) is ValueError
            assert str(error.__cause__) == "broken on purpose"
            assert (
                "weak::Failing failed in the spiking phase of time step 3: ValueError: broken"
                in (error.message)
            )
            assert "in _break" in error.traceback
            assert error.traceback.splitlines()[1].strip().endswith("in run_spk")

    def test_vars_can_be_read_after_a_failure_but_not_run_on(self):
        failing, _ = self.failing(at=3)
        with InProcessRuntime(failing, run_cfg()) as runtime:
            with pytest.raises(SimulationError):
                runtime.run(5)
            assert runtime.get(failing.steps) == 2
            assert runtime.time_step == 3
            with pytest.raises(UsageError, match="cannot run on: its last run was broken off"):
                runtime.run(1)

    def test_our_own_errors_keep_their_type(self):
        failing, _ = self.failing(at=1, error=StrictRangeError("acc left its range", hint="why"))
        with InProcessRuntime(failing, run_cfg()) as runtime:
            with pytest.raises(StrictRangeError, match="acc left its range") as caught:
                runtime.run(5)
            assert caught.value.process == "weak"
            assert caught.value.hint == "why"
            assert "in _break" in caught.value.traceback

    def test_interrupts_pass_through(self):
        failing, _ = self.failing(at=2, error=KeyboardInterrupt())
        with InProcessRuntime(failing, run_cfg()) as runtime:
            with pytest.raises(KeyboardInterrupt):
                runtime.run(5)
            with pytest.raises(UsageError, match="broken off"):
                runtime.run(5)

    def test_models_that_wait_are_abandoned(self, monkeypatch):
        """One relay waits for the other, which waits for the process that fails."""
        emitter = m.EmitterInt32(np.arange(10).reshape(10, 1))
        failing, first, second = m.Failing(at=2), m.Relay(), m.Relay()
        emitter.s_out.connect(failing.a_in)
        failing.s_out.connect(first.a_in)
        first.s_out.connect(second.a_in)
        order = [second, first, emitter, failing]
        monkeypatch.setattr(building, "running_order", lambda _: order)
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            with pytest.raises(SimulationError):
                runtime.run(5)
            assert runtime.get(first.abandoned) == runtime.get(second.abandoned) == 1

    def test_exception_in_another_phase(self):
        holder, accessor = m.Holder((3,)), m.Accessor((3,))
        accessor.ref.connect_var(holder.value)
        with InProcessRuntime(accessor, run_cfg()) as runtime:
            runtime.model(accessor).read = None
            with pytest.raises(SimulationError, match="post-management phase of time step 1"):
                runtime.run(2)

    def test_model_that_cannot_be_built(self):
        process, sink = m.Unbuildable(name="odd"), m.RecorderInt64((1,), 4)
        process.s_out.connect(sink.a_in)
        with pytest.raises(
            SimulationError, match="odd::Unbuildable cannot be built: KeyError"
        ) as e:
            InProcessRuntime(process, run_cfg())
        assert e.value.process == "odd"
        assert "in __init__" in e.value.traceback

    def test_array_of_the_wrong_shape(self):
        process, sink = m.BadShape(name="bent"), m.RecorderInt64((2, 3), 4)
        process.s_out.connect(sink.a_in)
        with InProcessRuntime(process, run_cfg()) as runtime:
            with pytest.raises(SimulationError, match="bent") as caught:
                runtime.run(1)
            assert "sends an array of shape (3, 2) but was declared with shape (2, 3)" in (
                caught.value.message
            )

    @pytest.mark.parametrize(
        ("method", "message"),
        [
            ("run", "cannot run on: it is running"),
            ("stop", "cannot be stopped while it is running"),
        ],
    )
    def test_a_model_cannot_run_or_stop_its_own_runtime(self, method, message):
        emitter, _, _ = counting_chain()
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            arguments = [RunSteps(1)] if method == "run" else []
            runtime.model(emitter).run_spk = lambda: getattr(emitter, method)(*arguments)
            with pytest.raises(SimulationError, match=message) as caught:
                runtime.run(1)
            assert type(caught.value.__cause__) is UsageError


class TestOutside:
    def test_send_and_receive_between_runs(self):
        injector, extractor = Injector(shape=(2,)), Extractor(shape=(2,))
        injector.out_port.connect(extractor.in_port)
        with InProcessRuntime(injector, run_cfg()) as runtime:
            for value in (1.0, 2.0, 3.0):
                injector.send(np.array([value, -value]))
            runtime.run(2)
            assert extractor.receive().tolist() == [1.0, -1.0]
            runtime.run(1)
            assert extractor.receive().tolist() == [2.0, -2.0]
            assert extractor.receive().tolist() == [3.0, -3.0]

    @pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
    def test_lavas_models_go_without_a_complaint(self):
        injector, extractor = Injector(shape=(2,)), Extractor(shape=(2,))
        injector.out_port.connect(extractor.in_port)
        with InProcessRuntime(injector, run_cfg()) as runtime:
            model = weakref.ref(runtime.model(injector))
        gc.collect()
        assert model() is None

    def test_waiting_outside_of_a_run_is_refused(self):
        injector, extractor = Injector(shape=(2,), buffer_size=2), Extractor(shape=(2,))
        injector.out_port.connect(extractor.in_port)
        with InProcessRuntime(injector, run_cfg()):
            with pytest.raises(UsageError, match="0 of 50 messages: this call would wait for ever"):
                extractor.receive()
            injector.send(np.zeros(2))
            injector.send(np.zeros(2))
            with pytest.raises(UsageError, match="2 of 2 messages"):
                injector.send(np.zeros(2))

    def test_stopped_runtime_takes_no_data(self):
        injector, extractor = Injector(shape=(2,)), Extractor(shape=(2,))
        injector.out_port.connect(extractor.in_port)
        with InProcessRuntime(injector, run_cfg()):
            pass
        with pytest.raises(UsageError, match="has been stopped"):
            injector.send(np.zeros(2))
        with pytest.raises(UsageError, match="has been stopped"):
            extractor.receive()


class TestSeveral:
    def test_one_after_another(self):
        for _ in range(2):
            emitter, _, recorder = counting_chain()
            with InProcessRuntime(emitter, run_cfg()) as runtime:
                runtime.run(4)
                assert received(runtime, recorder, 4).tolist() == [1, 2, 3, 4]

    def test_at_once(self):
        one, _, first = counting_chain()
        other, _, second = counting_chain(length=1)
        with (
            InProcessRuntime(one, run_cfg()) as left,
            InProcessRuntime(other, run_cfg()) as right,
        ):
            left.run(3)
            right.run(2)
            left.run(1)
            right.run(4)
            assert received(left, first, 4).tolist() == [1, 2, 3, 4]
            assert received(right, second, 6).tolist() == [1, 2, 3, 4, 5, 6]

    def test_a_model_may_run_another_runtime(self):
        inner_emitter, _, inner_recorder = counting_chain()
        emitter, _, _ = counting_chain()
        with (
            InProcessRuntime(inner_emitter, run_cfg()) as inner,
            InProcessRuntime(emitter, run_cfg()) as outer,
        ):
            send = outer.model(emitter).run_spk

            def run_both():
                inner.run(2)
                send()

            outer.model(emitter).run_spk = run_both
            outer.run(3)
            assert received(inner, inner_recorder, 6).tolist() == [1, 2, 3, 4, 5, 6]

    def test_a_graph_can_be_compiled_only_once(self):
        emitter, _, _ = counting_chain()
        with InProcessRuntime(emitter, run_cfg()):
            pass
        with pytest.raises(UsageError, match=r"Compiled before: .*::EmitterInt32"):
            InProcessRuntime(emitter, run_cfg())


class TestNothingIsLeft:
    def shared_memory(self):
        """Return what this process maps of shared memory; semaphores are there, too."""
        maps = Path("/proc/self/maps")
        lines = maps.read_text().splitlines() if maps.exists() else []
        return {line.split(maxsplit=5)[-1] for line in lines if "/dev/shm" in line}

    @pytest.mark.parametrize("failure", [None, "exception", "deadlock"])
    def test_after_stop(self, failure):
        threads, children = threading.enumerate(), multiprocessing.active_children()
        segments = self.shared_memory()
        neurons, dense = LIF(shape=(4,)), Dense(weights=np.ones((4, 4)))
        neurons.s_out.connect(dense.s_in)
        relay, emitter = m.Relay(takes=1), m.EmitterInt32(np.ones((9, 1)))
        if failure == "deadlock":
            relay = m.Relay(takes=2)
        if failure == "exception":
            relay = m.Failing(at=2)
        emitter.s_out.connect(relay.a_in)
        sink = m.RecorderInt64((4,), 9)
        dense.a_out.connect(sink.a_in)
        relay.s_out.reshape((1,)).connect(m.RecorderInt64((1,), 9).a_in)
        with (
            InProcessRuntime(emitter, run_cfg()) as one,
            InProcessRuntime(neurons, run_cfg()) as two,
        ):
            models = [
                weakref.ref(runtime.model(process))
                for runtime in (one, two)
                for process in runtime.processes
            ]
            two.run(3)
            if failure is None:
                one.run(3)
            else:
                with pytest.raises(SimulationError):
                    one.run(3)
            assert all(model() is not None for model in models)
        gc.collect()
        assert [model() for model in models if model() is not None] == []
        assert threading.enumerate() == threads
        assert multiprocessing.active_children() == children
        assert self.shared_memory() - segments == set()

    def test_a_stopped_runtime_says_so(self):
        emitter, _, recorder = counting_chain()
        with InProcessRuntime(emitter, run_cfg()) as runtime:
            runtime.run(2)
        runtime.stop()
        assert runtime.time_step == 2
        for call in (
            lambda: runtime.run(1),
            lambda: runtime.get(recorder.raw),
            lambda: runtime.model(emitter),
            recorder.raw.get,
        ):
            with pytest.raises(UsageError, match="has been stopped"):
                call()
