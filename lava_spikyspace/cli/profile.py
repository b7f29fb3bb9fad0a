"""`lss profile`: what every process of a run did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import RunDirArgument
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.profiling.rows import LayerRow, ProfileRow

# The keys of `profiling.ordering.SORT_KEYS`, which is not imported here (a test compares them).
SortKey = Literal[
    "order",
    "name",
    "spikes",
    "graded",
    "out",
    "in",
    "synops",
    "updates",
    "rate",
    "silent",
    "always-on",
    "used",
    "seconds",
]
View = Literal["process", "layer", "payload", "channel", "element", "window"]


def profile(
    session: Session,
    run: RunDirArgument,
    *,
    by: Annotated[
        View,
        typer.Option(
            "--by",
            help="One row per process or layer; or how payloads, channels, elements and windows "
            "of each process are spread (needs --record-spikes).",
        ),
    ] = "process",
    sort: Annotated[
        SortKey, typer.Option("--sort", help="Order of the rows, the largest first.")
    ] = "order",
    top: Annotated[
        int | None,
        typer.Option(
            "--top", metavar="N", min=1, help="Only the first N rows.", show_default=False
        ),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--versus", metavar="RUN", help="A second run to compare with.", show_default=False
        ),
    ] = None,
) -> None:
    """Show what every process of a run did, and what share of the whole that is.

    Spikes, events, synaptic operations, updates, firing rates, silent and always-on channels,
    the range of accumulators and states against their proven width, and wall times where the
    runtime measured them. With --versus, two runs side by side, each number for one window.

    Parameters
    ----------
    session : Session
        The call.
    run : Path
        Run directory.
    by : str
        View.
    sort : str
        Order of the rows.
    top : int, optional
        Rows to show.
    against : Path, optional
        A second run directory.
    """
    from lava_spikyspace.cli.profile_tables import show_profile, show_versus
    from lava_spikyspace.profiling import profile as profiling
    from lava_spikyspace.profiling.findings import UNKNOWN
    from lava_spikyspace.profiling.ordering import DATA_ORDER, ordered
    from lava_spikyspace.profiling.versus import versus

    with session.timer("profile"):
        found = profiling.profile(run)
        other = None if against is None else profiling.profile(against)
    rows: tuple[ProfileRow, ...] | tuple[LayerRow, ...] = (
        ordered(found.layers, sort, top) if by == "layer" else ordered(found.rows, sort, top)
    )
    if other is None:
        show_profile(session, found, rows, by)
        data = found.to_dict()
        data["layers" if by == "layer" else "processes"] = [row.to_dict() for row in rows]
        diagnostics = found.diagnostics
    else:
        comparison = versus(found, other)
        names = [row.name for row in ordered(found.rows, sort, top)]
        if top is None:
            names += [row.name for row in comparison.rows if not row.in_a]
        in_order = sort == DATA_ORDER and top is None
        data = show_versus(session, comparison, None if in_order else names)
        # Findings name rows, and there are two of each name.
        diagnostics = tuple(
            d for d in (*found.diagnostics, *other.diagnostics) if d.code in UNKNOWN
        )
    for finding in diagnostics:
        if finding.severity != "info" or finding.code in UNKNOWN:
            say_notices(session, [finding])
        else:
            session.detail(str(finding))
    session.suggest("report", run, against, "-o", "report.html")
    session.emit(data=data, backend=found.backend, model=found.model, diagnostics=diagnostics)
