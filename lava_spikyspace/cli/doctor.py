"""`lss doctor`: what is installed here, and does it work."""

from __future__ import annotations

from typing import Annotated

import typer

from lava_spikyspace.cli.session import Session


def doctor(
    session: Session,
    steps: Annotated[
        bool, typer.Option("--steps/--no-steps", help="Run one Lava step on each runtime.")
    ] = True,
) -> None:
    """Check Python, libraries, machine, backends and Lava's runtimes.

    Every library is imported, and where Lava is installed one time step runs on each runtime, so
    this takes some seconds. What is absent and not needed is no fault.

    Parameters
    ----------
    session : Session
        The call.
    steps : bool
        Run Lava.
    """
    from lava_spikyspace.installation import examine_installation

    checks = []
    with session.progress("looking") as bar:
        for check in examine_installation(steps=steps):
            checks.append(check)
            bar.advance()
    session.table(
        ("topic", "what", "status", "found"),
        [(check.topic, check.name, check.status, check.detail) for check in checks],
    )
    failed = [check for check in checks if check.status == "failed"]
    for check in failed:
        session.line(f"{check.name}: {check.detail}" + (f" ({check.hint})" if check.hint else ""))
    for check in checks:
        if check.status == "absent" and check.hint:
            session.detail(f"{check.name}: {check.hint}")
    session.line("all is well" if not failed else f"{len(failed)} of {len(checks)} failed")
    session.emit(data={"checks": [check.to_dict() for check in checks]}, ok=not failed)
