"""The short way through Lava's Dense: every message and Var is that of Lava's own way."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.dense.models import PyDenseModelBitAcc
from lava.proc.dense.process import Dense
from lava.utils.weightutils import SignMode

from lava_spikyspace.runtime.inprocess import InProcessRuntime, building
from tests.runtime.inprocess.lava_models import models as m

STEPS = 12
EXTREMES = np.array([-(2**31), 2**31 - 1])

WEIGHTS = {
    "signed": (7, 5),
    "one row": (1, 9),
    "one column": (9, 1),
    "several strips": (40, 500),
}


def drawn_weights(name):
    return np.random.default_rng(1).integers(-300, 300, WEIGHTS[name])


def arriving(inputs, kind):
    rng = np.random.default_rng(2)
    if kind == "spikes":
        return rng.random((STEPS, inputs)) < 0.4
    if kind == "extremes":  # sums wrap
        return rng.choice(EXTREMES, (STEPS, inputs))
    return rng.integers(-(2**23), 2**23, (STEPS, inputs))


def play(emitter, data, between=None, **dense):
    """Return every message, the dtype and the last value of ``a_buff``."""
    source, layer = emitter(data), Dense(**dense)
    recorder = m.RecorderInt64((layer.a_out.shape[0],), STEPS)
    source.s_out.connect(layer.s_in)
    layer.a_out.connect(recorder.a_in)
    with InProcessRuntime(source, Loihi2SimCfg(select_tag="fixed_pt")) as runtime:
        runtime.run(5)
        if between is not None:
            between(runtime, layer)
        runtime.run(STEPS - 5)
        buffer = runtime.get(layer.a_buff)
        return runtime.get(recorder.raw).tolist(), buffer.dtype, buffer.tolist()


def both_ways(monkeypatch, *args, **dense):
    """Return what the short way and what Lava's own way give; they must differ in how they run."""
    short = play(*args, **dense)
    with monkeypatch.context() as patch:
        patch.setattr(building, "shorten_dense", lambda model: None)
        return short, play(*args, **dense)


@pytest.fixture
def lavas_steps(monkeypatch):
    """Counts the steps that Lava's own code runs."""
    steps = []
    run_spk = PyDenseModelBitAcc.run_spk

    def counted(self):
        steps.append(self.time_step)
        run_spk(self)

    monkeypatch.setattr(PyDenseModelBitAcc, "run_spk", counted)
    return steps


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("exponent", [-1, 0, 2])
@pytest.mark.parametrize(
    ("kind", "bits"), [("spikes", 0), ("messages", 24), ("extremes", 24), ("extremes", 0)]
)
def test_same_messages(monkeypatch, lavas_steps, weights, exponent, kind, bits):
    matrix = drawn_weights(weights)
    data = arriving(matrix.shape[1], kind)
    short, lavas = both_ways(
        monkeypatch,
        m.EmitterInt32,
        data,
        weights=matrix,
        weight_exp=exponent,
        num_message_bits=bits,
        sign_mode=SignMode.MIXED,
    )
    assert short == lavas
    assert np.any(short[0])
    assert lavas_steps == [1, *range(1, STEPS + 1)]  # clipping the weights is left to Lava


@pytest.mark.parametrize("bits", [0, 24])
def test_a_new_value_of_the_weights_counts(monkeypatch, bits):
    matrix = drawn_weights("signed")

    def turn(runtime, layer):
        runtime.set(layer.weights, -runtime.get(layer.weights)[::-1])

    data = arriving(5, "messages")
    short, lavas = both_ways(
        monkeypatch, m.EmitterInt32, data, turn, weights=matrix, num_message_bits=bits
    )
    assert short == lavas
    assert short != play(m.EmitterInt32, data, weights=matrix, num_message_bits=bits)


def test_from_spikes_to_messages(monkeypatch):
    def switch(runtime, layer):
        runtime.set(layer.num_message_bits, 8)

    data = arriving(5, "messages")
    short, lavas = both_ways(
        monkeypatch, m.EmitterInt32, data, switch, weights=drawn_weights("signed")
    )
    assert short == lavas


@pytest.mark.parametrize("bits", [0, 24])
def test_weights_whose_sums_floats_cannot_hold_go_lavas_way(monkeypatch, lavas_steps, bits):
    def enlarge(runtime, layer):
        runtime.set(layer.weights, np.random.default_rng(4).choice(EXTREMES, (7, 5)))

    short, lavas = both_ways(
        monkeypatch,
        m.EmitterInt32,
        arriving(5, "extremes"),
        enlarge,
        weights=drawn_weights("signed"),
        num_message_bits=bits,
    )
    assert short == lavas
    assert lavas_steps == [1, *range(6, STEPS + 1), *range(1, STEPS + 1)]


@pytest.mark.parametrize("emitter", [m.EmitterBool, m.EmitterInt8])
def test_narrow_messages(monkeypatch, emitter):
    data = np.random.default_rng(5).integers(0, 2, (STEPS, 5)) * 5
    short, lavas = both_ways(
        monkeypatch, emitter, data, weights=drawn_weights("signed"), num_message_bits=8
    )
    assert short == lavas


def test_a_model_that_is_handed_out_runs_its_own_code(monkeypatch, lavas_steps):
    """Its weights can be changed in place."""

    def turn(runtime, layer):
        weights = runtime.model(layer).weights
        weights *= -1

    short, lavas = both_ways(
        monkeypatch,
        m.EmitterInt32,
        arriving(5, "messages"),
        turn,
        weights=drawn_weights("signed"),
        num_message_bits=24,
    )
    assert short == lavas
    assert lavas_steps == [1, *range(6, STEPS + 1), *range(1, STEPS + 1)]
