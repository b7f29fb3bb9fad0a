"""`lss bench`: how fast is it here, as ratios from one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lava_spikyspace.cli.options import ForceFlag
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.benchmarking.measuring import Figure


def bench(
    session: Session,
    *,
    size: Annotated[
        str,
        typer.Option(
            metavar="NAME|N,N,…",
            help="tiny, metr-la, electricity; or variates, window, horizon, layers, d_inner, "
            "d_state, dt_rank.",
        ),
    ] = "metr-la",
    only: Annotated[
        str,
        typer.Option(metavar="TOPIC,…", help="Of engine, runtime, simulator, growth, memory."),
    ] = "engine,runtime,simulator,growth,memory",
    repeats: Annotated[int, typer.Option(min=1, help="Counted repeats; medians are told.")] = 5,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few windows and steps: does it work, not how fast.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Picture to draw (png, svg, pdf).", show_default=False),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that a multiprocessing simulation gets.")
    ] = 3600.0,
    force: ForceFlag = False,
) -> None:
    """Measure on synthetic models with live codes, and print ratios of what ran side by side.

    Batch engine against the PyTorch model, in-process against multiprocessing runtime, batch
    engine against the simulator; growth and peak memory of the batch engine. A whole run takes
    minutes; on a machine that does other work the ratios vary.

    Parameters
    ----------
    session : Session
        The call.
    size, only : str
        Which model, which topics.
    repeats : int
        Counted repeats.
    quick : bool
        Only try it.
    plot : Path, optional
        Picture.
    timeout : float
        Limit of a simulation.
    force : bool
        Replace the picture.
    """
    from lava_spikyspace.benchmarking import bench as benchmarks

    if plot is not None:
        from lava_spikyspace.files import check_target
        from lava_spikyspace.pictures import check_picture

        check_picture(plot)
        check_target(plot, force=force)
    settings = benchmarks.BenchSettings(
        size=size,
        only=tuple(part.strip() for part in only.split(",")),
        repeats=repeats,
        timeout_s=timeout,
    )
    if quick:
        from dataclasses import replace

        settings = replace(settings, windows=16, steps=20, memory_windows=500)
    figures = []
    with session.progress("measuring") as bar:
        for figure in benchmarks.bench(settings):
            figures.append(figure)
            bar.advance()
    _show(session, figures)
    where = benchmarks.machine()
    session.line(f"on {where['cores']} cores of {where['processor']}; ratios of medians")
    if plot is not None:
        benchmarks.plot(figures, plot, force=force)
    session.emit(
        data={
            "size": size,
            "machine": where,
            "repeats": repeats,
            "figures": [figure.to_dict() for figure in figures],
        }
    )


def _show(session: Session, figures: list[Figure]) -> None:
    from statistics import median

    from lava_spikyspace.benchmarking.measuring import Comparison, Growth, Peak

    ratios = [figure for figure in figures if isinstance(figure, Comparison)]
    if ratios:
        session.table(
            ("what", "times faster", "ms", "other, ms", "of a", "times less processor time"),
            [
                (
                    figure.name,
                    f"{figure.ratio:.1f}",
                    f"{median(figure.fast_s) * 1e3:.3g}",
                    f"{median(figure.slow_s) * 1e3:.4g}",
                    figure.unit,
                    f"{figure.processor_ratio:.1f}" if figure.processor_ratio else "",
                )
                for figure in ratios
            ],
            title="Side by side",
        )
        for ratio in ratios:
            if ratio.note:
                session.line(f"{ratio.name}: {ratio.note}")
    growths = [figure for figure in figures if isinstance(figure, Growth)]
    if growths:
        session.table(
            ("with", "exponent", "sizes", "ms"),
            [
                (
                    figure.name,
                    f"{figure.exponent:.2f}",
                    ", ".join(map(str, figure.sizes)),
                    ", ".join(f"{seconds * 1e3:.3g}" for seconds in figure.seconds),
                )
                for figure in growths
            ],
            title="Time of the batch engine",
        )
    for figure in figures:
        if isinstance(figure, Peak):
            session.line(f"peak memory of {figure.name}: {figure.mebibytes:.0f} MiB")
