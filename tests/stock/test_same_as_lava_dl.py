"""The same spikes in every layer as through lava-dl's own loader, bit for bit."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from lava_spikyspace.stock.running import run_stock
from tests.stock.cases import BUILDERS, CASES, SLOW_CASES

pytest.importorskip("lava.magma.core.decorator")

LIMIT_S = 300
NEEDED = ("torch", "setuptools", "lava.lib.dl.netx")
"""Modules that lava-dl's loader imports."""


def missing_modules():
    found = []
    for name in NEEDED:
        try:
            if importlib.util.find_spec(name) is None:
                found.append(name)
        except ModuleNotFoundError:
            found.append(name)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("oracle")


@pytest.fixture(scope="module")
def data(request):
    """The folder with lava-dl's networks; None where it is missing."""
    try:
        return request.getfixturevalue("shared_data")
    except pytest.skip.Exception:
        return None


@pytest.fixture(scope="module")
def oracle_results(tmp_path_factory, project_root, data):
    """Return a function that gives what lava-dl found in a case; one run gives all cases."""
    if absent := missing_modules():
        pytest.skip(f"lava-dl's loader needs {', '.join(absent)}")
    known = {}

    def results_of(name, cases):
        if name not in known:
            possible = {key: case for key, case in cases.items() if has_file(case, data)}
            folder = tmp_path_factory.mktemp("found")
            known.update(run_oracle(folder, project_root, possible, data))
        return known[name]

    return results_of


def has_file(case, data):
    return data is not None or case.network in BUILDERS


def run_oracle(folder, project_root, cases, data):
    names = list(cases)
    # Lava's runtime starts many processes: in a session of their own, they can be ended together.
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stock.oracle", folder, data or "", *names],
        cwd=project_root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(folder / "errors").open("w"),
        start_new_session=True,
    ) as process:
        try:
            code = process.wait(timeout=LIMIT_S)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert code == 0, (folder / "errors").read_text()[-3000:]
    found = {}
    for number, name in enumerate(names):
        with np.load(folder / f"{number}.npz") as arrays:
            found[name] = dict(arrays)
    return found


def compare(name, cases, folder, oracle_results, data):
    case = cases[name]
    if not has_file(case, data):
        pytest.skip("no networks of lava-dl here")
    expected = oracle_results(name, cases)
    result = run_stock(
        case.file(folder, data),
        case.values(),
        input_bits=case.input_bits,
        record=True,
        **case.settings,
    )
    assert result.feed == case.feed
    layers = [array for key, array in expected.items() if not key.startswith("lava.")]
    assert len(result.records) == len(layers)
    for number, (layer, found) in enumerate(result.records.items()):
        np.testing.assert_array_equal(found, expected[str(number)], err_msg=layer)
        if case.on_lava_runtime:
            np.testing.assert_array_equal(found, expected[f"lava.{number}"], err_msg=layer)
    np.testing.assert_array_equal(result.outputs, layers[-1])
    return result


# Their neurons cannot fire: no decay of the current and a threshold beyond the voltage.
SILENT_AT_THE_END = ("mnist_bootstrap.net.gz", "pilotnet_lif.net")


@pytest.mark.parametrize("name", CASES)
def test_same_spikes_in_every_layer(name, folder, oracle_results, data):
    result = compare(name, CASES, folder, oracle_results, data)
    silent = [layer for layer, spikes in result.records.items() if not spikes.any()]
    allowed = 1 if CASES[name].network in SILENT_AT_THE_END else 0
    assert silent in ([], [*result.records][-1:][:allowed]), "a silent layer shows nothing"


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW_CASES)
def test_same_spikes_in_every_layer_of_large_networks(name, folder, oracle_results, data):
    compare(name, SLOW_CASES, folder, oracle_results, data)
