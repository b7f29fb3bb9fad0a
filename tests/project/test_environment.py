"""The script behind `make env` and `make demo`, run with pretended interpreters and uv."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

TOOLS = ("sh", "cat", "cmp", "cp", "dirname", "mkdir", "tr")
FILES = (".ci/environment", "pyproject.toml", "constraints.txt")

PYTHON = """#!/bin/sh
case "$1 $2" in
    "-c "*) echo "{version}" ;;
    "-m venv")
        echo "python $*" >>"$LOG"
        for folder; do :; done
        mkdir -p "$folder/bin" && cp "$0" "$folder/bin/python" ;;
    "-m pip")
        echo "pip $*" >>"$LOG"
        case "$*" in *" uv") exit 1 ;; esac ;;
esac
"""
SHIM = "#!/bin/sh\necho 'pyenv: python3.10: command not found' >&2\nexit 127\n"
UV = """#!/bin/sh
echo "uv $*" >>"$LOG"
[ "$1" = venv ] || exit 0
for folder; do :; done
mkdir -p "$folder/bin" && cp "$PRETENDED_PYTHON" "$folder/bin/python"
"""


class Done(NamedTuple):
    code: int
    stdout: str
    stderr: str


class Machine:
    """A clone of the project on a machine that has only the programs a test puts there."""

    def __init__(self, folder: Path, project_root: Path) -> None:
        self.folder = folder
        self.clone = folder / "clone"
        self.log = folder / "log"
        self.env = {
            "HOME": str(folder / "home"),
            "PATH": f"{folder / 'first'}:{folder / 'second'}:{folder / 'tools'}",
            "LOG": str(self.log),
            "PRETENDED_PYTHON": str(folder / "pretended"),
        }
        self.log.touch()
        (folder / "tools").mkdir()
        for tool in TOOLS:
            (folder / "tools" / tool).symlink_to(shutil.which(tool))
        for name in FILES:
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project_root / name, self.clone / name)
        self.add("pretended", PYTHON.format(version="CPython 3 10"))

    def add(self, path: str, text: str) -> Path:
        program = self.folder / path
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
        return program

    def add_python(self, path: str, version: str = "CPython 3 10") -> Path:
        return self.add(path, PYTHON.format(version=version))

    def run(self, *arguments: str) -> Done:
        done = subprocess.run(
            [self.clone / ".ci" / "environment", *arguments],
            env=self.env,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path: Path, project_root: Path) -> Machine:
    return Machine(tmp_path, project_root)


# ---------------------------------------------------------------- which interpreter


def test_a_shim_that_cannot_run_is_passed_over(machine):
    machine.add("first/python3.10", SHIM)
    wanted = machine.add_python("second/python3.10")
    assert machine.run("--python") == (0, f"{wanted}\n", "")


def test_the_version_counts_not_the_name(machine):
    machine.add_python("first/python3.10", "CPython 3 11")
    machine.add_python("second/python3.10", "PyPy 3 10")
    wanted = machine.add_python("first/python")
    assert machine.run("--python").stdout == f"{wanted}\n"


@pytest.mark.parametrize(
    "place",
    [
        "home/.pyenv/versions/3.10.13/bin/python3",
        "home/.local/share/uv/python/cpython-3.10.19-linux-x86_64-gnu/bin/python3",
    ],
)
def test_the_versions_of_pyenv_and_uv_are_looked_at_last(machine, place):
    wanted = machine.add_python(place)
    machine.add_python("home/.pyenv/versions/3.11.7/bin/python3", "CPython 3 11")
    assert machine.run("--python").stdout == f"{wanted}\n"
    on_path = machine.add_python("second/python3")
    assert machine.run("--python").stdout == f"{on_path}\n"


def test_pyenv_may_live_elsewhere(machine):
    machine.env["PYENV_ROOT"] = str(machine.folder / "opt")
    wanted = machine.add_python("opt/versions/3.10.1/bin/python3")
    assert machine.run("--python").stdout == f"{wanted}\n"


def test_an_interpreter_can_be_named(machine):
    machine.add_python("first/python3.10")
    named = machine.add_python("somewhere/my-python")
    machine.env["PYTHON"] = str(named)
    assert machine.run("--python").stdout == f"{named}\n"


def test_without_any_the_message_says_what_to_do(machine):
    machine.add_python("first/python3", "CPython 3 12")
    done = machine.run("--python")
    assert (done.code, done.stdout) == (1, "")
    for part in ("error: no CPython 3.10 found", "uv python install 3.10", "--backend batch"):
        assert part in done.stderr


# ---------------------------------------------------------------- what is installed


def test_uv_makes_the_environment_once(machine):
    python = machine.add_python("first/python3.10")
    machine.add("first/uv", UV)
    assert machine.run(".venv-demo", "lava").code == 0
    assert machine.calls == [
        "uv --version",
        f"uv venv --quiet --python {python} .venv-demo",
        "uv pip install --python .venv-demo/bin/python --constraint constraints.txt"
        " --editable .[lava]",
    ]
    assert machine.run(".venv-demo", "lava") == (0, "", "")
    assert len(machine.calls) == 3


@pytest.mark.parametrize("name", FILES)
def test_a_changed_recipe_updates_the_environment(machine, name):
    machine.add_python("first/python3.10")
    machine.add("first/uv", UV)
    machine.run(".venv", "all,dev")
    with (machine.clone / name).open("a") as stream:
        stream.write("# changed\n")
    machine.log.write_text("")
    assert machine.run(".venv", "all,dev").code == 0
    assert [call.split()[1] for call in machine.calls] == ["--version", "pip"]


def test_an_install_that_failed_is_tried_again(machine):
    machine.add_python("first/python3.10")
    machine.add("first/uv", UV.replace("|| exit 0", '|| { [ "$1" != pip ]; exit; }'))
    assert machine.run(".venv", "all,dev").code != 0
    machine.add("first/uv", UV)
    machine.log.write_text("")
    assert machine.run(".venv", "all,dev").code == 0
    assert [call.split()[1] for call in machine.calls] == ["--version", "pip"]


def test_without_an_interpreter_uv_is_asked_for_one(machine):
    machine.add("first/uv", UV)
    assert machine.run(".venv", "dev").code == 0
    assert "uv venv --quiet --python 3.10 .venv" in machine.calls


def test_uv_that_cannot_fetch_one_ends_with_the_same_message(machine):
    machine.add("first/uv", UV.replace("for folder", "exit 2\nfor folder"))
    done = machine.run(".venv", "dev")
    assert done.code == 1
    assert "no CPython 3.10 found" in done.stderr


def test_without_uv_and_without_network_for_it_venv_and_pip_do(machine):
    python = machine.add_python("first/python3.10")
    done = machine.run(".venv", "lava")
    assert done.code == 0
    assert "using venv and pip" in done.stderr
    assert "python -m venv .venv" in machine.calls
    assert machine.calls[-1] == (
        "pip -m pip install --constraint constraints.txt --editable .[lava]"
    )
    assert python.exists()


def test_an_environment_of_another_python_is_left_alone(machine):
    machine.add_python("first/python3.10")
    machine.add("first/uv", UV)
    theirs = machine.add_python("clone/.venv/bin/python", "CPython 3 12")
    done = machine.run(".venv", "dev")
    assert done.code == 1
    assert ".venv is not an environment of CPython 3.10" in done.stderr
    assert theirs.exists()
    assert machine.calls == ["uv --version"]


@pytest.mark.parametrize("arguments", [(), (".venv",), ("a", "b", "c")])
def test_wrong_arguments_are_refused(machine, arguments):
    done = machine.run(*arguments)
    assert done.code == 1
    assert "usage: .ci/environment FOLDER EXTRAS" in done.stderr


def test_on_this_machine_it_finds_a_real_one(project_root):
    done = subprocess.run(
        [project_root / ".ci" / "environment", "--python"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    if done.returncode:
        pytest.skip("no CPython 3.10 here")
    version = subprocess.check_output([done.stdout.strip(), "--version"], text=True)
    assert version.startswith("Python 3.10.")
