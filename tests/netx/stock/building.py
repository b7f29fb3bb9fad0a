"""Make plain NetX files as lava-dl writes them, without lava-dl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Layer = dict[str, Any]
"""Values by their path below the layer."""


def cuba(threshold: int = 40, current: int = 1024, voltage: int = 512, **more: Any) -> Layer:
    return {
        "neuron/type": "CUBA",
        "neuron/vThMant": threshold,
        "neuron/iDecay": current,
        "neuron/vDecay": voltage,
        "neuron/refDelay": 1,
        "neuron/gradedSpike": False,
        **{f"neuron/{name}": value for name, value in more.items()},
    }


def sdnn(threshold: int = 2, **more: Any) -> Layer:
    return {
        "neuron/type": "SDNN",
        "neuron/activation": "relu",
        "neuron/vThMant": threshold,
        **{f"neuron/{name}": value for name, value in more.items()},
    }


def layer(kind: str, shape: Sequence[int], *parts: Mapping[str, Any], **values: Any) -> Layer:
    """Return a layer; `shape` in the order of the file."""
    joined: Layer = {"type": np.array([kind], "S10"), "shape": np.array(shape)}
    for part in parts:
        joined |= part
    return joined | values


def dense(weight: np.ndarray, *parts: Mapping[str, Any], **values: Any) -> Layer:
    outputs, inputs = weight.shape
    sizes = {"inFeatures": inputs, "outFeatures": outputs}
    return layer("dense", [outputs], sizes, *parts, weight=weight.astype("f4"), **values)


def recurrent(
    weight: np.ndarray, weight_rec: np.ndarray, *parts: Mapping[str, Any], **values: Any
) -> Layer:
    made = dense(weight, *parts, weight_rec=weight_rec.astype("f4"), **values)
    return made | {"type": np.array(["dense_rec"], "S10")}


def conv(
    shape: Sequence[int],
    weight: np.ndarray,
    *parts: Mapping[str, Any],
    stride: Sequence[int] = (1, 1),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    groups: int = 1,
    **values: Any,
) -> Layer:
    """Return a convolution; pairs are (y, x), as in the file."""
    geometry = {
        "stride": np.array(stride),
        "padding": np.array(padding),
        "dilation": np.array(dilation),
        "groups": groups,
        "kernelSize": np.array(weight.shape[2:4]),
        "inChannels": weight.shape[1] * groups,
        "outChannels": weight.shape[0],
    }
    return layer("conv", shape, geometry, *parts, weight=weight.astype("f4"), **values)


def flatten(size: int) -> Layer:
    return layer("flatten", [size, 1, 1])


def write_stock(path: Path, layers: Sequence[Mapping[str, Any]]) -> Path:
    """Write a file; Python strings become texts of variable length, booleans enumerations."""
    with h5py.File(path, "w") as file:
        for index, values in enumerate(layers):
            for name, value in values.items():
                file.create_dataset(f"layer/{index}/{name}", data=value)
        file["simulation/Ts"] = 1
    return path


def weights(rng: np.random.Generator, *shape: int, largest: int = 100, step: int = 2) -> np.ndarray:
    """Return weights of both signs, multiples of `step`."""
    return rng.integers(-largest // step, largest // step, shape) * step


def chain_of_dense_layers(seed: int = 0) -> list[Layer]:
    """Dense layers with delays in all forms, and recurrence, after 12 inputs."""
    rng = np.random.default_rng(seed)
    return [
        dense(
            weights(rng, 16, 12),
            cuba(),
            delay=rng.integers(0, 5, 16).astype("f4"),
            bias=rng.integers(-9, 30, 16).astype("f4"),
        ),
        recurrent(weights(rng, 10, 16), weights(rng, 10, 10, step=1), cuba(threshold=60)),
        dense(weights(rng, 14, 10, step=1), cuba(), delay=rng.integers(0, 63, (14, 10))),
        dense(weights(rng, 9, 14), cuba(), delay=rng.integers(0, 3, 14)),
        recurrent(
            weights(rng, 9, 9, largest=60), weights(rng, 9, 9, largest=60), cuba(300), delay=2
        ),
        dense(np.abs(weights(rng, 5, 9)) // 4 * 3, cuba()),
    ]


def awkward_weights(seed: int = 2) -> list[Layer]:
    """Dense layers some of whose weights Lava alters, or lava-dl scales."""
    rng = np.random.default_rng(seed)
    neuron = cuba(20, 4096, 300)

    def bias(count: int) -> np.ndarray:
        return rng.integers(5, 40, count).astype("f4")

    return [
        dense(-128 * rng.integers(0, 2, (12, 8)), neuron, bias=bias(12)),
        recurrent(
            rng.integers(60, 100, (9, 12)) * 2 + 1,
            weights(rng, 9, 9, largest=200, step=1),
            neuron,
            bias=bias(9),
        ),
        dense(np.full((7, 9), -256), neuron, bias=bias(7)),
        dense(-rng.integers(0, 2, (7, 7)) * 255, neuron, bias=bias(7)),
        dense(rng.integers(0, 256, (6, 7)), neuron),
        recurrent(
            weights(rng, 6, 6, largest=20, step=1), weights(rng, 6, 6, largest=8), neuron, delay=1
        ),
    ]


def convolutions_in_groups(neuron: Layer | None = None, seed: int = 1) -> list[Layer]:
    """Convolutions with groups, dilation, stride and padding that differ between x and y."""
    rng = np.random.default_rng(seed)
    neuron = neuron or cuba(threshold=30)
    return [
        layer("input", [4, 9, 7], neuron, weight=36.0, bias=np.array([4.0], "f4")),
        conv(
            [6, 7, 5],
            weights(rng, 6, 2, 3, 2, largest=30),
            neuron,
            stride=(1, 2),
            padding=(1, 2),
            dilation=(2, 1),
            groups=2,
            bias=rng.integers(-20, 20, 6).astype("f4"),
        ),
        conv(
            [9, 3, 3],
            weights(rng, 9, 2, 3, 2, 1, largest=30),
            neuron,
            stride=(2, 1),
            dilation=(1, 2),
            groups=3,
        ),
        flatten(81),
        dense(weights(rng, 8, 81, largest=40), neuron, bias=rng.integers(-20, 20, 8).astype("f4")),
    ]
