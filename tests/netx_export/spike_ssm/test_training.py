"""Training of SPikE-SSM-style models: data of both kinds, checkpoints, resuming, bad input."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lava_spikyspace.datasets import LabelledSequences, read_table  # noqa: E402
from lava_spikyspace.errors import CheckpointError, DataError, UsageError  # noqa: E402
from netx_export.checkpoint import load_checkpoint, parameters_of  # noqa: E402
from netx_export.comparing import compare  # noqa: E402
from netx_export.exporting import ExportOptions  # noqa: E402
from netx_export.families import export, load_trained  # noqa: E402
from netx_export.spike_ssm import checkpoint as checkpoints  # noqa: E402
from netx_export.spike_ssm.config import SpikeSsmConfig, SpikeSsmTraining  # noqa: E402
from netx_export.spike_ssm.examples import input_scaler, prepare, sizes_of  # noqa: E402
from netx_export.spike_ssm.training import fit  # noqa: E402
from tests.netx_export.small_model import make_table  # noqa: E402

SMALL = {"d_model": 6, "d_state": 2, "layers": 1}
SPLIT = (0.6, 0.2, 0.2)


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    """Return sequences that say in which of three channels a pulse comes first."""
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=160)
    inputs = 20.0 * rng.normal(size=(160, 10, 3))
    for channel in range(3):
        inputs[labels == channel, 2:4, channel] += 200.0
    path = tmp_path_factory.mktemp("sequences") / "pulses.npz"
    np.savez(path, inputs=inputs, labels=labels)
    return read_table(path)


def settings(**changes):
    return SpikeSsmTraining(**{"epochs": 3, "batch_size": 16, "learning_rate": 1e-2, **changes})


def config_of(data, **changes):
    sizes = {} if isinstance(data, LabelledSequences) else {"window": 6, "horizon": 2}
    return SpikeSsmConfig(**sizes_of(data, {**SMALL, **sizes, **changes}))


def same(one, other):
    first, second = parameters_of(one.model), parameters_of(other.model)
    return all(torch.equal(first[name], second[name]) for name in first)


def test_a_classifier_learns_pulses_and_survives_its_file(sequences, tmp_path):
    path = tmp_path / "ck.pt"
    reports = []
    trained = fit(
        sequences,
        config_of(sequences),
        settings(epochs=12),
        split=SPLIT,
        checkpoint=path,
        on_epoch=reports.append,
    )
    assert trained.provenance.metrics["test"]["all"]["accuracy"] > 0.8
    assert trained.provenance.metrics["majority"]["all"]["accuracy"] < 0.6
    assert trained.provenance.best_epoch == 11
    assert reports[-1].loss < reports[0].loss
    assert 0 < reports[-1].firing_rate < 1
    loaded = load_trained(path)
    assert same(loaded, trained)
    assert loaded.config == trained.config
    assert loaded.provenance.metrics == trained.provenance.metrics
    assert np.array_equal(loaded.scaler.scale, [256.0] * 3)


@pytest.mark.parametrize("kind", ["sequences", "table"])
def test_resumed_is_the_same_as_in_one_go(sequences, tmp_path, kind):
    data = sequences if kind == "sequences" else make_table()
    config, path = config_of(data), tmp_path / "ck.pt"
    whole = fit(data, config, settings(), split=SPLIT)

    def stop(report):
        if report.epoch == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(data, config, settings(), split=SPLIT, checkpoint=path, on_epoch=stop)
    resumed = fit(data, config, settings(), split=SPLIT, checkpoint=path, resume=True)
    assert same(whole, resumed)
    assert whole.provenance.history == resumed.provenance.history
    again = fit(data, config, settings(), split=SPLIT, checkpoint=path, resume=True)
    assert same(again, resumed)
    with pytest.raises(CheckpointError, match=r"training\.seed"):
        fit(data, config, settings(seed=1), split=SPLIT, checkpoint=path, resume=True)
    with pytest.raises(UsageError, match="exists already"):
        fit(data, config, settings(), split=SPLIT, checkpoint=path)


def test_a_forecaster_starts_from_the_better_baseline_and_keeps_its_best_epoch(tmp_path):
    table = make_table()
    trained = fit(table, config_of(table), settings(epochs=2), split=SPLIT)
    history = [epoch["quality"] for epoch in trained.provenance.history]
    assert trained.provenance.best_epoch == int(np.argmax(history))
    metrics = trained.provenance.metrics
    best = max(metrics[name]["all"]["r2"] for name in ("persistence", "ridge"))
    assert metrics["test"]["all"]["r2"] > best - 0.3
    assert trained.names == table.names


def test_short_sequences_first(sequences):
    short = fit(sequences, config_of(sequences), settings(epochs=1), split=SPLIT)
    config = config_of(sequences)
    longer = fit(sequences, config, settings(epochs=1), split=SPLIT, initial=short)
    assert not same(longer, fit(sequences, config, settings(epochs=1), split=SPLIT))
    with pytest.raises(UsageError, match="other sizes"):
        fit(sequences, config_of(sequences, d_model=7), settings(), split=SPLIT, initial=short)


@pytest.mark.parametrize("kind", ["sequences", "table"])
def test_export_and_compare(sequences, kind):
    data = sequences if kind == "sequences" else make_table()
    trained = fit(data, config_of(data), settings(), split=SPLIT)
    result = export(trained, data, ExportOptions(golden=2))
    network = result.network
    assert result.diagnostics == ()
    assert network.variates == trained.names
    assert network.provenance["checkpoint"]["training"]["seed"] == 0
    assert network.provenance["split"] == list(SPLIT)
    found = compare(network, trained, data)
    assert [layer.name for layer in found.layers] == ["blocks.0.neurons"]
    assert found.layers[0].agreement >= 0.999
    assert found.relative_l2 < 1e-2
    assert found.parameters.different == ()
    if kind == "sequences":
        assert found.r2_float is None
        assert found.classes.windows == 160
        assert found.classes.same >= 159
        assert found.classes.accuracy_integer == pytest.approx(
            found.classes.accuracy_float, abs=0.02
        )
    else:
        assert found.classes is None
        assert found.r2_integer == pytest.approx(found.r2_float, abs=1e-2)
    network["blocks.0.neurons"].threshold[2] += 1
    (changed,) = compare(network, trained, data, windows=4).parameters.different
    assert (changed.layer, changed.index) == ("blocks.0.neurons", (2,))
    other = fit(data, config_of(data, d_model=5), settings(epochs=1), split=SPLIT)
    with pytest.raises(CheckpointError, match="d_model 5 and 6"):
        compare(network, other, data)
    with pytest.raises(UsageError, match="fraction bits of gate"):
        export(trained, data, ExportOptions(formats={"gate": 12}))


def test_data_that_do_not_fit(sequences):
    table = make_table()
    trained = fit(sequences, config_of(sequences), settings(epochs=1), split=SPLIT)
    with pytest.raises(DataError, match=r"variates|labelled sequences"):
        export(trained, table)
    with pytest.raises(UsageError, match="need --window and --horizon"):
        sizes_of(table, {"window": 5})
    with pytest.raises(UsageError, match="labelled sequences have none"):
        sizes_of(sequences, {"horizon": 2})
    with pytest.raises(DataError, match="sequences of 10 steps, expected 9"):
        sizes_of(sequences, {"window": 9})
    with pytest.raises(DataError, match="label 2, expected 0 to 1"):
        prepare(sequences, config_of(sequences, outputs=2), SPLIT)
    with pytest.raises(UsageError, match="no sequence to train on"):
        prepare(sequences, config_of(sequences), (0.0, 0.0, 1.0))
    with pytest.raises(UsageError, match="validate"):
        fit(sequences, config_of(sequences), settings(keep="best"), split=(0.8, 0.0, 0.2))


def test_inputs_are_scaled_by_powers_of_two():
    scaler = input_scaler(np.array([[0.0, 3.0, -200.0], [0.0, 1.0, 100.0]]))
    assert scaler.scale.tolist() == [1.0, 4.0, 256.0]
    assert not scaler.mean.any()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda c: c["state_dict"].pop("head.linear.bias"), r"missing head\.linear\.bias \[3\]"),
        (lambda c: c["state_dict"].update(extra=torch.zeros(1)), "unknown extra"),
        (
            lambda c: c["state_dict"].update({"head.linear.bias": torch.full((3,), np.nan)}),
            r"head\.linear\.bias: found NaN",
        ),
        (
            lambda c: c["state_dict"]["blocks.0.norm.norm.running_var"].fill_(-1),
            "negative variance",
        ),
        (lambda c: c["config"].update(tau=2.0), "config: tau"),
        (lambda c: c.update(family="other"), "family other, expected spike-ssm"),
        (lambda c: c.update(scaler=None), "scaler: expected mean and scale"),
        (lambda c: c.update(names=["a"]), "names has 1 entries, expected 3"),
    ],
)
def test_broken_checkpoints_are_refused(sequences, tmp_path, change, told):
    path = tmp_path / "ck.pt"
    fit(sequences, config_of(sequences), settings(epochs=1), split=SPLIT, checkpoint=path)
    with pytest.raises(CheckpointError, match="family spike-ssm, expected spikyspace"):
        load_checkpoint(path)
    content = torch.load(path, weights_only=True)
    change(content)
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=told):
        checkpoints.load(path)


def test_unresolved_spikes_are_warned_of(sequences):
    config = config_of(sequences, engine="pmbc", rounds=1, tau=0.9)
    with pytest.warns(UserWarning, match="PMBC left"):
        trained = fit(sequences, config, settings(epochs=1), split=SPLIT)
    assert trained.provenance.history[0]["unresolved"] > 0.02
