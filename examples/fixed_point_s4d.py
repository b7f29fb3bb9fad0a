"""A diagonal state space (S4D) in fixed point as a Lava process of its own.

    python examples/fixed_point_s4d.py

Shows: complex numbers of an S4D to integers with `fixed_point_s4d`, the process `DiagonalS4d` fed
by a plain `lava.proc` ring buffer, and the output beside the same recursion in floats.
Prints: the proven widths, and the error of the integers relative to the largest output.
"""

from __future__ import annotations

import argparse

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source

from lava_spikyspace.processes.diagonal_s4d.process import DiagonalS4d
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.spike_ssm.s4d_formats import fixed_point_s4d

CHANNELS, STATES = 3, 4
INPUT_UNIT = OUTPUT_UNIT = 2.0**16


def main() -> None:
    """Run the process on noise and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=64, help="length of the sequence")
    steps = parser.parse_args().steps

    # S4D-Lin: rates 1/2, frequencies pi n, one step per channel, held over the step.
    rng = np.random.default_rng(0)
    step = np.geomspace(0.01, 0.2, CHANNELS)[:, None]
    A = -0.5 + 1j * np.pi * np.arange(STATES)
    decay = np.exp(step * A)
    C = (rng.normal(size=(2, CHANNELS, STATES)) * np.array([[[1]], [[1j]]])).sum(axis=0)
    readout, skip = C * (decay - 1) / A, rng.normal(size=CHANNELS)

    layer = fixed_point_s4d(
        decay,
        readout,
        skip,
        input_unit=np.full(CHANNELS, INPUT_UNIT),
        output_unit=OUTPUT_UNIT,
        elements=steps,
    )
    print({name: f"{interval.bits} bits" for name, interval in layer.ranges.items()})

    x = rng.normal(size=(CHANNELS, steps))
    codes = np.rint(x * INPUT_UNIT).astype(np.int64)
    process = DiagonalS4d(
        decay_real=layer.decay_real,
        decay_imag=layer.decay_imag,
        decay_bits=layer.decay_bits,
        left=layer.left,
        right=layer.right,
        read_real=layer.read_real,
        read_imag=layer.read_imag,
        skip=layer.skip,
        shift=layer.shift,
        message_bits=layer.message_bits,
        schedule=Schedule(window=steps),
    )
    source, sink = Source(data=codes), Sink(shape=(CHANNELS,), buffer=steps)
    source.s_out.connect(process.a_in)
    process.message.connect(sink.a_in)
    try:
        process.run(RunSteps(steps), Loihi2SimCfg(select_tag="fixed_pt"))
        y = sink.data.get() / OUTPUT_UNIT
    finally:
        process.stop()

    h, expected = np.zeros((CHANNELS, STATES), dtype=complex), np.empty_like(y)
    for t in range(steps):
        h = decay * h + x[:, t, None]
        expected[:, t] = 2 * (readout * h).sum(axis=1).real + skip * x[:, t]
    print(f"error {np.abs(y - expected).max() / np.abs(expected).max():.1e} of the largest output")


if __name__ == "__main__":
    main()
