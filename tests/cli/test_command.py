from typing import Annotated

import typer

from lava_spikyspace.cli.command import add_command


def render_help(call, function):
    return call(function, "probe", "--help").stdout


def test_the_help_is_the_docstring_up_to_the_first_section(call):
    def command(session):
        """Do what the summary says.

        In shape [windows, horizon].

        Parameters
        ----------
        session : Session
            Not for users.
        """

    text = render_help(call, command)
    assert "Do what the summary says." in text
    assert "In shape [windows, horizon]." in text
    assert "Parameters" not in text
    assert "session" not in text


def test_positional_and_keyword_parameters_both_work(call):
    def command(
        session,
        model: Annotated[str, typer.Argument()],
        *,
        horizon: Annotated[int, typer.Option("--horizon")] = 3,
    ):
        session.emit(data={"model": model, "horizon": horizon})

    called = call(command, "probe", "m.net", "--horizon", "5", "--json")
    assert called.envelope["data"] == {"model": "m.net", "horizon": 5}


def test_the_function_itself_is_left_as_it_was():
    def command(session):
        """Say nothing."""

    before = dict(vars(command)), command.__annotations__.copy()
    add_command(typer.Typer(), "probe", command)
    assert (dict(vars(command)), command.__annotations__) == before


def test_a_group_of_commands_has_names_of_two_words(monkeypatch, capfd):
    from lava_spikyspace.cli import app as app_module

    program, group = app_module.build_app({}), typer.Typer()
    add_command(group, "list", lambda session: session.emit(data={}))
    group.callback()(lambda: None)
    program.add_typer(group, name="profiles")
    monkeypatch.setattr(app_module, "app", program)
    assert app_module.main(["profiles", "list", "--json"]) == 0
    assert '"schema": "lava-spikyspace/profiles-list@1"' in capfd.readouterr().out
