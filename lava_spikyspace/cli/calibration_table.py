"""What `lss export` shows of the calibration: one row per quantiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lava_spikyspace.cli.fitting import fitting_columns
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from netx_export.calibration_report import QuantiserReport

_COLUMNS = (
    "quantiser",
    "least input",
    "largest",
    "zero-point",
    "step",
    "codes (%)",
    "clipped below",
    "above",
    "silent",
    "always fire",
    "constant",
)
_EXPENDABLE = ("constant", "step", "zero-point", "least input", "largest")
"""Columns that give way on a narrow terminal, in this order."""

_MOST_SHARES = 4
"""Codes whose shares are written out; of more codes a histogram is drawn."""

_BARS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"


def show_calibration(session: Session, reports: Mapping[str, QuantiserReport]) -> None:
    """Print what every quantiser did on the calibration windows.

    Parameters
    ----------
    session : Session
        The call.
    reports : mapping of str to QuantiserReport
        By record name.
    """
    rows = [
        (
            name,
            f"{report.minimum:.4g}",
            f"{report.maximum:.4g}",
            f"{report.zero_point:g}",
            f"{report.step:.4g}",
            histogram(list(report.shares.values())),
            f"{report.clipped_low:.1%}",
            f"{report.clipped_high:.1%}",
            _of(report.silent, report.channels),
            _of(report.always_firing, report.channels),
            _of(report.constant, report.channels),
        )
        for name, report in reports.items()
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    expendable = [_COLUMNS.index(heading) for heading in _EXPENDABLE]
    kept = fitting_columns(widths, session.width, expendable)
    session.table(
        [_COLUMNS[column] for column in kept],
        [[row[column] for column in kept] for row in rows],
        title="Calibration: what every quantiser does on the training windows",
    )


def histogram(shares: Sequence[float]) -> str:
    """Return the shares of codes in percent, or drawn as bars where there are many.

    Parameters
    ----------
    shares : sequence of float
        Share of each code, lowest code first.
    """
    if len(shares) <= _MOST_SHARES:
        return " ".join(f"{share:.0%}".rstrip("%") for share in shares)
    largest = max(shares) or 1.0
    # A code that occurs at all shows.
    return "".join(_BARS[-(-int(share / largest * 8000) // 1000)] for share in shares)


def _of(count: int, channels: int) -> str:
    return f"{count}/{channels}"
