"""The bundled demo model and its data: road speeds of a small network, from a generator of ours."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def demo_model_path() -> Path:
    """Return the model file of the demo."""
    return _FOLDER / "demo.net"


def demo_data_path() -> Path:
    """Return the table of the demo."""
    return _FOLDER / "demo.npz"
