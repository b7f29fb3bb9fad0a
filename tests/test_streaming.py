"""`lava_spikyspace.streaming`: how windows are handed to an engine."""

import numpy as np
import pytest

from lava_spikyspace import streaming
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.inputs import resolve_table
from lava_spikyspace.plan import make_plan
from tests.run_cases import small_network, walk_values


class Recorder:
    """The batch engine, which notes what it was given."""

    def __init__(self, name):
        self.name = name
        self.given = []

    def run(self, plan, messages, **options):
        self.given.append(len(messages))
        return BatchBackend().run(plan, messages, **options)


@pytest.fixture
def make_stream(monkeypatch):
    network = small_network()
    values = walk_values(network, 25)
    monkeypatch.setattr(streaming, "PIECE_VALUES", 8 * network.channels * (1 + 2 * network.horizon))

    def make(name, **options):
        table = resolve_table(values, network, bundled=False)
        return streaming.WindowStream(
            Recorder(name), make_plan(network, "graded"), table, **options
        )

    return make


def test_the_batch_engine_gets_pieces_of_bounded_size(make_stream):
    stream = make_stream("batch")
    pieces = list(stream.run(range(1, 20)))
    assert stream.engine.given == [8, 8, 3]
    assert [piece.windows for piece in pieces] == [range(1, 9), range(9, 17), range(17, 20)]
    for piece in pieces:
        assert piece.forecasts.shape == (len(piece.windows), 2, 4)
        first = stream.table.values[piece.windows.start : piece.windows.start + 6]
        np.testing.assert_array_equal(piece.inputs[0], first)


def test_a_simulator_gets_all_windows_at_once(make_stream):
    stream = make_stream("sim")
    (piece,) = stream.run(range(20))
    assert stream.engine.given == [20]
    assert piece.windows == range(20)


def test_windows_larger_than_a_piece_go_one_by_one(make_stream, monkeypatch):
    monkeypatch.setattr(streaming, "PIECE_VALUES", 1)
    stream = make_stream("batch")
    assert len(list(stream.run(range(3)))) == 3


def test_progress_is_that_of_all_windows(make_stream):
    seen = []
    list(make_stream("batch").run(range(20), lambda *progress: seen.append(progress)))
    assert seen == [(8, 20), (16, 20), (20, 20)]


def test_times_and_clipped_values_add_up(make_stream):
    stream = make_stream("batch", clip_input=True)
    stream.table.values.flags.writeable = True
    stream.table.values[7] = 1e9
    list(stream.run(range(20)))
    # Row 7 is part of the windows 2 to 7, in all four variates.
    assert stream.clipped_inputs == 6 * 4
    assert set(stream.timings_s) == {"encode", "run"}


def test_records_are_kept_on_demand_only(make_stream):
    silent, recording = make_stream("batch"), make_stream("batch", record=True)
    for stream in (silent, recording):
        list(stream.run(range(20)))
    assert silent.records() == {}
    assert {codes.shape[0] for codes in recording.records().values()} == {20}
    assert silent.counts() == recording.counts()
