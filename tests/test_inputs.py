"""`lava_spikyspace.inputs`: model files and tables that a run starts from."""

import numpy as np
import pandas as pd
import pytest

from lava_spikyspace import inputs
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import DataError, ModelFileError, UsageError
from lava_spikyspace.files import sha256_of
from lava_spikyspace.network import Network
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv


@pytest.fixture(scope="module")
def network():
    return small_network()


def test_load_gives_a_network_that_knows_its_file(network, tmp_path):
    path = tmp_path / "m.net"
    write_network(network, path)
    loaded = inputs.load(path)
    assert isinstance(loaded, Network)
    assert [layer.name for layer in loaded] == [layer.name for layer in network]
    assert inputs.file_of(loaded) == inputs.FileReference(str(path), sha256_of(path))


def test_a_network_made_in_memory_has_no_file(network):
    assert inputs.file_of(network) is None
    assert inputs.resolve_network(network) is network


def test_load_refuses_a_missing_file(tmp_path):
    with pytest.raises(ModelFileError, match=r"m\.net"):
        inputs.load(tmp_path / "m.net")


@pytest.mark.parametrize("form", ["path", "text", "table", "array", "frame"])
def test_all_forms_of_data_give_the_same_table(network, tmp_path, form):
    values = walk_values(network, 9)
    path = write_csv(tmp_path / "d.csv", network.variates, values)
    data = {
        "path": path,
        "text": str(path),
        "table": read_table(path),
        "array": values,
        "frame": pd.DataFrame(values, columns=list(network.variates)),
    }[form]
    table = inputs.resolve_table(data, network, bundled=False)
    np.testing.assert_array_equal(table.values, values)
    assert len(table.sha256) == 64


def test_a_frame_is_matched_by_name(network):
    values = walk_values(network, 9)
    frame = pd.DataFrame(values, columns=list(network.variates))
    table = inputs.resolve_table(frame[frame.columns[::-1]], network, bundled=False)
    np.testing.assert_array_equal(table.values, values)
    assert "reordered" in table.note


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((9, 3)), "found 3 variates, expected 4"),
        (np.zeros(9), "rows and variates"),
        (np.full((9, 4), np.nan), "finite"),
        (np.array([["a"] * 4] * 9), "dtype"),
        (np.zeros((0, 4)), "at least one"),
    ],
)
def test_a_bad_array_is_refused(network, values, message):
    with pytest.raises(DataError, match=message):
        inputs.resolve_table(values, network, bundled=False)


def test_a_model_of_ones_own_needs_data(network):
    with pytest.raises(UsageError, match="no data"):
        inputs.resolve_table(None, network, bundled=False)


def test_a_short_table_is_named(network, tmp_path):
    path = write_csv(tmp_path / "short.csv", network.variates, walk_values(network, 5))
    with pytest.raises(DataError, match=r"short\.csv: too few rows.*found 5, expected at least 6"):
        inputs.windows_in(read_table(path), network.window)
