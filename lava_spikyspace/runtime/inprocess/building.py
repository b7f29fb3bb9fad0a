"""From an executable of Lava's compiler to live models joined by in-memory channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx  # type: ignore[import-untyped]
from lava.magma.compiler.builders.channel_builder import ChannelBuilderMp
from lava.magma.compiler.utils import VarPortInitializer
from lava.magma.core.process.ports.ports import InPort, create_port_id
from lava.proc.io.injector import PyLoihiInjectorModel

from lava_spikyspace.errors import BackendUnavailableError, SimulationError
from lava_spikyspace.runtime.inprocess.channels import Channel, PortAddress, Waiter
from lava_spikyspace.runtime.inprocess.dense import shorten_dense
from lava_spikyspace.runtime.inprocess.diagnostics import model_traceback
from lava_spikyspace.runtime.inprocess.isolation import isolate, never_copied
from lava_spikyspace.runtime.inprocess.naming import display_name
from lava_spikyspace.runtime.inprocess.ports import shorten_ports

if TYPE_CHECKING:
    from lava.magma.compiler.builders.py_builder import PyProcessBuilder
    from lava.magma.compiler.executable import Executable
    from lava.magma.core.model.py.model import PyLoihiProcessModel
    from lava.magma.core.process.process import AbstractProcess


@dataclass(frozen=True)
class BuiltGraph:
    """Live models of a graph.

    Attributes
    ----------
    models : dict of AbstractProcess to PyLoihiProcessModel
        In the order in which they are best run: where the graph has no cycle, every process comes
        after those that send to it.
    channels : tuple of Channel
        Everything that joins them, and joins them to the program outside.
    """

    models: dict[AbstractProcess, PyLoihiProcessModel]
    channels: tuple[Channel, ...]


def build_graph(executable: Executable, waiter: Waiter) -> BuiltGraph:
    """Join the builders of an executable by in-memory channels and build the models.

    Parameters
    ----------
    executable : Executable
        As `compile_graph` returns it; its builders are used up.
    waiter : Waiter
        Lets other models run when one has to wait at a channel.

    Returns
    -------
    BuiltGraph
        Models and channels.

    Raises
    ------
    BackendUnavailableError
        If a channel is not one between Python models.
    SimulationError
        If a model cannot be built; names the process.
    """
    builders: dict[AbstractProcess, PyProcessBuilder] = executable.proc_builders
    channels = [
        _join(channel_builder, builders, waiter)
        for channel_builder in sorted(executable.channel_builders, key=_identity)
    ]
    kept = never_copied(builders)
    for process in sorted(builders, key=lambda p: p.id):
        isolate(builders[process], display_name(process), kept)
        channels += _join_outside(process, builders[process], waiter)
    models = {
        process: _build_model(process, builders[process]) for process in running_order(executable)
    }
    return BuiltGraph(models, tuple(channels))


def running_order(executable: Executable) -> list[AbstractProcess]:
    """Return the processes so that senders come before receivers wherever there is no cycle."""
    graph = networkx.DiGraph()
    # Lava lists processes in the order of their addresses in memory; ids are the same in each run.
    graph.add_nodes_from(sorted(executable.proc_builders, key=lambda process: process.id))
    graph.add_edges_from(
        (builder.src_process, builder.dst_process)
        for builder in sorted(executable.channel_builders, key=_identity)
    )
    return list(networkx.dfs_postorder_nodes(graph))[::-1]


def _identity(builder: ChannelBuilderMp) -> tuple[int, str, int, str]:
    return (
        builder.src_process.id,
        builder.src_port_initializer.name,
        builder.dst_process.id,
        builder.dst_port_initializer.name,
    )


def _join(
    builder: ChannelBuilderMp,
    builders: dict[AbstractProcess, PyProcessBuilder],
    waiter: Waiter,
) -> Channel:
    source, target = builder.src_port_initializer, builder.dst_port_initializer
    source_address = PortAddress(display_name(builder.src_process), source.name)
    target_address = PortAddress(display_name(builder.dst_process), target.name)
    if not isinstance(builder, ChannelBuilderMp):
        raise BackendUnavailableError(
            f"The in-process runtime has no channel like {type(builder).__name__}, "
            f"from {source_address} to {target_address}"
        )
    channel = Channel(
        source_address,
        target_address,
        shape=source.shape,
        dtype=source.d_type,
        capacity=source.size,
        waiter=waiter,
        accesses_var=any(isinstance(port, VarPortInitializer) for port in (source, target)),
    )
    builders[builder.src_process].set_csp_ports([channel.send_port])
    builders[builder.dst_process].set_csp_ports([channel.recv_port])
    # Tells the receiver which virtual ports the data of this sender pass through.
    builders[builder.dst_process].add_csp_port_mapping(
        create_port_id(builder.src_process.id, source.name), channel.recv_port
    )
    return channel


def _join_outside(
    process: AbstractProcess, builder: PyProcessBuilder, waiter: Waiter
) -> list[Channel]:
    """Make the channels through which Injectors and Extractors talk to the program outside."""
    channels = []
    for name, initializer in builder.py_ports.items():
        port = getattr(process, name)
        if not port.external_pipe_flag:
            continue
        inside = PortAddress(display_name(process), name)
        outside = PortAddress(None, name)
        is_input = isinstance(port, InPort)
        channel = Channel(
            outside if is_input else inside,
            inside if is_input else outside,
            shape=initializer.shape,
            dtype=initializer.d_type,
            capacity=port.external_pipe_buffer_size,
            waiter=waiter,
        )
        if is_input:
            builder.set_csp_ports([channel.recv_port])
            port.external_pipe_csp_send_port = channel.send_port
        else:
            builder.set_csp_ports([channel.send_port])
            port.external_pipe_csp_recv_port = channel.recv_port
        channels.append(channel)
    return channels


def _build_model(process: AbstractProcess, builder: PyProcessBuilder) -> PyLoihiProcessModel:
    try:
        model = builder.build()
    except Exception as error:
        raise SimulationError(
            f"The model of process {display_name(process)} cannot be built: "
            f"{type(error).__name__}: {error}",
            process=process.name,
            traceback=model_traceback(error),
        ) from error
    if isinstance(model, PyLoihiInjectorModel):
        # Its destructor joins an attribute that Lava never sets.
        model._p_to_pm_dst_port = model.in_port.csp_ports[-1]
    shorten_ports(model)
    shorten_dense(model)
    return model
