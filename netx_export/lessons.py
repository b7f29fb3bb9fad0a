"""What an update learns: windows, and the forecasts that the model is to give for them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from netx_export.batches import Inputs, WindowData


@dataclass(frozen=True, eq=False)
class Lessons:
    """Windows of the training part and their targets, as the settings want them.

    Parameters
    ----------
    data : WindowData
        Split and normalised.
    mixed_windows : float
        Share of the windows of an update that are mixed with another one of it: rows
        ``u*a + (1 - u)*b`` with u uniform in [0, 1), one u for each window.
    teacher : nn.Module, optional
        Model in evaluation mode whose forecasts are the targets. Without, they are those of the
        data; then the targets of mixed windows are mixed as the windows are.
    """

    data: WindowData
    mixed_windows: float = 0.0
    teacher: nn.Module | None = None

    def of(self, indices: Tensor) -> tuple[Inputs, Tensor]:
        """Return what a model reads and should forecast.

        Parameters
        ----------
        indices : Tensor
            Window indices (int64) of an update.

        Returns
        -------
        Inputs
            Normalised windows.
        Tensor
            Targets in z-scores, shape (batch, horizon, variates).
        """
        windows, targets = self.data.windows(indices), self.data.targets(indices)
        if self.mixed_windows > 0:
            shares, others = self._mixture(len(indices))
            windows = shares * windows + (1 - shares) * windows[others]
            targets = shares * targets + (1 - shares) * targets[others]
        inputs = self.data.normalised(windows)
        if self.teacher is not None:
            with torch.no_grad():
                targets = inputs.in_z_scores(self.teacher(inputs.windows))
        return inputs, targets

    def _mixture(self, size: int) -> tuple[Tensor, Tensor]:
        """Draw each window's own share (size, 1, 1), and the window that gives the rest."""
        shares = torch.rand(size, 1, 1)
        shares[torch.rand(size, 1, 1) >= self.mixed_windows] = 1.0
        return shares, torch.randperm(size)
