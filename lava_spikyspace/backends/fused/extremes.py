"""The lesser and the greater of two floats, in the form that compilers vectorise.

LLVM turns a loop over ``x if x < y else y`` into vectors only where comparison and choice both say
that no value is NaN and the sign of zero does not matter; numba marks the comparison alone.
"""

from __future__ import annotations

from typing import Any

from numba.extending import intrinsic

_FLAGS = ("nnan", "nsz")


def _chooser(sign: str) -> Any:  # noqa: ANN401 - numba's functions have no types
    def choose(typing_context: Any, x: Any, y: Any) -> Any:  # noqa: ANN401
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:  # noqa: ANN401
            first, second = values
            chosen = builder.fcmp_ordered(sign, first, second, flags=_FLAGS)
            return builder.select(chosen, first, second, flags=_FLAGS)

        return x(x, x), generate

    return choose


lesser = intrinsic(_chooser("<"))
"""Of two floats of one type."""

greater = intrinsic(_chooser(">"))
"""Of two floats of one type."""
