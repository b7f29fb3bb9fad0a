import hashlib
import os
import stat

import pytest

from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.files import atomic_write, sha256_of


def entries(folder):
    return sorted(path.name for path in folder.iterdir())


def enter(path, **options):
    with atomic_write(path, **options):
        pytest.fail("the block ran")


def test_the_file_appears_only_when_the_block_ends(tmp_path):
    target = tmp_path / "model.net"
    with atomic_write(target) as temporary:
        temporary.write_bytes(b"new")
        assert not target.exists()
        assert temporary.parent == target.parent
        assert temporary.suffix == ".net"
    assert target.read_bytes() == b"new"
    assert entries(tmp_path) == ["model.net"]


def test_an_error_leaves_the_old_file_and_no_temporary_one(tmp_path):
    target = tmp_path / "model.net"
    target.write_bytes(b"old")

    def write():
        with atomic_write(target, force=True) as temporary:
            temporary.write_bytes(b"new")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write()
    assert target.read_bytes() == b"old"
    assert entries(tmp_path) == ["model.net"]


def test_an_interrupt_leaves_no_temporary_file(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic_write(tmp_path / "model.net"):
        raise KeyboardInterrupt
    assert entries(tmp_path) == []


def test_an_existing_file_is_refused_before_the_block_runs(tmp_path):
    target = tmp_path / "model.net"
    target.write_bytes(b"old")
    with pytest.raises(UsageError, match=r"model\.net: exists already") as caught:
        enter(target)
    assert "--force" in caught.value.hint
    assert target.read_bytes() == b"old"


def test_a_file_that_appeared_meanwhile_is_not_replaced(tmp_path):
    target = tmp_path / "model.net"

    def write():
        with atomic_write(target) as temporary:
            temporary.write_bytes(b"ours")
            target.write_bytes(b"theirs")

    with pytest.raises(UsageError, match="exists already"):
        write()
    assert target.read_bytes() == b"theirs"
    assert entries(tmp_path) == ["model.net"]


def test_force_replaces(tmp_path):
    target = tmp_path / "model.net"
    target.write_bytes(b"old")
    with atomic_write(target, force=True) as temporary:
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"


def test_the_file_a_symbolic_link_points_to_is_replaced_not_the_link(tmp_path):
    target, link = tmp_path / "model-1.net", tmp_path / "latest.net"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with atomic_write(link, force=True) as temporary:
        temporary.write_bytes(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("force", [False, True])
def test_a_device_or_folder_is_never_replaced(tmp_path, force):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    for special in (fifo, tmp_path):
        with pytest.raises(UsageError, match="not a regular file"):
            enter(special, force=force)
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere/m\.net: the folder .*nowhere does not exist"):
        enter(tmp_path / "nowhere" / "m.net")


def test_the_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with atomic_write(tmp_path / "atomic") as temporary:
        temporary.write_bytes(b"")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, (1 << 20) + 7])
def test_sha256_of_matches_the_digest_of_the_whole_content(tmp_path, size):
    content = bytes(range(256)) * (size // 256 + 1)
    path = tmp_path / "content"
    path.write_bytes(content[:size])
    assert sha256_of(path) == hashlib.sha256(content[:size]).hexdigest()


def test_sha256_of_a_missing_file_names_it(tmp_path):
    with pytest.raises(InputError, match=r"gone\.net: cannot be read: No such file"):
        sha256_of(tmp_path / "gone.net")
