"""Words for messages: numbers of things, and text from elsewhere, fit for one line."""

from __future__ import annotations

import reprlib

_LINE_CHARACTERS = 160
_VALUE_CHARACTERS = 80


def counted(number: int, thing: str) -> str:
    """Write how many there are of a thing whose plural takes an s.

    Parameters
    ----------
    number : int
        How many.
    thing : str
        One of them.
    """
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def one_line(text: object) -> str:
    """Give text in one printable line of readable length.

    Parameters
    ----------
    text : object
        Text, or an error whose message is meant.

    Returns
    -------
    str
        The text without line breaks and control characters; for an error without a message, the
        name of its class.
    """
    line = " ".join(str(text).split())
    if not line and isinstance(text, BaseException):
        return type(text).__name__
    if len(line) > _LINE_CHARACTERS:
        line = line[:_LINE_CHARACTERS] + "…"
    return line if line.isprintable() else ascii(line)[1:-1]


def brief(value: object) -> str:
    """Write a value from a file as Python does, cut to a readable length.

    Parameters
    ----------
    value : object
        Anything: deeply nested, endless, or with more digits than Python prints.
    """
    try:
        text = _REPR.repr(value)
    except (ValueError, RecursionError, TypeError, RuntimeError):
        return f"a value of type {type(value).__name__}"
    return one_line(text)


_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _REPR.maxlong = _VALUE_CHARACTERS
