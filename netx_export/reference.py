"""The frozen float model that a model file was exported from, made from its checkpoint again."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lava_spikyspace.errors import CheckpointError, ModelFileError
from lava_spikyspace.network import ConvLayer, IntArray, Network, ScanLayer
from netx_export.calibration import freeze
from netx_export.checkpoint import TrainedModel
from netx_export.frozen import FrozenModel
from netx_export.settings import Settings, parse_settings


class Scale(Settings):
    """One quantiser in ``scales`` of the provenance of a file.

    Parameters
    ----------
    alpha : float
        Step.
    zero_point : float
        As frozen.
    first : tuple of float
        Of the state of a scan: zero-points of the first elements of a window, where they differ.
    """

    alpha: float
    zero_point: float
    first: tuple[float, ...] = ()


QUANTISERS = ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")


def freeze_as_exported(trained: TrainedModel, network: Network) -> FrozenModel:
    """Return the frozen float model that a model file was exported from.

    Parameters
    ----------
    trained : TrainedModel
        The checkpoint.
    network : Network
        Gives the zero-points (provenance).

    Raises
    ------
    CheckpointError
        The checkpoint has other sizes or bits than the file.
    ModelFileError
        The file does not tell its zero-points.
    """
    _check_same_sizes(trained, network)
    scales = network.provenance.get("scales")
    if not isinstance(scales, Mapping):
        raise ModelFileError(
            "/provenance: found no scales, expected the zero-points of every block",
            hint="only files written by `lss export` can be compared",
        )
    model = copy.deepcopy(trained.model)
    for index, mixer in enumerate(model.mixers):
        for name in QUANTISERS:
            quantizer = mixer.quantizer(f"clip_{name}")
            if not quantizer.signed and quantizer.fixed_zero_point is None:
                scale = _scale(scales, f"blocks.{index}", name)
                quantizer.freeze(scale.zero_point, scale.first)
    return freeze(model)


def with_exponents_of(frozen: FrozenModel, network: Network) -> FrozenModel:
    """Return the frozen model with the decay exponents that the file holds.

    They are rounded from float32 products that another torch may compute otherwise.
    """
    blocks = tuple(
        replace(block, exponents=_exponents(network, f"blocks.{index}.scan"))
        for index, block in enumerate(frozen.blocks)
    )
    return replace(frozen, blocks=blocks)


def _check_same_sizes(trained: TrainedModel, network: Network) -> None:
    config = trained.config
    scans = [layer for layer in network if isinstance(layer, ScanLayer)]
    sizes = {layer.name: layer.neurons for layer in network}
    taps = next((x.weight.shape[1] for x in network if isinstance(x, ConvLayer)), 0)
    pairs: dict[str, tuple[object, object]] = {
        "variates": (config.d_model, network.channels),
        "window": (config.window, network.window),
        "horizon": (config.horizon, network.horizon),
        "layers": (config.layers, len(scans)),
        "d_inner": (config.inner_channels, scans[0].neurons if scans else 0),
        "d_state": (config.d_state, scans[0].states if scans else 0),
        "dt_rank": (config.step_rank, sizes.get("blocks.0.delta", 0)),
        "d_conv": (config.d_conv, taps),
        "bits": (config.bits.model_dump(), dict(network.bits)),
    }
    different = [f"{name} {a} and {b}" for name, (a, b) in pairs.items() if a != b]
    if different:
        raise CheckpointError(
            f"checkpoint and model file are of different models: {'; '.join(different)}"
        )


def _scale(scales: Mapping[str, Any], block: str, name: str) -> Scale:
    found = scales.get(block)
    stored = found.get(name) if isinstance(found, Mapping) else None
    where = f"/provenance: scales: quantiser {name} in {block}"
    if not isinstance(stored, Mapping):
        raise ModelFileError(f"{where}: found no zero-point")
    return parse_settings(Scale, stored, where, ModelFileError)


def _exponents(network: Network, name: str) -> IntArray:
    layer = network[name]
    if not isinstance(layer, ScanLayer):
        raise ModelFileError(f"{name}: found a {layer.netx_type} layer, expected a selective_scan")
    return layer.left - layer.right
