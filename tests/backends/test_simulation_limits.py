"""A simulation in this process ends in time and when asked to, whatever a process model does."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("lava.magma.core.decorator")

from lava_spikyspace.backends import simulation
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.errors import SimulationTimeoutError
from lava_spikyspace.plan import make_plan
from lava_spikyspace.processes.product.models import PyProductModelFixed
from tests.random_networks import random_messages, random_network

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def network():
    return random_network(1, blocks=1, window=3, golden=0)


def test_a_model_that_spins_in_a_step_is_named(network, monkeypatch):
    def spin(self, position, arrived):
        while True:
            pass

    monkeypatch.setattr(PyProductModelFixed, "decide", spin)
    # Of the steps alone: how long it takes to build the graph is up to the machine.
    monkeypatch.setattr(simulation._InProcessRun, "_remaining", lambda self: 2.0)
    plan = make_plan(network, "graded")
    with pytest.raises(
        SimulationTimeoutError, match=r"'blocks\.0\.product' was computing"
    ) as caught:
        SimBackend().run(plan, random_messages(2, network, 2))
    assert f"of {plan.time_steps(2)} time steps" in caught.value.message


def test_a_later_run_is_not_disturbed(network):
    plan, messages = make_plan(network, "graded"), random_messages(2, network, 2)
    with pytest.raises(SimulationTimeoutError):
        SimBackend(timeout_s=0.0).run(plan, messages)
    assert SimBackend(timeout_s=600.0).run(plan, messages).forecasts.shape == (2, 3, 5)


PROGRAM = """
import sys, time
from lava_spikyspace.cli.app import main
from lava_spikyspace.processes.product.models import PyProductModelFixed

decide = PyProductModelFixed.decide
told = False

def stubborn(self, position, arrived):
    global told
    if not told:
        told = True
        print("computing", file=sys.stderr, flush=True)
    try:
        time.sleep(TAKES)
    except BaseException:
        pass
    return decide(self, position, arrived)

PyProductModelFixed.decide = stubborn
sys.argv = ["lss", "run", "--no-progress", "--windows", "9", "--timeout", "LIMIT"]
sys.exit(main())
"""


def program(takes, limit):
    text = PROGRAM.replace("TAKES", str(takes)).replace("LIMIT", str(limit))
    return subprocess.Popen(
        [sys.executable, "-c", text],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_model_swallows_ends_the_run_all_the_same(number):
    with program(takes=0.3, limit=600) as process:
        for line in process.stderr:
            if line == "computing\n":
                break
        process.send_signal(number)
        process.stderr.read()
        assert process.wait(timeout=120) == 130


def test_the_command_line_ends_with_the_code_for_a_time_out():
    with program(takes=3600, limit=20) as process:
        error = process.stderr.read()
        assert process.wait(timeout=120) == 6
    assert "its time was up" in error
