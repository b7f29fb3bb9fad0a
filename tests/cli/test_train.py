"""`lss train`: flags, settings file, results, resume, errors."""

import json
import re

import numpy as np
import pytest
import torch
import typer

from lava_spikyspace import availability
from lava_spikyspace.cli.app import build_app
from lava_spikyspace.cli.train import train
from netx_export import training
from netx_export.checkpoint import load_checkpoint
from netx_export.config import DEFAULT_EXPAND, ModelConfig, TrainConfig
from netx_export.spike_ssm.config import SpikeSsmConfig

QUICK = ("--window", "5", "--horizon", "2", "--layers", "1", "--d-inner", "3", "--d-state", "2")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A CSV of three noisy waves."""
    path = tmp_path_factory.mktemp("train") / "waves.csv"
    time = np.arange(60)[:, None]
    noise = np.random.default_rng(0).normal(size=(60, 3))
    values = 20 + 5 * np.sin(time / (2.0 + np.arange(3))) + noise
    lines = [",".join(map(str, row)) for row in values.tolist()]
    path.write_text("north,south,west\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def lss_train(call, table, tmp_path):
    """Run the command on the table; the checkpoint is ``ck.pt`` in the test's folder."""

    def run(*flags):
        files = ("--data", str(table), "--out", str(tmp_path / "ck.pt"))
        return call(train, "probe", *files, *flags)

    return run


def test_json_and_checkpoint(lss_train, tmp_path):
    called = lss_train(*QUICK, "--epochs", "2", "--split", "0.6,0.2,0.2", "--json")
    assert called.code == 0, called.stderr
    data = called.envelope["data"]
    trained = load_checkpoint(tmp_path / "ck.pt")
    assert data["metrics"] == trained.provenance.metrics["test"]
    baselines = {name: trained.provenance.metrics[name] for name in ("persistence", "ridge")}
    assert data["baselines"] == baselines
    assert data["config"] == trained.config.model_dump(mode="json")
    assert data["split"] == [0.6, 0.2, 0.2]
    assert data["epochs"] == 2
    assert data["best"]["valid_r2"] == trained.provenance.metrics["valid_r2"]
    assert trained.names == ("north", "south", "west")
    assert trained.config.inner_channels == 3


def test_table_stands_on_stdout_and_the_rest_on_stderr(lss_train):
    called = lss_train(*QUICK, "--epochs", "2")
    rows = [line.split() for line in called.stdout.splitlines()]
    forecasts = [row[1] for row in rows if row[:1] == ["all"]]
    assert forecasts == ["model", "scan", "persistence", "ridge"]
    assert "best of 2 epochs" in called.stdout
    assert len(re.findall(r"epoch \d/2: loss .* firing rate", called.stderr)) == 2
    assert "epoch 1/2" not in called.stdout


def test_flags_win_over_the_file(lss_train, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        "[model]\nwindow = 4\nhorizon = 2\nlayers = 1\nexpand = 3.0\nd_state = 2\n"
        "[model.bits]\nc = 3\ns = 3\n[training]\nepochs = 7\nseed = 5\nbatch_size = 8\n"
    )
    flags = ("--d-inner", "2", "--bits", "c=1,y1=4", "--epochs", "1", "--dt-rank", "2")
    data = lss_train("--config", str(path), *flags, "--json").envelope["data"]
    config, settings = ModelConfig(**data["config"]), TrainConfig(**data["training"])
    assert (config.window, config.inner_channels, config.step_rank) == (4, 2, 2)
    assert (config.bits.c, config.bits.s, config.bits.y1, config.bits.x) == (1, 3, 4, 2)
    assert (settings.epochs, settings.seed, settings.batch_size) == (1, 5, 8)


def test_resume_continues_and_finishes(lss_train, tmp_path, monkeypatch):
    flags = (*QUICK, "--epochs", "3")
    assert lss_train(*flags).code == 0
    whole = (tmp_path / "ck.pt").read_bytes()
    (tmp_path / "ck.pt").unlink()

    report = training._Run._report

    def interrupted(self, epoch, loss):
        if epoch == 1:
            raise KeyboardInterrupt
        return report(self, epoch, loss)

    with monkeypatch.context() as patch:
        patch.setattr(training._Run, "_report", interrupted)
        assert lss_train(*flags).code == 130
    called = lss_train(*flags, "--resume")
    assert called.code == 0
    assert "epoch 1/3" not in called.stderr
    assert (tmp_path / "ck.pt").read_bytes() == whole


def test_an_existing_checkpoint_is_kept(lss_train, tmp_path):
    (tmp_path / "ck.pt").write_text("mine")
    called = lss_train(*QUICK)
    assert called.code == 2
    assert "--force" in called.stderr
    assert "--resume" in called.stderr
    assert (tmp_path / "ck.pt").read_text() == "mine"


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (("--horizon", "2"), "window"),
        ((*QUICK, "--bits", "c:2"), "c=2"),
        ((*QUICK, "--bits", "q=2"), "bits.q"),
        ((*QUICK, "--dt-rank", "some"), "dt_rank"),
        ((*QUICK, "--expand", "1.0"), "expand or d_inner"),
        ((*QUICK, "--epochs", "0"), "epochs"),
        ((*QUICK, "--split", "0.7,0.2"), "0.7,0.2"),
        ((*QUICK, "--resume"), "no such checkpoint"),
    ],
)
def test_usage_errors(lss_train, tmp_path, flags, part):
    called = lss_train(*flags)
    assert called.code == 2
    assert part in called.stderr
    assert "Traceback" not in called.stderr
    assert not (tmp_path / "ck.pt").exists()


@pytest.mark.parametrize(
    ("content", "part"), [("[model]\nwindow = ", "run.toml"), ("[training]\nseeed = 1", "seeed")]
)
def test_a_bad_settings_file(lss_train, tmp_path, content, part):
    (tmp_path / "run.toml").write_text(content)
    called = lss_train(*QUICK, "--config", str(tmp_path / "run.toml"))
    assert called.code in (2, 3)
    assert part in called.stderr


def test_a_missing_table_is_bad_input(call, tmp_path):
    files = ("--data", str(tmp_path / "none.csv"), "--out", str(tmp_path / "ck.pt"))
    called = call(train, "probe", *files, *QUICK)
    assert called.code == 3
    assert "none.csv" in called.stderr


def test_without_torch_the_extra_is_named(lss_train, monkeypatch):
    installed = availability._is_installed
    monkeypatch.setattr(availability, "_is_installed", lambda m: m != "torch" and installed(m))
    called = lss_train(*QUICK)
    assert called.code == 4
    assert "lava-spikyspace[export]" in called.stderr


def test_the_help_tells_the_true_defaults():
    command = typer.main.get_command(build_app({"train": train, "other": train}))
    options = {option.name: option for option in command.commands["train"].params}
    family = {name: field.default for name, field in SpikeSsmConfig.model_fields.items()}
    defaults = {
        **{name: field.default for name, field in ModelConfig.model_fields.items()},
        **{name: value for name, value in family.items() if name not in ("layers", "d_state")},
        **{name: field.default for name, field in TrainConfig.model_fields.items()},
        "expand": DEFAULT_EXPAND,
    }
    told = {
        name: found.group(1)
        for name, option in options.items()
        if (found := re.search(r"default ([\w.]*\w)", option.help or ""))
    }
    del told["bits"]
    assert len(told) > 8
    assert told == {name: str(defaults[name]) for name in told}
    for name in ("layers", "d_state"):
        assert f"of spike-ssm {family[name]}." in options[name].help


def test_real_data(lss_train, shared_data, call, tmp_path):
    """One epoch on a cut of real traffic: still near the persistence that it starts from."""
    source = (shared_data / "metr_la_week_207.csv").read_text().splitlines()
    cut = tmp_path / "cut.csv"
    cut.write_text("\n".join(",".join(line.split(",")[:9]) for line in source[:300]) + "\n")
    files = ("--data", str(cut), "--out", str(tmp_path / "real.pt"))
    flags = ("--window", "12", "--horizon", "3", "--layers", "1", "--epochs", "1", "--json")
    called = call(train, "probe", *files, *flags)
    assert called.code == 0, called.stderr
    data = json.loads(called.stdout)["data"]
    assert data["config"]["d_model"] == 8
    persistence = data["baselines"]["persistence"]["all"]["r2"]
    assert abs(data["metrics"]["all"]["r2"] - persistence) < 0.3
    assert torch.isfinite(torch.tensor(data["best"]["loss"]))


def test_a_float_model_is_trained_and_then_gets_codes(lss_train, tmp_path):
    settings = tmp_path / "float.toml"
    settings.write_text("[model]\nquantised = false\n")
    first = lss_train(*QUICK, "--epochs", "1", "--config", str(settings))
    assert first.code == 0, first.stderr
    assert "of it scan" in first.stderr
    assert "firing rate 0.0%" in first.stdout
    (tmp_path / "ck.pt").rename(tmp_path / "float.pt")
    second = lss_train(*QUICK, "--epochs", "1", "--init", str(tmp_path / "float.pt"), "--json")
    assert second.code == 0, second.stderr
    assert second.envelope["data"]["config"]["quantised"] is True
    saved = load_checkpoint(tmp_path / "ck.pt").provenance
    assert saved.initial_sha256 == load_checkpoint(tmp_path / "float.pt").provenance.sha256
