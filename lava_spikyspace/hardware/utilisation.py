"""How full the cores are, and how many each layer takes: placement as plain tables."""

from __future__ import annotations

from typing import Any

from lava_spikyspace.hardware.placement import PlacedCore, Placement
from lava_spikyspace.hardware.usage import RESOURCES, Usage


def core_rows(placement: Placement) -> list[dict[str, Any]]:
    """Return one row per core in use.

    Parameters
    ----------
    placement : Placement
        A placed network.

    Returns
    -------
    list of dict
        ``core``, ``chip``, ``tile``, ``column``, ``row``; ``used`` and ``share`` (of the limit, 0
        to 1, None without one) by resource; ``fullest``, the resource of which the largest share
        is used; ``slices``, each with ``group``, ``start`` and ``stop``.
    """
    return [_core_row(placement, core) for core in placement.cores]


def _core_row(placement: Placement, core: PlacedCore) -> dict[str, Any]:
    shares = placement.limits.shares(core.usage)
    return {
        "core": core.index,
        "chip": core.chip,
        "tile": core.tile,
        "column": core.column,
        "row": core.row,
        "used": core.usage.to_dict(),
        "share": shares,
        "fullest": max(RESOURCES, key=lambda name: shares[name] or 0.0),
        "slices": [
            {"group": run.group, "start": run.start, "stop": run.stop} for run in core.slices
        ],
    }


def layer_rows(placement: Placement) -> list[dict[str, Any]]:
    """Return one row per layer that lies on cores, in the order of the data.

    Parameters
    ----------
    placement : Placement
        A placed network.

    Returns
    -------
    list of dict
        ``layer``; ``cores`` that hold a part of it; ``neurons`` and ``synapses``; ``state_bytes``
        of all its neurons; ``used`` by resource; ``share`` of the limits of its cores (0 to 1,
        None without a limit) that it takes itself.
    """
    rows: dict[str, dict[str, Any]] = {}
    cores: dict[str, set[int]] = {}
    used: dict[str, Usage] = {}
    for group in placement.graph.on_cores:
        row = rows.setdefault(
            group.layer,
            {"layer": group.layer, "cores": 0, "neurons": 0, "synapses": 0, "state_bytes": 0},
        )
        row["neurons"] += group.neurons
        row["state_bytes"] += group.neurons * group.state_bytes
        row["synapses"] += sum(
            synapses.pattern.synapses for synapses in placement.graph.onto(group.name)
        )
    for core in placement.cores:
        for run, usage in zip(core.slices, core.usages, strict=True):
            layer = placement.graph.by_name[run.group].layer
            cores.setdefault(layer, set()).add(core.index)
            used[layer] = used.get(layer, Usage()) + usage
    for layer, row in rows.items():
        row["cores"] = len(cores[layer])
        row["used"] = used[layer].to_dict()
        row["share"] = {
            name: None if share is None else share / row["cores"]
            for name, share in placement.limits.shares(used[layer]).items()
        }
    return list(rows.values())
