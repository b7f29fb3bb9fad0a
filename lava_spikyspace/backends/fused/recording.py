"""Codes of every process on the windows of a chunk, from the nodes that they use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.backends.fused.network_form import CodeArray, NetworkForm
from lava_spikyspace.backends.fused.nodes import Workspace
from lava_spikyspace.network import IntArray


def collect(
    form: NetworkForm,
    workspace: Workspace,
    first_window: int,
    states: Sequence[CodeArray],
    forecasts: IntArray,
) -> dict[str, IntArray]:
    """Return the records of a chunk (see `backends.base.Records`).

    Parameters
    ----------
    form : NetworkForm
        The network.
    workspace : Workspace
        Its nodes.
    first_window : int
        First window of the chunk among those of the indices.
    states : sequence of ndarray, uint8, shape (window, element, channel * padded state)
        State codes of each block's scan.
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent.
    """
    network = form.network
    streams = [stream.group.indices[first_window:] for stream in workspace.streams]

    def take(values: npt.NDArray[Any], nodes: npt.NDArray[np.int32]) -> IntArray:
        found: IntArray = values[nodes].astype(np.int64)
        return found.reshape(*nodes.shape, -1)

    records = {network.input.name: take(workspace.streams[0].messages, streams[0])}
    for index, block in enumerate(form.blocks):
        layers, nodes = block.layers, workspace.blocks[index]
        stream = streams[index]
        conv, scan = nodes.conv.indices[first_window:], nodes.scan.indices[first_window:]
        gate_code, output = take(nodes.gate, stream), take(nodes.outputs, scan)
        gate = block.gate_values[gate_code]
        records |= {
            layers.norm.name: take(nodes.roots, stream),
            layers.scan_in.name: take(nodes.scan_in, stream),
            f"{layers.gate.name}.code": gate_code,
            layers.gate.name: gate,
            layers.conv.name: take(nodes.u, conv),
            layers.delta.name: take(nodes.ranks, conv),
            layers.b.name: take(nodes.b, conv),
            layers.c.name: take(nodes.c, conv),
            f"{layers.dt_proj.name}.code": take(nodes.inner, conv),
            layers.dt_proj.name: take(nodes.delta, conv),
            f"{layers.scan.name}.state": block.without_padding(states[index]).astype(np.int64),
            layers.scan.name: output,
            layers.product.name: output * gate,
            layers.out_proj.name: take(workspace.streams[index + 1].messages, streams[index + 1]),
        }
    records[network.head.name] = forecasts
    return records
