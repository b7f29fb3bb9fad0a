import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.kind import file_kind
from tests.netx.stock.building import chain_of_dense_layers, write_stock


def test_plain_files_have_no_extension(tmp_path, model):
    assert file_kind(write_stock(tmp_path / "plain.net", chain_of_dense_layers())) == "stock"
    assert file_kind(model) == "spikyspace"


def test_any_extension_is_none_of_lava_dl(tmp_path):
    path = tmp_path / "x.net"
    with h5py.File(path, "w") as file:
        file.attrs["extension"] = np.bytes_(b"other")
    assert file_kind(path) == "spikyspace"  # whose reader refuses it by name


def test_a_file_that_cannot_be_read(tmp_path):
    path = tmp_path / "x.net"
    path.write_text("no HDF5")
    with pytest.raises(ModelFileError, match="not an HDF5 file"):
        file_kind(path)
