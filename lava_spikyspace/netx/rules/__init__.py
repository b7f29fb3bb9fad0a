"""What a network in a file has to fulfil, as small functions over a `Draft`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.draft import Draft
from lava_spikyspace.netx.rules import golden, graph, sizes, values, widths
from lava_spikyspace.netx.rules.catalogue import RULES, Rule

Check = Callable[[Draft], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    graph.check_names,
    graph.check_inputs,
    graph.check_ends,
    graph.check_readers,
    graph.check_blocks,
    sizes.check_channels,
    sizes.check_levels,
    sizes.check_scan_tables,
    sizes.check_head,
    sizes.check_bits,
    values.check_normalisation,
    values.check_variates,
    values.check_thresholds,
    values.check_decays,
    values.check_dynamics,
    values.check_limbs,
    values.check_product_limbs,
    widths.check_widths,
    widths.check_radicands,
    widths.check_dense,
    golden.check_golden_shapes,
    golden.check_golden_ranges,
    golden.check_golden_digests,
)
"""Checks of reader, writer and lint. Each takes a draft with holes and leaves them alone."""


def check_draft(draft: Draft) -> list[Diagnostic]:
    """Return what all `CHECKS` find."""
    return [found for check in CHECKS for found in check(draft)]


__all__ = ["CHECKS", "RULES", "Check", "Rule", "check_draft"]
