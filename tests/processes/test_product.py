"""The gating product alone."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.product.process import Product
from tests.processes.playing import play


def test_product_leaves_one_step_later():
    product = Product(channels=3, schedule=Schedule(windows=2))
    played = play(
        product,
        3,
        {
            "scan_in": [[-2, 1, 0], [1, 1, -1], [1, 1, 1]],
            "gate_in": [[30, -4, 5], [0, 7, 9]] * 1 + [[1, 1, 1]],
        },
    )
    assert played.message == [[0, 0, 0], [-60, -4, 0], [0, 7, -9]]
    activity = played.activity()
    assert activity.events["message"].tolist() == [1, 2, 1]
    assert activity.extremes == Interval(-60, 7)


def test_signed_spikes_are_summed_and_the_gate_is_held():
    schedule = Schedule(coding="unary", frame_steps=3, delays={"gate_in": 1}, offset=1)
    product = Product(channels=2, output_limbs=(4,), schedule=schedule)
    scan = [[0, 0], [-1, 0], [0, 1], [-1, 0], [0, 0], [0, 0], [0, 0]]
    gate = [[21, -5], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    played = play(product, 7, {"scan_in": scan, "gate_in": gate}, ("message", "limb0", "limb1"))
    assert played.message == [[0, 0]] * 4 + [[-42, -5]] + [[0, 0]] * 2
    assert played.sent["limb0"][4].tolist() == [6, 11]
    assert played.sent["limb1"][4].tolist() == [-3, -1]
    assert played.activity().events["limb0"].tolist() == [1, 1]
    assert np.sum(played.activity().events["message"]) == 2
