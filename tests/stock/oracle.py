"""Run cases through lava-dl's own loader, in a process of its own.

``python -m tests.stock.oracle FOLDER DATA NAME...`` writes ``FOLDER/<number>.npz`` for each case:
what every layer sent (``0``, ``1``, …), and the same from Lava's own runtime where the case asks
for it (``lava.0``, …). Lava's runtime may hang, so the caller sets a time limit.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from lava.lib.dl.netx import hdf5
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source

from lava_spikyspace.runtime.inprocess import InProcessRuntime
from tests.stock.cases import CASES, SLOW_CASES, Case


class Graph:
    """lava-dl's network with a sink behind every layer, and its input."""

    def __init__(self, case: Case, path: Path) -> None:
        self.values = case.values()
        self.net = hdf5.Network(
            net_config=str(path), input_message_bits=case.input_bits, **case.settings
        )
        self.sinks = []
        for layer in self.net.layers:
            sink = Sink(shape=layer.out.shape, buffer=case.steps)
            layer.out.connect(sink.a_in)
            self.sinks.append(sink)
        self.bias = None
        if case.feed == "bias":
            self.bias = self.net.layers[0].neuron.bias_mant
            return
        source = Source(data=np.moveaxis(self.values, 0, -1).astype(np.int32))
        # lava-dl leaves the input layer's own port unconnected.
        target = self.net.layers[0].neuron.a_in if case.feed == "values" else self.net.inp
        source.s_out.connect(target)

    def on_inprocess_runtime(self) -> list[np.ndarray]:
        with InProcessRuntime(self.sinks[0], Loihi2SimCfg(select_tag="fixed_pt")) as runtime:
            for value in self.values:
                if self.bias is not None:
                    runtime.set(self.bias, value)
                runtime.run(1)
            return [np.moveaxis(runtime.get(sink.data), -1, 0) for sink in self.sinks]

    def on_lava_runtime(self) -> list[np.ndarray]:
        process = self.sinks[0]
        config = Loihi2SimCfg(select_tag="fixed_pt")
        if self.bias is None:
            process.run(condition=RunSteps(len(self.values)), run_cfg=config)
        else:
            self.bias.init = self.values[0]
            process.run(condition=RunSteps(1), run_cfg=config)
            for value in self.values[1:]:
                self.bias.set(value)
                process.run(condition=RunSteps(1))
        found = [np.moveaxis(sink.data.get(), -1, 0) for sink in self.sinks]
        process.stop()
        return found


def main(folder: Path, data: Path | None, names: list[str]) -> None:
    for name in names:
        case = {**CASES, **SLOW_CASES}[name]
        path = case.plain_file(folder, data)
        found = Graph(case, path).on_inprocess_runtime()
        arrays = {str(index): value for index, value in enumerate(found)}
        if case.on_lava_runtime:
            found = Graph(case, path).on_lava_runtime()
            arrays |= {f"lava.{index}": value for index, value in enumerate(found)}
        np.savez(folder / f"{names.index(name)}.npz", **arrays)
        sys.stderr.write(f"{name}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2] else None, sys.argv[3:])
