"""What an update learns: windows of the data or mixtures, targets of the data or of a teacher."""

import pytest
import torch

from lava_spikyspace.errors import UsageError
from netx_export.batches import WindowData
from netx_export.checkpoint import load_checkpoint
from netx_export.config import TrainConfig
from netx_export.lessons import Lessons
from netx_export.training import fit
from tests.netx_export.small import small_config, small_table

SPLIT = (0.6, 0.2, 0.2)
INDICES = torch.arange(40)


def _data(**settings):
    return WindowData.prepare(small_table(), small_config(**settings), SPLIT)


@pytest.mark.parametrize("normalisation", ["fixed", "instance"])
def test_plain_lessons_are_the_data_and_draw_nothing(normalisation):
    data = _data(normalisation=normalisation)
    torch.manual_seed(1)
    inputs, targets = Lessons(data).of(INDICES)
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(1))
    assert torch.equal(inputs.windows, data.inputs(INDICES).windows)
    assert torch.equal(targets, data.targets(INDICES))


def test_a_share_of_the_windows_is_mixed_and_their_targets_alike():
    data = _data()
    torch.manual_seed(3)
    inputs, targets = Lessons(data, mixed_windows=0.5).of(INDICES)
    windows, plain = data.windows(INDICES), data.targets(INDICES)
    changed = (inputs.windows != windows).flatten(1).any(dim=1)
    assert 10 < int(changed.sum()) < 30
    assert torch.equal(targets[~changed], plain[~changed])
    for index in changed.nonzero().flatten().tolist():
        # Some other window of the batch, with the same share in every row, gives the rest.
        moved = inputs.windows[index] - windows[index]
        towards = windows - windows[index]
        share = (moved * towards).sum(dim=(1, 2)) / towards.square().sum(dim=(1, 2)).clamp(1e-9)
        error = (moved - share[:, None, None] * towards).abs().amax(dim=(1, 2))
        other = int(error.argmin())
        assert error[other] < 1e-4
        assert 0 < share[other] < 1
        expected = plain[index] + share[other] * (plain[other] - plain[index])
        assert torch.allclose(targets[index], expected, atol=1e-3)


@pytest.mark.parametrize("normalisation", ["fixed", "instance"])
def test_a_teacher_answers_for_what_is_read(normalisation):
    data = _data(normalisation=normalisation)
    teacher = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(30, 10))
    teacher.append(torch.nn.Unflatten(1, (2, 5)))
    inputs, targets = Lessons(data, 1.0, teacher).of(INDICES)
    assert not targets.requires_grad
    assert torch.equal(targets, inputs.in_z_scores(teacher(inputs.windows)).detach())


def test_a_model_with_codes_comes_near_its_teacher(tmp_path):
    table, settings = small_table(), {"input_dropout": 0.0, "firing_penalty": 0.0, "batch_size": 16}
    path = tmp_path / "float.pt"
    fit(
        table,
        small_config(quantised=False),
        TrainConfig(epochs=2, **settings),
        split=SPLIT,
        checkpoint=path,
    )
    initial = load_checkpoint(path)
    data, every = WindowData.prepare(table, initial.config, SPLIT), torch.arange(80)
    wanted = data.forecast(initial.model.eval(), every)

    def distance(targets, mixed):
        learns = TrainConfig(
            epochs=20, learning_rate=1e-2, patience=None, targets=targets, mixed_windows=mixed,
            **settings,
        )  # fmt: skip
        codes = fit(table, small_config(), learns, split=SPLIT, initial=initial)
        return float((data.forecast(codes.model.eval(), every) - wanted).square().mean().detach())

    assert distance("initial", 0.5) < 0.5 * distance("data", 0.0)


class _StopError(Exception):
    """Stands for an interruption."""


def test_an_interrupted_copy_is_resumed_as_if_it_had_not_been(tmp_path):
    table, wanted = small_table(), TrainConfig(epochs=4, targets="initial", mixed_windows=0.5)
    fit(
        table,
        small_config(quantised=False),
        TrainConfig(epochs=1),
        split=SPLIT,
        checkpoint=tmp_path / "float.pt",
    )
    initial = load_checkpoint(tmp_path / "float.pt")

    def run(path, **options):
        fit(table, small_config(), wanted, split=SPLIT, initial=initial, checkpoint=path, **options)

    def stop(report):
        if report.epoch == 1:
            raise _StopError

    run(tmp_path / "whole.pt")
    with pytest.raises(_StopError):
        run(tmp_path / "parts.pt", on_epoch=stop)
    run(tmp_path / "parts.pt", resume=True)
    assert (tmp_path / "parts.pt").read_bytes() == (tmp_path / "whole.pt").read_bytes()


def test_a_teacher_has_to_be_there():
    with pytest.raises(UsageError, match="there is none"):
        fit(small_table(), small_config(), TrainConfig(targets="initial"), split=SPLIT)


def test_what_imitates_keeps_its_last_epoch():
    table, settings = small_table(), {"epochs": 12, "batch_size": 16, "learning_rate": 0.05}
    initial = fit(table, small_config(quantised=False), TrainConfig(epochs=1), split=SPLIT)

    def best_epoch(**changes):
        wanted = TrainConfig(**settings, **changes)
        return fit(table, small_config(), wanted, split=SPLIT, initial=initial).provenance

    copied = best_epoch(targets="initial", patience=1)
    assert copied.best_epoch == 11
    assert copied.metrics["valid_r2"] == copied.history[11]["valid_r2"]
    assert max(epoch["valid_r2"] for epoch in copied.history) > copied.history[11]["valid_r2"]
    chosen = best_epoch(targets="initial", keep="best")
    scores = [epoch["valid_r2"] for epoch in chosen.history]
    assert chosen.best_epoch == scores.index(max(scores)) != len(scores) - 1
    assert best_epoch(keep="last").best_epoch == 11
