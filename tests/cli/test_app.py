"""The program as a whole: flags, exit codes, streams, and the one JSON object."""

import json
import os
import signal
import subprocess
import sys
from typing import Annotated

import numpy as np
import pytest
import typer

import lava_spikyspace
from lava_spikyspace.cli.app import COMMANDS
from lava_spikyspace.cli.command import CommandGroup
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import (
    BackendUnavailableError,
    InternalError,
    ModelFileError,
    SimulationError,
    SimulationTimeoutError,
    UsageError,
)

COMMAND_LINES = [
    line
    for name, command in COMMANDS.items()
    for line in (
        [f"{name} {word}" for word in command.commands]
        if isinstance(command, CommandGroup)
        else [name]
    )
]
ENVELOPE_KEYS = [
    "schema",
    "ok",
    "command",
    "backend",
    "versions",
    "model",
    "data",
    "diagnostics",
    "timings_s",
]
# NumPy too: it takes half of the 0.5 s that the help may take.
NOT_FOR_HELP = {"lava", "torch", "numba", "pandas", "matplotlib", "h5py", "numpy"}


def answer(session):
    session.line("forty-two")
    session.emit(data={"answer": 42})


def failing_with(error):
    def command(session):
        raise error

    return command


# ---------------------------------------------------------------- what the program is


def test_help_lists_every_command_and_loads_no_heavy_library(run_python):
    probe = (
        "import sys; from lava_spikyspace.cli.app import main;"
        "code = main(['--help']); print(code, sorted(sys.modules), file=sys.stderr)"
    )
    done = run_python("-c", probe)
    code, modules = done.stderr.split(maxsplit=1)
    assert code == "0"
    assert NOT_FOR_HELP.isdisjoint(eval(modules))
    for command in COMMANDS:
        assert command in done.stdout


@pytest.mark.parametrize("command", COMMAND_LINES)
def test_every_command_has_a_help_page_with_the_shared_flags(run_cli, command):
    done = run_cli(*command.split(), "--help")
    assert done.code == 0
    for flag in ("--json", "--quiet", "--verbose", "--no-progress"):
        assert flag in done.stdout


def test_version_is_a_result(run_cli):
    assert run_cli("--version") == (0, f"lava-spikyspace {lava_spikyspace.__version__}\n", "")


def test_without_a_command_the_help_goes_to_stderr(run_cli):
    done = run_cli()
    assert (done.code, done.stdout) == (2, "")
    assert "Usage" in done.stderr
    assert "error: no command given" in done.stderr


# ---------------------------------------------------------------- results


def test_results_go_to_stdout_and_the_exit_code_is_0(call):
    assert call(answer, "probe") == (0, "forty-two\n", "")


@pytest.mark.parametrize("arguments", [("--json", "probe"), ("probe", "--json")])
def test_json_may_come_before_or_after_the_command(call, arguments):
    called = call(answer, *arguments)
    envelope = called.envelope
    assert (called.code, called.stderr) == (0, "")
    assert list(envelope) == ENVELOPE_KEYS
    assert envelope["schema"] == "lava-spikyspace/probe@1"
    assert envelope["ok"] is True
    assert envelope["command"] == "probe"
    assert envelope["data"] == {"answer": 42}
    assert envelope["diagnostics"] == []
    assert envelope["timings_s"]["total"] >= 0


@pytest.mark.parametrize("arguments", [("-q", "probe"), ("probe", "-q"), ("probe", "--quiet")])
def test_quiet_may_come_before_or_after_the_command(call, arguments):
    def command(session):
        session.note("by the way")
        answer(session)

    assert call(command, "probe").stderr == "by the way\n"
    assert call(command, *arguments) == (0, "forty-two\n", "")


def test_a_failed_gate_is_exit_code_1_with_its_findings(call):
    finding = Diagnostic("too-large", "error", "121 cores, 120 allowed", where="layer 2")

    def command(session):
        session.findings([finding])
        session.emit(data={}, ok=False, diagnostics=[finding])

    plain = call(command, "probe")
    assert plain == (1, "layer 2: error: 121 cores, 120 allowed [too-large]\n", "")
    called = call(command, "probe", "--json")
    assert called.code == 1
    assert called.envelope["ok"] is False
    assert called.envelope["diagnostics"] == [finding.to_dict()]


def test_options_of_the_command_are_parsed_and_checked(call):
    def command(session, *, windows: Annotated[int, typer.Option("--windows", min=1)] = 4):
        session.emit(data={"windows": windows})

    assert call(command, "probe", "--windows", "7", "--json").envelope["data"] == {"windows": 7}
    called = call(command, "probe", "--windows", "0", "--json")
    assert called.code == 2
    assert called.envelope["command"] == "probe"
    assert "--windows" in called.envelope["diagnostics"][0]["message"]


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "exit_code", "code"),
    [
        (UsageError("a and b exclude each other", hint="drop a"), 2, "usage"),
        (ModelFileError("m.net: no layers", hint="drop a"), 3, "model-file"),
        (BackendUnavailableError("no Lava", hint="drop a"), 4, "backend-unavailable"),
        (SimulationError("conv raised", hint="drop a"), 5, "simulation"),
        (SimulationTimeoutError("took over 3 s", hint="drop a"), 6, "simulation-timeout"),
        (InternalError("plan and file differ", hint="drop a"), 70, "internal"),
    ],
)
def test_errors_of_ours_have_their_exit_code_message_and_hint(call, error, exit_code, code):
    called = call(failing_with(error), "probe")
    assert called == (exit_code, "", f"error: {error.message}\nhint: drop a\n")
    called = call(failing_with(error), "probe", "--json")
    assert called.code == exit_code
    envelope = called.envelope
    assert list(envelope) == ENVELOPE_KEYS
    assert (envelope["ok"], envelope["data"]) == (False, None)
    (diagnostic,) = envelope["diagnostics"]
    assert (diagnostic["code"], diagnostic["severity"]) == (code, "error")
    assert (diagnostic["message"], diagnostic["hint"]) == (error.message, "drop a")
    assert error.message in called.stderr  # people read stderr, also beside --json


def test_a_failed_simulation_shows_the_traceback_of_the_process_model(call):
    error = SimulationError("conv raised", process="blocks.0.conv", traceback="Traceback: line 9")
    called = call(failing_with(error), "probe")
    assert called == (5, "", "Traceback: line 9\nerror: conv raised\n")
    (diagnostic,) = call(failing_with(error), "probe", "--json").envelope["diagnostics"]
    assert diagnostic["traceback"] == "Traceback: line 9"
    assert diagnostic["where"] == "blocks.0.conv"


def test_an_unexpected_error_is_our_bug_and_its_traceback_is_for_verbose(call):
    command = failing_with(ZeroDivisionError("division by zero"))
    called = call(command, "probe")
    assert (called.code, called.stdout) == (70, "")
    assert "this is a bug of lava-spikyspace: ZeroDivisionError: division by zero" in called.stderr
    assert "Traceback" not in called.stderr
    assert "Traceback" in call(command, "probe", "-v").stderr
    assert "Traceback" in call(command, "-v", "probe").stderr
    (diagnostic,) = call(command, "probe", "--json").envelope["diagnostics"]
    assert "in command" in diagnostic["traceback"]


def test_a_file_that_the_system_refuses_is_bad_input(call, tmp_path):
    def command(session):
        (tmp_path / "gone.csv").read_text()

    called = call(command, "probe")
    assert called.code == 3
    assert called.stderr.replace("\n", "") == (
        f"error: {tmp_path}/gone.csv: No such file or directory"
    )


def test_an_error_after_the_result_still_gives_one_object(call):
    def command(session):
        session.emit(data={"answer": 42})
        raise ModelFileError("no space left")

    called = call(command, "probe", "--json")
    assert called.code == 3
    assert called.envelope["data"] is None


@pytest.mark.parametrize("arguments", [("--json", "prob"), ("prob", "--json")])
def test_an_unknown_command_is_a_usage_error_with_a_suggestion(call, arguments):
    called = call(answer, *arguments)
    assert called.code == 2
    assert called.envelope["schema"] == "lava-spikyspace/error@1"
    assert called.envelope["command"] is None
    assert "probe" in called.envelope["diagnostics"][0]["message"]


def test_a_bad_flag_is_a_usage_error_of_its_command(call):
    called = call(answer, "probe", "--bogus", "--json")
    assert called.code == 2
    assert called.envelope["command"] == "probe"
    assert "--bogus" in called.stderr
    assert "hint: lss probe --help" in called.stderr


def test_a_command_without_a_result_is_our_bug(call):
    called = call(lambda session: None, "probe")
    assert called.code == 70
    assert "gave no result" in called.stderr


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_result_that_json_cannot_say_is_our_bug(call, flags):
    called = call(lambda session: session.emit(data={"what": object()}), "probe", *flags)
    assert called.code == 70
    assert "cannot be written as JSON" in called.stderr


def test_numpy_results_and_nan_are_plain_in_the_json(call):
    def command(session):
        session.emit(data={"r2": np.float32("nan"), "codes": np.arange(3)})

    data = call(command, "probe", "--json").envelope["data"]
    assert data == {"r2": None, "codes": [0, 1, 2]}


def test_two_results_are_our_bug(call):
    def command(session):
        session.emit(data={})
        session.emit(data={})

    assert call(command, "probe").code == 70


def test_a_command_that_exits_without_a_reason_is_our_bug(call):
    assert call(failing_with(typer.Exit(3)), "probe").code == 70


def test_a_broken_pipe_inside_a_command_is_not_taken_for_a_closed_stdout(call):
    called = call(failing_with(BrokenPipeError(32, "Broken pipe")), "probe")
    assert called.code == 70
    assert "a pipe between processes broke" in called.stderr


# ---------------------------------------------------------------- the outside world


def test_an_interrupt_is_130_and_one_object(call):
    called = call(failing_with(KeyboardInterrupt()), "probe", "--json")
    assert called.code == 130
    assert called.envelope["diagnostics"][0]["code"] == "interrupted"
    assert called.stderr == "error: interrupted\n"


PROGRAM_THAT_WAITS = """
import os, sys, time
from lava_spikyspace.cli import app

def wait(session):
    try:
        os.write(2, b"ready\\n")
        time.sleep(60)
    finally:
        session.note("cleaned up")

app.app = app.build_app({"wait": wait})
sys.exit(app.main(["wait", "--json"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_from_outside_end_the_program_in_order(number, project_root):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM_THAT_WAITS],
        env={**os.environ, "PYTHONPATH": str(project_root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stderr.readline() == "ready\n"
        program.send_signal(number)
        stdout, stderr = program.communicate(timeout=60)
    assert program.returncode == 130
    assert stderr == "cleaned up\nerror: interrupted\n"
    assert json.loads(stdout)["ok"] is False


PROGRAM_THAT_TALKS = """
import sys
from lava_spikyspace.cli import app

def talk(session):
    for number in range(100_000):
        session.line(str(number))
    session.emit(data={"numbers": list(range(100_000))})

app.app = app.build_app({"talk": talk})
sys.exit(app.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_a_reader_that_goes_away_ends_the_program_quietly(flags, unbuffered, project_root):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM_THAT_TALKS, "talk", *flags],
        env={
            **os.environ,
            "PYTHONPATH": str(project_root),
            "PYTHONUNBUFFERED": unbuffered,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        program.stdout.read(1)
        program.stdout.close()
        stderr = program.stderr.read()
    assert stderr == ""
    assert program.returncode == 141


def test_what_libraries_print_stays_out_of_stdout(call):
    def command(session):
        print("printed by Python")
        os.write(1, b"printed by C\n")
        subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        answer(session)

    called = call(command, "probe", "--json")
    assert called.envelope["data"] == {"answer": 42}
    for source in ("Python", "C", "a child"):
        assert f"printed by {source}" in called.stderr


def test_both_entry_points_lead_to_main(project_root):
    text = (project_root / "pyproject.toml").read_text()
    for name in ("lava-spikyspace", "lss"):
        assert f'\n{name} = "lava_spikyspace.cli.app:main"\n' in text
