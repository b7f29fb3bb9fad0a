import json

from lava_spikyspace.availability import backend_availability


def test_the_table_has_a_row_for_every_backend(run_cli):
    done = run_cli("backends")
    assert done.code == 0
    for name in ("batch", "sim", "loihi2"):
        assert name in done.stdout


def test_json_says_what_the_library_says(run_cli):
    done = run_cli("backends", "--json")
    assert done.code == 0
    assert json.loads(done.stdout)["data"] == {
        "backends": [entry.to_dict() for entry in backend_availability()]
    }


def test_hints_are_notes_and_quiet_drops_them(run_cli):
    hints = [entry.hint for entry in backend_availability() if entry.hint]
    shown = run_cli("backends").stderr
    assert all(hint in shown for hint in hints)
    assert run_cli("backends", "-q").stderr == ""
