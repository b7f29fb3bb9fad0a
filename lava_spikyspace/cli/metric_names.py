"""What tables of the command line call the metrics."""

from __future__ import annotations

METRIC_NAMES = {
    "r2": "R2",
    "rrse": "RRSE",
    "mae": "MAE",
    "r2_per_variate": "R2 per variate",
    "accuracy": "accuracy",
    "mean_recall": "mean recall",
}
"""Metrics of forecasts and of classes, in the order of the columns."""
