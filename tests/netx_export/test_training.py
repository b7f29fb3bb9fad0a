"""The training loop: learns, repeats itself, resumes, stops, refuses."""

from dataclasses import replace

import pytest
import torch

from lava_spikyspace.errors import CheckpointError, DataError, UsageError
from netx_export.batches import WindowData
from netx_export.checkpoint import load_checkpoint, load_training_state
from netx_export.config import TrainConfig
from netx_export.training import fit
from tests.netx_export.small import small_config, small_table

SPLIT = (0.6, 0.2, 0.2)
QUICK = TrainConfig(epochs=4, batch_size=16, learning_rate=5e-3)


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def _fit(settings=QUICK, *, config=None, **options):
    return fit(small_table(), config or small_config(), settings, split=SPLIT, **options)


def _same(one, other):
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_training_beats_persistence_and_tells_what_it_did():
    reports = []
    trained = _fit(
        TrainConfig(epochs=12, batch_size=16, learning_rate=1e-2, input_dropout=0.0),
        on_epoch=reports.append,
    )
    metrics = trained.provenance.metrics
    assert metrics["test"]["all"]["r2"] > metrics["persistence"]["all"]["r2"]
    assert set(metrics["scan_ablated"]) == {"1", "2", "all"}
    assert [report.epoch for report in reports] == list(range(12))
    assert reports[-1].loss < reports[0].loss
    best = max(reports, key=lambda report: report.valid_r2)
    assert trained.provenance.best_epoch == best.epoch
    assert metrics["valid_r2"] == best.valid_r2
    assert len(trained.provenance.history) == 12
    assert len(best.firing_rates) == 12
    assert all(0 <= rate <= 1 for rate in best.firing_rates.values())
    assert set(best.constant_scan_outputs) == {"blocks.0.scan", "blocks.1.scan"}
    assert any(report.scan_contribution != 0 for report in reports)


@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_does_not_matter(tmp_path, threads):
    _fit(checkpoint=tmp_path / "one.pt")
    torch.set_num_threads(threads)
    _fit(checkpoint=tmp_path / "more.pt")
    assert torch.get_num_threads() == threads
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "more.pt").read_bytes()


def test_an_epoch_may_see_some_of_the_windows_only():
    told = []
    settings = TrainConfig(epochs=3, batch_size=8, epoch_windows=20)
    trained = _fit(settings, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 9) for done in range(1, 10)]
    assert len(trained.provenance.history) == 3


@pytest.mark.parametrize("start", ["persistence", "ridge"])
def test_training_starts_from_a_linear_forecast(start):
    settings = TrainConfig(
        epochs=1, learning_rate=1e-9, head_start=start, firing_penalty=0, input_dropout=0
    )
    config = small_config(normalisation="instance")
    metrics = _fit(settings, config=config).provenance.metrics
    assert metrics["test"]["all"]["r2"] == pytest.approx(metrics[start]["all"]["r2"], abs=0.03)


def test_same_seed_same_bytes(tmp_path):
    settings = QUICK.model_copy(update={"input_dropout": 0.3, "firing_penalty": 0.1})
    for name in ("one.pt", "two.pt"):
        _fit(settings, checkpoint=tmp_path / name)
        torch.rand(3)  # the caller's random state must not matter
    assert (tmp_path / "one.pt").read_bytes() == (tmp_path / "two.pt").read_bytes()
    other = _fit(settings.model_copy(update={"seed": 1}))
    assert not _same(other, load_checkpoint(tmp_path / "one.pt"))


def test_training_leaves_global_settings_alone():
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    _fit(TrainConfig(epochs=1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()


class _StopError(Exception):
    """Stands for an interruption."""


def _stop_after(epoch):
    def listen(report):
        if report.epoch == epoch:
            raise _StopError

    return listen


@pytest.mark.parametrize("schedule", ["one_cycle", "constant"])
@pytest.mark.parametrize("rule", ["none", "learned", "published"])
def test_a_resumed_run_ends_as_an_uninterrupted_one(tmp_path, rule, schedule):
    config = small_config(zero_point=rule)
    settings = QUICK.model_copy(update={"input_dropout": 0.3, "schedule": schedule})
    whole, parts = tmp_path / "whole.pt", tmp_path / "parts.pt"
    _fit(settings, config=config, checkpoint=whole)
    with pytest.raises(_StopError):
        _fit(settings, config=config, checkpoint=parts, on_epoch=_stop_after(0))
    assert load_training_state(parts)[1].epoch == 1
    with pytest.raises(_StopError):
        _fit(settings, config=config, checkpoint=parts, resume=True, on_epoch=_stop_after(2))
    _fit(settings, config=config, checkpoint=parts, resume=True)
    assert parts.read_bytes() == whole.read_bytes()


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    path = tmp_path / "ck.pt"
    trained = _fit(checkpoint=path)
    before = path.read_bytes()
    again = _fit(checkpoint=path, resume=True, on_epoch=_stop_after(0))
    assert _same(again, trained)
    assert again.provenance.metrics == trained.provenance.metrics
    assert path.read_bytes() == before


def test_resuming_another_run_is_refused_with_the_differences(tmp_path):
    path = tmp_path / "ck.pt"
    _fit(checkpoint=path)
    with pytest.raises(CheckpointError, match="another run") as caught:
        fit(
            replace(small_table(), sha256="1" * 64),
            small_config(layers=1),
            QUICK.model_copy(update={"epochs": 9}),
            split=SPLIT,
            checkpoint=path,
            resume=True,
        )
    for part in (
        "model.layers: found 2, expected 1",
        "training.epochs: found 4, expected 9",
        "data_sha256",
    ):
        assert part in caught.value.message
    assert "split" not in caught.value.message


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(UsageError, match="no such checkpoint"):
        _fit(checkpoint=tmp_path / "ck.pt", resume=True)
    with pytest.raises(UsageError, match="needs the checkpoint"):
        _fit(resume=True)


def test_an_existing_file_is_refused_before_the_work(tmp_path):
    path = tmp_path / "ck.pt"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        _fit(checkpoint=path, on_epoch=_stop_after(0))
    assert path.read_text() == "mine"
    _fit(TrainConfig(epochs=1), checkpoint=path, force=True)
    assert load_checkpoint(path).provenance.data_name == "waves.csv"


def test_the_checkpoint_holds_the_best_epoch_while_training_runs(tmp_path):
    path = tmp_path / "ck.pt"
    reports = []

    def listen(report):
        reports.append(report)
        data = WindowData.prepare(small_table(), small_config(), SPLIT)
        saved = load_checkpoint(path)
        best = max(seen.valid_r2 for seen in reports)
        assert data.score(saved.model, data.split.valid).r2() == pytest.approx(best, abs=1e-9)
        assert len(saved.provenance.history) == len(reports)

    _fit(
        TrainConfig(epochs=6, batch_size=8, learning_rate=3e-2),
        checkpoint=path,
        on_epoch=listen,
    )
    assert len({report.valid_r2 for report in reports}) > 1


def test_patience_ends_training(tmp_path):
    # At this rate the first epochs are not improved upon for long.
    settings = TrainConfig(epochs=60, batch_size=16, learning_rate=2e-2, patience=2)
    trained = _fit(settings)
    history, best = trained.provenance.history, trained.provenance.best_epoch
    assert len(history) < 60
    assert len(history) == best + 3


def test_updates_are_announced():
    told = []
    _fit(
        TrainConfig(epochs=2, batch_size=16),
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(done, 8) for done in range(1, 9)]  # 49 windows, 4 batches an epoch


def test_a_firing_penalty_makes_codes_rarer():
    settings = TrainConfig(epochs=10, batch_size=16, learning_rate=1e-2, input_dropout=0.0)
    rates = [
        _fit(
            settings.model_copy(update={"firing_penalty": weight, "firing_target": 0.05})
        ).provenance.history[-1]["firing_rate"]
        for weight in (0.0, 1.0)
    ]
    assert rates[1] < 0.6 * rates[0]


def test_steps_stay_positive_at_a_rough_rate():
    trained = _fit(TrainConfig(epochs=3, learning_rate=0.3, schedule="constant", clip_norm=100))
    assert all(q.step.item() > 0 for q in trained.model.quantizers().values())


def test_divergence_is_an_error():
    with pytest.raises(UsageError, match="diverged"):
        _fit(TrainConfig(epochs=3, learning_rate=1e30, schedule="constant", loss="mse"))


def test_divergence_in_the_last_update_is_noticed():
    # One update only: its loss is still that of the start.
    with pytest.raises(UsageError, match="diverged in epoch 1"):
        _fit(TrainConfig(epochs=1, batch_size=64, learning_rate=1e30, schedule="constant"))


def test_constant_validation_targets_are_refused():
    table = small_table()
    values = table.values.copy()
    values[50:] = 1.0
    with pytest.raises(DataError, match="never change"):
        fit(replace(table, values=values), small_config(), QUICK, split=SPLIT)


def test_a_table_of_other_variates_is_refused():
    with pytest.raises(DataError, match="found 5 variates, expected 4"):
        _fit(config=small_config(d_model=4))


@pytest.mark.parametrize(
    ("split", "part"), [((0.0, 0.5, 0.5), "no training"), ((0.5, 0.0, 0.5), "no validation")]
)
def test_a_split_needs_training_and_validation_windows(split, part):
    table = small_table(rows=25)  # 18 windows: nothing is left between 9 and 9
    with pytest.raises(UsageError, match=part):
        fit(table, small_config(), QUICK, split=split)


def test_without_test_windows_there_are_no_test_metrics():
    trained = fit(small_table(), small_config(), TrainConfig(epochs=1), split=(0.7, 0.3, 0.0))
    assert set(trained.provenance.metrics) == {"valid_r2"}


def test_a_float_model_trains_without_codes():
    trained = _fit(config=small_config(quantised=False, channel_steps=True))
    assert all(mixer.channel_steps is None for mixer in trained.model.mixers)
    history = trained.provenance.history
    assert history[0]["firing_rates"] == {}
    assert history[-1]["loss"] < history[0]["loss"]


def test_a_float_model_gets_codes(tmp_path):
    float_path, path = tmp_path / "float.pt", tmp_path / "codes.pt"
    still = QUICK.model_copy(update={"epochs": 1, "learning_rate": 1e-9, "input_dropout": 0.0})
    _fit(config=small_config(quantised=False), checkpoint=float_path)
    initial = load_checkpoint(float_path)
    coded = _fit(still, initial=initial, checkpoint=path)
    ours, theirs = coded.model.state_dict(), initial.model.state_dict()
    assert torch.allclose(ours["layers.0.mixer.A_log"], theirs["layers.0.mixer.A_log"])
    assert torch.allclose(ours["forecast_head.weight"], theirs["forecast_head.weight"])
    assert all(quantizer.started for quantizer in coded.model.quantizers().values())
    assert load_checkpoint(path).provenance.initial_sha256 == initial.provenance.sha256
    with pytest.raises(CheckpointError, match="initial_sha256"):
        _fit(still, checkpoint=path, resume=True)


def test_a_model_with_the_same_codes_goes_on_where_it_was(tmp_path):
    first = _fit(checkpoint=tmp_path / "first.pt")
    still = QUICK.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    second = _fit(still, initial=load_checkpoint(tmp_path / "first.pt"))
    for name, value in second.model.state_dict().items():
        assert torch.allclose(value, first.model.state_dict()[name], atol=1e-5), name


def test_steps_of_channels_learn_and_leave_nothing_behind_with_other_codes():
    steps = small_config(channel_steps=True)
    first = _fit(config=steps)
    still = QUICK.model_copy(update={"epochs": 1, "learning_rate": 1e-12})
    same = _fit(still, config=steps, initial=first).model.state_dict()
    other = _fit(still, config=small_config(), initial=first).model.state_dict()
    trained = first.model.state_dict()
    learned = trained["layers.0.mixer.channel_steps"]
    assert len(set(learned.tolist())) == len(learned)
    assert torch.allclose(same["layers.0.mixer.channel_steps"], learned)
    weight = trained["layers.0.mixer.out_proj.weight"] * learned
    assert torch.allclose(other["layers.0.mixer.out_proj.weight"], weight)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"d_inner": 5}, "in_proj.weight"), ({"normalisation": "instance"}, "normalisation fixed")],
)
def test_a_model_of_other_sizes_is_no_start(change, message):
    initial = _fit(TrainConfig(epochs=1))
    with pytest.raises(UsageError, match=message):
        _fit(config=small_config(**change), initial=initial)
