"""Find out whether a model fits a Loihi 2 chip, and what a forecast costs in both codings.

    python examples/fit_and_energy.py                          # the bundled demo model
    python examples/fit_and_energy.py model.net --profile kapoho_point

Shows: `check` and `estimate` from Python, and the assumptions that an estimate rests on. No energy
per operation of Loihi 2 is public: its profile takes Loihi 1's as an upper bound, and says so.
Needs neither torch nor Lava.

Prints: cores used and findings by rule; for each coding time steps, spikes, synaptic operations,
energy as low, nominal and high, and what bounds the time of a step; then the assumptions.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import lava_spikyspace as lss
from lava_spikyspace.hardware.checking import check
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.hardware.findings import Finding


def main() -> None:
    """Check, estimate, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, nargs="?", help="the bundled demo model by default")
    parser.add_argument("--profile", default="loihi2")
    options = parser.parse_args()
    network = lss.load(options.model)

    fit = check(network, options.profile)
    print(f"{fit.profile.title}: {len(fit.placement.cores)} of {fit.profile.usable_cores} cores")
    by_rule: dict[str, list[Finding]] = {}
    for finding in fit.findings:
        by_rule.setdefault(finding.code, []).append(finding)
    for rule, findings in by_rule.items():
        worst = max(findings, key=lambda one: one.actual)
        print(
            f"  {len(findings)} x {worst.severity} {rule}, at worst {worst.where}: {worst.actual} "
            f"of {worst.limit} {worst.unit}"
        )
    print("  it fits" if fit.fits else f"  it does not fit: {fit.errors} errors; see `lss check`")

    # Counts of the golden windows that the file carries; `activity=` takes those of a run.
    found = estimate(network, options.profile)
    for coding, cost in found.codings.items():
        windows, totals = cost.work.windows, cost.to_dict()["totals"]
        energy, step, time = cost.energy_per_forecast, cost.step.step, cost.time_per_forecast
        print(f"\n{coding}, one forecast (counted over {windows} windows):")
        print(f"  {totals['spikes'] / windows:.0f} spikes, {totals['synop'] / windows:.0f} synops")
        print(
            f"  energy {float(energy.low) / 1e6:.3f}, {float(energy.nominal) / 1e6:.3f}, "
            f"{float(energy.high) / 1e6:.3f} µJ (low, nominal, high)"
        )
        print(
            f"  {cost.steps_per_forecast} time steps of {float(step.low):.0f} to "
            f"{float(step.high):.0f} ns, bounded by {cost.step.limited_by}: "
            f"{float(time.low) / 1e3:.1f} to {float(time.high) / 1e3:.1f} µs"
        )

    print("\nAssumptions:")
    for assumption in found.assumptions:
        print(f"  {assumption.subject}: {assumption.text}")


if __name__ == "__main__":
    main()
