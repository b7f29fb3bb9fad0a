"""Lava processes of the integer network, laid out as in `lava.proc`.

Each folder holds ``process.py``, the interface (ports, Vars), and ``models.py``, the behaviour on a
CPU in fixed point. What they share: `frames` (when a process works), `framed_process` and
`framed_model` (receive, integrate, send), `tally` (counts). Matrix products are Lava's own `Dense`.
"""

from lava_spikyspace.lava_import import prepare_lava_import

prepare_lava_import()
