"""The page of the settings that a sweep can vary."""

from __future__ import annotations

from generators.markdown import code, page, table
from lava_spikyspace.sweeps.points import RESULT_MEANING
from lava_spikyspace.sweeps.settings import SETTINGS

_STAGES = {
    "run": "How a model is run. For models and checkpoints.",
    "network": "A change of the integer network. For models and checkpoints.",
    "export": "How a checkpoint is lowered. For checkpoints; each combination is exported once.",
}


def sweep_settings_page() -> str:
    """Return the page of all settings and result columns."""
    return page(
        "Sweep settings",
        "`lss sweep MODEL_OR_CKPT --data FILE --grid KEY=V,V KEY=V,V` evaluates every combination; "
        "the last setting varies fastest. The columns of `--out` are the settings of the grid, the "
        "results below, and `sweep`, which tells the rows of one sweep from those of another.",
        *(part for stage, text in _STAGES.items() for part in _section(stage, text)),
        "## Results",
        table(
            ("column", "meaning"),
            [(code(column), meaning) for column, meaning in RESULT_MEANING.items()],
        ),
    )


def _section(stage: str, text: str) -> tuple[str, ...]:
    rows = [
        (code(setting.name), setting.expected, setting.meaning)
        for setting in SETTINGS.values()
        if setting.stage == stage
    ]
    return f"## {stage.capitalize()}", text, table(("setting", "values", "meaning"), rows)
