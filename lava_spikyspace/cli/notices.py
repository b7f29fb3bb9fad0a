"""Say on stderr what a result wants the user to know."""

from __future__ import annotations

from collections.abc import Iterable

from lava_spikyspace.cli.session import Session
from lava_spikyspace.diagnostics import Diagnostic


def say_notices(session: Session, diagnostics: Iterable[Diagnostic]) -> None:
    """Print warnings as warnings, information as notes, hints behind them.

    Parameters
    ----------
    session : Session
        The call.
    diagnostics : iterable of Diagnostic
        Findings of a run that went well.
    """
    for diagnostic in diagnostics:
        place = diagnostic.where
        known = place is None or diagnostic.message.startswith(place)
        text = diagnostic.message if known else f"{place}: {diagnostic.message}"
        if diagnostic.hint:
            text = f"{text} ({diagnostic.hint})"
        if diagnostic.severity == "info":
            session.note(text)
        else:
            session.warn(text)
