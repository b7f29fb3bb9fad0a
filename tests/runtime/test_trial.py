import pytest

from lava_spikyspace.runtime.trial import BIAS, step_inprocess, step_multiprocessing

pytest.importorskip("lava.magma.core.process.process")


def test_one_step_in_this_process():
    assert step_inprocess() == BIAS


def test_one_step_on_lava_s_own_runtime():
    pytest.importorskip("psutil")
    assert step_multiprocessing(timeout_s=120) == BIAS
