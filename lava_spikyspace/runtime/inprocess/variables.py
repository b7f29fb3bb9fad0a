"""Reading and writing Vars in live models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from lava.utils.sparse import find
from scipy.sparse import csr_matrix, issparse

from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from lava.magma.core.model.py.model import PyLoihiProcessModel
    from lava.magma.core.process.process import AbstractProcess
    from lava.magma.core.process.variable import Var
    from numpy.typing import NDArray

# An ndarray, a csr_matrix or a str.
Value: TypeAlias = Any


@dataclass(frozen=True)
class LiveVar:
    """Where a Var lives while its graph is running.

    Attributes
    ----------
    model : PyLoihiProcessModel
        The model that holds its value.
    attribute : str
        Under which name.
    shape : tuple of int
        Shape of the Var.
    label : str
        ``process.var``, for messages.
    """

    model: PyLoihiProcessModel
    attribute: str
    shape: tuple[int, ...]
    label: str

    def get(self) -> Value:
        """Return a copy of the value, in the model's dtype; a scalar fills the Var's shape."""
        value = getattr(self.model, self.attribute)
        if isinstance(value, str):
            return value
        if isinstance(value, np.ndarray) or issparse(value):
            return value.copy()
        return np.full(self.shape, value)

    def get_as_lava_does(self) -> NDArray[np.float64]:
        """Return the value in float64, as Lava's runtime hands it to `Var.get`.

        Of a sparse matrix that is the vector of its values, of a text its ASCII codes.
        """
        value = getattr(self.model, self.attribute)
        if isinstance(value, str):
            return np.array(list(value.encode("ascii")), dtype=np.float64)
        if issparse(value):
            return np.asarray(find(value, explicit_zeros=True)[2], dtype=np.float64)
        return np.asarray(self.get(), dtype=np.float64)

    def set(self, value: Value) -> None:
        """Replace the value and tell the model.

        Parameters
        ----------
        value : array_like, spmatrix or str
            As many elements as the Var has, in C order. For a sparse Var a sparse matrix with the
            same entries filled, or their values; for a text its characters or their ASCII codes.

        Raises
        ------
        UsageError
            If the value does not fit; the Var keeps its old one.
        """
        old = getattr(self.model, self.attribute)
        if isinstance(old, np.ndarray):
            old[...] = self._fitting(value, old.dtype, old.size).reshape(old.shape)
        else:
            setattr(self.model, self.attribute, self._replacement(old, value))
        self.model.on_var_update()

    def _replacement(self, old: Value, value: Value) -> Value:
        if isinstance(old, str):
            return value if isinstance(value, str) else bytes(value.tolist()).decode("ascii")
        if issparse(old):
            return self._sparse(old, value)
        scalar = self._fitting(value, np.asarray(old).dtype, 1)
        return type(old)(scalar.item())

    def _sparse(self, old: csr_matrix, value: Value) -> csr_matrix:
        rows, columns, _ = find(old.copy(), explicit_zeros=True)
        if issparse(value):
            new_rows, new_columns, values = find(csr_matrix(value), explicit_zeros=True)
            if not (np.array_equal(rows, new_rows) and np.array_equal(columns, new_columns)):
                raise UsageError(
                    f"{self.label} is sparse: a new value must have the same {len(rows)} entries "
                    f"filled, found {len(new_rows)} entries"
                )
            value = values
        values = self._fitting(value, old.dtype, len(rows)).ravel()
        return csr_matrix((values, (rows, columns)), old.shape)

    def _fitting(self, value: Value, dtype: np.dtype[Any], size: int) -> NDArray[Any]:
        array = np.asarray(value)
        if array.size != size:
            raise UsageError(
                f"{self.label} has {size} elements (shape {self.shape}), "
                f"found {array.size} (shape {array.shape})"
            )
        with np.errstate(invalid="ignore"):
            cast = array.astype(dtype)
        if dtype.kind in "biu" and not np.array_equal(cast, array):
            changed = array[cast != array].flat[0]
            raise UsageError(f"{self.label} is kept as {dtype}, which cannot hold {changed}")
        return cast


def live_vars(
    models: dict[AbstractProcess, PyLoihiProcessModel],
) -> dict[int, LiveVar]:
    """Return where each Var of the given processes lives, by `Var.id`."""
    return {
        var.id: LiveVar(model, model.var_id_to_var_map[var.id], var.shape, f"{process.name}.{name}")
        for process, model in models.items()
        for name, var in zip(process.vars.member_names, process.vars.members, strict=True)
    }


def without_alias(var: Var) -> Var:
    """Return the Var that holds the value of `var`: itself, or what it is an alias of."""
    while var.aliased_var is not None:
        var = var.aliased_var
    return var
