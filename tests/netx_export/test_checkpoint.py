"""Checkpoints of both layouts: round trip, and one clear error for whatever is wrong with one."""

import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lava_spikyspace.datasets import InstanceScaler, Scaler
from lava_spikyspace.errors import CheckpointError, UsageError
from netx_export.checkpoint import (
    FORMAT,
    Provenance,
    TrainedModel,
    TrainingState,
    load_checkpoint,
    load_published,
    load_training_state,
    save_checkpoint,
)
from netx_export.config import PublishedModelConfig, TrainConfig
from tests.netx_export.small import SIZES, small_model

NAMES = ("a", "b", "c", "d", "e")


def _trained(**changes):
    model, windows = small_model(**changes)
    origin = Provenance(
        layout="own",
        training=TrainConfig(epochs=2),
        data_name="waves.csv",
        data_sha256="ab" * 32,
        split=(0.6, 0.2, 0.2),
        metrics={"valid_r2": 0.5},
        best_epoch=1,
        history=({"epoch": 0, "loss": 1.0}, {"epoch": 1, "loss": 0.5}),
    )
    scaler = Scaler.from_dict({"mean": [1.0, 2.0, 3.0, 4.0, 5.0], "scale": [1.0] * 4 + [0.1]})
    return TrainedModel(model, model.config, scaler, NAMES, origin), windows


def _published_config(**changes):
    return PublishedModelConfig(**{**SIZES, **changes})


@pytest.fixture
def published(tmp_path):
    """Return a state dict in the published layout and where to save it."""
    model, windows = small_model(zero_point="published")
    return dict(model.state_dict()), tmp_path / "published.pt", model, windows


@pytest.mark.parametrize("rule", ["none", "learned", "published"])
def test_round_trip(tmp_path, rule):
    trained, windows = _trained(zero_point=rule)
    trained.model.quantizers()["blocks.0.dt_proj"].freeze(0.5)
    path = tmp_path / "ck.pt"
    save_checkpoint(path, trained)
    loaded = load_checkpoint(path)
    assert loaded.config == trained.config
    assert loaded.names == NAMES
    assert loaded.scaler.to_dict() == trained.scaler.to_dict()
    assert loaded.provenance.training == TrainConfig(epochs=2)
    assert loaded.provenance.split == (0.6, 0.2, 0.2)
    assert loaded.provenance.history == trained.provenance.history
    assert len(loaded.provenance.sha256) == 64
    assert not loaded.model.training
    with torch.no_grad():
        assert torch.equal(loaded.model(windows), trained.model(windows))


def test_an_instance_scaler_comes_back(tmp_path):
    trained, _ = _trained(normalisation="instance")
    save_checkpoint(tmp_path / "ck.pt", replace(trained, scaler=InstanceScaler(eps=0.25)))
    assert load_checkpoint(tmp_path / "ck.pt").scaler == InstanceScaler(eps=0.25)


def test_steps_of_channels_come_back_and_must_be_positive(tmp_path):
    trained, windows = _trained(channel_steps=True)
    save_checkpoint(tmp_path / "ck.pt", trained)
    with torch.no_grad():
        assert torch.equal(
            load_checkpoint(tmp_path / "ck.pt").model(windows), trained.model(windows)
        )
        trained.model.mixers[1].channel_steps[2] = -0.5
    save_checkpoint(tmp_path / "ck.pt", trained, force=True)
    with pytest.raises(
        CheckpointError, match=r"layers\.1\.mixer\.channel_steps: found a step of -0"
    ):
        load_checkpoint(tmp_path / "ck.pt")


@pytest.mark.parametrize("normalisation", ["fixed", "instance"])
def test_a_scaler_of_another_normalisation_is_refused(tmp_path, normalisation):
    trained, _ = _trained(normalisation=normalisation)
    other = InstanceScaler(eps=1.0) if normalisation == "fixed" else trained.scaler
    save_checkpoint(tmp_path / "ck.pt", replace(trained, scaler=other))
    with pytest.raises(CheckpointError, match=f"expected one of the normalisation {normalisation}"):
        load_checkpoint(tmp_path / "ck.pt")


def test_the_former_switch_of_the_head_is_understood():
    assert TrainConfig(persistence_head=True).head_start == "persistence"
    assert TrainConfig(persistence_head=False).head_start == "random"
    assert TrainConfig(persistence_head=None).head_start is None


def test_the_same_content_gives_the_same_bytes(tmp_path):
    trained, _ = _trained()
    save_checkpoint(tmp_path / "one.pt", trained)
    save_checkpoint(tmp_path / "another.pt", trained)
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "another.pt").read_bytes()


def test_a_file_is_replaced_only_when_asked(tmp_path):
    trained, _ = _trained()
    path = tmp_path / "ck.pt"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        save_checkpoint(path, trained)
    assert path.read_text() == "mine"
    save_checkpoint(path, trained, force=True)
    assert load_checkpoint(path).config == trained.config


def test_training_state_travels_along(tmp_path):
    trained, _ = _trained()
    path = tmp_path / "ck.pt"
    state = TrainingState(3, dict(trained.model.state_dict()), {"a": 1}, {"b": [2.0]}, 0.25)
    save_checkpoint(path, trained, state=state)
    _, loaded = load_training_state(path)
    assert (loaded.epoch, loaded.optimizer, loaded.best_r2) == (3, {"a": 1}, 0.25)
    save_checkpoint(path, trained, force=True)
    assert load_training_state(path)[1] is None


def _saved(tmp_path, change):
    """Save a checkpoint whose dict was changed."""
    trained, _ = _trained()
    path = tmp_path / "ck.pt"
    save_checkpoint(path, trained)
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.update(format="other"), "expected a checkpoint"),
        (lambda c: c.update(version=99), "version 99, expected 1"),
        (lambda c: c.pop("scaler"), "scaler: Field required"),
        (lambda c: c.update(extra=1), "extra"),
        (lambda c: c["config"].update(layers=3), "missing layers.2.norm.weight"),
        (lambda c: c["config"].update(d_inner=65536), r"expected \[131072, 5\]"),
        (lambda c: c["config"].update(d_model=2**40), "d_model"),
        (lambda c: c["config"].update(colour="red"), "colour"),
        (lambda c: c["training"].update(epochs="many"), "epochs"),
        (lambda c: c.update(names=["a"]), "names has 1 entries, expected 5"),
        (lambda c: c["scaler"].update(scale=[0.0] * 5), "positive"),
        (lambda c: c["scaler"].update(mean=[0.0], scale=[1.0]), "scaler has 1 entries"),
        (lambda c: c.update(state_dict={}), "missing layers.0.norm.weight"),
        (lambda c: c["state_dict"].update(intruder=torch.zeros(1)), "unknown intruder"),
        (lambda c: c["state_dict"].update({"forecast_head.bias": 3.0}), "found float"),
        (
            lambda c: c["state_dict"].update({"forecast_head.bias": torch.zeros(2).long()}),
            "int64",
        ),
        (
            lambda c: c["state_dict"].update(
                {"forecast_head.bias": torch.tensor([1.0, torch.nan])}
            ),
            "NaN",
        ),
        (
            lambda c: c["state_dict"].update({"layers.0.mixer.clip_pts": torch.tensor(-1.0)}),
            "step of -1",
        ),
        (
            lambda c: c["state_dict"].update({"layers.0.mixer.clip_c": torch.tensor(0.0)}),
            "step of 0",
        ),
    ],
)
def test_unusable_content_is_refused(tmp_path, change, message):
    path = _saved(tmp_path, change)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    assert str(path) in caught.value.message


class _Evil:
    def __reduce__(self):
        return (Path.touch, (Path("evil-was-here"),))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"NetX? no, text.",
        b"PK\x03\x04",
        b"\x80\x02}q\x00.",
        pickle.dumps([1, 2]),
        b"\x80\x04N.",
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path, content):
    path = tmp_path / "ck.pt"
    path.write_bytes(content)
    for load in (load_checkpoint, lambda p: load_published(p, _published_config())):
        with pytest.raises(CheckpointError, match=r"ck\.pt"):
            load(path)


def test_code_in_a_pickle_does_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"format": FORMAT, "version": 1, "config": _Evil()}, "ck.pt")
    with pytest.raises(CheckpointError, match=r"ck\.pt"):
        load_checkpoint(Path("ck.pt"))
    assert not Path("evil-was-here").exists()


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        load_checkpoint(tmp_path / "none.pt")


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_still_whole(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "ck.pt"
    trained, _ = _trained()
    save_checkpoint(path, trained)
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 8))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    try:
        loaded = load_checkpoint(path)
    except CheckpointError as error:
        assert str(path) in error.message  # noqa: PT017 - either outcome is right
    else:
        assert loaded.config.d_model == 5


def test_published_layout(published):
    entries, path, model, windows = published
    torch.save(entries, path)
    loaded = load_published(path, _published_config(variates=NAMES))
    assert loaded.names == NAMES
    assert loaded.scaler is None
    assert loaded.provenance.layout == "published"
    with torch.no_grad():
        assert torch.equal(loaded.model(windows), model(windows))


def test_published_scaler_and_vector_steps(published):
    entries, path, _, _ = published
    entries = {
        name: value.reshape(1) if ".clip_" in name else value for name, value in entries.items()
    }
    torch.save(entries, path)
    scaler = {"mean": [0.0, 1.0, 2.0, 3.0, 4.0], "scale": [2.0] * 5}
    loaded = load_published(path, _published_config(scaler=scaler))
    assert loaded.scaler.to_dict() == scaler


def test_unused_names_are_ignored(published):
    entries, path, _, _ = published
    for name in (
        "encoder.weight",
        "encoder.0.bias",
        "sequence_projector",
        "sequence_projector.weight",
        "fc_out.bias",
        "layers.1.mixer.res_proj.weight",
    ):
        entries[name] = torch.zeros(3, 3)
    torch.save(entries, path)
    load_published(path, _published_config())


@pytest.mark.parametrize(
    "name",
    ["decoder.weight", "layers.0.res_proj.weight", "layers.9.norm.weight", "my.encoder.weight"],
)
def test_any_other_unknown_name_is_refused(published, name):
    entries, path, _, _ = published
    entries[name] = torch.zeros(3)
    torch.save(entries, path)
    with pytest.raises(CheckpointError, match=f"unknown {name}"):
        load_published(path, _published_config())


def test_everything_wrong_is_named_together(published):
    entries, path, _, _ = published
    del entries["layers.0.mixer.A_log"]
    entries["layers.1.mixer.D"] = torch.zeros(9)
    entries["surplus"] = torch.zeros(1)
    torch.save(entries, path)
    with pytest.raises(CheckpointError) as caught:
        load_published(path, _published_config())
    message = caught.value.message
    assert "3 entries" in message
    assert "missing layers.0.mixer.A_log [4, 3]" in message
    assert "layers.1.mixer.D: found shape [9], expected [4]" in message
    assert "unknown surplus [1]" in message


def test_all_entries_of_a_usual_model_are_named(published):
    _, path, _, _ = published
    torch.save({"surplus": torch.zeros(2, 3)}, path)
    with pytest.raises(CheckpointError) as caught:
        load_published(path, _published_config())
    assert caught.value.message.count("missing ") == 38
    assert "unknown surplus [2, 3]" in caught.value.message


def test_endless_lists_are_cut(published):
    entries, path, _, _ = published
    torch.save({**entries, **{f"surplus.{n}": torch.zeros(1) for n in range(900)}}, path)
    with pytest.raises(CheckpointError, match=r"900 entries.*surplus\.0 .*; and \d+ more$"):
        load_published(path, _published_config())


@pytest.mark.parametrize(
    ("wrap", "hint"),
    [
        (lambda entries: {"epoch": 3, "state_dict": entries}, "in the entry state_dict"),
        (lambda entries: {f"module.{k}": v for k, v in entries.items()}, "start with module."),
    ],
)
def test_what_is_wrapped_around_the_parameters_is_named(published, wrap, hint):
    entries, path, _, _ = published
    torch.save(wrap(entries), path)
    with pytest.raises(CheckpointError) as caught:
        load_published(path, _published_config())
    assert hint in caught.value.hint


def test_a_plain_file_without_zero_points_needs_none(published):
    entries, path, _, _ = published
    torch.save(entries, path)
    quantizers = load_published(path, _published_config(zero_point="none")).model.quantizers()
    assert {q.fixed_zero_point for q in quantizers.values() if not q.signed} == {0.0}


def test_the_layouts_point_at_each_other(published):
    entries, path, _, _ = published
    torch.save(entries, path)
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    assert "--config" in caught.value.hint
    trained, _ = _trained()
    save_checkpoint(path, trained, force=True)
    with pytest.raises(CheckpointError, match="is a checkpoint of lava-spikyspace"):
        load_published(path, _published_config())
