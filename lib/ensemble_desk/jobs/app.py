"""The command line: its commands, and the one place where errors become a line and an exit code."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from ensemble_desk.errors import (
    DeskError,
    FutureDateError,
    InvalidDescriptionError,
    InvalidHorizonError,
    InvalidLabelError,
    InvalidSymbolError,
    InvalidTimeframeError,
    SettingsError,
    redaction,
)
from ensemble_desk.jobs import (
    activity,
    consensus,
    drift,
    export,
    forecast,
    live,
    outcomes,
    output,
    predict,
    runs,
    serve_api,
    train,
)
from ensemble_desk.jobs.inputs import bars, features
from ensemble_desk.jobs.registry import access, backup, describing, fleet, intake, moves, safety, upkeep
from ensemble_desk.jobs.registry import versions as registry

DONE, REFUSED, WRONG_USAGE = 0, 1, 2
_USAGE_ERRORS = (
    FutureDateError,
    InvalidDescriptionError,
    InvalidHorizonError,
    InvalidLabelError,
    InvalidSymbolError,
    InvalidTimeframeError,
    SettingsError,
)


def build() -> typer.Typer:
    """Put the commands together."""
    program = typer.Typer(
        name="desk",
        help="Train, forecast and manage what is in production. Exit codes: 0 done, 1 refused or found something, "
        "2 wrong usage. With --json results are JSON on standard output; messages go to standard error.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    program.callback()(_any_command)
    program.command("train")(train.train)
    program.command("demo")(train.demo)
    program.command("export")(export.export)
    program.command("runs")(runs.runs)
    program.command("activity")(activity.activity)
    program.command("note")(activity.note)
    program.command("predict")(predict.predict)
    program.command("forecast")(forecast.forecast)
    program.command("consensus")(consensus.consensus)
    program.command("outcomes")(outcomes.outcomes)
    program.command("replay")(outcomes.replay_past)
    program.command("live")(live.accuracy)
    program.command("check-drift")(drift.check_drift)
    program.command("alarms")(drift.alarms)
    program.command("diagnose")(drift.diagnose)
    program.command("simulate-alarms")(drift.simulate_alarms)
    program.command("alerts")(drift.send_alerts)
    program.command("report")(live.report)
    program.command("serve-api")(serve_api.serve_api)
    program.command("backup")(backup.back_up)
    program.command("restore")(backup.restore)
    commands = typer.Typer(help="Versions and what is in production.", no_args_is_help=True, rich_markup_mode=None)
    for name, command in _registry_commands().items():
        commands.command(name)(command)
    program.add_typer(commands, name="registry")
    prices = typer.Typer(help="Bars in the database.", no_args_is_help=True, rich_markup_mode=None)
    for name, command in bars.COMMANDS.items():
        prices.command(name)(command)
    program.add_typer(prices, name="bars")
    for name, told, group in (
        ("roles", "Roles of people who sign in.", access.ROLES),
        ("token", "Tokens of jobs and services.", access.TOKENS),
        ("features", "Features of a team's own.", features.COMMANDS),
    ):
        some = typer.Typer(help=told, no_args_is_help=True, rich_markup_mode=None)
        for verb, command in group.items():
            some.command(verb)(command)
        program.add_typer(some, name=name)
    return program


def _registry_commands() -> dict[str, Callable[..., None]]:
    return (
        registry.COMMANDS
        | intake.COMMANDS
        | describing.COMMANDS
        | moves.COMMANDS
        | fleet.COMMANDS
        | upkeep.COMMANDS
        | safety.COMMANDS
    )


def _tell_version(*, asked: bool) -> None:
    if asked:
        from importlib import metadata

        print(f"ensemble-desk {metadata.version('ensemble-desk')}")  # noqa: T201 - the program's voice
        raise typer.Exit


_Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say the version and stop.")
]


def _any_command(*, version: _Version = False) -> None:
    del version  # told before any command is looked for


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; whatever a user can cause ends in one line on standard error."""
    command = typer.main.get_command(build())
    try:
        result = command.main(args=arguments, prog_name="desk", standalone_mode=False)
    except DeskError as error:
        return _told(str(error), WRONG_USAGE if isinstance(error, _USAGE_ERRORS) else REFUSED)
    except typer.TyperException as error:
        return _told(error.format_message(), error.exit_code)
    except typer.Abort:
        return _told("stopped", REFUSED)
    return result if isinstance(result, int) else DONE


def _told(message: str, code: int) -> int:
    is_help = message.startswith("Usage:")
    if is_help:
        print(message, file=sys.stderr)  # noqa: T201 - the program's voice
    else:
        output.note(f"error: {redaction.redacted(message)}")
    return code
