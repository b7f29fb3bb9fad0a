"""Values that exist for range checks only."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.ranges import comparison_sides


def test_both_sides_of_the_comparison():
    theta = np.array([[-3, 2], [0, 5]])
    sides = comparison_sides(np.array([7, -1]), theta, np.array([10]), 2)
    assert sorted(sides.tolist()) == sorted([28, -4, -30, 20, 0, 50])
    assert Interval.of(sides) == Interval(-30, 50)


def test_sums_of_threshold_limbs_count():
    # 13 = 3 * 4 + 1: the low limb gives 1 * 10 + 3, carried as 3 into 3 * 10.
    sides = comparison_sides(np.array([7]), np.array([[13]]), np.array([10]), 5, (2,))
    assert sorted(sides.tolist()) == sorted([7 << 3, 13, 33])
