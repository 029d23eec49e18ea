"""The command line: its commands, and the one place where errors become a line and an exit code."""

import ast
import importlib
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ensemble_desk.errors import (
    DeskError,
    FutureDateError,
    InvalidDescriptionError,
    InvalidHorizonError,
    InvalidLabelError,
    InvalidShardError,
    InvalidSymbolError,
    InvalidTimeframeError,
    SettingsError,
    SymbolListError,
    redaction,
)

DONE, REFUSED, WRONG_USAGE = 0, 1, 2
_USAGE_ERRORS = (
    FutureDateError,
    InvalidDescriptionError,
    InvalidHorizonError,
    InvalidLabelError,
    InvalidShardError,
    InvalidSymbolError,
    InvalidTimeframeError,
    SettingsError,
    SymbolListError,
)
_COMMANDS = {  # by the module below this one and the function in it: only what is asked for is imported
    "train": "train.train",
    "demo": "train.demo",
    "study": "judging.study.study",
    "export": "export.export",
    "runs": "runs.runs",
    "activity": "registry.activity.activity",
    "note": "registry.activity.note",
    "predict": "predict.predict",
    "daily": "daily.run",
    "forecast": "forecast.forecast",
    "consensus": "consensus.consensus",
    "outcomes": "outcomes.outcomes",
    "replay": "outcomes.replay_past",
    "live": "live.accuracy",
    "value": "judging.value.value",
    "check-drift": "drift.check_drift",
    "alarms": "drift.alarms",
    "diagnose": "drift.diagnose",
    "simulate-alarms": "drift.simulate_alarms",
    "alerts": "drift.send_alerts",
    "report": "live.report",
    "serve-api": "serve_api.serve_api",
    "backup": "registry.backup.back_up",
    "restore": "registry.backup.restore",
}
_GROUPS = {
    "registry": (
        "Versions and what is in production.",
        [
            f"registry.{name}.COMMANDS"
            for name in ("versions", "intake", "describing", "moves", "fleet", "upkeep", "safety")
        ],
    ),
    "db": ("The tables of the registry.", ["registry.schema.COMMANDS"]),
    "bars": ("Bars in the database.", ["inputs.bars.COMMANDS"]),
    "roles": ("Roles of people who sign in.", ["registry.access.ROLES"]),
    "token": ("Tokens of jobs and services.", ["registry.access.TOKENS"]),
    "features": ("Features of a team's own.", ["inputs.features.COMMANDS"]),
    "log": ("The log of forecasts.", ["registry.log.COMMANDS"]),
}


def build(asked: Sequence[str] | None = None) -> typer.Typer:
    """Put the commands together; with words ``asked``, those that they do not name are there by name and help alone."""
    program = typer.Typer(
        name="desk",
        help="Train, forecast and manage what is in production. Exit codes: 0 done, 1 refused or found something, "
        "2 wrong usage. With --json results are JSON on standard output; messages go to standard error.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    program.callback()(_any_command)
    for name, place in _COMMANDS.items():
        is_meant = asked is None or name in asked
        program.command(name, help=None if is_meant else _help(place))(_found(place) if is_meant else _stand_in)
    for name, (told, places) in _GROUPS.items():
        group = typer.Typer(help=told, no_args_is_help=True, rich_markup_mode=None)
        commands: Mapping[str, Callable[..., None]] = {"": _stand_in}
        if asked is None or name in asked:
            commands = {verb: command for place in places for verb, command in _found(place).items()}
        for verb, command in commands.items():
            group.command(verb)(command)
        program.add_typer(group, name=name)
    return program


def _found(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(importlib.import_module(f"{__package__}.{module}"), name)


def _help(place: str) -> str:
    """Read the help of a command out of its source, which takes a moment where importing it takes a second."""
    module, _, name = place.rpartition(".")
    source = Path(__file__).parent.joinpath(*module.split(".")).with_suffix(".py").read_text("utf-8")
    told = (one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef) and one.name == name)
    return ast.get_docstring(next(told)) or ""


def _stand_in() -> None:
    """Stand for a command that was not asked for."""


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
    from ensemble_desk.work import logs

    command = typer.main.get_command(build(sys.argv[1:] if arguments is None else arguments))
    try:
        with logs.marked(run=uuid.uuid4().hex[:12]):
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
        from ensemble_desk.jobs import output

        output.note(f"error: {redaction.redacted(message)}")
    return code
