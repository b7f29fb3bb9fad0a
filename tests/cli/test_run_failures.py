"""A simulation that fails, runs too long or is interrupted, from a shell's point of view."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest

from lava_spikyspace.network import Interval
from netx_export.writer import write_network
from tests.conftest import PROJECT_ROOT
from tests.random_networks import random_network

pytest.importorskip("lava.magma")

RUNTIMES = ("inprocess", "multiprocessing")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table, a sound model and one whose proof does not hold."""
    where = tmp_path_factory.mktemp("failures")
    network = random_network(7, channels=4, window=5, horizon=2, blocks=1, d_inner=3, d_state=2)
    unit = network.input.ranges["message"].hi / 2**network.input.frac_bits
    values = np.random.default_rng(0).uniform(-unit, unit, (60, 4))
    mean, scale = network.normalisation.mean, network.normalisation.scale
    np.save(where / "t.npy", values * scale + mean)
    write_network(network, where / "sound.net")
    layers = tuple(
        replace(layer, ranges={**layer.ranges, "accumulator": Interval(0, 0)})
        if layer.name == "blocks.0.conv"
        else layer
        for layer in network
    )
    write_network(replace(network, layers=layers), where / "wrong.net")
    return where


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_process_model_that_raises(folder, run_cli, runtime: str) -> None:
    done = run_cli(
        "run",
        folder / "wrong.net",
        "--data",
        folder / "t.npy",
        "--strict",
        "--runtime",
        runtime,
        "--json",
    )
    assert done.code == 5, done.stderr
    assert "blocks.0.conv" in done.stderr
    assert "outside its proven range [0, 0]" in done.stderr
    envelope = json.loads(done.stdout)
    assert envelope["ok"] is False
    assert "check_ranges" in json.dumps(envelope)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_limit_of_time(folder, run_cli, runtime: str) -> None:
    done = run_cli(
        "run",
        folder / "sound.net",
        "--data",
        folder / "t.npy",
        "--timeout",
        "0.001",
        "--runtime",
        runtime,
    )
    assert done.code == 6, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_interrupt_leaves_no_process_behind(folder, tmp_path, runtime: str) -> None:
    rng = np.random.default_rng(1)
    table = np.load(folder / "t.npy")
    np.save(tmp_path / "long.npy", np.tile(table, (2000, 1)) + 0 * rng.random())
    command = [
        sys.executable,
        "-m",
        "lava_spikyspace",
        "run",
        str(folder / "sound.net"),
        "--data",
        str(tmp_path / "long.npy"),
        "--windows",
        "100000",
        "--runtime",
        runtime,
        "--coding",
        "unary",
    ]
    started = subprocess.Popen(
        command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        process = psutil.Process(started.pid)
        wait_until(lambda: is_busy(process, runtime) or started.poll() is not None)
        family = process.children(recursive=True)
        started.send_signal(signal.SIGINT)
        _, errors = started.communicate(timeout=60)
    finally:
        started.kill()
    assert started.returncode == 130, errors
    _gone, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def is_busy(process: psutil.Process, runtime: str) -> bool:
    """Whether the simulation is under way: computing, or with an OS process per Lava process."""
    if runtime == "inprocess":
        return process.cpu_times().user > 2
    return len(process.children(recursive=True)) > 10


def wait_until(condition, limit: float = 60.0) -> None:
    """Wait for a condition; the limit only ends a test that hangs."""
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)
