"""Time a training step with the fused scan and with two plain loops, side by side.

    python examples/training_step.py

A step is forward, backward and update of a model of 321 variates and 3 blocks (64 inner channels,
32 states each) on 32 windows of 168 rows: the size of the Electricity data. The loops are the one
over unbound steps that `netx_export.scan` keeps as its reference, and one that indexes every step
out of the whole (batch, length, channels, states) tensor, whose backward pass writes that tensor
anew for every step. The best of `--repeat` steps counts, after one that does not; of the loops
one. On a machine that others use as well, processor time tells more than the clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from netx_export.config import ModelConfig, TrainConfig
from netx_export.optimisation import make_optimizer
from netx_export.scan import Scan, round_exponents, scan, selective_scan
from netx_export.spikyspace import SpikySpace
from netx_export.threads import one_torch_thread


def indexing_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    quantize_state: Callable[[Tensor], Tensor],
    *,
    learn_decay: bool = True,
    exponents: Tensor | None = None,
) -> Tensor:
    """Run the scan as `selective_scan` does, but index the steps."""
    if exponents is None:
        exponents = round_exponents(delta.unsqueeze(-1), A, learn=learn_decay)
    decay = torch.exp2(exponents)
    drive = delta.unsqueeze(-1) * B.unsqueeze(2) * u.unsqueeze(-1)
    h = drive.new_zeros(drive.shape[0], *drive.shape[2:])
    outputs = []
    for t in range(u.shape[1]):
        h = quantize_state(decay[:, t] * h + drive[:, t])
        outputs.append((h @ C[:, t].unsqueeze(-1)).squeeze(-1))
    return torch.stack(outputs, dim=1) + D * u


SCANS: dict[str, Scan] = {
    "fused": scan,
    "loop over unbound steps": selective_scan,
    "loop that indexes": indexing_scan,
}


def main() -> None:
    """Print seconds per step and how much faster the fused scan is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=168)
    parser.add_argument("--variates", type=int, default=321)
    parser.add_argument("--repeat", type=int, default=3, help="steps timed with the fused scan")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with one_torch_thread():  # as training has it: the compiled functions use the others
        _compare(options)


def _compare(options: argparse.Namespace) -> None:
    config = ModelConfig(d_model=options.variates, window=options.length, horizon=3)
    torch.manual_seed(0)
    x = torch.randn(options.batch, options.length, options.variates)
    y = torch.randn(options.batch, 3, options.variates)
    sizes = f"{config.inner_channels} inner channels, {config.d_state} states"
    print(f"{sizes}, {options.threads} threads")
    seconds: dict[str, tuple[float, float]] = {}
    for name, function in SCANS.items():
        step = _training_step(config, function, x, y)
        # The loops are long enough to need no repetition and no step before.
        if name == "fused":
            step()
        repeats = options.repeat if name == "fused" else 1
        seconds[name] = min(_timed(step) for _ in range(repeats))
        ratios = [mine / fused for mine, fused in zip(seconds[name], seconds["fused"], strict=True)]
        print(
            f"{name:24} {seconds[name][0]:8.3f} s per step, {seconds[name][1]:8.3f} s of processor "
            f"time: {ratios[0]:6.1f} and {ratios[1]:6.1f} times the fused one",
            flush=True,
        )


def _training_step(config: ModelConfig, scan: Scan, x: Tensor, y: Tensor) -> Callable[[], None]:
    torch.manual_seed(1)
    model = SpikySpace(config)
    model.eval()
    with torch.no_grad():
        model(x)  # gives the quantisers' steps their start
    model.train()
    for mixer in model.mixers:
        mixer.scan = scan
    optimizer = make_optimizer(model, TrainConfig())

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.huber_loss(model(x), y).backward()
        optimizer.step()
        model.clamp_steps()

    return step


def _timed(step: Callable[[], None]) -> tuple[float, float]:
    """Return seconds on the clock and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - clock, time.process_time() - processor


if __name__ == "__main__":
    main()
