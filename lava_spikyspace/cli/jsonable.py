"""Turn results into what JSON can say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import TypeAlias

from lava_spikyspace.errors import InternalError

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def to_jsonable(value: object) -> Json:
    """Return `value` as nested dicts, lists, strings, numbers, booleans and None.

    Parameters
    ----------
    value : object
        Scalars, strings, paths, enums, mappings, sequences, sets (sorted), dataclasses, pydantic
        models, NumPy arrays and scalars, pandas series. NaN and infinities become None, since
        JSON has no word for them.

    Raises
    ------
    InternalError
        `value` contains something else.
    """
    if value is None or isinstance(value, bool | int | str):
        # Subclasses such as IntEnum are written as their value.
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Enum):
        return to_jsonable(value.value)
    if isinstance(value, PurePath):
        return str(value)
    return _container(value)


def _container(value: object) -> Json:
    if isinstance(value, Mapping):
        return {_key(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_jsonable(item) for item in value]
    if isinstance(value, set | frozenset):
        return [to_jsonable(item) for item in sorted(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_jsonable(getattr(value, field.name)) for field in fields(value)}
    # Known by their methods, because importing NumPy and pydantic to ask is not worth the time.
    for method in ("tolist", "model_dump"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return to_jsonable(convert())
    raise InternalError(f"{type(value).__name__} cannot be written as JSON")


def _key(key: object) -> str:
    plain = to_jsonable(key)
    return plain if isinstance(plain, str) else str(plain)
