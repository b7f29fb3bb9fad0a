"""Values that exist for range checks only."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.ranges import comparison_sides


def test_both_sides_of_the_comparison():
    theta = np.array([[-3, 2], [0, 5]])
    sides = comparison_sides(np.array([7, -1]), theta, np.array([10]), 2)
    assert sorted(sides.tolist()) == sorted([28, -4, -30, 20, 0, 50])
    assert Interval.of(sides) == Interval(-30, 50)
