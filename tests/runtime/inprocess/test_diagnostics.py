"""Deadlocks are found and explained."""

import pickle

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.extractor import Extractor
from lava.proc.io.injector import Injector

from lava_spikyspace.errors import SimulationError
from lava_spikyspace.runtime.inprocess import DeadlockError, InProcessRuntime
from tests.runtime.inprocess.lava_models import models as m


def deadlock_of(process, steps=1):
    with (
        InProcessRuntime(process, Loihi2SimCfg()) as runtime,
        pytest.raises(DeadlockError) as caught,
    ):
        runtime.run(steps)
    return caught.value


def test_a_circle():
    names = ("first", "second", "third")
    relays = [m.Relay(name=name) for name in names]
    for one, other in zip(relays, relays[1:] + relays[:1], strict=True):
        one.s_out.connect(other.a_in)
    error = deadlock_of(relays[0])
    assert isinstance(error, SimulationError)
    assert error.exit_code == 5
    lines = error.message.splitlines()
    assert lines[0] == "Deadlock in the spiking phase of time step 1:"
    assert (
        "  second::Relay.a_in waits for a message from first::Relay.s_out, which waits itself"
    ) in lines
    assert lines[-1].startswith("  In a circle: ")
    assert set(lines[-1].removeprefix("  In a circle: ").split(" -> ")) == {
        f"{name}::Relay" for name in names
    }
    assert {(wait.process, wait.port, wait.peer) for wait in error.waits} == {
        ("first", "a_in", "third"),
        ("second", "a_in", "first"),
        ("third", "a_in", "second"),
    }
    assert "must send before it receives" in error.hint


def test_a_message_too_few():
    emitter = m.EmitterInt32(np.ones((9, 1)), name="source")
    greedy, behind = m.Relay(takes=2, name="greedy"), m.Relay(name="behind")
    emitter.s_out.connect(greedy.a_in)
    greedy.s_out.connect(behind.a_in)
    error = deadlock_of(emitter, steps=5)
    assert "time step 1" in error.message
    assert (
        "greedy::Relay.a_in waits for a message from source::EmitterInt32.s_out, "
        "which is done with this phase"
    ) in error.message
    assert "behind::Relay.a_in waits for a message from greedy::Relay.s_out" in error.message
    assert "circle" not in error.message
    assert "Every receive needs a send" in error.hint


def test_messages_that_nobody_takes():
    emitter, relay = m.EmitterInt32(np.ones((9, 1))), m.Relay(takes=0, name="deaf")
    emitter.s_out.connect(relay.a_in)
    error = deadlock_of(emitter, steps=100)
    assert "time step 65" in error.message
    assert (
        "s_out waits for room to send (all 64 places are taken) to deaf::Relay.a_in, "
        "which is done with this phase"
    ) in error.message


def test_reading_a_var_in_the_spiking_phase():
    holder, accessor = m.Holder((3,), name="held"), m.Accessor((3,), phase="spk", name="eager")
    accessor.ref.connect_var(holder.value)
    error = deadlock_of(holder)
    assert "eager::Accessor.ref waits for a message from held::Holder" in error.message
    assert "which serves no requests in the spiking phase" in error.message
    assert "run_post_mgmt, not in run_spk" in error.hint


def test_nothing_comes_from_outside():
    injector, extractor = Injector(shape=(1,)), Extractor(shape=(1,))
    injector.out_port.connect(extractor.in_port)
    error = deadlock_of(injector)
    assert (
        "in_port waits for a message from the program outside the graph, "
        "which cannot act during a run"
    ) in error.message
    assert "between runs" in error.hint
    assert None in {wait.peer for wait in error.waits}


def test_nobody_fetches_what_goes_outside():
    emitter, extractor = m.EmitterFloat(np.ones((9, 1))), Extractor(shape=(1,), buffer_size=3)
    emitter.s_out.connect(extractor.in_port)
    error = deadlock_of(emitter, steps=9)
    assert "time step 4" in error.message
    assert "(all 3 places are taken) to the program outside the graph" in error.message


def test_errors_travel_between_os_processes():
    relays = [m.Relay(name="one"), m.Relay(name="two")]
    relays[0].s_out.connect(relays[1].a_in)
    relays[1].s_out.connect(relays[0].a_in)
    # Libraries that pickle tracebacks as well (Dask has one) would meet local functions in them.
    error = deadlock_of(relays[0]).with_traceback(None)
    error.__cause__ = error.__context__ = None
    copied = pickle.loads(pickle.dumps(error))
    assert (copied.message, copied.waits, copied.hint) == (error.message, error.waits, error.hint)
