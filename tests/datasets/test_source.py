"""What is known of a file before it is parsed."""

import hashlib
import os

import pytest

from lava_spikyspace.datasets.source import UNQUESTIONED_BYTES, open_source, reason, shown
from lava_spikyspace.errors import DataError


def test_size_and_digest(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"12345")
    source = open_source(str(path))
    assert source.size == 5
    assert source.sha256 == hashlib.sha256(b"12345").hexdigest()


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv: cannot be read: .*No such file"):
        open_source(tmp_path / "nowhere.csv")


def test_empty_file(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(DataError, match="found an empty file"):
        open_source(tmp_path / "a.csv")


def test_directory(tmp_path):
    with pytest.raises(DataError, match="found a directory, expected a regular file"):
        open_source(tmp_path)


def test_endless_or_blocking_files_are_not_opened(tmp_path):
    fifo = tmp_path / "a.csv"
    os.mkfifo(fifo)
    for path in (fifo, "/dev/zero"):
        with pytest.raises(DataError, match="found a device, pipe or socket"):
            open_source(path)


def test_path_that_is_none():
    with pytest.raises(DataError, match="cannot be read"):
        open_source("a\0b.csv")


def test_cells_are_bounded_by_the_size_of_the_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"1")
    source = open_source(path)
    source.check_cells(UNQUESTIONED_BYTES // 8, "values")
    with pytest.raises(DataError, match=r"values: found 8388609 values in a file of 1 bytes"):
        source.check_cells(UNQUESTIONED_BYTES // 8 + 1, "values")


def test_foreign_text_is_cut_and_escaped():
    assert shown("abc") == "'abc'"
    assert shown("\x1b[31m") == r"'\x1b[31m'"
    assert shown("x" * 100) == "'" + "x" * 40 + "…'"


def test_foreign_messages_take_one_line():
    assert reason(ValueError("a\n  b")) == "a b"
    assert reason(MemoryError()) == "MemoryError"
    assert len(reason(ValueError("x" * 1000))) < 200
