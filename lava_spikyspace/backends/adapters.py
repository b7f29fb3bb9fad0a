"""Adapters of Intel's extension in the links between host and cores."""

from __future__ import annotations

from collections.abc import Container

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess

from lava_spikyspace.backends import vendor
from lava_spikyspace.backends.deployment import TO_CORES, adapter_name, crossings
from lava_spikyspace.network import MESSAGE_BITS
from lava_spikyspace.plan import Link, Plan
from lava_spikyspace.profiling.counters import sends_binary


class Adapters:
    """Connects the ports of a plan's links, through an adapter where one is needed.

    Parameters
    ----------
    plan : Plan
        Processes and links.
    on_cores : container of str
        Names of the processes on neurocores.
    """

    def __init__(self, plan: Plan, on_cores: Container[str]) -> None:
        self._plan = plan
        self._kinds = {id(link): kind for link, kind in crossings(plan, on_cores)}
        self._layers = {process.name: process.layer for process in plan.processes}
        self.processes: dict[str, AbstractProcess] = {}

    def connect(self, link: Link, sender: OutPort, receiver: InPort) -> None:
        """Connect two ports.

        Parameters
        ----------
        link : Link
            The link that they belong to.
        sender, receiver : OutPort, InPort
            Its ends.
        """
        kind = self._kinds.get(id(link))
        if kind is None:
            sender.connect(receiver)
            return
        adapter = vendor.PyToNxAdapter if kind == TO_CORES else vendor.NxToPyAdapter
        between = adapter(shape=sender.shape, num_message_bits=self._message_bits(link))
        between.name = adapter_name(link)
        sender.connect(between.inp)
        between.out.connect(receiver)
        self.processes[between.name] = between

    def _message_bits(self, link: Link) -> int:
        """Return the width of what a link carries; 0 stands for binary spikes."""
        layer = self._plan.network[self._layers[link.source]]
        return 0 if sends_binary(self._plan, layer) and self._sends_codes(link) else MESSAGE_BITS

    def _sends_codes(self, link: Link) -> bool:
        """Whether a link carries what a layer sends, not sums of synapses on their way to it."""
        return self._layers[link.source] != self._layers[link.target]
