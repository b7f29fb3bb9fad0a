"""The gate branch alone."""

import numpy as np

from lava_spikyspace.arithmetic import encode_normalised, pt_silu
from lava_spikyspace.network import Interval
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.pt_silu.process import PTSiLU
from tests.processes.playing import play

THETA = np.array([[-20, 4, 8], [-8, 0, 16]])
TABLE = np.array([-1000, -500, 130, 700])


def test_message_is_the_activation_of_the_inner_code():
    rng = np.random.default_rng(3)
    sums, rms = rng.integers(-60, 60, (7, 2)), rng.integers(1, 30, (7, 1))
    gate = PTSiLU(
        theta=THETA,
        rms_shift=3,
        table=TABLE,
        frac_bits=8,
        exp2_terms=5,
        schedule=Schedule(window=2, windows=3),
        watch=Watch(record=True),
    )
    played = play(gate, 7, {"a_in_0": sums, "rms_in": rms})
    codes = encode_normalised(sums, THETA, rms, 3)[:6]
    assert len(np.unique(codes)) == 4
    assert played.message[1:] == pt_silu(TABLE, 8, 5)[codes].tolist()
    assert played.values["inner_record"].tolist() == codes.tolist()
    assert played.values["record"].tolist() == played.message[1:]
    activity = played.activity()
    assert activity.extremes == Interval.of(sums[:6])
    assert activity.code_sum == 0
    sent = np.array(played.message[1:])
    assert activity.events["message"].tolist() == np.count_nonzero(sent, axis=0).tolist()


def test_one_message_per_frame_in_both_codings():
    gate = PTSiLU(
        theta=THETA,
        rms_shift=3,
        table=TABLE,
        frac_bits=8,
        exp2_terms=0,
        limbs=(5,),
        schedule=Schedule(coding="unary", frame_steps=3),
    )
    low = [[-1, 20], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    high = [[1, -1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    rms = [[10], [0], [0], [0], [0], [0]]
    played = play(gate, 6, {"a_in_0": low, "a_in_1": high, "rms_in": rms})
    silent = [[0, 0]]
    # 31 / 10 is above all thresholds, -12 / 10 below all of its own.
    values = pt_silu(TABLE, 8, 0)
    assert played.message == silent * 3 + [[values[3], values[0]]] + silent * 2
