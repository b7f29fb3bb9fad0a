"""What the Lava process of a layer answers to what arrives in a trial.

The process runs alone, in Lava's models. The lanes of a trial follow each other as windows.
"""

from __future__ import annotations

import numpy as np

from lava_spikyspace.arithmetic import emit_spikes, split_limbs
from lava_spikyspace.network import ConvLayer, HeadLayer, InputLayer, IntArray, RmsNormLayer
from lava_spikyspace.plan import Weighted, limb_role
from lava_spikyspace.processes.builders import Site, build_process
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from tests.hardware.microcode.trials import Trial
from tests.processes.playing import play


def answers_of_lava(trial: Trial) -> IntArray:
    """Return the message that answers each frame, shape (frame, lane, neuron)."""
    layer, steps = trial.layer, trial.steps
    kind = next(p for p in reversed(trial.plan.processes) if p.layer == layer.name)
    windows = trial.lanes * trial.frames // trial.plan.network.window
    schedule = Schedule(
        coding=trial.plan.coding,
        frame_steps=steps,
        window=trial.plan.network.window,
        windows=windows,
    )
    common = {"name": kind.name, "schedule": schedule, "watch": Watch()}
    messages = np.zeros((0, 0, 0), dtype=np.int64)
    if isinstance(layer, InputLayer):
        messages = _in_a_row(trial.arriving["x"]).reshape(windows, -1, layer.channels)
    process = build_process(layer, Site(trial.plan, kind, messages, common))
    arriving = {} if isinstance(layer, InputLayer) else _arriving(trial)
    late = int(trial.answers_next_frame)
    after = {
        port: np.concatenate([rows, np.zeros((late * steps, *rows.shape[1:]), dtype=np.int64)])
        for port, rows in arriving.items()
    }
    frames = trial.lanes * trial.frames
    played = play(process, (frames + late) * steps, after)
    sent = played.sent["message"].astype(np.int64).reshape(frames + late, steps, -1)
    return _side_by_side(sent.sum(axis=1)[late:], trial.lanes)


def _arriving(trial: Trial) -> dict[str, IntArray]:
    """Return what arrives at each in port, step by step."""
    layer = trial.layer
    ports: dict[str, IntArray] = {}
    roles = list(layer.INPUT_ROLES)
    if isinstance(layer, Weighted | ConvLayer) and "acc" in trial.arriving:
        limbs = getattr(layer, "limbs", ())
        acc = trial.arriving.get("each", trial.arriving["acc"])
        for index, part in enumerate(split_limbs(acc, limbs)):
            ports[f"a_in_{index}"] = _first_step(part, trial.steps)
        roles = roles[1:]
    for role in roles:
        is_only = len(layer.INPUT_ROLES) == 1 or isinstance(layer, RmsNormLayer | HeadLayer)
        port = "a_in" if is_only else f"{role.lower()}_in"
        values = trial.arriving[role]
        if trial.is_spiking(role):
            bits = trial.plan.network[layer.source(role)].bits
            parts = [emit_spikes(_in_a_row(values), step, bits) for step in range(trial.steps)]
            ports[port] = np.stack(parts, axis=1).reshape(-1, values.shape[-1])
        else:
            source = layer.source(role)
            wide = trial.plan.network.is_wide(source)
            limbs = trial.plan.network.limbs_of(source) if wide else ()
            for index, part in enumerate(split_limbs(values, limbs)):
                ports[limb_role(port, index)] = _first_step(part, trial.steps)
    return ports


def _in_a_row(values: IntArray) -> IntArray:
    """Return (frame, lane, neuron) as frames lane after lane."""
    return np.swapaxes(values, 0, 1).reshape(-1, values.shape[-1])


def _side_by_side(values: IntArray, lanes: int) -> IntArray:
    return np.swapaxes(values.reshape(lanes, -1, values.shape[-1]), 0, 1)


def _first_step(values: IntArray, steps: int) -> IntArray:
    rows = _in_a_row(values)
    spread = np.zeros((len(rows), steps, rows.shape[-1]), dtype=np.int64)
    spread[:, 0] = rows
    return spread.reshape(-1, rows.shape[-1])
