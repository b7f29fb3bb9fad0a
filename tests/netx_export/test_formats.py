from dataclasses import asdict

import pytest

from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import GateLayer, Normalisation, SoftplusLayer
from netx_export.budget import Budget, Formats, WidthError
from netx_export.formats import (
    NARROWEST,
    SEARCHED,
    Agreement,
    FormatSearch,
    Tolerance,
    Trial,
    measure_agreement,
)
from netx_export.lowering import lower
from tests.random_frozen import Sizes, random_frozen_model, random_windows

SIZES = Sizes(variates=30, window=8, d_inner=10, d_state=6, dt_rank=3)


def search(fixed=None, budget=None, seed=4) -> tuple[Formats, list[Trial]]:
    model = random_frozen_model(seed, SIZES, "zero")
    windows = random_windows(seed + 1, SIZES, 60)
    trials: list[Trial] = []
    formats = FormatSearch(
        model,
        windows,
        4.0,
        model.run(windows).roots,
        fixed or {},
        budget or Budget(),
        report=trials.append,
    ).run()
    return formats, trials


def test_result_holds_the_tolerance_with_fewer_bits_than_the_start() -> None:
    formats, trials = search()
    chosen = trials[-1]
    assert chosen.chosen
    assert chosen.formats == formats
    assert chosen.agreement is not None
    assert SEARCHED.holds(chosen.agreement)
    assert sum(asdict(formats).values()) < sum(asdict(trials[0].formats).values())
    assert sum(trial.chosen for trial in trials) == 1


def test_formats_fixed_by_hand_stay() -> None:
    formats, trials = search({"gate": 15, "state": 17})
    assert (formats.gate, formats.state) == (15, 17)
    assert {trial.formats.gate for trial in trials} == {15}


def test_unknown_format_is_named() -> None:
    with pytest.raises(UsageError, match=r"unknown formats \['gait'\]; known: \['b', 'c'"):
        search({"gait": 3})


def test_hand_made_formats_that_cannot_fit_are_refused() -> None:
    with pytest.raises(WidthError, match="at most 53"):
        search(dict.fromkeys(("residual", "gate", "b", "c", "state"), 31))


def test_narrow_budget_gives_a_network_within_it() -> None:
    formats, _ = search(budget=Budget(value_bits=24))
    model = random_frozen_model(4, SIZES, "zero")
    network = lower(model, formats, 4.0, Normalisation(kind="fixed"), Budget(value_bits=24))
    widest = max(interval.bits for layer in network for interval in layer.ranges.values())
    assert widest <= 24


def test_a_narrow_budget_is_kept_where_little_agreement_is_left() -> None:
    sizes = Sizes(variates=300, window=5, d_inner=60, d_state=5, blocks=1)
    model, windows = random_frozen_model(4, sizes), random_windows(5, sizes, 2)
    trace = model.run(windows)
    trials: list[Trial] = []
    budget = Budget(value_bits=20)
    formats = FormatSearch(
        model, windows, trace.residual_max, trace.roots, {}, budget, report=trials.append
    ).run()
    assert formats.residual < NARROWEST.residual
    network = lower(model, formats, trace.residual_max, Normalisation(kind="fixed"), budget)
    assert max(interval.bits for layer in network for interval in layer.ranges.values()) <= 20
    first, last = trials[0].agreement, trials[-1].agreement
    assert first is not None
    assert last is not None
    assert not SEARCHED.holds(last)
    assert last.relative_l2 <= first.relative_l2


def test_powers_of_two_fit_a_narrow_budget_too() -> None:
    bits = 20
    formats, _ = search(budget=Budget(value_bits=bits))
    model = random_frozen_model(4, SIZES, "zero")
    network = lower(model, formats, 4.0, Normalisation(kind="fixed"), Budget(value_bits=bits))
    shifted = [layer for layer in network if isinstance(layer, GateLayer | SoftplusLayer)]
    assert len(shifted) == 4
    for layer in shifted:
        # One whole bit and a sign beside fraction and guard bits.
        assert layer.frac_bits + layer.exp2_terms + 2 <= bits


def test_agreement_counts_equal_codes_per_record() -> None:
    model = random_frozen_model(6, SIZES)
    windows = random_windows(7, SIZES, 20)
    trace = model.run(windows)
    network = lower(model, Formats(), trace.residual_max, Normalisation(kind="fixed"))
    messages = encode_windows(network, windows).messages
    before = measure_agreement(network, messages, trace, chunk=7)
    trace.records["blocks.0.conv"][3, 2, 1] ^= 1
    after = measure_agreement(network, messages, trace)
    size = trace.records["blocks.0.conv"].size
    assert before.codes["blocks.0.conv"] - after.codes["blocks.0.conv"] == pytest.approx(1 / size)
    assert before.relative_l2 == after.relative_l2
    assert set(before.codes) == set(trace.records)


def test_tolerance() -> None:
    tolerance = Tolerance(code_agreement=0.999, relative_l2=1e-3)
    assert tolerance.holds(Agreement({"a": 1.0, "b": 0.999}, 1e-3))
    assert not tolerance.holds(Agreement({"a": 1.0, "b": 0.998}, 0.0))
    assert not tolerance.holds(Agreement({"a": 1.0}, 2e-3))
