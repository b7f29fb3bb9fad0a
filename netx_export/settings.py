"""Settings at the border: checked as a whole, and all that is wrong with them named in one error.

Nothing here imports torch, so that the command line can read and explain settings without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from lava_spikyspace.errors import InputError, SpikySpaceError
from lava_spikyspace.toml_files import read_toml_file
from lava_spikyspace.wording import brief, one_line

_SHOWN_FINDINGS = 20
"""Findings about settings that a message spells out."""


class Settings(BaseModel):
    """Base of all settings: frozen, no unknown keys, no infinities."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Size = Annotated[int, Field(ge=1, le=1 << 16)]
"""A number of channels or rows; beyond the bound it is a mistake, not a model."""


SettingsT = TypeVar("SettingsT", bound=BaseModel)


def parse_settings(
    kind: type[SettingsT],
    values: Mapping[str, Any],
    source: str,
    error: type[SpikySpaceError] = InputError,
) -> SettingsT:
    """Check settings, and name everything that is wrong with them in one error.

    Parameters
    ----------
    kind : type
        The settings class.
    values : mapping
        Field names to values.
    source : str
        Where the values come from, for the message.
    error : type of SpikySpaceError
        What to raise.

    Returns
    -------
    Settings
        An instance of `kind`.

    Raises
    ------
    SpikySpaceError
        Of type `error`: unknown, missing or unusable fields.
    """
    try:
        return kind.model_validate(dict(values))
    except ValidationError as invalid:
        items = invalid.errors()
        findings = "; ".join(_finding(item) for item in items[:_SHOWN_FINDINGS])
        if len(items) > _SHOWN_FINDINGS:
            findings += f"; and {len(items) - _SHOWN_FINDINGS} more"
        hint = f"known fields: {', '.join(kind.model_fields)}"
        raise error(f"{source}: {findings}", hint=hint) from None


def _finding(item: ErrorDetails) -> str:
    place = one_line(".".join(str(part) for part in item["loc"])) or "settings"
    is_plain = item["type"] in {"missing", "value_error"}
    given = "" if is_plain else f" (found {brief(item['input'])})"
    return f"{place}: {one_line(item['msg'])}{given}"


def read_toml(path: Path) -> dict[str, dict[str, Any]]:
    """Read the tables ``[model]`` and ``[training]`` of a TOML file.

    Parameters
    ----------
    path : Path
        The file. Both tables are optional; any other top-level entry is refused.

    Returns
    -------
    dict
        ``{"model": {...}, "training": {...}}``.

    Raises
    ------
    InputError
        The file cannot be read, is no TOML or holds anything else.
    """
    content = read_toml_file(path)
    tables = {"model": content.pop("model", {}), "training": content.pop("training", {})}
    wrong = [name for name, table in tables.items() if not isinstance(table, dict)]
    if content or wrong:
        found = one_line(", ".join(sorted([*content, *wrong])))
        raise InputError(f"{path}: found {found}, expected only the tables [model] and [training]")
    return tables
