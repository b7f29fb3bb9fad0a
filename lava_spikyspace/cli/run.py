"""`lss run`: forecasts of a model, and what every process did for them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.hardware_tables import show_deployment, show_measurement
from lava_spikyspace.cli.loihi_options import (
    BoardOption,
    EthernetHostOption,
    GenerationOption,
    HostBinaryOption,
    PartitionOption,
    SlurmFlag,
    loihi_host,
)
from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import (
    BackendOption,
    ClipInputFlag,
    CodingOption,
    DataOption,
    ForceFlag,
    ModelArgument,
    OutOption,
    RecordFlag,
    RuntimeOption,
    StrictFlag,
    TimeoutOption,
    WindowsOption,
)
from lava_spikyspace.cli.session import Session
from lava_spikyspace.cli.stock import OUR_MODELS, PLAIN_FILES, refuse_flags, run_stock_file
from lava_spikyspace.cli.stock_options import (
    InputBitsOption,
    ResetIntervalOption,
    ResetOffsetOption,
    SkipLayersOption,
)
from lava_spikyspace.errors import BackendUnavailableError

PROGRAM = "lava-spikyspace"


def run(
    session: Session,
    model: ModelArgument = None,
    *,
    data: DataOption = None,
    backend: BackendOption = "sim",
    runtime: RuntimeOption = "inprocess",
    coding: CodingOption = "graded",
    windows: WindowsOption = None,
    strict: StrictFlag = False,
    clip_input: ClipInputFlag = False,
    record_spikes: RecordFlag = False,
    out: OutOption = None,
    force: ForceFlag = False,
    timeout: TimeoutOption = 600.0,
    slurm: SlurmFlag = False,
    partition: PartitionOption = None,
    board: BoardOption = None,
    ethernet_host: EthernetHostOption = None,
    host_binary: HostBinaryOption = None,
    chip_generation: GenerationOption = None,
    skip_layers: SkipLayersOption = 0,
    reset_interval: ResetIntervalOption = None,
    reset_offset: ResetOffsetOption = 0,
    input_bits: InputBitsOption = 0,
) -> None:
    """Forecast windows of a table and count the spikes of every process.

    Without MODEL and --data, the bundled demo model runs on its bundled data. Forecasts and
    counts are the same on every backend and runtime. MODEL may also be a plain NetX file of
    lava-dl, which runs on sim; then --data is an npy file, or an npz file with an array input,
    of shape (steps, *input shape).

    Parameters
    ----------
    session : Session
        The call.
    model, data : Path, optional
        Model file and table.
    backend, runtime, coding : str
        Engine, Lava runtime, and how a code travels.
    windows : str, optional
        ``A:B`` or ``N``.
    strict, clip_input, record_spikes, force : bool
        See `lava_spikyspace.running.run` and `RunResult.save`.
    out : Path, optional
        Run directory to write.
    timeout : float
        Seconds that a run gets.
    slurm : bool
        Let SLURM choose the board, for loihi2.
    partition, board, ethernet_host, host_binary, chip_generation : str, optional
        Which chip, for loihi2; see `lava_spikyspace.backends.loihi_host.LoihiHost`.
    skip_layers, reset_interval, reset_offset, input_bits : int
        See `lava_spikyspace.stock.running.run_stock`.
    """
    from lava_spikyspace import running
    from lava_spikyspace.cli.run_tables import show_forecasts, show_processes
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.netx.kind import file_kind
    from lava_spikyspace.run_directory import check_run_directory

    session.about(backend=backend, model=model or demo_model_path())
    host_flags = {
        "slurm": slurm,
        "partition": partition,
        "board": board,
        "ethernet_host": ethernet_host,
        "host_binary": host_binary,
        "chip_generation": chip_generation,
    }
    host = loihi_host(host_flags, backend)
    if out is not None:
        check_run_directory(out, force=force)
    stock_flags = {
        "--skip-layers": skip_layers,
        "--reset-interval": reset_interval,
        "--reset-offset": reset_offset,
        "--input-bits": input_bits,
    }
    if model is not None and file_kind(model) == "stock":
        ours = {
            "--coding": coding != "graded",
            "--windows": windows,
            "--strict": strict,
            "--clip-input": clip_input,
        }
        refuse_flags(ours, model, are_for=OUR_MODELS)
        run_stock_file(
            session,
            model,
            data,
            {flag[2:].replace("-", "_"): value for flag, value in stock_flags.items()},
            backend=backend,
            runtime=runtime,
            record=record_spikes,
            out=out,
            force=force,
            timeout=timeout,
        )
        return
    refuse_flags(stock_flags, model, are_for=PLAIN_FILES)
    try:
        with engine_progress(session, f"running on {backend}") as progress:
            result = running.run(
                model,
                data,
                backend=backend,
                runtime=runtime,
                coding=coding,
                windows=windows,
                strict=strict,
                clip_input=clip_input,
                record=record_spikes,
                timeout_s=timeout,
                host=host,
                progress=progress,
            )
    except BackendUnavailableError as error:
        if backend == "loihi2":
            ready = running.hardware_readiness(model, coding)
            show_deployment(session, ready.deployment)
            session.about(known={"deployment": [row.to_dict() for row in ready.deployment]})
        given = {"--data": data, "--coding": coding, "--windows": windows, "--out": out}
        raise _with_batch_command(error, model, given) from error
    if out is not None:
        result.save(out, force=force)
    show_forecasts(session, result)
    show_processes(session, result.counts)
    if result.deployment:
        show_deployment(session, result.deployment)
    if result.measurement is not None:
        show_measurement(session, result.measurement)
    session.line(
        f"{len(result.windows)} windows in {result.time_steps} time steps "
        f"({result.frame_steps} a frame, latency {result.latency_steps})"
    )
    say_notices(session, result.diagnostics)
    if out is None:
        session.note("--out DIR keeps all forecasts and counts")
        session.suggest("evaluate", model, data=data)
    else:
        session.note(f"kept in {out}")
        session.suggest("profile", out)
    session.emit(
        data=result.to_dict(),
        backend=result.backend,
        model=None if result.model is None else Path(result.model.path),
        diagnostics=result.diagnostics,
        timings_s=result.timings_s,
    )


def _with_batch_command(
    error: BackendUnavailableError, model: Path | None, given: Mapping[str, object]
) -> BackendUnavailableError:
    """Add the command that gives the same forecasts on the engine that runs everywhere."""
    words = [PROGRAM, "run", *([] if model is None else [str(model)]), "--backend", "batch"]
    for flag, value in given.items():
        if value is not None and (flag, value) != ("--coding", "graded"):
            words += [flag, str(value)]
    install = f"{error.hint}; " if error.hint else ""
    return BackendUnavailableError(
        error.message,
        hint=f"{install}or run the integer engine, which gives the same forecasts: "
        f"{shlex.join(words)}",
    )
