import numpy as np
import pytest

from lava_spikyspace.arithmetic import emit_spikes


def integrate_and_fire(code: int, levels: int, steps: int) -> list[int]:
    """Restate the neuron itself: fed with |code| in its first `levels` steps, soft reset."""
    membrane, spikes = 0, []
    for step in range(steps):
        membrane += abs(code) if step < levels else 0
        fires = membrane >= levels
        membrane -= levels * fires
        spikes.append(int(fires) * (1 if code > 0 else -1))
    return spikes


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("frame", ["own", "wider"])
def test_spikes_are_those_of_the_neuron(bits: int, frame: str) -> None:
    levels = (1 << bits) - 1
    steps = levels if frame == "own" else 15
    for code in range(-levels, levels + 1):
        spikes = [int(emit_spikes(np.array([code]), step, bits)[0]) for step in range(steps)]
        assert spikes == integrate_and_fire(code, levels, steps)
        assert sum(spikes) == code


def test_two_bit_patterns() -> None:
    codes = np.array([1, 2, 3])
    pattern = np.stack([emit_spikes(codes, step, 2) for step in range(3)], axis=1)
    assert pattern.tolist() == [[0, 0, 1], [0, 1, 1], [1, 1, 1]]
