"""Interface of the gating product."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort

from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    WHOLE,
    FramedProcess,
    MessageLimbs,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class Product(FramedProcess):
    """Gate: scan code times gate message, one message per channel.

    Spikes of the scan carry its sign and are summed over a frame; the product leaves in the first
    step of the next frame.

    Parameters
    ----------
    channels : int
        Number of inner channels.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the message is also sent in.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    scan_in : InPort, shape (channel,)
        Signed code of the scan.
    gate_in : InPort, shape (channel,)
        Gate message, once per frame; further limbs of a wide one at ``gate_in_1, ...``.
    message : OutPort, shape (channel,)
        The product.
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    """

    def __init__(
        self,
        *,
        channels: int,
        message_limbs: MessageLimbs = WHOLE,
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = (channels,)
        super().__init__(
            shape=shape,
            inputs=("scan_in", "gate_in"),
            message_limbs=message_limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.scan_in = InPort(shape=shape)
        self.add_message_ports("gate_in", shape)
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
