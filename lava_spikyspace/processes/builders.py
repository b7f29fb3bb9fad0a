"""From a layer to the Lava process that runs it: one small builder per process class.

The registry `BUILDERS` is all that assembly knows of process classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.magma.core.process.process import AbstractProcess
from lava.proc.dense.process import Dense
from lava.utils.weightutils import SignMode

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import (
    MESSAGE_BITS,
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    IntArray,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
    stored_fields,
)
from lava_spikyspace.plan import Plan, ProcessPlan, Weighted, limb_port
from lava_spikyspace.processes.causal_conv.process import CausalConv
from lava_spikyspace.processes.channel_norm.process import ChannelNorm
from lava_spikyspace.processes.classification_head.process import ClassificationHead
from lava_spikyspace.processes.diagonal_s4d.process import DiagonalS4d
from lava_spikyspace.processes.forecast_head.process import ForecastHead
from lava_spikyspace.processes.gated_residual.process import GatedResidual
from lava_spikyspace.processes.linear_neuron.process import LinearNeuron
from lava_spikyspace.processes.norm_encoder.process import NormEncoder
from lava_spikyspace.processes.product.process import Product
from lava_spikyspace.processes.projection.process import Projection
from lava_spikyspace.processes.pt_sigmoid.process import PTSigmoid
from lava_spikyspace.processes.pt_silu.process import PTSiLU
from lava_spikyspace.processes.pt_softplus.process import PTSoftplus
from lava_spikyspace.processes.residual.process import Residual
from lava_spikyspace.processes.rms_norm.process import RmsNorm
from lava_spikyspace.processes.selective_scan.process import SelectiveScan
from lava_spikyspace.processes.spiking_neuron.process import SpikingNeuron
from lava_spikyspace.processes.threshold_encoder.process import ThresholdEncoder
from lava_spikyspace.processes.window_source.process import WindowSource
from lava_spikyspace.profiling.counters import sends_binary
from lava_spikyspace.spike_ssm.layers import (
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    ProjectionLayer,
    S4dLayer,
    SigmoidGateLayer,
    SpikingLayer,
)


@dataclass(frozen=True, eq=False)
class Site:
    """Where in the plan a process stands: what its builder may look at besides the layer.

    Parameters
    ----------
    plan : Plan
        The whole plan.
    process : ProcessPlan
        The process to build.
    messages : ndarray, int64, shape (window, element, variate)
        Windows of the run.
    common : dict
        Arguments that every framed process takes: ``schedule``, ``watch`` and ``name``.
    """

    plan: Plan
    process: ProcessPlan
    messages: IntArray
    common: Mapping[str, Any]

    @property
    def message_limbs(self) -> dict[str, tuple[int, ...]]:
        """Widths of low limbs by in port, where a wide message arrives."""
        network = self.plan.network
        layers = {process.name: process.layer for process in self.plan.processes}
        return {
            link.role: network.limbs_of(layers[link.source])
            for link in self.plan.links_to(self.process.name)
            if link.port == limb_port(0)
        }

    @property
    def output_limbs(self) -> tuple[int, ...]:
        """Widths of the low limbs that the process splits its message into."""
        return self.plan.limb_widths(self.process.name)


def build_process(layer: Layer, site: Site) -> AbstractProcess:
    """Build the Lava process of one entry of the plan.

    Parameters
    ----------
    layer : Layer
        Gives the parameters.
    site : Site
        Its place in the plan.
    """
    kind = site.process.kind
    if kind not in BUILDERS:
        raise InternalError(f"no Lava process of class {kind}; there are {', '.join(BUILDERS)}")
    return BUILDERS[kind](layer, site)


def _window_source(layer: InputLayer, site: Site) -> WindowSource:
    return WindowSource(windows=site.messages, output_limbs=site.output_limbs, **site.common)


def _rms_norm(layer: RmsNormLayer, site: Site) -> RmsNorm:
    return RmsNorm(
        channels=layer.channels,
        eps=layer.eps,
        root_bits=layer.root_bits,
        square_shift=layer.square_shift,
        message_limbs=site.message_limbs,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _dense(layer: Weighted, site: Site) -> Dense:
    # Lava halves mixed-sign weights and keeps even ones only: doubled, they survive exactly.
    return Dense(
        weights=2 * layer.weight.astype(np.int64),
        weight_exp=-1,
        sign_mode=SignMode.MIXED,
        num_message_bits=_message_bits(layer, site),
        name=site.process.name,
    )


def _message_bits(layer: Weighted, site: Site) -> int:
    """Return the width of what a `Dense` receives; 0 stands for binary spikes."""
    (link,) = site.plan.links_to(site.process.name)
    source = site.plan.network[layer.inputs[0]]
    if sends_binary(site.plan, source):
        return 0
    if source.bits is not None:
        return source.bits
    limbs = site.plan.limb_widths(link.source)
    if site.process.limb < len(limbs):
        return limbs[site.process.limb]
    message = source.ranges.get("message")
    return (message.bits if message else MESSAGE_BITS) - sum(limbs)


def _threshold_encoder(layer: EncoderLayer | ConvLayer, site: Site) -> ThresholdEncoder:
    return ThresholdEncoder(theta=layer.theta, **site.common)


def _norm_encoder(layer: NormEncoderLayer, site: Site) -> NormEncoder:
    return NormEncoder(
        theta=layer.theta,
        rms_shift=layer.rms_shift,
        limbs=layer.limbs,
        theta_limbs=layer.theta_limbs,
        message_limbs=site.message_limbs,
        **site.common,
    )


def _pt_silu(layer: GateLayer, site: Site) -> PTSiLU:
    return PTSiLU(
        theta=layer.theta,
        rms_shift=layer.rms_shift,
        table=layer.table,
        frac_bits=layer.frac_bits,
        exp2_terms=layer.exp2_terms,
        limbs=layer.limbs,
        theta_limbs=layer.theta_limbs,
        message_limbs=site.message_limbs,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _pt_softplus(layer: SoftplusLayer, site: Site) -> PTSoftplus:
    return PTSoftplus(
        theta=layer.theta,
        table=layer.table,
        frac_bits=layer.frac_bits,
        exp2_terms=layer.exp2_terms,
        theta_out=layer.theta_out,
        **site.common,
    )


def _linear_neuron(layer: LinearLayer, site: Site) -> LinearNeuron:
    return LinearNeuron(
        mult=layer.mult,
        add=layer.add,
        shift=layer.shift,
        mult_limbs=layer.mult_limbs,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _causal_conv(layer: ConvLayer, site: Site) -> CausalConv:
    return CausalConv(weight=layer.weight, **site.common)


def _selective_scan(layer: ScanLayer, site: Site) -> SelectiveScan:
    return SelectiveScan(
        left=layer.left,
        right=layer.right,
        gain=layer.gain,
        gain_shift=layer.gain_shift,
        level=layer.level,
        theta_state=layer.theta_state,
        state_offset=layer.state_offset,
        skip=layer.skip,
        theta=layer.theta,
        message_limbs=site.message_limbs,
        **site.common,
    )


def _product(layer: ProductLayer, site: Site) -> Product:
    return Product(
        channels=layer.channels,
        message_limbs=site.message_limbs,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _residual(layer: ResidualLayer, site: Site) -> Residual:
    return Residual(
        mult=layer.mult,
        add=layer.add,
        shift=layer.shift,
        residual_bits=layer.residual_bits,
        mult_limbs=layer.mult_limbs,
        limbs=layer.limbs,
        message_limbs=site.message_limbs,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _forecast_head(layer: HeadLayer, site: Site) -> ForecastHead:
    return ForecastHead(
        channels=layer.channels,
        weight=layer.weight,
        mult=layer.mult,
        add=layer.add,
        shift=layer.shift,
        mult_limbs=layer.mult_limbs,
        message_limbs=site.message_limbs,
        **site.common,
    )


def _channel_norm(layer: ChannelNormLayer, site: Site) -> ChannelNorm:
    return ChannelNorm(**_parameters(layer), **site.common)


def _projection(layer: ProjectionLayer, site: Site) -> Projection:
    parameters = _parameters(layer)
    del parameters["weight"]
    return Projection(**parameters, output_limbs=site.output_limbs, **site.common)


def _diagonal_s4d(layer: S4dLayer, site: Site) -> DiagonalS4d:
    parameters = _parameters(layer)
    del parameters["elements"]  # the schedule knows
    return DiagonalS4d(**parameters, **site.common)


def _spiking_neuron(layer: SpikingLayer, site: Site) -> SpikingNeuron:
    return SpikingNeuron(kind=layer.neuron_type or "", **_parameters(layer), **site.common)


def _pt_sigmoid(layer: SigmoidGateLayer, site: Site) -> PTSigmoid:
    parameters = _parameters(layer)
    del parameters["weight"]
    return PTSigmoid(**parameters, **site.common)


def _gated_residual(layer: GluLayer, site: Site) -> GatedResidual:
    return GatedResidual(
        channels=layer.channels,
        gate_shift=layer.shift,
        residual_bits=layer.residual_bits,
        output_limbs=site.output_limbs,
        **site.common,
    )


def _classification_head(layer: ClassificationHeadLayer, site: Site) -> ClassificationHead:
    return ClassificationHead(
        mult=layer.mult, add=layer.add, shift=layer.shift, limbs=layer.limbs, **site.common
    )


def _parameters(layer: Layer) -> dict[str, Any]:
    """Return the stored fields of a layer by name: the parameters of a process that takes them."""
    parameters = {name: getattr(layer, name) for name in stored_fields(type(layer))}
    # What a descaling gives does not depend on the limbs that its multiplier is taken in.
    parameters.pop("mult_limbs", None)
    return parameters


Builder = Callable[[Any, Site], AbstractProcess]

BUILDERS: Mapping[str, Builder] = {
    "WindowSource": _window_source,
    "RmsNorm": _rms_norm,
    "Dense": _dense,
    "ThresholdEncoder": _threshold_encoder,
    "NormEncoder": _norm_encoder,
    "PTSiLU": _pt_silu,
    "PTSoftplus": _pt_softplus,
    "LinearNeuron": _linear_neuron,
    "CausalConv": _causal_conv,
    "SelectiveScan": _selective_scan,
    "Product": _product,
    "Residual": _residual,
    "ForecastHead": _forecast_head,
    "ChannelNorm": _channel_norm,
    "Projection": _projection,
    "DiagonalS4d": _diagonal_s4d,
    "SpikingNeuron": _spiking_neuron,
    "PTSigmoid": _pt_sigmoid,
    "GatedResidual": _gated_residual,
    "ClassificationHead": _classification_head,
}
"""Builder of each process class, by `ProcessPlan.kind`."""
