import hashlib
import json

import pytest

from lava_spikyspace.cli.envelope import Result, Subject, build_envelope, dump_envelope
from lava_spikyspace.cli.failure import failure_from
from lava_spikyspace.errors import ModelFileError


def test_the_model_is_named_with_its_digest(tmp_path):
    model = tmp_path / "m.net"
    model.write_bytes(b"content")
    envelope = build_envelope("run", Subject("batch", model, {"run": 0.5}), Result({}))
    assert envelope["model"] == {
        "path": str(model),
        "sha256": hashlib.sha256(b"content").hexdigest(),
    }
    assert envelope["backend"] == "batch"
    assert envelope["timings_s"] == {"run": 0.5}


def test_a_model_that_cannot_be_read_has_no_digest(tmp_path):
    model = tmp_path / "gone.net"
    failure = failure_from(ModelFileError("gone"))
    envelope = build_envelope("run", Subject("sim", model), failure)
    assert envelope["model"] == {"path": str(model), "sha256": None}


def test_the_result_is_one_line_with_full_precision():
    value = 0.1 + 0.2
    envelope = build_envelope("run", Subject(), Result({"x": [value, None], "n": "é\n"}))
    text = dump_envelope(envelope)
    assert "\n" not in text
    assert json.loads(text, parse_constant=pytest.fail)["data"] == {"x": [value, None], "n": "é\n"}
