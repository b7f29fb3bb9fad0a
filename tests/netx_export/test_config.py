"""Settings: defaults, derived sizes, model.json, TOML, errors that name everything."""

import json

import pytest

from lava_spikyspace.errors import CheckpointError, InputError, UsageError
from netx_export.config import (
    Bits,
    ModelConfig,
    PublishedModelConfig,
    TrainConfig,
    read_published_config,
    roomy,
)
from netx_export.settings import parse_settings, read_toml

MODEL_JSON = {
    "d_model": 2,
    "window": 12,
    "horizon": 3,
    "layers": 3,
    "d_state": 32,
    "dt_rank": 13,
    "d_conv": 3,
    "d_inner": 41,
    "bits": {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5},
    "zero_point": "published",
    "scaler": {"mean": [58.1, 61.0], "scale": [12.2, 9.8]},
    "variates": ["773869", "767541"],
}


def _config(**changes):
    return ModelConfig(**{"d_model": 207, "window": 12, "horizon": 3, **changes})


def test_default_sizes_are_the_published_ones():
    config = _config()
    assert (config.layers, config.inner_channels, config.d_state) == (3, 41, 32)
    assert (config.step_rank, config.d_conv) == (13, 3)
    assert config.bits == Bits(c=2, s=2, delta=2, pts=5, delta1=2, x=2, y=2, y1=5)


@pytest.mark.parametrize(
    ("changes", "inner"),
    [({"expand": 2.0}, 414), ({"d_inner": 7}, 7), ({"d_model": 3}, 1), ({"expand": 0.001}, 1)],
)
def test_inner_channels(changes, inner):
    assert _config(**changes).inner_channels == inner


def test_automatic_rank_rounds_up():
    assert _config(d_model=16).step_rank == 1
    assert _config(d_model=17).step_rank == 2
    assert _config(dt_rank=5).step_rank == 5


def test_the_published_rule_brings_its_companions():
    ours, published = _config(), _config(zero_point="published")
    assert (ours.start_rule, ours.int8_weights, ours.spread_scan) == ("percentile", True, True)
    assert (published.start_rule, published.int8_weights, published.spread_scan) == (
        "published",
        False,
        False,
    )
    assert ours.zero_point_rule("c") == "none"
    assert ours.zero_point_rule("pts") == ours.zero_point_rule("y1") == "learned"
    assert published.zero_point_rule("y1") == "published"


def test_companions_can_be_chosen_one_by_one():
    config = _config(step_start="published", weights="float", internal_zero_point="none")
    assert config.start_rule == "published"
    assert not config.int8_weights
    assert config.zero_point_rule("pts") == "none"


@pytest.mark.parametrize(
    "changes",
    [
        {"expand": 0.2, "d_inner": 4},
        {"d_model": 0},
        {"d_model": 2**40},
        {"layers": 0},
        {"bits": {"c": 0}},
        {"bits": {"c": 9}},
        {"dt_rank": "some"},
        {"zero_point": "median"},
        {"normalisation": "none"},
        {"expand": float("nan")},
        {"colour": "red"},
    ],
)
def test_unusable_settings_are_refused(changes):
    with pytest.raises(UsageError):
        parse_settings(
            ModelConfig, {"d_model": 4, "window": 3, "horizon": 1, **changes}, "here", UsageError
        )


def test_an_error_names_everything_that_is_wrong():
    values = {"d_model": "many", "window": 3, "colour": "red", "bits": {"c": 70}}
    with pytest.raises(InputError) as caught:
        parse_settings(ModelConfig, values, "model.toml")
    message = caught.value.message
    for part in ("model.toml", "d_model", "'many'", "horizon", "colour", "bits.c", "70"):
        assert part in message
    assert "window" in caught.value.hint


def test_published_json_is_read(tmp_path):
    path = tmp_path / "model.json"
    path.write_text(json.dumps(MODEL_JSON))
    config = read_published_config(path)
    assert config.variates == ("773869", "767541")
    assert config.scaler.scale == (12.2, 9.8)
    assert config.model() == ModelConfig(
        d_model=2, window=12, horizon=3, d_inner=41, dt_rank=13, zero_point="published"
    )


def test_published_json_may_leave_out_what_has_a_default(tmp_path):
    path = tmp_path / "model.json"
    path.write_text('{"d_model": 32, "window": 4, "horizon": 1, "scaler": null, "dt_rank": "auto"}')
    config = read_published_config(path)
    assert config.zero_point == "published"
    assert config.scaler is None
    assert config.step_rank == 2


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"scaler": {"mean": [1.0], "scale": [1.0]}}, "scaler has 1 entries, d_model is 2"),
        ({"scaler": {"mean": [1.0, 2.0], "scale": [1.0]}}, "2 means but 1 scales"),
        ({"scaler": {"mean": [1.0, 2.0], "scale": [1.0, 0.0]}}, "positive"),
        ({"variates": ["a"]}, "variates has 1 names"),
        ({"expand": 0.2}, "expand or d_inner"),
        ({"d_modle": 3}, "d_modle"),
    ],
)
def test_inconsistent_published_json_is_refused(tmp_path, change, part):
    path = tmp_path / "model.json"
    path.write_text(json.dumps({**MODEL_JSON, **change}))
    with pytest.raises(CheckpointError) as caught:
        read_published_config(path)
    assert part in caught.value.message
    assert str(path) in caught.value.message


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "null", "\x00", '{"d_model": NaN}', "[" * 99999]
)
def test_a_file_that_is_no_json_object_is_refused(tmp_path, text):
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(CheckpointError, match=r"model\.json"):
        read_published_config(path)


def test_a_missing_json_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.json"):
        read_published_config(tmp_path / "none.json")


def test_published_settings_are_model_settings():
    assert set(PublishedModelConfig.model_fields) == {
        *ModelConfig.model_fields,
        "scaler",
        "variates",
    }


def test_toml_gives_both_tables(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("[model]\nlayers = 2\n[model.bits]\nc = 1\n[training]\nepochs = 4\n")
    tables = read_toml(path)
    assert tables == {"model": {"layers": 2, "bits": {"c": 1}}, "training": {"epochs": 4}}


def test_toml_tables_may_be_left_out(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("")
    assert read_toml(path) == {"model": {}, "training": {}}


@pytest.mark.parametrize(
    "text", ["model = 3", "[modle]\nlayers = 2", "layers = 2", "[model", "\xff"]
)
def test_toml_that_holds_anything_else_is_refused(tmp_path, text):
    path = tmp_path / "run.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"run\.toml"):
        read_toml(path)


@pytest.mark.parametrize(
    "change", [{"epochs": 0}, {"warmup": 1.0}, {"input_dropout": 1.0}, {"seed": -1}]
)
def test_unusable_training_settings_are_refused(change):
    with pytest.raises(UsageError, match=next(iter(change))):
        parse_settings(TrainConfig, change, "flags", UsageError)


def test_a_published_model_may_normalise_each_window(tmp_path):
    fields = {"d_model": 2, "window": 4, "horizon": 1, "normalisation": "instance"}
    config = PublishedModelConfig(**fields, scaler={"eps": 1e-5})
    assert config.scaler.eps == 1e-5
    for scaler in (None, {"mean": [0.0, 0.0], "scale": [1.0, 1.0]}):
        with pytest.raises(ValueError, match="belongs to the normalisation instance"):
            PublishedModelConfig(**fields, scaler=scaler)


@pytest.mark.parametrize("names", [("a", "a"), ("a", ""), ("a", "b\n")])
def test_names_that_no_file_can_hold_are_refused(names):
    with pytest.raises(ValueError, match="variates: "):
        PublishedModelConfig(d_model=2, window=4, horizon=1, variates=names)


@pytest.mark.parametrize(
    ("settings", "inner"),
    [
        ({"d_model": 10}, 32),
        ({"d_model": 207}, 41),
        ({"d_model": 10, "d_inner": None, "expand": None}, 32),
        ({"d_model": 10, "d_inner": 7}, 7),
        ({"d_model": 10, "expand": 0.5}, 5),
        ({"d_model": 10, "zero_point": "published"}, 2),
    ],
)
def test_a_model_to_train_has_room(settings, inner):
    sizes = {"window": 4, "horizon": 1}
    assert ModelConfig(**roomy({**settings, **sizes})).inner_channels == inner
