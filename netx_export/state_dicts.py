"""State dicts against the settings of a model: names, shapes, values.

Everything that does not fit is reported in one error, with what was found and what was expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from lava_spikyspace.errors import CheckpointError
from lava_spikyspace.wording import one_line
from netx_export.config import ModelConfig
from netx_export.spikyspace import SpikySpace
from netx_export.upright import MIRRORED

UNUSED_NAMES = re.compile(
    r"(encoder\.|sequence_projector|fc_out\.|layers\.\d+\.mixer\.res_proj\.).*"
)
"""Parameters that published files may hold and whose values no forward pass reads."""

_STEP_SUFFIX = ".step"
_FROZEN_SUFFIX = ".frozen_zero_point"
_CHANNEL_STEPS = ".channel_steps"
_MAY_BE_NEGATIVE = tuple(f".clip_{name}" for name in MIRRORED)
_MOST_CHARACTERS = 5000
"""Length to which findings are listed: those of a usual model, all of them."""

_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""Types of parameters; narrower ones are no formats to train in, and torch computes little there.
"""


def build_model(entries: Mapping[str, Any], config: ModelConfig, source: str) -> SpikySpace:
    """Build the model of a state dict.

    Parameters
    ----------
    entries : mapping
        Name to tensor; a scalar step may also be a vector of one element.
    config : ModelConfig
        The settings.
    source : str
        Where the entries come from, for the message.

    Returns
    -------
    SpikySpace
        In evaluation mode.

    Raises
    ------
    CheckpointError
        As `check_state_dict`.
    """
    entries = {name: _scalar_step(name, value) for name, value in entries.items()}
    check_state_dict(entries, config, source)
    model = SpikySpace(config)
    model.load_state_dict(entries)
    return model.eval()


def _scalar_step(name: str, value: object) -> object:
    is_step = re.fullmatch(r"layers\.\d+\.mixer\.clip_\w+", str(name)) is not None
    if is_step and isinstance(value, Tensor) and not _strange(value) and value.shape == (1,):
        return value.reshape(())
    return value


def check_state_dict(entries: Mapping[str, Any], config: ModelConfig, source: str) -> None:
    """Check names, shapes and values of parameters against a model's settings.

    Nothing of the size that the settings claim is allocated.

    Parameters
    ----------
    entries : mapping
        Name to tensor, as a state dict has it.
    config : ModelConfig
        The settings.
    source : str
        Where the entries come from, for the message.

    Raises
    ------
    CheckpointError
        Something is missing, extra, mis-shaped or unusable; names everything.
    """
    with torch.device("meta"):
        model = SpikySpace(config)
    expected = {
        name.removesuffix(_STEP_SUFFIX): tuple(parameter.shape)
        for name, parameter in model.named_parameters()
    }
    steps = {
        name.removesuffix(_STEP_SUFFIX)
        for name, _ in model.named_parameters()
        if name.endswith(_STEP_SUFFIX)
    }
    mirrored = {name for name in steps if name.endswith(_MAY_BE_NEGATIVE)}
    positive = steps - mirrored | {name for name in expected if name.endswith(_CHANNEL_STEPS)}
    optional = {name + _FROZEN_SUFFIX for name in steps}
    missing = [
        f"missing {name} {shape_text(expected[name])}" for name in expected if name not in entries
    ]
    unknown: list[str] = []
    findings: list[str] = []
    for name, value in entries.items():
        if name not in expected and name not in optional:
            shape = f" {shape_text(tuple(value.shape))}" if isinstance(value, Tensor) else ""
            unknown.append(f"unknown {one_line(name)}{shape}")
            continue
        found = unusable_tensor(value, expected.get(name, ()), positive=name in positive)
        if found is None and name in mirrored and not value.any():
            found = "found a step of 0, expected another one"
        if found is not None:
            findings.append(f"{name}: {found}")
    findings += [*unknown, *missing]
    if findings:
        raise CheckpointError(
            f"{source}: {len(findings)} entries do not fit the configuration: {listed(findings)}",
            hint=_hint(entries, expected),
        )


def listed(findings: Sequence[str]) -> str:
    """Return the findings on one line, as many as are read."""
    shown: list[str] = []
    for finding in findings:
        if sum(map(len, shown)) + len(finding) > _MOST_CHARACTERS:
            return f"{'; '.join(shown)}; and {len(findings) - len(shown)} more"
        shown.append(finding)
    return "; ".join(shown)


def _hint(entries: Mapping[str, Any], expected: Mapping[str, object]) -> str | None:
    """Say what helps where the parameters are there, but not as a plain dict of these names."""
    first = next(iter(expected))
    for name, value in entries.items():
        if isinstance(value, Mapping) and any(str(key).endswith(first) for key in value):
            return f"the parameters are in the entry {one_line(name)}: save that one alone"
        if str(name) != first and str(name).endswith(f".{first}"):
            return f"names start with {one_line(str(name).removesuffix(first))}: save without it"
    return None


def unusable_tensor(value: object, shape: tuple[int, ...], *, positive: bool = False) -> str | None:
    """Say why a value cannot be the parameter of a shape, or None."""
    if not isinstance(value, Tensor):
        return f"found {type(value).__name__}, expected a tensor"
    strange = _strange(value)
    if strange is not None:
        return f"found {strange}, expected a dense floating-point tensor"
    if tuple(value.shape) != shape:
        return f"found shape {shape_text(tuple(value.shape))}, expected {shape_text(shape)}"
    stored = value.untyped_storage().nbytes()
    if value.numel() * value.element_size() > stored:
        return f"found {value.numel()} values in {stored} bytes, expected one place for each"
    single = value.to(torch.float32)  # which a large float64 leaves
    if not torch.isfinite(single).all():
        return "found NaN or infinity, expected finite values in float32"
    if positive and (single <= 0).any():
        return f"found a step of {single.min().item():g}, expected a positive one"
    return None


def _strange(value: Tensor) -> str | None:
    """Say what a tensor is that is not plain numbers in memory, or None."""
    if value.is_nested:
        return "a nested tensor"
    if value.is_meta:
        return "a tensor without values"
    if value.layout != torch.strided or value.dtype not in _DTYPES:
        return f"{value.dtype} ({value.layout})"
    return None


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as messages have it."""
    return "[" + ", ".join(map(str, shape)) + "]"
