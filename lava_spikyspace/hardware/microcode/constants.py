"""Values of the constants of a program, word by word."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.microcode.expansion import Expanded
from lava_spikyspace.hardware.microcode.program import Program
from lava_spikyspace.hardware.microcode.words import HIGHEST, LOWEST, split_words
from lava_spikyspace.network import IntArray


def bind_constants(
    expanded: Expanded, program: Program, values: Mapping[str, npt.ArrayLike]
) -> dict[str, IntArray]:
    """Return every word of the constants that a program uses.

    Parameters
    ----------
    expanded : Expanded
        The declarations.
    program : Program
        What uses them.
    values : mapping of str to ndarray
        By name of the array: its axes as declared, then (unless all neurons share it) the neuron.

    Returns
    -------
    dict of str to ndarray, int64
        A number, or an array with one entry for each neuron.
    """
    used = set(program.constants)
    bound: dict[str, IntArray] = {}
    for name, value in expanded.declared.items():
        if value.kind != "const" or not used & {part.name for part in value.parts}:
            continue
        array, indices = expanded.elements[name]
        entry = np.asarray(np.asarray(values[array])[indices], dtype=np.int64)
        words = split_words(entry, value.words)
        if words[-1].min() < LOWEST or words[-1].max() > HIGHEST:
            raise InternalError(
                f"{program.name}: {name} is {entry.min()} to {entry.max()}, wider than its words"
            )
        bound.update({part.name: word for part, word in zip(value.parts, words, strict=True)})
    return bound
