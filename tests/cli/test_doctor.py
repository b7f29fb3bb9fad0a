import json
import sys

from lava_spikyspace.cli import doctor as command
from lava_spikyspace.installation import InstallationCheck

FINE = InstallationCheck("library", "numpy", "ok", "1.26.4")
GONE = InstallationCheck("library", "torch", "absent", "not installed", "get torch")
BROKEN = InstallationCheck("library", "h5py", "failed", "cannot be imported", "get h5py")


def examine(monkeypatch, *checks):
    from lava_spikyspace import installation

    monkeypatch.setattr(installation, "examine_installation", lambda **_: iter(checks))


def test_what_is_absent_is_no_fault(call, monkeypatch):
    examine(monkeypatch, FINE, GONE)
    called = call(command.doctor, "probe")
    assert called.code == 0
    assert called.stdout.endswith("all is well\n")
    assert "get torch" not in called.stderr
    assert "get torch" in call(command.doctor, "probe", "-v").stderr


def test_a_fault_is_repeated_with_what_helps_and_ends_with_1(call, monkeypatch):
    examine(monkeypatch, FINE, GONE, BROKEN)
    called = call(command.doctor, "probe")
    assert called.code == 1
    assert "h5py: cannot be imported (get h5py)" in called.stdout
    assert called.stdout.endswith("1 of 3 failed\n")


def test_json_has_every_check(run_cli):
    done = run_cli("doctor", "--no-steps", "--json")
    envelope = json.loads(done.stdout)
    checks = {(c["topic"], c["name"]): c for c in envelope["data"]["checks"]}
    assert envelope["ok"] == (done.code == 0)
    version = ".".join(map(str, sys.version_info[:3]))
    assert version in checks["python", "version"]["detail"]
    assert not any(topic == "runtime" for topic, _ in checks)
