"""Small random SPikE-SSM-style models."""

import torch

from netx_export.spike_ssm.config import SpikeSsmConfig
from netx_export.spike_ssm.model import SpikeSsm

INPUTS = 3


def model_of(seed=0, **changes):
    """Return a random model whose normalisation has seen data, and windows."""
    torch.manual_seed(seed)
    sizes = {"window": 40, "outputs": 5, "d_model": 12, "d_state": 4, "tau": 0.3}
    model = SpikeSsm(SpikeSsmConfig(inputs=INPUTS, **{**sizes, **changes}))
    x = torch.randn(32, model.config.window, INPUTS).cumsum(1) / 4
    model.train()
    with torch.no_grad():
        for _ in range(20):
            model(x)
    return model.eval(), x
