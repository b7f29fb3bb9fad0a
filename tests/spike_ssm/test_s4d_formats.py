"""Fixed point of a diagonal state space: it follows the floats, and no register overflows."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic.s4d import s4d_step
from lava_spikyspace.errors import UsageError
from lava_spikyspace.intervals import layer_ranges
from lava_spikyspace.network import EXACT_BITS, MESSAGE_BITS, Interval
from lava_spikyspace.spike_ssm.s4d_formats import DECAY_BITS, fixed_point_s4d

CHANNELS, STATES, STEPS = 5, 3, 120


def coefficients(seed, slowest=1 - 2.0**-16):
    """Return decays on the grid of the file, some of them slow, with readout and skip."""
    rng = np.random.default_rng(seed)
    shape = (CHANNELS, STATES)
    magnitude = np.where(rng.random(shape) < 0.3, slowest, rng.uniform(0.1, 0.999, shape))
    decay = magnitude * np.exp(1j * rng.uniform(-np.pi, np.pi, shape) * rng.integers(0, 2, shape))
    unit = 2.0**DECAY_BITS
    decay = (np.trunc(decay.real * unit) + 1j * np.trunc(decay.imag * unit)) / unit
    readout = (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / 20
    return decay, readout, rng.normal(size=CHANNELS)


def run(layer, codes):
    """Return outputs (step, channel) and the extremes of states."""
    real = imag = np.zeros((CHANNELS, STATES), dtype=np.int64)
    outputs, extremes = [], []
    for x in codes:
        step = s4d_step(layer, real, imag, x)
        real, imag = step.real, step.imag
        outputs.append(step.message)
        extremes += [real, imag]
    return np.array(outputs), Interval.of(np.array(extremes))


@pytest.mark.parametrize("seed", range(4))
def test_integers_follow_the_floats(seed):
    decay, readout, skip = coefficients(seed)
    unit = np.full(CHANNELS, 2.0**18)
    layer = fixed_point_s4d(
        decay, readout, skip, input_unit=unit, output_unit=2.0**14, elements=STEPS
    )
    x = np.random.default_rng(seed).normal(size=(STEPS, CHANNELS))
    found = run(layer, np.rint(x * unit).astype(np.int64))[0] / 2.0**14
    h, expected = np.zeros((CHANNELS, STATES), dtype=complex), []
    for one in x:
        h = decay * h + one[:, None]
        expected.append(2 * (readout * h).sum(axis=1).real + skip * one)
    assert np.abs(found - expected).max() <= 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("seed", range(4))
def test_no_register_overflows_at_the_extremes_of_the_input(seed):
    layer = fixed_point_s4d(
        *coefficients(seed), input_unit=np.ones(CHANNELS), output_unit=1.0, elements=STEPS
    )
    assert layer.ranges == layer_ranges(layer, [Interval.signed(MESSAGE_BITS)])
    assert layer.ranges["state"].bits <= MESSAGE_BITS
    assert layer.ranges["accumulator"].bits <= EXACT_BITS
    ends = Interval.signed(MESSAGE_BITS).ends
    random = np.random.default_rng(seed).choice(ends, size=(STEPS, CHANNELS))
    for codes in (random, np.full_like(random, ends[0]), np.full_like(random, ends[1])):
        states = run(layer, codes)[1]
        assert layer.ranges["state"].contains(states)


def test_a_decay_that_does_not_die_away_is_refused():
    decay, readout, skip = coefficients(0)
    given = {"input_unit": np.ones(CHANNELS), "output_unit": 1.0, "elements": STEPS}
    with pytest.raises(UsageError, match="magnitude 1, expected < 1"):
        fixed_point_s4d(decay / np.abs(decay), readout, skip, **given)


@pytest.mark.parametrize(
    ("index", "value", "told"),
    [
        (0, np.nan, "decay: found a value that is not finite"),
        (1, np.inf, "readout: found a value that is not finite"),
        (2, -np.inf, "skip: found a value that is not finite"),
    ],
)
def test_numbers_that_are_none_are_refused(index, value, told):
    numbers = [array.copy() for array in coefficients(0)]
    numbers[index].flat[0] = value
    with pytest.raises(UsageError, match=told):
        fixed_point_s4d(*numbers, input_unit=np.ones(CHANNELS), output_unit=1.0, elements=STEPS)


@pytest.mark.parametrize(("unit", "output"), [(np.nan, 1.0), (0.0, 1.0), (1.0, -1.0)])
def test_units_are_positive_numbers(unit, output):
    with pytest.raises(UsageError, match=r"input_unit: found|expected units above 0"):
        fixed_point_s4d(
            *coefficients(0),
            input_unit=np.full(CHANNELS, unit),
            output_unit=output,
            elements=STEPS,
        )
