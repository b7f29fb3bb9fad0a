"""`lss backends`: which engines can run here."""

from __future__ import annotations

from lava_spikyspace.cli.session import Session


def backends(session: Session) -> None:
    """List the backends, and say what those lack that cannot run here.

    Nothing is imported to find out, so the answer comes at once.

    Parameters
    ----------
    session : Session
        The call.
    """
    from lava_spikyspace.availability import backend_availability

    found = backend_availability()
    session.table(
        ("backend", "available", "what it is", "what is missing"),
        [(entry.name, entry.available, entry.summary, entry.reason) for entry in found],
    )
    for entry in found:
        if entry.hint:
            session.note(f"{entry.name}: {entry.hint}")
    session.emit(data={"backends": [entry.to_dict() for entry in found]})
