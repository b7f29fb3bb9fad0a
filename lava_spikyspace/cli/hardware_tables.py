"""What commands show of a run on a chip: where each process goes, what the chip measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.backends.deployment import Deployed
    from lava_spikyspace.backends.measurement import Measurement


def show_deployment(session: Session, rows: Sequence[Deployed]) -> None:
    """Print where each process belongs, where it would run, and what it lacks.

    Parameters
    ----------
    session : Session
        The call.
    rows : sequence of Deployed
        Processes and adapters.
    """
    session.table(
        ("process", "type", "belongs on", "runs on", "missing"),
        [(row.process, row.type, row.belongs, row.runs, row.missing) for row in rows],
        title="Where it runs on a Loihi 2 system",
    )
    on_cores = [row for row in rows if row.belongs == "neurocore"]
    there = sum(row.runs == "neurocore" for row in on_cores)
    session.line(
        f"{there} of {len(on_cores)} processes that belong on neurocores run there; a model is a "
        "process model for neurocores, of whoever has Intel's extension"
    )


def show_measurement(session: Session, measured: Measurement) -> None:
    """Print what the chip measured of itself.

    Parameters
    ----------
    session : Session
        The call.
    measured : Measurement
        Of the whole run.
    """
    found = measured.to_dict()
    units = {"us": "us", "s": "s", "w": "W", "j": "J"}
    session.table(
        ("measured on the chip", "value", "unit"),
        [
            (" ".join(name.split("_")[:-1]), value, units[name.split("_")[-1]])
            for name, value in found.items()
            if name.split("_")[-1] in units
        ],
    )
    columns = ("core", *found["totals"])
    session.table(
        tuple(name.replace("_", " ") for name in columns),
        [tuple(core.get(name) for name in columns) for core in measured.cores],
    )
