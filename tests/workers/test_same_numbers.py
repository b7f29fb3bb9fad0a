"""An evaluation has the same numbers with any workers, also when one of them is killed."""

import json
from dataclasses import replace

import pytest

import lava_spikyspace as lss
from lava_spikyspace.datasets.readers import read_table
from tests.run_cases import small_network, walk_values

pytest.importorskip("distributed")


def numbers(evaluation):
    """Return everything that an evaluation found, to the last bit."""
    return json.dumps([evaluation.to_dict(), [row.as_dict() for row in evaluation.counts]])


def evaluate(network, table, **how):
    return lss.evaluate(
        network, table, split="0.7,0.2,0.1", missing_value=0.0, clip_input=True, **how
    )


@pytest.fixture(scope="module")
def speeds(shared_data):
    return read_table(shared_data / "metr_la_10.npz")


@pytest.fixture(scope="module")
def network():
    return replace(small_network(channels=10, window=12, horizon=3), variates=None)


@pytest.fixture(scope="module")
def alone(network, speeds):
    found = evaluate(network, speeds)
    assert len(found.windows) == 3425
    return numbers(found)


def test_two_processes(network, speeds, alone):
    seen = []
    found = evaluate(network, speeds, jobs=2, progress=lambda *state: seen.append(state))
    assert numbers(found) == alone
    assert len(seen) > 4
    assert seen == sorted(seen)
    assert seen[-1] == (3425, 3425)


def test_a_worker_of_a_scheduler_is_killed_in_the_middle(network, speeds, alone, cluster):
    for _ in range(2):
        cluster.add_worker()
    cluster.wait()
    assert numbers(evaluate(network, speeds, scheduler=cluster.address)) == alone
    killed = []

    def kill_one(done, total):
        if not killed:
            assert 0 < done < total / 2
            cluster.workers[0].kill()
            killed.append(cluster.workers[0].wait())

    found = evaluate(network, speeds, scheduler=cluster.address, progress=kill_one)
    assert killed == [-9]
    assert numbers(found) == alone


@pytest.mark.slow
def test_records_and_run_directories(network, tmp_path):
    values = walk_values(network, 700)
    for name, jobs in (("one", 1), ("two", 2)):
        lss.evaluate(network, values, split="0.5,0.2,0.3", jobs=jobs, out=tmp_path / name)
    one, two = (tmp_path / name / "forecasts.csv" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("normalised", ["fixed", "instance"])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_window_does_not_depend_on_its_neighbours(normalised, channels):
    """Bit for bit, with the shapes at which NumPy sums in another order."""
    network = small_network(channels=channels, window=12)
    if normalised == "instance":
        norm = replace(network.normalisation, kind="instance", mean=None, scale=None, eps=1e-5)
        network = replace(network, normalisation=norm)
    values = walk_values(network, 60)
    together = lss.run(network, values, backend="batch", clip_input=True).forecasts
    for window in (0, 7, len(together) - 1):
        alone = lss.run(
            network, values, backend="batch", clip_input=True, windows=range(window, window + 1)
        )
        assert alone.forecasts.tobytes() == together[window].tobytes()
