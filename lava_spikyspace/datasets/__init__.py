"""Tables of time series: readers, windows, scaling, metrics and the baselines to beat."""

from lava_spikyspace.datasets.baselines import RidgeModel, fit_ridge, persistence
from lava_spikyspace.datasets.metrics import (
    ForecastMoments,
    forecast_metrics,
    mae,
    r2,
    r2_per_variate,
    rrse,
)
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.datasets.scaling import InstanceScaler, Scaler, WindowScale
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import (
    Split,
    count_windows,
    input_windows,
    parse_ratios,
    select_windows,
    split_windows,
    target_windows,
)

__all__ = [
    "ForecastMoments",
    "InstanceScaler",
    "LabelledSequences",
    "RidgeModel",
    "Scaler",
    "Split",
    "Table",
    "WindowScale",
    "count_windows",
    "fit_ridge",
    "forecast_metrics",
    "input_windows",
    "mae",
    "parse_ratios",
    "persistence",
    "r2",
    "r2_per_variate",
    "read_table",
    "rrse",
    "select_windows",
    "split_windows",
    "target_windows",
]
