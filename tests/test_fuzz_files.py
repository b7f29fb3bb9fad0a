"""Mutants and made-up content of checkpoints, settings, hardware profiles and run directories."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import lava_spikyspace as lss
from lava_spikyspace.errors import InputError
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.profile_files import load_profile, validate_profile
from lava_spikyspace.results import RunResult
from netx_export.checkpoint import (
    Provenance,
    TrainedModel,
    load_published,
    load_training_state,
    save_checkpoint,
)
from netx_export.config import PublishedModelConfig, read_published_config
from netx_export.settings import read_toml
from netx_export.writer import write_network
from tests.bad_input import judge, judge_mutants
from tests.netx_export.small import SIZES, small_model
from tests.run_cases import small_network, walk_values

PUBLISHED = {
    **SIZES,
    "bits": {"c": 2, "pts": 5},
    "zero_point": "published",
    "scaler": {"mean": [1.0] * 5, "scale": [2.0] * 5},
    "variates": list("abcde"),
}
TOML = '[model]\nd_model = 5\nexpand = 0.5\n[training]\nepochs = 3\nloss = "mse"\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with one sound file of every kind."""
    folder = tmp_path_factory.mktemp("sound")
    model, _ = small_model(zero_point="published")
    parameters = dict(model.state_dict())
    torch.save(parameters, folder / "published.pt")
    torch.save(parameters, folder / "old.pt", _use_new_zipfile_serialization=False)
    model, _ = small_model()
    trained = TrainedModel(model, model.config, None, tuple("abcde"), Provenance(layout="own"))
    save_checkpoint(folder / "own.pt", trained)
    (folder / "model.json").write_text(json.dumps(PUBLISHED, indent=1))
    (folder / "train.toml").write_text(TOML)
    (folder / "board.toml").write_bytes(profile_paths()["kapoho_point"].read_bytes())
    network = small_network()
    write_network(network, folder / "m.net")
    frame = pd.DataFrame(walk_values(network, 12), columns=list(network.variates))
    lss.run(folder / "m.net", frame, backend="batch", record=True).save(folder / "run")
    return folder


def as_published(path):
    return load_published(path, PublishedModelConfig(**SIZES))


def as_run(path):
    return RunResult.load(path.parent)


READERS = {
    "own.pt": load_training_state,
    "published.pt": as_published,
    "old.pt": as_published,
    "model.json": read_published_config,
    "train.toml": read_toml,
    "board.toml": load_profile,
}
RUN_FILES = (
    "run.json",
    "forecasts.csv",
    "actual.csv",
    "processes.parquet",
    "channels.parquet",
    "spikes.npz",
)


def check_mutants(read, path, count, seed=0):
    assert judge(read, path) == "valid"
    outcomes = judge_mutants(read, path, count, seed)
    assert sum(outcomes.values()) == count
    assert outcomes["refused"] > count / 2
    assert judge(read, path) == "valid"


@pytest.mark.parametrize("name", READERS)
def test_mutants(folder, name):
    check_mutants(READERS[name], folder / name, 60)


def judged_run(path):
    """Read a run, of which any file may be the one that is named."""
    try:
        return as_run(path)
    except InputError as error:
        # The files vouch for each other: a mutant may show in another one of the folder.
        if str(path.parent) not in error.message:
            raise
        raise InputError(f"{path}: {error.message}") from error


@pytest.mark.parametrize("name", RUN_FILES)
def test_mutants_of_a_run(folder, name):
    check_mutants(judged_run, folder / "run" / name, 60)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", [*READERS, *RUN_FILES])
def test_many_mutants(folder, name, seed):
    if name in READERS:
        check_mutants(READERS[name], folder / name, 600, seed)
    else:
        check_mutants(judged_run, folder / "run" / name, 600, seed)


NUMBERS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([2**40, 2**62, 2**63, 10**20, "auto"])
)
JSON = st.recursive(
    NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.sampled_from([*PUBLISHED, "expand"]) | st.text(), JSON))
@settings(max_examples=80)
def test_any_values_in_model_json(changes, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any-model.json"
    path.write_text(json.dumps({**PUBLISHED, **changes}))
    judge(read_published_config, path)


@given(content=st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
@settings(max_examples=150)
def test_any_bytes_as_settings(content, tmp_path_factory):
    for name, read in (
        ("any.json", read_published_config),
        ("any.toml", read_toml),
        ("any.toml", load_profile),
    ):
        path = tmp_path_factory.getbasetemp() / name
        path.write_bytes(content)
        judge(read, path)


TENSORS = st.builds(
    lambda shape, dtype, fill: torch.full(shape, fill).to(dtype),
    st.lists(st.integers(0, 4), max_size=3),
    st.sampled_from([torch.float16, torch.float32, torch.float64, torch.int8, torch.complex64]),
    st.sampled_from([0.0, 1.0, -1.0, float("nan"), float("inf")]),
)


@given(changes=st.dictionaries(st.integers(0, 50) | st.text(), TENSORS | JSON, max_size=3))
@settings(max_examples=50)
def test_any_entries_in_a_state_dict(changes, folder, tmp_path_factory):
    parameters = torch.load(folder / "published.pt", weights_only=True)
    names = list(parameters)
    for key, value in changes.items():
        parameters[names[key % len(names)] if isinstance(key, int) else key] = value
    path = tmp_path_factory.getbasetemp() / "any.pt"
    torch.save(parameters, path)
    judge(as_published, path)


OWN_ENTRIES = [
    *("format", "version", "config", "scaler", "names", "training", "split", "metrics"),
    *("history", "resume", "state_dict", "data_name", "data_sha256", "best_epoch"),
]


@given(changes=st.dictionaries(st.sampled_from(OWN_ENTRIES), TENSORS | JSON, min_size=1))
@settings(max_examples=50)
def test_any_entries_in_our_checkpoint(changes, folder, tmp_path_factory):
    content = torch.load(folder / "own.pt", weights_only=True)
    path = tmp_path_factory.getbasetemp() / "any-own.pt"
    torch.save({**content, **changes}, path)
    judge(load_training_state, path)


def leaves(value, place=()):
    """Yield the places of all values of a JSON document."""
    yield place
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*place, key))


@given(data=st.data())
@settings(max_examples=150)
def test_any_value_in_any_place_of_a_run(data, folder):
    path = folder / "run" / "run.json"
    whole = path.read_text()
    document = json.loads(whole)
    place = data.draw(st.sampled_from(list(leaves(document))[1:]))
    holder = document
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(JSON)
    try:
        path.write_text(json.dumps(document))
        judge(judged_run, path)
    finally:
        path.write_text(whole)


@given(
    key=st.sampled_from(["name", "kind", "extends", "cores", "chips"]) | st.text(max_size=8),
    value=NUMBERS.filter(lambda value: value is not None),
)
@settings(max_examples=40)
def test_any_entry_in_a_profile(key, value, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any-profile.toml"
    # TOML writes these values and keys as JSON does, but for lone surrogates and control characters
    path.write_text(f'extends = "loihi2"\n{json.dumps(key)} = {json.dumps(value)}\n')
    judge(load_profile, path)
    try:
        validate_profile(path)
    except InputError:
        assert Path(path).exists()  # the file is refused as a whole, and left alone
