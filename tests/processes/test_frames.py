"""Where a time step lies in the frames of a process."""

from lava_spikyspace.processes.frames import Position, Schedule

SCHEDULE = Schedule(coding="unary", frame_steps=3, window=2, windows=2, offset=4)


def test_every_active_step_has_its_place():
    found = [SCHEDULE.locate(time_step) for time_step in range(5, 17)]
    expected = [
        Position(window, element, 2 * window + element, step)
        for window in range(2)
        for element in range(2)
        for step in range(3)
    ]
    assert found == expected


def test_silent_before_and_after():
    # Lava counts time steps from 1, an offset counts from 0.
    assert SCHEDULE.locate(4) is None
    assert SCHEDULE.locate(17) is None


def test_late_frames():
    assert SCHEDULE.locate(7, late=3) is None
    assert SCHEDULE.locate(8, late=3) == Position(0, 0, 0, 0)
    assert SCHEDULE.locate(19, late=3) == Position(1, 1, 3, 2)
    assert SCHEDULE.locate(20, late=3) is None


def test_number_of_frames_and_steps():
    assert SCHEDULE.frames == 4
    assert SCHEDULE.steps == 12
