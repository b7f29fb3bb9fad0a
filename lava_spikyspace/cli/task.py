"""`lss task`: the built-in sequence tasks as files of labelled sequences."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lava_spikyspace.cli.options import ForceFlag
from lava_spikyspace.cli.session import Session

TaskName = Literal["digits", "recall", "listops"]


def task(
    session: Session,
    name: Annotated[TaskName, typer.Argument(help="Task.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="npz file to write.")],
    length: Annotated[
        int, typer.Option(min=4, help="listops: longest expression in tokens.")
    ] = 512,
    delay: Annotated[int, typer.Option(min=1, help="recall: steps to remember for.")] = 256,
    train: Annotated[
        int, typer.Option(min=1, help="recall, listops: sequences to train on.")
    ] = 4096,
    test: Annotated[
        int, typer.Option(min=1, help="recall, listops: sequences of the test.")
    ] = 1024,
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
    length, delay, train, test, seed : int
        See `netx_export.spike_ssm.tasks`.
    force : bool
        Replace the file.
    """
    import numpy as np

    from lava_spikyspace.files import atomic_write, check_target
    from netx_export.spike_ssm import tasks

    check_target(out, force=force)
    if name == "digits":
        made = tasks.digits(seed)
    elif name == "recall":
        made = tasks.delayed_recall(delay, train=train, test=test, seed=seed)
    else:
        made = tasks.listops(length, train=train, test=test, seed=seed)
    with atomic_write(out, force=force) as temporary, temporary.open("wb") as stream:
        # Not compressed: one-hot tokens shrink so far that a reader takes them for a bomb.
        small = np.clip(np.rint(made.inputs), 0, 255).astype(np.uint8)
        inputs = small if np.array_equal(small, made.inputs) else made.inputs
        np.savez(stream, inputs=inputs, labels=made.labels)
    split = ",".join(f"{share:g}" for share in made.split)
    count, steps, channels = made.inputs.shape
    session.line(
        f"{out}: {count} sequences of {steps} steps, {channels} channels, {made.classes} classes; "
        f"split {split}"
    )
    session.note(
        f"next: lava-spikyspace train --family spike-ssm --data {out} --split {split} -o CKPT"
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
