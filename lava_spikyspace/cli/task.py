"""`lss task`: the built-in sequence tasks as files of labelled sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lava_spikyspace.cli.options import ForceFlag
from lava_spikyspace.cli.session import Session

TaskName = Literal["digits", "recall", "listops"]

DEFAULTS: dict[str, dict[str, int]] = {
    "digits": {},
    "recall": {"delay": 256, "train": 4096, "test": 1024},
    "listops": {"length": 512, "train": 4096, "test": 1024},
}
"""What each task can be told, and what it is otherwise."""


def _number(what: str, least: int = 1) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(min=least, metavar="N", help=what, show_default=False)


def task(
    session: Session,
    name: Annotated[TaskName, typer.Argument(help="Task.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="npz file to write.")],
    length: Annotated[
        int | None, _number("listops: longest expression in tokens; default 512.", 4)
    ] = None,
    delay: Annotated[int | None, _number("recall: steps to remember for; default 256.")] = None,
    train: Annotated[
        int | None, _number("recall, listops: sequences to train on; default 4096.")
    ] = None,
    test: Annotated[
        int | None, _number("recall, listops: sequences of the test; default 1024.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the sequences, or of the split.")] = 0,
    force: ForceFlag = False,
) -> None:
    """Write a built-in task as labelled sequences: inputs (sequence, step, channel) and labels.

    Training sequences come first. digits: scikit-learn's 8x8 digits as 64 steps. recall: two
    symbols are shown, after the delay one of them is asked for. listops: nested list operations.

    Parameters
    ----------
    session : Session
        The call.
    name : str
        Task.
    out : Path
        File to write.
    length, delay, train, test : int, optional
        Sizes; each task has its own.
    seed : int
        See `netx_export.spike_ssm.tasks`.
    force : bool
        Replace the file.
    """
    import numpy as np

    from lava_spikyspace.availability import require_export
    from lava_spikyspace.errors import UsageError
    from lava_spikyspace.files import atomic_write, check_target
    from netx_export.spike_ssm import tasks

    given = {"length": length, "delay": delay, "train": train, "test": test}
    told = {flag: number for flag, number in given.items() if number is not None}
    for flag in told:
        if flag not in DEFAULTS[name]:
            raise UsageError(f"--{flag} is no setting of the task {name}")
    check_target(out, force=force)
    if name == "digits":
        require_export("sklearn")
    made = tasks.TASKS[name](seed=seed, **{**DEFAULTS[name], **told})
    with atomic_write(out, force=force) as temporary, temporary.open("wb") as stream:
        # Not compressed: one-hot tokens shrink so far that a reader takes them for a bomb.
        small = np.clip(np.rint(made.inputs), 0, 255).astype(np.uint8)
        inputs = small if np.array_equal(small, made.inputs) else made.inputs
        np.savez(stream, inputs=inputs, labels=made.labels)
    split = ",".join(f"{share:.9g}" for share in made.split)
    count, steps, channels = made.inputs.shape
    session.line(
        f"{out}: {count} sequences of {steps} steps, {channels} channels, {made.classes} classes; "
        f"split {split}"
    )
    session.suggest(
        "train",
        "-o",
        out.with_suffix(".pt"),
        family="spike-ssm",
        data=out,
        split=split,
    )
    session.emit(
        data={
            "task": made.name,
            "file": str(out),
            "shape": [count, steps, channels],
            "classes": made.classes,
            "split": list(made.split),
        }
    )
