"""Requests, pauses and the order of phases; the phases themselves are compared with Lava's."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.model.py.model import PyLoihiProcessModel

from lava_spikyspace.runtime.inprocess.phases import (
    LoihiProtocolDriver,
    Participant,
    Phase,
    Request,
    RequestPort,
)
from lava_spikyspace.runtime.inprocess.scheduler import Scheduler


class Diary(PyLoihiProcessModel):
    """Writes down its phases; `plan` says what it asks for: {time_step: {guard or request}}."""

    def __init__(self, plan):
        super().__init__({})
        self.plan = plan
        self.diary = []

    def _wants(self, what):
        return what in self.plan.get(self.time_step, ())

    def _note(self, phase):
        self.diary.append(f"{phase}{self.time_step}")
        self._req_pause = self._wants(f"pause in {phase}")
        self._req_stop = self._wants(f"stop in {phase}")

    def run_spk(self):
        self._note("spk")

    def run_pre_mgmt(self):
        self._note("pre")

    def run_lrn(self):
        self._note("lrn")

    def run_post_mgmt(self):
        self._note("post")

    def pre_guard(self):
        return self._wants("pre")

    def lrn_guard(self):
        return self._wants("lrn")

    def post_guard(self):
        return self._wants("post")

    def _host(self):
        super()._host()
        self.diary.append("host")


def make_driver(*plans):
    models = [Diary(plan) for plan in plans]
    participants = [Participant(f"p{i}::Diary", model) for i, model in enumerate(models)]
    driver = LoihiProtocolDriver(participants, Scheduler())
    return driver, models


def test_phase_numbers_are_lavas():
    for phase, name in [
        (Phase.SPIKING, "SPK"),
        (Phase.PRE_MANAGEMENT, "PRE_MGMT"),
        (Phase.LEARNING, "LRN"),
        (Phase.POST_MANAGEMENT, "POST_MGMT"),
        (Phase.HOST, "HOST"),
    ]:
        assert getattr(PyLoihiProcessModel.Phase, name)[0] == phase
    assert str(Phase.POST_MANAGEMENT) == "post-management phase"


def test_each_run_ends_with_the_host_phase():
    driver, (model,) = make_driver({})
    driver.run(2)
    driver.run(1)
    assert model.diary == ["spk1", "spk2", "host", "spk3", "host"]
    assert model.phase[0] == Phase.HOST
    assert driver.phase is Phase.HOST


def test_all_phases_in_order():
    driver, (model,) = make_driver({1: {"pre", "lrn", "post"}})
    driver.run(2)
    assert model.diary == ["spk1", "pre1", "lrn1", "post1", "spk2", "host"]


def test_pre_management_needs_learning():
    driver, (model,) = make_driver({1: {"pre"}})
    driver.run(1)
    assert model.diary == ["spk1", "host"]


def test_phases_that_others_ask_for_are_run_by_those_whose_guards_agree():
    driver, (one, other) = make_driver({1: {"lrn"}}, {1: {"post", "pre"}})
    driver.run(1)
    assert one.diary == ["spk1", "lrn1", "host"]
    assert other.diary == ["spk1", "post1", "host"]


def test_a_pause_waits_for_the_phases_that_others_asked_for():
    driver, (one, other) = make_driver({2: {"pause in spk"}}, {2: {"lrn", "post"}})
    assert driver.run(5) == 2
    assert one.diary == ["spk1", "spk2"]
    assert other.diary == ["spk1", "spk2", "lrn2", "post2"]
    assert not driver.stop_requested
    assert driver.run(1) == 1
    assert one.diary[2:] == ["spk3", "host"]


@pytest.mark.parametrize("phase", ["spk", "lrn", "post"])
def test_stop_is_asked_for_in_any_phase(phase):
    driver, (model,) = make_driver({1: {"lrn", "post", f"stop in {phase}"}})
    assert driver.run(5) == 1
    assert driver.stop_requested
    assert model.diary[-1] == f"{phase}1"


def test_pause_comes_before_stop():
    driver, _ = make_driver({1: {"pause in spk"}}, {1: {"stop in spk"}})
    assert driver.run(5) == 1
    assert not driver.stop_requested
    assert driver.run(5) == 0
    assert driver.stop_requested


def test_request_port_understands_lavas_codes():
    port = RequestPort()
    port.start()
    port.join()
    port.send(PyLoihiProcessModel.Response.STATUS_DONE)
    assert port.requests == set()
    port.send(PyLoihiProcessModel.Response.REQ_LEARNING)
    port.send(np.array([-7.0]))
    assert port.requests == {Request.LEARNING, Request.PAUSE}


def test_released_driver_keeps_its_time():
    driver, (model,) = make_driver({})
    driver.run(3)
    driver.release()
    assert driver.time_step == 3
    driver.run(1)
    assert model.time_step == 3
