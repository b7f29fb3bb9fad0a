"""The programs of one layer, fed with given values, against the arithmetic.

A trial has the kinds of one layer and what arrives at their inputs in every step of some frames:
values all over the proven ranges, at their ends, and about thresholds. `failures`
holds what the programs send, step by step, and the codes that stay inside against the functions of
`lava_spikyspace.arithmetic`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import singledispatch

import numpy as np

from lava_spikyspace.arithmetic import (
    descale,
    emit_spikes,
    encode,
    encode_normalised,
    join_limbs,
    pt_silu,
    pt_softplus,
    root_mean_square,
    saturate,
    scan_step,
    shifted_square,
    split_limbs,
)
from lava_spikyspace.arithmetic.activations import pt_sigmoid
from lava_spikyspace.arithmetic.s4d import s4d_step
from lava_spikyspace.arithmetic.spiking import rest, spiking_step
from lava_spikyspace.hardware.microcode.engine import words_of
from lava_spikyspace.hardware.microcode.kinds import KindGraph
from lava_spikyspace.hardware.microcode.limbs import cut_for
from lava_spikyspace.hardware.microcode.machine import Machine
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, split_words, wrap
from lava_spikyspace.intervals import dense_rows, prove_ranges
from lava_spikyspace.network import (
    ConvLayer,
    DenseLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    IntArray,
    Interval,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import Plan, Weighted
from lava_spikyspace.profiling.counters import sends_binary
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    ProjectionLayer,
    RefractoryLayer,
    S4dLayer,
    SigmoidGateLayer,
    SpikingLayer,
)

Cell = tuple[str, str]


@dataclass(eq=False)
class Trial:
    """One layer and what arrives.

    Parameters
    ----------
    plan : Plan
        Network and coding.
    layer : Layer
        The layer.
    graph : KindGraph
        Its kinds, and the synapses between them.
    lanes, frames : int
        Copies side by side, and frames that follow each other.
    rng : Generator
        Draws what arrives.
    aim : Layer, optional
        The layer whose thresholds the values lie about, if it is not `layer`: so two layers that
        differ in their constants get the same.
    arriving : dict
        By role: values by frame, shape (frame, lane, neuron); what the arithmetic gets.
    given : dict
        By kind and input, shape (frame, step, lane, neuron); what the programs get.
    message : ndarray, shape (frame, lane, neuron)
        What each frame is to be answered with.
    inner : dict of (str, str) to ndarray
        States that are to be found at the end of each frame, by kind and state.
    between : dict of (str, str) to ndarray
        Messages between the kinds of the layer, by kind and port.
    """

    plan: Plan
    layer: Layer
    graph: KindGraph
    lanes: int
    frames: int
    rng: np.random.Generator
    aim: Layer | None = None
    arriving: dict[str, IntArray] = field(default_factory=dict)
    given: dict[Cell, IntArray] = field(default_factory=dict)
    message: IntArray | None = None
    inner: dict[Cell, IntArray] = field(default_factory=dict)
    between: dict[Cell, IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.proven = prove_ranges(self.plan.network)

    @property
    def steps(self) -> int:
        return self.plan.frame_steps

    @property
    def last(self):
        """The kind that sends the message of the layer."""
        return self.graph.kinds[-1]

    @property
    def answers_next_frame(self) -> bool:
        """Whether a frame is answered in the one after it."""
        process = next(p for p in reversed(self.plan.processes) if p.layer == self.layer.name)
        return process.output_offset > process.offset

    def range_of(self, role: str) -> Interval:
        return self.proven[self.layer.source(role)]["message"]

    def is_spiking(self, role: str) -> bool:
        return sends_binary(self.plan, self.plan.network[self.layer.source(role)])

    def draw(self, interval: Interval, neurons: int, near: IntArray | None = None) -> IntArray:
        """Return values of an interval: anywhere, at its ends, where words end, near others."""
        shape = (self.frames, self.lanes, neurons)
        anywhere = self.rng.integers(interval.lo, interval.hi, shape, endpoint=True)
        ends = self.rng.choice(np.array(interval.ends), shape)
        if near is None:
            near = self.rng.integers(-7, 8, shape)
        word = anywhere >> LIMB_BITS << LIMB_BITS
        near, word = (
            np.clip(x + self.rng.integers(-1, 2, shape), interval.lo, interval.hi)
            for x in (near, word)
        )
        which = self.rng.choice(4, p=[0.3, 0.1, 0.1, 0.5], size=shape)
        return np.choose(which, [anywhere, ends, word, near])

    def thresholds(self) -> IntArray:
        """Return thresholds, one drawn for each frame, lane and neuron."""
        theta = (self.aim or self.layer).theta
        shape = (self.frames, self.lanes, len(theta))
        chosen = self.rng.integers(0, theta.shape[1], shape)
        return theta[np.arange(len(theta)), chosen]

    def give(self, kind: str, cell: str, values: IntArray, *, spread: bool = False) -> None:
        """Let values arrive: in the first step of each frame, or spread over its steps."""
        steps = np.zeros((self.frames, self.steps, *values.shape[1:]), dtype=np.int64)
        if spread:
            parts = self.rng.integers(-9, 10, (self.frames, self.steps - 1, *values.shape[1:]))
            steps[:, :-1] = parts
            steps[:, -1] = values - parts.sum(axis=1)
        else:
            steps[:, 0] = values
        self.given.update(words_of(self.graph.by_name[kind], cell, steps))

    def give_code(self, kind: str, cell: str, role: str, values: IntArray) -> None:
        """Let codes arrive as spikes or as messages."""
        if not self.is_spiking(role):
            self.give(kind, cell, values)
            return
        bits = self.plan.network[self.layer.source(role)].bits
        spikes = [emit_spikes(values, step, bits) for step in range(self.steps)]
        self.given[kind, cell] = np.stack(spikes, axis=1)

    def give_sum(self, acc: IntArray) -> None:
        """Let a weighted sum arrive, in the limbs that the synapses sum up."""
        kind = self.last.name
        cells = sorted(name for name in self.last.program.inputs if name.startswith("a["))
        width = _cut_bits(self.plan, self.layer)
        role = self.layer.INPUT_ROLES[0]
        rest = acc
        for index, cell in enumerate(cells):
            if index == len(cells) - 1:
                part = rest
            else:
                more = self.rng.integers(-1, 2, acc.shape) if width < 21 else 0
                part = (rest & ((1 << width) - 1)) + (more << width)
                rest = (rest - part) >> width
            self.give(kind, cell, part, spread=self.is_spiking(role) and self.steps > 1)


def _cut_bits(plan: Plan, layer: DenseLayer) -> int:
    """Return how wide the low limbs are that the messages a layer weighs are cut into."""
    source = layer.inputs[0]
    readers = [r for r in plan.network.consumers(source) if isinstance(r, Weighted)]
    weights = [reader.weight for reader in readers if reader.inputs[0] == source]
    return cut_for(weights, prove_ranges(plan.network)[source]["message"], layer.name).bits


def part_of(graph: KindGraph, layer: str) -> KindGraph:
    """Return the kinds of one layer, and the synapses between them."""
    kinds = tuple(kind for kind in graph.kinds if kind.layer == layer)
    names = {kind.name for kind in kinds}
    inside = tuple(s for s in graph.synapses if {s.source, s.target} <= names)
    return KindGraph(kinds, inside)


def make_trial(
    plan: Plan,
    layer: str,
    seed: int,
    *,
    lanes: int,
    windows: int,
    graph: KindGraph | None = None,
    aim: Layer | None = None,
) -> Trial:
    """Return a trial of a layer over some windows."""
    whole = split_plan(plan) if graph is None else graph
    trial = Trial(
        plan,
        plan.network[layer],
        part_of(whole, layer),
        lanes,
        windows * plan.network.window,
        np.random.default_rng(seed),
        aim,
    )
    _fill(trial.layer, trial)
    return trial


def side_by_side(trials: Sequence[Trial]) -> Trial:
    """Return trials of layers that differ in their constants only, as lanes of one.

    Each lane has the constants of its own layer; those that all neurons share are the same within
    a lane.
    """
    first = trials[0]
    lanes = sum(trial.lanes for trial in trials)
    whole = Trial(first.plan, first.layer, first.graph, lanes, first.frames, first.rng)
    for name in ("given", "inner", "between"):
        axis = 2 if name == "given" else 1
        parts = [getattr(trial, name) for trial in trials]
        for key in parts[0]:
            getattr(whole, name)[key] = np.concatenate([part[key] for part in parts], axis=axis)
    whole.message = np.concatenate([trial.message for trial in trials], axis=1)
    kinds = []
    for index, kind in enumerate(first.graph.kinds):
        rows = [(trial.lanes, trial.graph.kinds[index]) for trial in trials]
        constants = {
            name: np.concatenate(
                [np.tile(np.atleast_1d(other.constants[name]), (lanes, 1)) for lanes, other in rows]
            )
            for name in kind.constants
        }
        kinds.append(replace(kind, constants=constants))
    whole.graph = KindGraph(tuple(kinds), first.graph.synapses)
    return whole


@singledispatch
def _fill(layer: Layer, trial: Trial) -> None:
    """Draw what arrives and work out what is to be sent."""
    raise TypeError(type(layer))


@_fill.register
def _(layer: InputLayer, trial: Trial) -> None:
    x = trial.draw(trial.proven[layer.name]["message"], layer.channels)
    trial.give(trial.last.name, "x", x)
    trial.arriving["x"] = trial.message = x


@_fill.register
def _(layer: RmsNormLayer, trial: Trial) -> None:
    # Some lanes are far smaller than others, so that the root has every size.
    x = trial.draw(trial.range_of("residual"), layer.channels)
    x >>= trial.rng.integers(0, trial.range_of("residual").bits, (trial.frames, trial.lanes, 1))
    squares, _ = trial.graph.kinds
    trial.give(squares.name, "x", x)
    trial.arriving["residual"] = x
    mean = (layer.eps, layer.root_bits, layer.square_shift)
    trial.message = root_mean_square(x, *mean)[..., None]
    _expect_between(trial, squares.name, shifted_square(x, layer.square_shift))


def _expect_between(trial: Trial, kind: str, values: IntArray) -> None:
    payloads = trial.graph.by_name[kind].payloads
    ports = list(payloads)
    widths = [payloads[port].hi.bit_length() for port in ports[:-1]]
    for port, part in zip(ports, split_limbs(values, widths), strict=True):
        trial.between[kind, port] = part


def _draw_normalised(layer: NormEncoderLayer, trial: Trial) -> tuple[IntArray, IntArray]:
    limits = trial.proven[layer.name]["accumulator"]
    rms = trial.draw(trial.range_of("rms"), 1)
    rms = np.maximum(rms >> trial.rng.integers(0, 12, rms.shape), trial.range_of("rms").lo)
    # From here the comparison turns.
    turn = -(-(trial.thresholds().astype(object) * rms) >> layer.rms_shift)
    turn = np.clip(turn, -(1 << 62), 1 << 62).astype(np.int64)
    # Some of them where the low word of a comparison ends.
    word = max(LIMB_BITS - layer.rms_shift, 0)
    turn = np.where(trial.rng.random(turn.shape) < 0.5, turn, turn >> word << word)
    acc = trial.draw(limits, layer.neurons, near=turn)
    trial.give_sum(acc)
    trial.give(trial.last.name, "rms", np.repeat(rms, layer.neurons, axis=-1))
    trial.arriving.update(acc=acc, rms=rms)
    return acc, rms


@_fill.register
def _(layer: NormEncoderLayer, trial: Trial) -> None:
    acc, rms = _draw_normalised(layer, trial)
    trial.message = encode_normalised(acc, layer.theta, rms, layer.rms_shift, layer.theta_limbs)
    trial.inner[trial.last.name, "code"] = trial.message


@_fill.register
def _(layer: GateLayer, trial: Trial) -> None:
    acc, rms = _draw_normalised(layer, trial)
    code = encode_normalised(acc, layer.theta, rms, layer.rms_shift, layer.theta_limbs)
    trial.message = pt_silu(layer.table, layer.frac_bits, layer.exp2_terms)[code]
    trial.inner[trial.last.name, "code"] = code


def _draw_sum(layer: Layer, trial: Trial) -> IntArray:
    limits = trial.proven[layer.name]["accumulator"]
    acc = trial.draw(limits, layer.neurons, near=trial.thresholds())
    trial.give_sum(acc)
    trial.arriving["acc"] = acc
    return acc


@_fill.register
def _(layer: DenseLayer, trial: Trial) -> None:
    trial.message = encode(_draw_sum(layer, trial), layer.theta)


@_fill.register
def _(layer: SoftplusLayer, trial: Trial) -> None:
    inner = encode(_draw_sum(layer, trial), layer.theta)
    value = pt_softplus(layer.table, layer.frac_bits, layer.exp2_terms)[inner]
    trial.message = encode(value, layer.theta_out)
    trial.inner[trial.last.name, "inner"] = inner


def _draw_in_rows(layer: LinearLayer, trial: Trial) -> IntArray:
    """Draw sums that each neuron can have: a product is proven for its own row of weights."""
    low, high = dense_rows(layer.weight, trial.proven[layer.inputs[0]]["message"])
    acc = np.clip(trial.draw(trial.proven[layer.name]["accumulator"], layer.neurons), low, high)
    trial.give_sum(acc)
    trial.arriving["acc"] = acc
    return acc


@_fill.register
def _(layer: LinearLayer, trial: Trial) -> None:
    acc = _draw_in_rows(layer, trial)
    trial.message = descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)


@_fill.register
def _(layer: ResidualLayer, trial: Trial) -> None:
    acc = _draw_in_rows(layer, trial)
    x = trial.draw(trial.range_of("residual"), layer.neurons)
    trial.give(trial.last.name, "residual", x)
    trial.arriving["residual"] = x
    total = x + descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)
    trial.message = saturate(total, layer.residual_bits)


@_fill.register
def _(layer: ConvLayer, trial: Trial) -> None:
    codes = trial.draw(trial.range_of("codes"), layer.neurons)
    weight, taps = layer.weight.astype(np.int64), layer.weight.shape[1]
    trial.arriving["codes"] = codes
    window = trial.plan.network.window
    acc = np.zeros_like(codes)
    spiking = trial.is_spiking("codes")
    bits = trial.plan.network[layer.source("codes")].bits
    for tap in range(taps):
        back = taps - 1 - tap
        late = np.concatenate([np.zeros_like(codes[:back]), codes[: trial.frames - back]])
        # The delayed synapses do not know of windows: the program has to leave the others out.
        steps = [emit_spikes(late, s, bits) for s in range(trial.steps)] if spiking else [late]
        trial.given[trial.last.name, f"a[{tap}]"] = np.stack(steps, axis=1) * weight[:, tap]
        within = np.arange(trial.frames) % window >= back
        acc += np.where(within[:, None, None], late * weight[:, tap], 0)
    trial.arriving["acc"] = acc
    rows = np.minimum(np.arange(trial.frames) % window, taps - 1)
    trial.message = encode(acc, layer.theta[rows][:, None])


@_fill.register
def _(layer: ScanLayer, trial: Trial) -> None:
    channels, states = layer.neurons, layer.states
    codes = trial.draw(trial.range_of("codes"), channels)
    delta = trial.draw(trial.range_of("delta"), channels)
    b, c = (trial.draw(trial.range_of(role), states) for role in ("B", "C"))
    for name in ("b", "c"):
        values = {"b": b, "c": c}[name]
        values >>= trial.rng.integers(0, 12, (trial.frames, trial.lanes, 1))
    state_kind, output = (kind.name for kind in trial.graph.kinds)
    trial.give_code(state_kind, "codes", "codes", np.repeat(codes, states, axis=-1))
    trial.give_code(state_kind, "delta", "delta", np.repeat(delta, states, axis=-1))
    trial.give(state_kind, "b", np.tile(b, channels))
    trial.give(state_kind, "c", np.tile(c, channels))
    trial.give_code(output, "codes", "codes", codes)
    trial.arriving.update(codes=codes, delta=delta, B=b, C=c)
    state, found, held, read, totals = None, [], [], [], []
    for frame in range(trial.frames):
        element = frame % trial.plan.network.window
        if element == 0:
            state = None
        step = scan_step(layer, state, codes[frame], delta[frame], b[frame], c[frame], element)
        state = step.state
        found.append(step.code)
        totals.append(step.total)
        held.append(state.reshape(trial.lanes, -1))
        value = layer.level[state] + layer.offset_at(element)
        read.append((value * c[frame][:, None, :]).reshape(trial.lanes, -1))
    trial.arriving["acc"] = np.stack(totals)
    trial.message = np.stack(found)
    trial.inner[state_kind, "code"] = np.stack(held)
    _expect_between(trial, state_kind, np.stack(read))


@_fill.register
def _(layer: ProductLayer, trial: Trial) -> None:
    v = trial.draw(trial.range_of("scan"), layer.channels)
    gate = trial.draw(trial.range_of("gate"), layer.channels)
    trial.give_code(trial.last.name, "scan", "scan", v)
    trial.give(trial.last.name, "gate", gate)
    trial.arriving.update(scan=v, gate=gate)
    trial.message = v * gate


@_fill.register
def _(layer: HeadLayer, trial: Trial) -> None:
    steps, window = layer.weight.shape
    x = trial.draw(trial.range_of("residual"), layer.channels)
    trial.give(trial.last.name, "x", np.tile(x, steps))
    trial.arriving["residual"] = x
    windows = x.reshape(-1, window, trial.lanes, layer.channels)
    acc = np.einsum("welc,he->wlch", windows, layer.weight.astype(np.int64))
    value = descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)
    trial.arriving["acc"] = acc
    trial.message = np.zeros((trial.frames, trial.lanes, layer.neurons), dtype=np.int64)
    trial.message[window - 1 :: window] = np.swapaxes(value, -1, -2).reshape(
        -1, trial.lanes, layer.neurons
    )


@_fill.register
def _(layer: ChannelNormLayer, trial: Trial) -> None:
    x = trial.draw(trial.range_of("residual"), layer.neurons)
    trial.give(trial.last.name, "x", x)
    trial.arriving.update(residual=x, acc=x)
    value = descale(x, layer.mult, layer.add, layer.shift)
    trial.message = saturate(value, layer.message_bits)


@_fill.register
def _(layer: ProjectionLayer, trial: Trial) -> None:
    value = descale(_draw_in_rows(layer, trial), layer.mult, layer.add, layer.shift)
    trial.message = saturate(value, layer.message_bits)


@_fill.register
def _(layer: S4dLayer, trial: Trial) -> None:
    x = trial.draw(trial.range_of("message"), layer.neurons)
    state_kind, output = (kind.name for kind in trial.graph.kinds)
    trial.give(state_kind, "x", np.repeat(x, layer.states, axis=-1))
    trial.give(output, "x", x)
    trial.arriving["message"] = x
    steps = []
    for frame in range(trial.frames):
        if frame % trial.plan.network.window == 0:
            real = imag = np.zeros((trial.lanes, *layer.decay_real.shape), dtype=np.int64)
        steps.append(s4d_step(layer, real, imag, x[frame]))
        real, imag = steps[-1].real, steps[-1].imag
    trial.message = np.stack([step.message for step in steps])
    read = [layer.read_real * step.real - layer.read_imag * step.imag for step in steps]
    _expect_between(trial, state_kind, np.stack(read).reshape(trial.frames, trial.lanes, -1))
    for name in ("real", "imag"):
        held = np.stack([getattr(step, name) for step in steps])
        _expect_words(trial, state_kind, name, held.reshape(trial.frames, trial.lanes, -1))


def _expect_words(trial: Trial, kind: str, state: str, values: IntArray) -> None:
    """Expect values in the words of a state."""
    known = [s for s in trial.graph.by_name[kind].program.states if s.split(".")[0] == state]
    parts = split_words(values, len(known))
    trial.inner.update({(kind, name): part for name, part in zip(known, parts, strict=True)})


@_fill.register
def _(layer: SpikingLayer, trial: Trial) -> None:
    thresholds = (trial.aim or layer).threshold
    current = trial.draw(trial.range_of("current"), layer.neurons, near=thresholds)
    kind = trial.last.name
    trial.give(kind, "x", current)
    trial.arriving["current"] = current
    steps = []
    for frame in range(trial.frames):
        if frame % trial.plan.network.window == 0:
            state = rest(layer, (trial.lanes, layer.neurons))
        state = spiking_step(layer, state, current[frame])
        steps.append(state)
    trial.message = np.stack([step.spikes for step in steps])
    if isinstance(layer, BernoulliLayer):
        trial.inner[kind, "random"] = wrap(np.stack([step.random for step in steps]))
        return
    trial.inner[kind, "fired"] = trial.message
    _expect_words(trial, kind, "potential", np.stack([step.potential for step in steps]))
    if isinstance(layer, RefractoryLayer):
        _expect_words(trial, kind, "pressure", np.stack([step.pressure for step in steps]))


@_fill.register
def _(layer: SigmoidGateLayer, trial: Trial) -> None:
    x = descale(_draw_in_rows(layer, trial), layer.mult, layer.add, layer.shift)
    trial.message = pt_sigmoid(x, layer.frac_bits, layer.exp2_terms)


@_fill.register
def _(layer: GluLayer, trial: Trial) -> None:
    drawn = {role: trial.draw(trial.range_of(role), layer.channels) for role in layer.INPUT_ROLES}
    for role, values in drawn.items():
        trial.give(trial.last.name, role, values)
    trial.arriving.update(drawn)
    product = drawn["value"] * drawn["gate"] + (1 << (layer.shift - 1))
    trial.message = saturate(drawn["residual"] + (product >> layer.shift), layer.residual_bits)


@_fill.register
def _(layer: ClassificationHeadLayer, trial: Trial) -> None:
    window = trial.plan.network.window
    low, high = dense_rows(layer.weight, trial.proven[layer.inputs[0]]["message"])
    limits = Interval(int(low.min()), int(high.max()))
    each = np.clip(trial.draw(limits, layer.neurons), low, high)
    trial.give_sum(each)
    acc = each.reshape(-1, window, trial.lanes, layer.neurons).sum(axis=1)
    trial.arriving.update(acc=acc, each=each)
    trial.message = np.zeros_like(each)
    trial.message[window - 1 :: window] = descale(acc, layer.mult, layer.add, layer.shift)


def expected_sends(trial: Trial) -> IntArray:
    """Return what is to be sent, shape (frame, step, lane, neuron)."""
    message = trial.message
    if trial.answers_next_frame:
        message = np.concatenate([np.zeros_like(message[:1]), message[:-1]])
    sends = np.zeros((trial.frames, trial.steps, *message.shape[1:]), dtype=np.int64)
    if sends_binary(trial.plan, trial.layer):
        for step in range(trial.steps):
            sends[:, step] = emit_spikes(message, step, trial.layer.bits)
    else:
        sends[:, 0] = message
    return sends


def failures(trial: Trial, graph: KindGraph | None = None) -> Iterator[str]:
    """Yield what differs, step by step; `graph` may stand for that of the trial."""
    graph = trial.graph if graph is None else graph
    # The trial begins with the first frame, whatever the offset in the plan.
    machine = Machine(_from_the_start(graph), trial.lanes)
    sends = expected_sends(trial)
    for frame in range(trial.frames):
        for step in range(trial.steps):
            machine.step({cell: v[frame, step] for cell, v in trial.given.items()})
            where = f"frame {frame}, step {step}"
            yield from _compare_sent(trial, machine, sends[frame, step], where)
            if step == (trial.steps - 1 if trial.answers_next_frame else 0):
                yield from _compare_inside(trial, machine, frame, where)


def _from_the_start(graph: KindGraph) -> KindGraph:
    return KindGraph(tuple(replace(kind, initial={}) for kind in graph.kinds), graph.synapses)


def _compare_sent(trial: Trial, machine: Machine, expected: IntArray, where: str) -> Iterator[str]:
    payloads = trial.last.payloads
    words = [port for port in payloads if port.startswith("word[")]
    sent = machine.neurons[trial.last.name].sent
    if "message" in payloads and not np.array_equal(sent.get("message"), expected):
        yield f"{where}: message differs"
    for port, part in zip(words, split_words(expected, len(words)) if words else (), strict=True):
        if not np.array_equal(sent.get(port), part):
            yield f"{where}: {port} differs"
    limbs = [port for port in payloads if port != "message" and port not in words]
    widths = [payloads[port].hi.bit_length() for port in limbs[:-1]]
    if limbs:
        for port, part in zip(limbs, split_limbs(expected, widths), strict=True):
            if not np.array_equal(sent.get(port), part):
                yield f"{where}: {port} differs"
        assert np.array_equal(join_limbs(split_limbs(expected, widths), widths), expected)


def _compare_inside(trial: Trial, machine: Machine, frame: int, where: str) -> Iterator[str]:
    for (kind, state), codes in trial.inner.items():
        if not np.array_equal(machine.neurons[kind].states[state], codes[frame]):
            yield f"{where}: state {state} of {kind} differs"
    for (kind, port), values in trial.between.items():
        if not np.array_equal(machine.neurons[kind].sent.get(port), values[frame]):
            yield f"{where}: {port} of {kind} differs"
