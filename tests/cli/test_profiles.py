import json

import pytest

from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.profile import profile_schema
from lava_spikyspace.hardware.profile_files import load_profile


def test_list_names_every_profile(run_cli):
    done = run_cli("profiles", "list")
    assert done.code == 0
    for name in profile_paths():
        assert name in done.stdout
    envelope = json.loads(run_cli("profiles", "list", "--json").stdout)
    assert envelope["schema"] == "lava-spikyspace/profiles-list@1"
    assert [entry["name"] for entry in envelope["data"]["profiles"]] == list(profile_paths())


def test_show_has_value_evidence_source_and_what_is_missing(run_cli):
    done = run_cli("profiles", "show", "loihi2", env={"COLUMNS": "250"})
    assert done.code == 0
    for text in ("energy.synop", "23.6", "4.72 - 35.5", "proxy", "davies2018", "not public"):
        assert text in done.stdout
    envelope = json.loads(run_cli("profiles", "show", "loihi2", "--json").stdout)
    assert envelope["data"]["profile"] == load_profile("loihi2").to_dict()


def test_an_unknown_profile_is_a_usage_error(run_cli):
    done = run_cli("profiles", "show", "loihi9")
    assert (done.code, done.stdout) == (2, "")
    assert "no hardware profile is called 'loihi9'; there are cmos45" in done.stderr


def test_validate_checks_all_profiles_of_the_package(run_cli):
    done = run_cli("profiles", "validate")
    assert done.code == 0
    assert done.stdout.count(": 0 faults") == len(profile_paths())


def test_validate_lists_all_faults_of_a_file(run_cli, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('extends = "loihi2"\nname = "Mine!"\n[layout]\nsize = 3\n')
    done = run_cli("profiles", "validate", path, "loihi1", "--json")
    assert done.code == 1
    envelope = json.loads(done.stdout)
    assert envelope["data"]["profiles"] == {str(path): 2, "loihi1": 0}
    assert {fault["where"] for fault in envelope["diagnostics"]} == {"name", "layout.size"}
    assert run_cli("profiles", "show", path).code == 3


def test_the_schema_on_stdout_and_in_a_file(run_cli, tmp_path):
    done = run_cli("profiles", "schema")
    assert (done.code, done.stderr) == (0, "")
    assert json.loads(done.stdout) == json.loads(json.dumps(profile_schema()))
    out = tmp_path / "schema.json"
    assert run_cli("profiles", "schema", "-o", out).code == 0
    assert json.loads(out.read_text()) == json.loads(done.stdout)
    assert run_cli("profiles", "schema", "-o", out).code == 2
    assert run_cli("profiles", "schema", "-o", out, "--force").code == 0


@pytest.mark.parametrize("arguments", [(), ("frobnicate",)])
def test_a_group_without_a_known_command_is_a_usage_error(run_cli, arguments):
    done = run_cli("profiles", *arguments)
    assert (done.code, done.stdout) == (2, "")
    assert "error: " in done.stderr
