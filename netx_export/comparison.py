"""What `compare` finds, as values: agreement of codes, forecasts, parameters, divergences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netx_export.relowering import ParameterDifference


@dataclass(frozen=True)
class LayerAgreement:
    """Codes of one record on both sides.

    Parameters
    ----------
    name : str
        Record name.
    codes, equal : int
        How many codes there are, and how many are equal.
    """

    name: str
    codes: int
    equal: int

    @property
    def agreement(self) -> float:
        """Share of equal codes."""
        return self.equal / self.codes

    def to_dict(self) -> dict[str, Any]:
        """Return the agreement as the JSON envelope holds it."""
        return {**vars(self), "agreement": self.agreement}


@dataclass(frozen=True)
class Divergence:
    """The first code in which two sides differ: first layer, then window, element, channel.

    Layers are in topological order and a window is run through in the order of time, so that what
    is named is where the difference begins and not what follows from it.

    Parameters
    ----------
    layer : str
        Record name.
    window : int
        Index of the window in the table.
    element, channel : int
        Place in the window; the channel of a state is flattened (channel, state).
    expected, found : int
        Codes of the frozen model and of the integers; of the integers that the checkpoint gives
        and of those of the file; or of the batch engine and of Lava.
    """

    layer: str
    window: int
    element: int
    channel: int
    expected: int
    found: int


@dataclass(frozen=True, eq=False)
class LavaSide:
    """The integers on Lava beside those of the batch engine.

    Parameters
    ----------
    runtime, coding : str
        How they ran.
    layers : tuple of LayerAgreement
        Codes that equal the batch engine's.
    relative_l2 : float
        Error of the forecasts relative to the norm of the float ones, normalised units.
    r2 : float or None
        As `Comparison.r2_integer`.
    first_divergence : Divergence or None
        From the batch engine; None where all codes are equal.
    """

    runtime: str
    coding: str
    layers: tuple[LayerAgreement, ...]
    relative_l2: float
    r2: float | None
    first_divergence: Divergence | None

    def to_dict(self) -> dict[str, Any]:
        """Return this side as the JSON envelope holds it."""
        return {
            "runtime": self.runtime,
            "coding": self.coding,
            "layers": [layer.to_dict() for layer in self.layers],
            "forecast": {"relative_l2": self.relative_l2, "r2": self.r2},
            "first_divergence": _as_dict(self.first_divergence),
        }


@dataclass(frozen=True)
class ClassAgreement:
    """Classes that both sides gave to labelled sequences.

    Parameters
    ----------
    windows, same : int
        Sequences, and those to which both give the same class.
    accuracy_float, accuracy_integer : float
        Share of right classes.
    accuracy_lava : float or None
        None where Lava did not run.
    """

    windows: int
    same: int
    accuracy_float: float
    accuracy_integer: float
    accuracy_lava: float | None


@dataclass(frozen=True)
class ParameterCheck:
    """The integers of the file beside those that the checkpoint gives when it is lowered anew.

    Parameters
    ----------
    arrays : int
        How many arrays and attributes the file has.
    different : tuple of ParameterDifference
        Those that differ, in the order of the file.
    first_divergence : Divergence or None
        The first code that this changes on the compared windows.
    """

    arrays: int
    different: tuple[ParameterDifference, ...]
    first_divergence: Divergence | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the check as the JSON envelope holds it."""
        return {
            "arrays": self.arrays,
            "different": [difference.to_dict() for difference in self.different],
            "first_divergence": _as_dict(self.first_divergence),
        }


@dataclass(frozen=True, eq=False)
class Comparison:
    """What `compare` found.

    Parameters
    ----------
    layers : tuple of LayerAgreement
        In the order of the data.
    relative_l2 : float
        Error of the integers' forecasts relative to the norm of the float ones, normalised units.
    r2_float, r2_integer : float or None
        R2 of both on the windows whose targets the table holds; None without any.
    rounding : Divergence or None
        The first code of the integers that differs from the frozen float model's.
    clipped : int
        Input values that were saturated.
    parameters : ParameterCheck or None
        None where the file does not say how it was lowered.
    lava : LavaSide or None
        None where Lava did not run.
    classes : ClassAgreement or None
        Of a classifier.
    """

    layers: tuple[LayerAgreement, ...]
    relative_l2: float
    r2_float: float | None
    r2_integer: float | None
    rounding: Divergence | None
    clipped: int = 0
    parameters: ParameterCheck | None = None
    lava: LavaSide | None = None
    classes: ClassAgreement | None = None

    @property
    def is_changed(self) -> bool:
        """Whether `first_divergence` is a change of the file, and no rounding."""
        return self.parameters is not None and self.parameters.first_divergence is not None

    @property
    def first_divergence(self) -> Divergence | None:
        """Where the integers part from the checkpoint; None where all codes are equal.

        A change of the file that shows in a code comes before what is only rounded otherwise.
        """
        if self.parameters is not None and self.parameters.first_divergence is not None:
            return self.parameters.first_divergence
        return self.rounding

    @property
    def unequal_share(self) -> float:
        """Share of unequal codes over all layers; the larger one where Lava ran, too."""
        sides = [self.layers] if self.lava is None else [self.layers, self.lava.layers]
        return max(_unequal_share(layers) for layers in sides)

    @property
    def forecast_error(self) -> float:
        """Relative L2 error of the forecasts; the larger one where Lava ran, too."""
        return max(self.relative_l2, 0.0 if self.lava is None else self.lava.relative_l2)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as the JSON envelope holds it."""
        return {
            "layers": [layer.to_dict() for layer in self.layers],
            "forecast": {
                "relative_l2": self.relative_l2,
                "r2_float": self.r2_float,
                "r2_integer": self.r2_integer,
            },
            "classes": None if self.classes is None else dict(vars(self.classes)),
            "unequal_share": self.unequal_share,
            "first_divergence": _as_dict(self.first_divergence),
            "clipped": self.clipped,
            "parameters": None if self.parameters is None else self.parameters.to_dict(),
            "lava": None if self.lava is None else self.lava.to_dict(),
        }


def _as_dict(divergence: Divergence | None) -> dict[str, Any] | None:
    return None if divergence is None else dict(vars(divergence))


def _unequal_share(layers: tuple[LayerAgreement, ...]) -> float:
    codes = sum(layer.codes for layer in layers)
    return 1 - sum(layer.equal for layer in layers) / codes if codes else 0.0
