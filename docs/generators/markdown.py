"""The little Markdown that the generated pages share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FROM_CODE = "<!-- Made from the code by docs/generate.py; edits here would be lost. -->"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a ``|`` in a cell does not end it."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def code(text: str) -> str:
    """Return `text` as code."""
    return f"`{text}`"


def page(title: str, *parts: str) -> str:
    """Return a page of paragraphs, tables and headings."""
    return "\n\n".join([FROM_CODE, f"# {title}", *parts]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
