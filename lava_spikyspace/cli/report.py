"""`lss report`: a run as one page that can be handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import ForceFlag, ProfileOption
from lava_spikyspace.cli.session import Session


def report(
    session: Session,
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN [RUN2]",
            help="Run directory of `run --out` or `evaluate --out`; a second one to compare with.",
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="File to write: html, md or json.")
    ],
    format: Annotated[
        Literal["html", "md", "json"] | None,
        typer.Option("--format", help="By default, what the suffix says.", show_default=False),
    ] = None,
    profile: ProfileOption = "loihi2",
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="FILE",
            help="Model file of RUN, if it is no longer where the run found it.",
            show_default=False,
        ),
    ] = None,
    force: ForceFlag = False,
) -> None:
    """Write what a run did as one page: forecasts, spikes, rates, costs, warnings.

    The page holds all that it needs, opens from disk and fetches nothing from a network. With two
    runs, they are shown beside each other.

    Parameters
    ----------
    session : Session
        The call.
    runs : list of Path
        One run directory, or two.
    out : Path
        File to write.
    format : str, optional
        ``html``, ``md`` or ``json``.
    profile : str
        Name or path of a hardware profile, for energy and core map.
    model : Path, optional
        Model file.
    force : bool
        Replace the file.
    """
    from lava_spikyspace.profiling.report import reporting

    with session.timer("report"):
        written = reporting.report(
            *runs, out=out, format=format, profile=profile, model=model, force=force
        )
    first = written.runs[0]
    session.line(f"{written.path}: {written.size / 1e6:.2f} MB, {written.format}")
    say_notices(session, [found for found in written.diagnostics if found.severity != "info"])
    missing = [found for found in written.diagnostics if found.code.startswith(("no-", "not-"))]
    say_notices(session, missing)
    if written.format == "html":
        session.note(f"next: open {written.path} in a browser")
    session.emit(
        data=written.to_dict(),
        backend=first.result.backend,
        model=first.result.model,
        diagnostics=written.diagnostics,
    )
