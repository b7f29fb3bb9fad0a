"""From a checkpoint and export settings to networks. The only module of the package with torch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.availability import require_export
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import parse_ratios
from lava_spikyspace.errors import SpikySpaceError
from lava_spikyspace.network import Network
from lava_spikyspace.sweeps.grid import Point
from lava_spikyspace.sweeps.points import Failed, values_of

if TYPE_CHECKING:
    from netx_export.checkpoint import TrainedModel


@dataclass(frozen=True, eq=False)
class ExportWork:
    """Exports one checkpoint with varying settings; can be sent to a worker.

    Parameters
    ----------
    trained : TrainedModel
        The checkpoint.
    calibration : Table
        Table whose training split fixes the ranges.
    split : str, optional
        Shares of that table; else the checkpoint's.
    """

    trained: TrainedModel
    calibration: Table
    split: str | None

    def __call__(self, settings: Point) -> tuple[Network | Failed, float]:
        """Export with some settings.

        Parameters
        ----------
        settings : mapping of str to str
            Export settings of a point.

        Returns
        -------
        Network or Failed
            What came of it.
        float
            Seconds that it took.
        """
        from netx_export.exporting import ExportOptions, export

        chosen = values_of(settings, "export")
        width = chosen.pop("width", ExportOptions().width)
        options = ExportOptions(
            formats={name.removesuffix("_bits"): bits for name, bits in chosen.items()},
            width=width,
            golden=0,
            split=None if self.split is None else parse_ratios(self.split),
        )
        started = time.perf_counter()
        outcome: Network | Failed
        try:
            with _one_thread():
                outcome = export(self.trained, self.calibration, options).network
        except SpikySpaceError as error:
            outcome = Failed(error.message)
        return outcome, time.perf_counter() - started


def load_checkpoint(path: Path, config: Path | None) -> TrainedModel:
    """Load a checkpoint of ours, or with `config` one in the published layout.

    Raises
    ------
    BackendUnavailableError
        Torch is not installed.
    CheckpointError
        The checkpoint or its configuration cannot be used.
    """
    require_export()
    from netx_export.exporting import load_trained

    return load_trained(path, config)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Compute with one thread, so that sums of floats do not depend on the machine's cores."""
    import torch

    threads = torch.get_num_threads()
    with ExitStack() as stack:
        try:
            from threadpoolctl import threadpool_limits
        except ModuleNotFoundError:
            pass
        else:
            stack.enter_context(threadpool_limits(1))
        torch.set_num_threads(1)
        stack.callback(torch.set_num_threads, threads)
        yield
