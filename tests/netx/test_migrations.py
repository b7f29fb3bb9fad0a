import numpy as np
import pytest

from lava_spikyspace.demo import demo_model_path
from lava_spikyspace.errors import InternalError, ModelFileError
from lava_spikyspace.netx import examine as examine_module
from lava_spikyspace.netx.container import read_tree
from lava_spikyspace.netx.encode import networks_equal
from lava_spikyspace.netx.examine import examine
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.migrations import MIGRATIONS, is_readable, migrate
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.netx.schema import VERSION
from lava_spikyspace.netx.tree import Tree
from netx_export.writer import write_network
from tests.netx.editing import edited, put
from tests.random_spike_ssm import random_spike_ssm


def test_same_major_and_minor_up_to_ours():
    assert is_readable((1, 0), (1, 2))
    assert is_readable((1, 2), (1, 2))
    assert not is_readable((1, 3), (1, 2))
    assert not is_readable((2, 0), (1, 2))
    assert not is_readable((0, 9), (1, 2))


def test_steps_are_applied_in_order():
    def add(name):
        return lambda tree: Tree({**tree.values, name: np.array(len(tree.values))}, tree.groups)

    start = Tree.of({"/a": np.array(0)})
    steps = {(1, 0): add("/b"), (1, 1): add("/c"), (2, 0): add("/d")}
    done = migrate(start, (1, 0), current=(1, 2), migrations=steps)
    assert {path: int(value) for path, value in done.values.items()} == {"/a": 0, "/b": 1, "/c": 2}
    assert list(migrate(start, (1, 1), current=(1, 2), migrations=steps).values) == ["/a", "/c"]
    assert migrate(start, (1, 2), current=(1, 2), migrations=steps) is start


def test_a_missing_step_is_our_fault():
    with pytest.raises(InternalError, match=r"no migration from version 1\.0"):
        migrate(Tree.of({}), (1, 0), current=(1, 1), migrations={})


def test_there_is_a_migration_from_every_older_minor_version():
    assert set(MIGRATIONS) == {(VERSION[0], minor) for minor in range(VERSION[1])}


@pytest.mark.parametrize("version", ["1.4", "2.0", "0.9"])
def test_a_file_of_another_version_is_refused(version, model, tmp_path):
    path = edited(model, tmp_path / "m.net", lambda f: put(f, "/@extension_version", version))
    with pytest.raises(ModelFileError, match=rf"/@extension_version: found version {version}"):
        read_network(path)


def test_an_older_minor_version_passes_through_its_migration(model, monkeypatch):
    """As if version 1.4 had added a required value that version 1.3 lacks."""
    tree = read_tree(model)
    older = Tree({k: v for k, v in tree.values.items() if k != "/deployment@horizon"}, tree.groups)
    added = {"/deployment@horizon": tree.values["/deployment@horizon"]}

    def add_horizon(old):
        return Tree({**old.values, **added}, old.groups)

    monkeypatch.setattr(examine_module, "is_readable", lambda version: version <= (1, 4))
    monkeypatch.setattr(
        examine_module,
        "migrate",
        lambda old, version: migrate(
            old, version, current=(1, 4), migrations={(1, 3): add_horizon}
        ),
    )
    found = examine(older)
    assert [finding.code for finding in found.findings] == ["content-digest"]
    assert found.draft.horizon == 3


def as_version_1_0(file):
    """Take out what 1.2 and 1.3 added; the range of a mean square was that behind its shift."""
    put(file, "/@extension_version", "1.0")
    for layer in file["layer"].values():
        params = layer.get("params", {})
        for name in ("theta_limbs", "mult_limbs", "state_offset"):
            if name in params:
                del params[name]
        if "square_shift" in params:
            del params["square_shift"]
            shift = 2 * int(params["root_bits"][()])
            put(file, f"{layer.name}/width/state", layer["width/state"][()] << shift)


def test_a_file_of_version_1_0_is_the_same_network(model, tmp_path):
    old = edited(model, tmp_path / "old.net", as_version_1_0)
    assert lint_file(old) == []
    assert networks_equal(read_network(old), read_network(model))


def test_the_bundled_model_is_free_of_findings():
    assert lint_file(demo_model_path()) == []


def as_version_1_1(file):
    """Take out what 1.2 added to the layers of SPikE-SSM-style networks."""
    put(file, "/@extension_version", "1.1")
    for layer in file["layer"].values():
        if "mult_limbs" in layer.get("params", {}):
            del layer["params/mult_limbs"]


@pytest.mark.parametrize("classification", [True, False])
def test_a_file_of_version_1_1_of_the_second_family_is_the_same_network(classification, tmp_path):
    network = random_spike_ssm(1, classification=classification)
    write_network(network, tmp_path / "new.net")
    old = edited(tmp_path / "new.net", tmp_path / "old.net", as_version_1_1)
    assert lint_file(old) == []
    assert networks_equal(read_network(old), read_network(tmp_path / "new.net"))
