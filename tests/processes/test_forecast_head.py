"""The forecast head alone."""

import numpy as np
import pytest

from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.network import HeadLayer, Interval
from lava_spikyspace.processes.forecast_head.process import ForecastHead
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from tests.processes.playing import play

WEIGHT = np.array([[1, 10, 100], [-1, 0, 2]], dtype=np.int8)


def head(**more) -> ForecastHead:
    return ForecastHead(
        channels=2,
        weight=WEIGHT,
        mult=np.array([1, 3]),
        add=np.array([1, -5]),
        shift=np.array([1, 2]),
        **more,
    )


def test_forecast_leaves_with_the_last_element_and_windows_are_apart():
    schedule = Schedule(window=3, windows=2, offset=1)
    rows = [[9, 9], [1, 2], [3, 4], [5, 6], [7, 0], [0, 0], [0, -2], [9, 9]]
    played = play(head(schedule=schedule), 8, {"a_in": rows})
    # Sums 531 and 642 for step 0, 9 and 10 for step 1; then 7 and -200, -7 and -4.
    first = [[(531 + 1 + 1) >> 1, (642 + 2) >> 1], [(27 - 5 + 2) >> 2, (30 - 5 + 2) >> 2]]
    second = [[(7 + 2) >> 1, (-200 + 2) >> 1], [(-21 - 3) >> 2, (-12 - 3) >> 2]]
    silent = [[0, 0], [0, 0]]
    assert played.message == [silent] * 3 + [first] + [silent] * 2 + [second, silent]
    assert played.values["forecast"].tolist() == [first, second]
    activity = played.activity()
    assert activity.synops == (2 * 2 + 2 * 1 + 2 * 2) + (1 * 2 + 0 + 1 * 2)
    assert activity.extremes == Interval(-200, 642)
    assert activity.events["message"].tolist() == [2, 2, 2, 2]


def test_adds_one_message_per_frame():
    schedule = Schedule(coding="unary", frame_steps=2, window=3)
    rows = [[1, 2], [0, 0], [3, 4], [0, 0], [5, 6], [0, 0]]
    played = play(head(schedule=schedule), 6, {"a_in": rows})
    assert played.message[4] == [[266, 322], [6, 6]]
    assert not np.any(played.message[:4] + played.message[5:])


@pytest.mark.parametrize("name", ["accumulator", "product", "message"])
def test_strict_mode(name):
    proven = {
        "accumulator": Interval(9, 642),
        "product": Interval(24, 644),
        "message": Interval(6, 322),
    }

    def run(ranges):
        layer = HeadLayer(
            name="head",
            channels=2,
            weight=WEIGHT,
            mult=np.array([1, 3]),
            add=np.array([1, -5]),
            shift=np.array([1, 2]),
            frac_bits=0,
            ranges=ranges,
        )
        process = head(schedule=Schedule(window=3), watch=Watch(proof=layer))
        play(process, 3, {"a_in": [[1, 2], [3, 4], [5, 6]]})

    run(proven)
    for tighter in (Interval(proven[name].lo + 1, 999), Interval(0, proven[name].hi - 1)):
        with pytest.raises(StrictRangeError, match=f"head: {name} spans"):
            run({**proven, name: tighter})
