"""Pages of the documentation that are made from the code, and their hook into the build.

`PAGES` says which function makes which page. A page of one's own: write a function without
parameters that returns Markdown, in a module of ``generators/``, add a line to `PAGES` and one to
``nav`` in ``mkdocs.yml``. Pages are made while the site is built, so they cannot be out of date and
are not kept in the repository; so are the pictures of ``generators/pictures.py``, from runs that
are made then. To read the pages without a site::

    python docs/generate.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent))

from generators.commands import command_line_page
from generators.layout import file_layout_page
from generators.microcode import neuron_programs_page
from generators.pictures import draw
from generators.profiles import hardware_profiles_page
from generators.rules import check_rules_page, lint_rules_page
from generators.settings import sweep_settings_page

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

PAGES: Mapping[str, Callable[[], str]] = {
    "reference/command-line.md": command_line_page,
    "reference/file-layout.md": file_layout_page,
    "reference/lint-rules.md": lint_rules_page,
    "reference/check-rules.md": check_rules_page,
    "reference/hardware-profiles.md": hardware_profiles_page,
    "reference/neuron-programs.md": neuron_programs_page,
    "reference/sweep-settings.md": sweep_settings_page,
}
"""Path of a page below ``docs/`` to the function that returns its Markdown."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site; mkdocs calls this."""
    from mkdocs.structure.files import File

    for place, make in PAGES.items():
        files.append(File.generated(config, place, content=make()))
    for place, content in draw().items():
        files.append(File.generated(config, place, content=content))
    return files


def write_pages(folder: Path) -> None:
    """Write the generated pages as files, without their pictures.

    Parameters
    ----------
    folder : Path
        Where to; it is made when it does not exist.
    """
    for place, make in PAGES.items():
        page = folder / place
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python docs/generate.py FOLDER")
    write_pages(Path(sys.argv[1]))
