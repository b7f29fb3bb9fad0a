"""The pages of the rules of `lss lint` and `lss check`."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from generators.markdown import code, page, table
from lava_spikyspace.hardware.rules import RULES as CHECK_RULES
from lava_spikyspace.netx.lint import RULES, STOCK_RULES, Rule
from lava_spikyspace.netx.stock.rules import WARNINGS

_PARTS = {
    "form": "Form",
    "graph": "Graph",
    "sizes": "Sizes",
    "values": "Values",
    "widths": "Widths",
    "golden": "Golden windows",
}


def lint_rules_page() -> str:
    """Return the page of the rules about model files, ours and plain NetX."""
    return page(
        "Lint rules",
        "`lss lint MODEL` holds a file against all rules that apply to its kind and lists every "
        "finding with the place in the file. The reader applies the same rules: a file with an "
        "error is not run. The code of a rule is stable and is the `code` of its diagnostics in "
        "`--json`.",
        "## Files of this package",
        "All findings are errors.",
        *_by_part(RULES.values()),
        "## Plain NetX files of lava-dl",
        "Findings are errors but for "
        + " and ".join(code(name) for name in STOCK_RULES if name in WARNINGS)
        + ", which are warnings: the file is run as lava-dl runs it.",
        table(
            ("rule", "demand", "what helps"),
            [(code(rule.code), rule.demand, rule.hint) for rule in STOCK_RULES.values()],
        ),
    )


def check_rules_page() -> str:
    """Return the page of the rules about a placed network."""
    return page(
        "Check rules",
        "`lss check MODEL --profile NAME` places a network on the cores of a board and holds the "
        "placement against all limits of its profile. A finding names the process, what it takes, "
        "the limit, the evidence for the limit, and a hint. A limit that the profile does not have "
        "is not checked, and the output says so. `--fail-on` decides whether warnings fail.",
        "The last column is the place of the number in a [hardware profile](hardware-profiles.md).",
        table(
            ("rule", "severity", "demand", "limit"),
            [
                (
                    code(rule.code),
                    rule.severity,
                    rule.demand,
                    ", ".join(code(place) for place in rule.limit.split(", ")),
                )
                for rule in CHECK_RULES
            ],
        ),
    )


def _by_part(rules: Iterable[Rule]) -> Iterable[str]:
    for part, members in groupby(rules, key=lambda rule: rule.part):
        yield f"### {_PARTS[part]}"
        yield table(
            ("rule", "demand", "what helps"),
            [(code(rule.code), rule.demand, rule.hint) for rule in members],
        )
