"""The causal convolution alone."""

import numpy as np
import pytest

from lava_spikyspace.processes.causal_conv.process import CausalConv
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from tests.processes.playing import play

WEIGHT = np.array([[100, 10, 1], [-7, 0, 3]], dtype=np.int8)


def test_taps_meet_past_elements_within_the_window():
    conv = CausalConv(weight=WEIGHT, schedule=Schedule(window=3, windows=2, offset=1))
    codes = [[9, 9], [1, 1], [2, 2], [3, 0], [1, 0], [0, 3], [0, 0], [9, 9], [9, 9]]
    played = play(conv, 9, {"s_in": codes}, listen=("a_out",))
    sums = [[1, 3], [12, 6], [123, -7], [1, 0], [10, 9], [100, 0]]
    # One step later, as Lava's Dense; nothing of what arrives outside the windows.
    assert played.sent["a_out"].tolist() == [[0, 0], [0, 0], *sums, [0, 0]]
    # Products that are not 0: an event meets no zero weight and no element beyond the window.
    assert played.activity().synops == (1 + 2 + 3 + 1 + 1 + 1) + (1 + 1 + 1 + 0 + 1 + 0)
    assert played.activity().events == {}
    assert played.activity().extremes is None


@pytest.mark.parametrize("taps", [1, 2, 5])
def test_spikes_add_up_to_the_same_sums_over_a_frame(taps):
    rng = np.random.default_rng(taps)
    weight = rng.integers(-127, 128, (3, taps), dtype=np.int8)
    weight[0, 0] = 0
    spikes = rng.integers(0, 2, (2, 4, 3, 3))
    codes = spikes.sum(axis=2)
    conv = CausalConv(
        weight=weight,
        schedule=Schedule(coding="unary", frame_steps=3, window=4, windows=2),
        watch=Watch(record=True),
    )
    rows = [*spikes.reshape(24, 3), [0, 0, 0]]
    played = play(conv, 25, {"s_in": rows}, listen=("a_out",))
    found = played.sent["a_out"][1:].reshape(2, 4, 3, 3).sum(axis=2)
    expected, synops = np.zeros((2, 4, 3), dtype=int), 0
    for window in range(2):
        for element in range(4):
            for tap in range(taps):
                past = element - (taps - 1 - tap)
                if past >= 0:
                    expected[window, element] += weight[:, tap] * codes[window, past]
                    synops += int(codes[window, past] @ (weight[:, tap] != 0))
    assert np.array_equal(found, expected)
    assert played.activity().synops == synops
    # It is a synapse: its sums are no codes.
    assert played.values["record"].size == 0
