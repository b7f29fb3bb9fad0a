"""`lss.report` and `lss report`: contents, formats, refusals; the page itself is for a browser."""

import json
import re
import shutil

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.profiling.report.contents import gather
from lava_spikyspace.profiling.report.page import MAX_PAGE_BYTES, script_json
from tests.profiling.report.conftest import HOSTILE


@pytest.fixture(scope="module")
def board():
    return load_chip("loihi2")


class TestPage:
    def test_size_and_addresses(self, pages):
        for page in pages:
            assert page.stat().st_size < MAX_PAGE_BYTES
            text = page.read_text(encoding="utf-8")
            library = text.index("<script>/**") if "<script>/**" in text else len(text)
            ours = text[:library]
            assert not re.findall(r"(?:src|href)=\"?(?:https?:)?//", ours)
            assert "default-src 'none'" in ours

    def test_names_are_escaped(self, pages):
        text = pages[0].read_text(encoding="utf-8")
        assert "<script>window.hacked" not in text
        assert "<img src=x" not in text
        assert text.count("</script>") == 3

    def test_sections(self, pages, runs):
        text = pages[0].read_text(encoding="utf-8")
        result = lss.RunResult.load(runs.graded)
        for fact in (result.model.sha256, result.table.sha256, "ridge regression", "persistence"):
            assert fact in text
        for anchor in re.findall(r'<li><a href="#([\w-]+)"', text):
            assert f'id="{anchor}"' in text
        assert "99.9700 %" in text  # the agreement of the convolution


class TestContents:
    def test_metrics_are_those_of_the_windows(self, runs, board):
        contents = gather(runs.graded, board)
        result = lss.RunResult.load(runs.graded)
        actual = result.actual
        known = np.isfinite(actual)
        expected = np.abs(result.forecasts - actual)[known].mean()
        forecasters = contents.scores.forecasters
        assert forecasters["model"]["all"]["mae"] == pytest.approx(expected, rel=1e-12)
        last = result.series.inputs(result.window, result.windows)[:, -1:]
        naive = np.abs(last - actual)[known].mean()
        assert forecasters["persistence"]["all"]["mae"] == pytest.approx(naive, rel=1e-12)
        assert forecasters["ridge"]["all"]["mae"] > 0
        assert "the table ends within" in contents.scores.origin

    def test_energy_is_the_estimate_of_the_run(self, runs, board):
        contents = gather(runs.unary, board)
        expected = estimate(None, "loihi2", activity=runs.unary).codings["unary"]
        assert contents.cost.estimate.energy == expected.energy
        assert "counted by batch in unary" in contents.cost.estimate.work.origin

    def test_an_evaluation_brings_its_own_metrics(self, runs, board, tmp_path):
        lss.evaluate(runs.model, runs.table, out=tmp_path / "run")
        contents = gather(tmp_path / "run", board)
        stored = json.loads((tmp_path / "run" / "run.json").read_text())["data"]
        assert contents.scores.forecasters["model"] == stored["metrics"]
        assert contents.scores.origin == "lss evaluate"

    def test_another_model_file_is_never_taken(self, runs, board, tmp_path):
        shutil.copytree(runs.graded, tmp_path / "run")
        document = json.loads((tmp_path / "run" / "run.json").read_text())
        document["model"]["path"] = str(tmp_path / "gone.net")
        (tmp_path / "run" / "run.json").write_text(json.dumps(document))
        contents = gather(tmp_path / "run", board)
        assert contents.cost is contents.agreement is None
        assert "no-model-file" in [found.code for found in contents.diagnostics]
        assert gather(tmp_path / "run", board, model=runs.model).cost is not None
        shutil.copy(runs.table, tmp_path / "gone.net")
        contents = gather(tmp_path / "run", board)
        assert contents.cost is None
        with pytest.raises(InputError, match="the run was one of"):
            gather(tmp_path / "run", board, model=runs.table)

    def test_a_network_in_memory(self, board):
        from tests.run_cases import small_network, walk_values

        network = small_network()
        result = lss.run(
            network, walk_values(network, 12), backend="batch", windows=1, record=False
        )
        contents = gather(result, board)
        codes = {found.code for found in contents.diagnostics}
        assert {"no-model-file", "no-metrics", "not-recorded"} <= codes
        assert contents.scores is None


class TestText:
    def test_markdown(self, runs, tmp_path):
        lss.report(runs.graded, runs.unary, out=tmp_path / "r.md")
        text = (tmp_path / "r.md").read_text(encoding="utf-8")
        for heading in ("# Run report", "## Side by side", "### Energy", "### Accuracy"):
            assert heading in text
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(cells) == 1

    def test_json(self, runs, tmp_path):
        lss.report(runs.graded, out=tmp_path / "r.json")
        found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
        assert found["versus"] is None
        profile = found["runs"][0]["profile"]
        assert profile["processes"] == lss.profile(runs.graded).to_dict()["processes"]

    def test_json_in_a_script_element_cannot_end_it(self):
        text = script_json({"name": HOSTILE[0], "other": "a\u2028b & c"})
        assert "<" not in text
        assert "\u2028" not in text
        assert json.loads(text) == {"name": HOSTILE[0], "other": "a\u2028b & c"}


def test_from_python(runs, tmp_path):
    result = lss.RunResult.load(runs.graded)
    written = result.report(tmp_path / "r.md")
    assert written.size == (tmp_path / "r.md").stat().st_size
    with pytest.raises(UsageError, match="at most 2"):
        lss.report(result, result, result, out=tmp_path / "s.md")
