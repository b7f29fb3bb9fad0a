"""Lower a checkpoint anew, as a file says it was, and hold its integers against the file's.

An accumulator next to a threshold can fall on the other side in the float model, so a code that
differs there does not prove that a file was changed. Between two sets of integers nothing is
rounded: what differs here is different in the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.network import Network, Normalisation
from lava_spikyspace.netx.encode import encode
from lava_spikyspace.netx.tree import Value
from netx_export.budget import Budget, Formats, WidthError
from netx_export.checkpoint import TrainedModel
from netx_export.frozen import FrozenModel
from netx_export.lowering import lower
from netx_export.settings import Settings, parse_settings

FractionBits = Annotated[int, Field(ge=0, le=32)]


class Recipe(Settings):
    """What lowering was given beside the frozen model: ``lowering`` in the provenance of a file.

    Parameters
    ----------
    formats : mapping of str to int
        Fields of `Formats`.
    width : int
        Widest accumulator and state in bits.
    residual_max : float
        Largest magnitude that calibration saw in the residual stream.
    roots : list of float
        Typical root mean square at each block's norm.
    """

    formats: dict[str, FractionBits]
    width: int = Field(ge=1, le=64)
    residual_max: float = Field(ge=0, le=2.0**40)
    roots: list[Annotated[float, Field(ge=0)]]

    @classmethod
    def of(
        cls, formats: Formats, width: int, residual_max: float, roots: Sequence[float]
    ) -> Recipe:
        """Return the recipe of an export."""
        return cls(
            formats=asdict(formats), width=width, residual_max=residual_max, roots=list(roots)
        )

    def lower(self, frozen: FrozenModel, normalisation: Normalisation) -> Network:
        """Lower a frozen model; see `netx_export.lowering.lower`, also for the errors."""
        return lower(
            frozen,
            Formats(**self.formats),
            self.residual_max,
            normalisation,
            Budget(value_bits=self.width),
            self.roots,
        )


@dataclass(frozen=True)
class ParameterDifference:
    """Values of one array of a file that are not those of its checkpoint.

    Parameters
    ----------
    where : str
        Path in the file.
    layer : str or None
        Name of its layer; None for values of the deployment.
    values : int
        How many values differ; all of them where the shapes do.
    index : tuple of int
        The first of them.
    expected, found : int, float, str or None
        Its value as lowered from the checkpoint, and in the file; None where there is none.
    """

    where: str
    layer: str | None
    values: int
    index: tuple[int, ...]
    expected: int | float | str | None
    found: int | float | str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as the JSON envelope holds it."""
        return {**vars(self), "index": list(self.index)}


def lower_anew(trained: TrainedModel, frozen: FrozenModel, network: Network) -> Network | None:
    """Lower a checkpoint as the file says that it was.

    Parameters
    ----------
    trained : TrainedModel
        Gives normalisation and names.
    frozen : FrozenModel
        The checkpoint with the zero-points of the file, see `reference.freeze_as_exported`.
    network : Network
        Its provenance tells how it was lowered.

    Returns
    -------
    Network or None
        Without golden windows and provenance. None where the file does not tell: files of earlier
        versions.

    Raises
    ------
    ModelFileError
        The provenance cannot be of an export.
    """
    stored = network.provenance.get("lowering")
    if stored is None:
        return None
    if not isinstance(stored, Mapping):
        raise ModelFileError("/provenance: lowering: expected an object")
    recipe = parse_settings(Recipe, stored, "/provenance: lowering", ModelFileError)
    if set(recipe.formats) != set(asdict(Formats())) or len(recipe.roots) != len(frozen.blocks):
        raise ModelFileError(
            f"/provenance: lowering: found formats {sorted(recipe.formats)} and "
            f"{len(recipe.roots)} roots, expected {sorted(asdict(Formats()))} and "
            f"{len(frozen.blocks)}"
        )
    try:
        fresh = recipe.lower(frozen, trained.normalisation)
    except WidthError as error:
        raise ModelFileError(f"/provenance: lowering: {error.message}") from error
    return replace(fresh, variates=trained.names)


def parameter_differences(network: Network, fresh: Network) -> Iterator[ParameterDifference]:
    """Yield every array of a file that differs from what its checkpoint gives, in file order.

    Proven ranges are left out: they decide nothing, and `lint` proves them.

    Parameters
    ----------
    network : Network
        The file.
    fresh : Network
        See `lower_anew`.
    """
    found, expected = _parameters(network), _parameters(fresh)
    names = [layer.name for layer in network]
    for path in [*expected, *(path for path in found if path not in expected)]:
        layer = _layer_of(path, names)
        difference = _difference(path, layer, expected.get(path), found.get(path))
        if difference is not None:
            yield difference


def count_parameters(network: Network) -> int:
    """Return how many arrays and attributes `parameter_differences` holds against each other."""
    return len(_parameters(network))


def _parameters(network: Network) -> dict[str, Value]:
    values = encode(replace(network, golden=None, provenance={}))
    return {
        path: value
        for path, value in values.items()
        if path != "/provenance" and "/width/" not in path
    }


def _difference(
    path: str, layer: str | None, expected: Value | None, found: Value | None
) -> ParameterDifference | None:
    if expected is None or found is None or expected.shape != found.shape:
        size = max(0 if side is None else side.size for side in (expected, found))
        return ParameterDifference(path, layer, size, (), _shape(expected), _shape(found))
    unequal = np.atleast_1d(expected != found)
    if not unequal.any():
        return None
    index = tuple(int(i) for i in np.argwhere(unequal)[0])
    one, other = (_scalar(np.atleast_1d(side)[index]) for side in (expected, found))
    return ParameterDifference(path, layer, int(unequal.sum()), index, one, other)


def _shape(value: Value | None) -> str | None:
    return None if value is None else f"shape {value.shape}"


def _scalar(value: np.generic) -> int | float | str:
    plain: int | float | bytes = value.item()
    return plain.decode("ascii", "replace") if isinstance(plain, bytes) else plain


def _layer_of(path: str, names: Sequence[str]) -> str | None:
    if not path.startswith("/layer/"):
        return None
    index = int(path.split("/")[2].partition("@")[0])
    return names[index] if index < len(names) else None
