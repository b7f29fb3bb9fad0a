"""Shorter ways through Lava's dense ports, with the same result.

Lava's `PyInPortVectorDense.recv` folds its sources with a lambda, allocates zeros and asks a
transformer in every call; that costs more than many models do in a step. What it computes is fixed
once the graph is wired: `zeros + first + second + ...`, each source passed through the virtual
ports on its way. `shorten_ports` puts an equal function on the port object itself. Ports of any
other class keep Lava's methods, which work on the same channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from lava.magma.core.model.py.ports import (
    IdentityTransformer,
    PyInPortVectorDense,
    PyOutPortVectorDense,
)

if TYPE_CHECKING:
    from lava.magma.core.model.py.model import PyLoihiProcessModel
    from numpy.typing import NDArray

    from lava_spikyspace.runtime.inprocess.channels import InProcessRecvPort

    Receive = Callable[[], NDArray[Any]]


def shorten_ports(model: PyLoihiProcessModel) -> None:
    """Give every dense in- and out-port of `model` a direct `recv` or `send`."""
    for port in model.py_ports:
        if type(port) is PyInPortVectorDense:
            port.recv = _receiver(port)
        elif type(port) is PyOutPortVectorDense and len(port.csp_ports) == 1:
            port.send = port.csp_ports[0].send


def _receiver(port: PyInPortVectorDense) -> Receive:
    zeros = np.zeros(port._shape, port._d_type)
    if not port.csp_ports:
        return zeros.copy
    if len(port.csp_ports) == 1:
        source: InProcessRecvPort = port.csp_ports[0]
        if _sum_with_zeros_is_message(port, source):
            dtype = np.result_type(zeros, source.d_type)
            return source.receiver_as(dtype)
    sources = [_transformed(port, source) for source in port.csp_ports]
    if len(sources) == 1:
        only = sources[0]
        return lambda: zeros + only()

    def receive_sum() -> NDArray[Any]:
        total = zeros
        for source in sources:
            total = total + source()
        return total

    return receive_sum


def _sum_with_zeros_is_message(port: PyInPortVectorDense, source: InProcessRecvPort) -> bool:
    """Return whether adding the zeros may change the dtype, but no value.

    Floats are added in any case: 0.0 + -0.0 is 0.0. Without virtual ports the shapes are the same.
    """
    return isinstance(port._transformer, IdentityTransformer) and source.d_type.kind in "biu"


def _transformed(port: PyInPortVectorDense, source: InProcessRecvPort) -> Receive:
    receive: Receive = source.recv
    if isinstance(port._transformer, IdentityTransformer):
        return receive
    transform: Callable[[NDArray[Any]], NDArray[Any]] = port._transformer._get_transform(source)
    return lambda: transform(receive())
