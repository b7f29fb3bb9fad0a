"""Does a model fit a chip: place it and hold it against all rules."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.placement import Placement, place
from lava_spikyspace.hardware.profile import ChipProfile
from lava_spikyspace.hardware.profile_files import DEFAULT_PROFILE, ProfileSource, load_chip
from lava_spikyspace.hardware.rules import RULES, check_placement
from lava_spikyspace.hardware.subject import WHOLE, HardwareSource, describe, resolve_subject
from lava_spikyspace.hardware.utilisation import core_rows, layer_rows
from lava_spikyspace.hardware.work import WorkCoding
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.netx.stock.selection import Settings
from lava_spikyspace.plan import Coding


@dataclass(frozen=True, eq=False, kw_only=True)
class CheckResult:
    """Whether a model fits a chip.

    Parameters
    ----------
    model : FileReference or None
        The model file; None for a network made in memory.
    coding : str
        ``graded``, ``unary``, or ``plain`` for a plain network.
    placement : Placement
        The network on cores.
    findings : tuple of Finding
        What does not fit, in the order of the rules.
    timings_s : mapping of str to float
        Seconds by stage.
    """

    model: FileReference | None
    coding: WorkCoding
    placement: Placement
    findings: tuple[Finding, ...]
    timings_s: Mapping[str, float] = field(default_factory=dict)

    @property
    def profile(self) -> ChipProfile:
        """The board."""
        return self.placement.profile

    @property
    def errors(self) -> int:
        """Number of findings that make the model unusable on the chip."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Number of findings that make it doubtful."""
        return sum(finding.severity == "warning" for finding in self.findings)

    @property
    def fits(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``check --json``, as plain values."""
        placement = self.placement
        return {
            "profile": {"name": self.profile.name, "title": self.profile.title},
            "coding": self.coding,
            "fits": self.fits,
            "errors": self.errors,
            "warnings": self.warnings,
            "rules": len(RULES),
            "findings": [finding.numbers() for finding in self.findings],
            "cores": {
                "used": len(placement.cores),
                "unshared": placement.unshared_cores,
                "usable": self.profile.usable_cores,
            },
            "chips": {"used": placement.chips, "present": self.profile.layout.chips.whole},
            "limits": placement.limits.known,
            "placement": core_rows(placement),
            "layers": layer_rows(placement),
        }


def check(
    model: HardwareSource = None,
    profile: ProfileSource = DEFAULT_PROFILE,
    *,
    coding: Coding = "graded",
    settings: Settings = WHOLE,
) -> CheckResult:
    """Place a model on a chip and collect all that does not fit.

    Parameters
    ----------
    model : Network, StockNetwork, str, Path or None
        Network or model file, also of a plain NetX network; the bundled demo model by default.
    profile : ChipProfile, str or Path
        The board: a profile, its name, or the path of a file.
    coding : {"graded", "unary"}
        A code q as one graded spike or as q binary spikes; plain networks have no codes.
    settings : Settings
        What is taken of a plain network.

    Returns
    -------
    CheckResult
        Findings, and the placement that they are about.

    Raises
    ------
    ModelFileError
        The model file cannot be used.
    InputError
        The profile cannot be used.
    UsageError
        There is no such profile or coding, or the profile describes no chip.
    """
    board = load_chip(profile)
    started = time.perf_counter()
    subject = resolve_subject(model, coding=coding, settings=settings)
    read = time.perf_counter()
    placement = place(describe(subject.plan), board)
    placed = time.perf_counter()
    findings = tuple(check_placement(placement))
    return CheckResult(
        model=subject.file,
        coding=subject.coding,
        placement=placement,
        findings=findings,
        timings_s={
            "read": read - started,
            "place": placed - read,
            "check": time.perf_counter() - placed,
        },
    )
