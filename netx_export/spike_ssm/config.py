"""Settings of SPikE-SSM-style models and of their training, checked at the border."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from netx_export.settings import Settings, Size

NeuronName = Literal["refractory", "soft_reset", "hard_reset", "bernoulli"]


class SpikeSsmConfig(Settings):
    """Sizes and arithmetic of a SPikE-SSM-style model.

    Parameters
    ----------
    inputs : int
        Channels of the input sequence.
    window : int
        Length of the sequences L.
    task : {"classification", "forecast"}
        Head: logits of classes from the mean over time, or all steps of a horizon.
    outputs : int
        Classes, or steps of the horizon.
    d_model : int
        Channels of the residual stream.
    d_state : int
        Complex states of each channel.
    layers : int
        Blocks.
    neuron : str
        ``refractory``, ``soft_reset``, ``hard_reset`` or ``bernoulli``.
    tau : float
        Leak of the membrane.
    refractory_decay : float
        Decay kr of the refractory current.
    mixer : {"linear", "glu"}
        What follows the spikes.
    engine : {"compiled", "pmbc", "loop"}
        How training evaluates the neurons.
    rounds : int
        Rounds of ``pmbc``.
    quantised : bool
        Whether the forward pass rounds weights and coefficients as the file does.
    seed : int
        Of Bernoulli neurons.
    """

    inputs: Size
    window: Size
    task: Literal["classification", "forecast"] = "classification"
    outputs: Size
    d_model: Size = 64
    d_state: int = Field(default=16, ge=1, le=1024)
    layers: int = Field(default=2, ge=1, le=64)
    neuron: NeuronName = "refractory"
    tau: float = Field(default=0.2, ge=0, lt=1)
    refractory_decay: float = Field(default=0.5, ge=0, lt=1)
    mixer: Literal["linear", "glu"] = "glu"
    engine: Literal["compiled", "pmbc", "loop"] = "compiled"
    rounds: int = Field(default=3, ge=1)
    quantised: bool = True
    seed: int = Field(default=0, ge=0)


class SpikeSsmTraining(Settings):
    """Settings of a training run.

    Parameters
    ----------
    epochs, batch_size : int
        Passes over the training sequences, sequences per update.
    learning_rate, weight_decay : float
        Of AdamW with a one-cycle schedule; decay acts on weight matrices only.
    firing_penalty, firing_target : float
        Price of the mean firing rate above the target.
    clip_norm : float
        Largest norm of the gradient.
    keep : {"last", "best"}, optional
        Epoch that is kept: the last, or the best on the validation part. By default the last of a
        classifier, whose rate ends at 0, and the best of a forecaster.
    seed : int
        Of all random numbers.
    """

    epochs: int = Field(default=30, ge=1)
    batch_size: int = Field(default=32, ge=1)
    learning_rate: float = Field(default=4e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    firing_penalty: float = Field(default=1.0, ge=0)
    firing_target: float = Field(default=0.1, ge=0, le=1)
    clip_norm: float = Field(default=1.0, gt=0)
    keep: Literal["last", "best"] | None = None
    seed: int = Field(default=0, ge=0)
