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


def test_pictures_are_there_and_pages_show_them(site, pictures):
    shown = set()
    for page in site.rglob("*.html"):
        found = re.findall(r"(?:src|href)=\"((?:\.\./)*pictures/[^\"#]+)\"", page.read_text())
        shown |= {(page.parent / place).resolve() for place in found}
    assert shown == {(site / place).resolve() for place in pictures}
    assert all(path.stat().st_size > 5000 for path in shown)


def test_every_page_of_the_folder_is_in_the_navigation(project_root):
    from mkdocs.utils.yaml import yaml_load

    with (project_root / "mkdocs.yml").open() as file:
        named = re.findall(r"[\w/-]+\.md", str(yaml_load(file)["nav"]))
    written = {str(p.relative_to(project_root / "docs")) for p in project_root.glob("docs/**/*.md")}
    assert written <= set(named)


def test_no_page_fetches_anything_from_the_network(site: Path):
    # The report keeps its library inside; a test of its own opens it in a browser.
    pages = [page for page in site.rglob("*.html") if page.parent.name != "pictures"]
    assert pages
    for page in pages:
        text = page.read_text()
        fetched = re.findall(r"<(?:script|img|iframe)\b[^>]*\bsrc=\"(?:https?:)?//[^\"]+", text)
        fetched += re.findall(r"<link\b[^>]*rel=\"stylesheet\"[^>]*href=\"(?:https?:)?//", text)
        assert fetched == [], page
        # The theme would load the library that draws these.
        assert 'class="mermaid"' not in text, page
    report = (site / "pictures" / "report.html").read_text()
    assert "default-src 'none'" in report


def test_the_public_functions_are_documented(site):
    import lava_spikyspace

    text = (site / "reference" / "python.html").read_text()
    for name in lava_spikyspace.__all__:
        module = lava_spikyspace._MODULES[name]
        assert f'id="lava_spikyspace.{module}.{name}"' in text, name
