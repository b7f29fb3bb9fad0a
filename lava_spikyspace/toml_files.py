"""Files of settings in TOML."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lava_spikyspace.errors import InputError
from lava_spikyspace.files import MAX_SETTINGS_BYTES, read_regular
from lava_spikyspace.wording import one_line

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read_toml_file(path: Path, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return the content of a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    parse_float : callable, default float
        Makes a number of the text of a float.

    Raises
    ------
    InputError
        The file cannot be read, or is no TOML.
    """
    content = read_regular(path, most=MAX_SETTINGS_BYTES)
    try:
        return tomllib.loads(content.decode("utf-8"), parse_float=parse_float)
    except (ValueError, ArithmeticError, RecursionError) as error:
        # Beside its own errors: text that is not UTF-8, integers of more digits than Python
        # converts, tables or keys nested deeper than its stack.
        raise InputError(f"{path}: not a TOML file: {one_line(error)}") from error
