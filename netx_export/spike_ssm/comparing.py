"""What `netx_export.comparing` compares a file of this family with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from lava_spikyspace.errors import CheckpointError, ModelFileError, UsageError
from lava_spikyspace.families import classifies
from lava_spikyspace.network import Network
from lava_spikyspace.spike_ssm.layers import S4dLayer, SpikingLayer
from netx_export.comparing import Reference, reference_of
from netx_export.settings import Settings, parse_settings
from netx_export.spike_ssm.checkpoint import TrainedSsm
from netx_export.spike_ssm.exporting import normalisation_of
from netx_export.spike_ssm.frozen import FrozenSpikeSsm, freeze
from netx_export.spike_ssm.lowering import lower


@reference_of.register
def _(trained: TrainedSsm, network: Network) -> Reference:
    _check_same_model(trained, network)
    frozen = freeze(trained.model)
    return Reference(frozen=frozen, fresh=_lower_anew(trained, frozen, network))


class Recipe(Settings):
    """What lowering was given beside the frozen model: ``lowering`` in the provenance of a file.

    Parameters
    ----------
    peaks : mapping of str to list of float
        What calibration saw, see `SsmTrace`.
    """

    peaks: dict[str, list[Annotated[float, Field(ge=0, le=2.0**40)]]]


def _lower_anew(trained: TrainedSsm, frozen: FrozenSpikeSsm, network: Network) -> Network | None:
    """Lower a checkpoint as the file says that it was; None where it does not tell."""
    stored = network.provenance.get("lowering")
    if stored is None:
        return None
    if not isinstance(stored, Mapping):
        raise ModelFileError("/provenance: lowering: expected an object")
    recipe = parse_settings(Recipe, stored, "/provenance: lowering", ModelFileError)
    peaks = {name: np.array(values) for name, values in recipe.peaks.items()}
    try:
        fresh = lower(frozen, peaks, normalisation_of(trained))
    except (UsageError, KeyError, ValueError) as error:
        raise ModelFileError(f"/provenance: lowering: not of this model: {error}") from error
    return replace(fresh, variates=trained.names)


def _check_same_model(trained: TrainedSsm, network: Network) -> None:
    config = trained.config
    filters = [layer for layer in network if isinstance(layer, S4dLayer)]
    neurons = {layer.neuron_type for layer in network if isinstance(layer, SpikingLayer)}
    is_classifier = classifies(network)
    pairs = {
        "inputs": (config.inputs, network.channels),
        "window": (config.window, network.window),
        "task": (config.task, "classification" if is_classifier else "forecast"),
        "outputs": (config.outputs, network.head.neurons if is_classifier else network.horizon),
        "layers": (config.layers, len(filters)),
        "d_model": (config.d_model, filters[0].neurons if filters else 0),
        "d_state": (config.d_state, filters[0].states if filters else 0),
        "neuron": ([config.neuron.upper()], sorted(map(str, neurons))),
    }
    different = [f"{name} {a} and {b}" for name, (a, b) in pairs.items() if a != b]
    if different:
        raise CheckpointError(
            f"checkpoint and model file are of different models: {'; '.join(different)}"
        )
