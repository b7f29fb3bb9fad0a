"""The site builds without a warning, and its pages fetch nothing from the network."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def site(tmp_path_factory, project_root):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=project_root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site, generated):
    for place in ("index.md", "reference/python.md", *generated):
        assert (site / place).with_suffix(".html").is_file()


def test_no_page_fetches_anything_from_the_network(site: Path):
    pages = list(site.rglob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text()
        fetched = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"(?:https?:)?//[^\"]+", text)
        fetched += re.findall(r"<link\b[^>]*rel=\"stylesheet\"[^>]*href=\"(?:https?:)?//", text)
        assert fetched == [], page
        # The theme would load the library that draws these.
        assert 'class="mermaid"' not in text, page


def test_the_public_functions_are_documented(site):
    import lava_spikyspace

    text = (site / "reference" / "python.html").read_text()
    for name in lava_spikyspace.__all__:
        module = lava_spikyspace._MODULES[name]
        assert f'id="lava_spikyspace.{module}.{name}"' in text, name
