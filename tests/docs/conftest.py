import sys
from collections.abc import Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def generated(project_root: Path) -> Mapping[str, str]:
    """The generated pages by their path."""
    sys.path.insert(0, str(project_root / "docs"))
    try:
        from generate import PAGES
    finally:
        sys.path.remove(str(project_root / "docs"))
    return {place: make() for place, make in PAGES.items()}


@pytest.fixture(scope="session")
def pictures(project_root: Path) -> tuple[str, ...]:
    """Paths of the generated pictures."""
    sys.path.insert(0, str(project_root / "docs"))
    try:
        from generators.pictures import PICTURES
    finally:
        sys.path.remove(str(project_root / "docs"))
    return PICTURES
