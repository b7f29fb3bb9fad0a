"""The step size branch alone."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic import encode, pt_softplus
from lava_spikyspace.network import Interval
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.pt_softplus.process import PTSoftplus
from tests.processes.playing import play

THETA = np.array([[-9, -5, -1, 0, 4, 8, 12], [-12, -8, -4, 0, 4, 8, 16]])
TABLE = np.array([-900, -500, -250, 0, 130, 300, 500, 700])
THETA_OUT = np.array([120, 260, 540])


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_code_of_the_activation_of_the_inner_code(coding):
    rng = np.random.default_rng(3)
    steps = 3 if coding == "unary" else 1
    sums = rng.integers(-20 // steps, 21 // steps, (9 * steps, 2))
    branch = PTSoftplus(
        theta=THETA,
        table=TABLE,
        frac_bits=8,
        exp2_terms=4,
        theta_out=THETA_OUT,
        schedule=Schedule(coding=coding, frame_steps=steps, window=4, windows=2),
        watch=Watch(record=True),
    )
    played = play(branch, 9 * steps, {"a_in_0": sums})
    acc = sums[: 8 * steps].reshape(8, steps, 2).sum(axis=1)
    inner = encode(acc, THETA)
    code = encode(pt_softplus(TABLE, 8, 4)[inner], THETA_OUT)
    assert len(np.unique(code)) == 4
    assert played.values["inner_record"].tolist() == inner.tolist()
    assert played.values["record"].tolist() == code.tolist()
    activity = played.activity()
    assert activity.code_sum == code.sum()
    assert activity.extremes == Interval.of(acc)
    events = code if coding == "unary" else code != 0
    assert activity.events["message"].tolist() == events.sum(axis=0).tolist()
    # The code has two bits, the inner code three: it is the former that is sent.
    assert np.max(played.message) == (1 if coding == "unary" else 3)
