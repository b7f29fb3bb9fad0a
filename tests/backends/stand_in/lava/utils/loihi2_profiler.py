"""Stand-in: the profilers, with the attributes that public notebooks read."""

import numpy as np
from lava.magma.core.callback_fx import NxSdkCallbackFx


class _Profiler(NxSdkCallbackFx):
    def pre_run_callback(self, board=None, var_id_to_var_model_map=None):
        pass

    def post_run_callback(self, board=None, var_id_to_var_model_map=None):
        pass


class Loihi2Power(_Profiler):
    def __init__(self, num_steps):
        self.num_steps = num_steps
        self.total_power = np.array([0.5, 0.7])
        self.static_total_power = 0.25
        self.vdd_power = np.array([0.25, 0.35])
        self.vddm_power = np.array([0.125])
        self.vddio_power = np.array([])


class Loihi2ExecutionTime(_Profiler):
    avg_time_per_step = 8.0


class Loihi2Activity(_Profiler):
    core_idx = np.array([3, 4])
    spikes_in = np.array([10, 20])
    syn_ops = np.array([[1, 2], [3, 4]])
    dendrite_updates = np.array([5, 6])


class Loihi2Memory(_Profiler):
    pass
