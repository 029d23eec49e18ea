"""Commands that move production: promote, rollback, follow-latest, quarantine, lift, undo."""

from collections.abc import Callable
from typing import Annotated

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Expected, Json, Reason, Symbol, Timeframe, Version
from ensemble_desk.jobs.registry.versions import deployment_table
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback, undo


def promote(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    to: Annotated[str, typer.Option("--to", help="The version to put into production.")],
    reason: Reason,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Put a version into production and pin it."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = moves.promote(registry, key, to=to, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def roll_back(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    reason: Reason,
    to: Annotated[
        str | None,
        typer.Option("--to", help="The version to go back to; by default the one that was live before."),
    ] = None,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Go back to an earlier version, pin it, and quarantine the one rolled back from."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = rollback.roll_back(registry, key, to=to, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def follow_latest(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    reason: Reason,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Let production follow the newest usable version again."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = moves.follow_latest(registry, key, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def quarantine_version(
    symbol: Symbol,
    timeframe: Timeframe,
    version: Version,
    *,
    reason: Reason,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Keep a version from serving until the quarantine is lifted."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = quarantine.quarantine(registry, key, version, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def lift(
    symbol: Symbol,
    timeframe: Timeframe,
    version: Version,
    *,
    reason: Reason,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Lift the quarantine of a version."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = quarantine.lift(registry, key, version, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def take_back(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    reason: Reason,
    actor: ActorName = None,
    expected_revision: Expected = None,
    as_json: Json = False,
) -> None:
    """Undo the last move: what was live serves again, as it did before."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        done = undo.undo(registry, key, expected=expected_revision, actor=who, reason=reason)
    _show(done, as_json=as_json)


def _show(done: Deployment, *, as_json: bool) -> None:
    output.show(done, as_json=as_json, table=lambda: deployment_table((done,)))


COMMANDS: dict[str, Callable[..., None]] = {
    "promote": promote,
    "rollback": roll_back,
    "follow-latest": follow_latest,
    "quarantine": quarantine_version,
    "lift": lift,
    "undo": take_back,
}
