"""Commands that move production: promote, rollback, follow-latest, quarantine, lift, undo."""

import inspect
from collections.abc import Callable
from inspect import Parameter
from typing import Annotated, Any

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Expected, Json, Reason, Symbol, Timeframe, Version
from ensemble_desk.jobs.registry.versions import deployment_table
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.moves import promotion, quarantine, rollback, undo

_To = Annotated[str, typer.Option("--to", help="The version to put into production.")]
_BackTo = Annotated[
    str | None, typer.Option("--to", help="The version to go back to; by default the one that was live before.")
]


def _command(told: str, move: Callable[..., Deployment], *own: Parameter) -> Callable[..., None]:
    """Make a command of a move: what all of them ask for, the registry, who acts, and how the result is shown.

    ``own`` are the parameters that only this move takes, under the names of the library's function.
    """

    def command(
        symbol: Symbol,
        timeframe: Timeframe,
        *,
        reason: Reason,
        actor: ActorName = None,
        expected_revision: Expected = None,
        as_json: Json = False,
        **chosen: Any,
    ) -> None:
        key = arguments.key(symbol, timeframe)
        with desk.registry() as registry:
            who = desk.actor(registry.settings, actor)
            done = move(registry, key, **chosen, expected=expected_revision, actor=who, reason=reason)
        output.show(done, as_json=as_json, table=lambda: deployment_table((done,)))

    shared = [one for one in inspect.signature(command).parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
    parameters = sorted([*shared[:2], *own, *shared[2:]], key=lambda one: one.kind)
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # this is what typer reads
    command.__annotations__ = {one.name: one.annotation for one in parameters} | {"return": None}
    command.__doc__ = told
    return command


def _own(name: str, annotation: Any, *, default: Any = Parameter.empty) -> Parameter:
    kind = Parameter.POSITIONAL_OR_KEYWORD if annotation is Version else Parameter.KEYWORD_ONLY
    return Parameter(name, kind, annotation=annotation, default=default)


COMMANDS: dict[str, Callable[..., None]] = {
    "promote": _command("Put a version into production and pin it.", promotion.promote, _own("to", _To)),
    "rollback": _command(
        "Go back to an earlier version, pin it, and quarantine the one rolled back from.",
        rollback.roll_back,
        _own("to", _BackTo, default=None),
    ),
    "follow-latest": _command("Let production follow the newest usable version again.", promotion.follow_latest),
    "quarantine": _command(
        "Keep a version from serving until the quarantine is lifted.", quarantine.quarantine, _own("version", Version)
    ),
    "lift": _command("Lift the quarantine of a version.", quarantine.lift, _own("version", Version)),
    "undo": _command("Undo the last move: what was live serves again, as it did before.", undo.undo),
}
