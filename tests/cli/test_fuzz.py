"""A mutated model or table at the command line: exit 3 or a valid run, nothing else."""

import json

import pytest

from netx_export.writer import write_network
from tests.netx.fuzz import MAX_BYTES
from tests.random_networks import random_network
from tests.run_cases import walk_values


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a model and a table of few values, so that mutants hit many of them."""
    folder = tmp_path_factory.mktemp("fuzz")
    network = random_network(1, blocks=1, channels=2, d_inner=2, d_state=2, window=3)
    write_network(network, folder / "m.net")
    values = walk_values(network, 12)
    names = network.variates or tuple("ab")
    lines = [",".join(["timestamp", *names])]
    lines += [f"2024-01-01T00:{n:02d}:00,{a},{b}" for n, (a, b) in enumerate(values.tolist())]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    return folder


def fuzz(run_python, kind, folder, seed, count):
    done = run_python("-m", "tests.cli.fuzz", kind, folder, str(seed), str(count), timeout=1800)
    assert done.code == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result.pop("peak_bytes") < MAX_BYTES
    assert sum(result.values()) == count
    assert result["refused"] > count / 4
    assert result["ran"] > 0
    return result


@pytest.mark.parametrize("kind", ["net", "csv"])
def test_mutants(kind, folder, run_python):
    fuzz(run_python, kind, folder, 0, 40)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["net", "csv"])
def test_a_thousand_mutants(kind, folder, run_python):
    fuzz(run_python, kind, folder, 1, 1000)
