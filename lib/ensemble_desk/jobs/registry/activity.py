"""Commands about what people did: activity, and notes on versions and moves."""

from datetime import datetime, timedelta
from typing import Annotated

import typer

from ensemble_desk.activity import feed, notes
from ensemble_desk.activity.events import Asked, Event, Kind
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Json, Limit
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.opening import Registry

_DAYS = 7
_AT_ONCE = 500


def activity(
    *,
    key: Annotated[str | None, typer.Option("--key", help="Only this key, such as AAPL/d1.")] = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Only what this person or program did.")] = None,
    kind: Annotated[list[Kind] | None, typer.Option("--kind", help="Only this kind; may be said again.")] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="From this day or moment on; a week ago by default.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Before this day or moment.")] = None,
    group: Annotated[str | None, typer.Option("--group", help="Only the moves of this group, and its undo.")] = None,
    limit: Limit = None,
    as_json: Json = False,
) -> None:
    """Show who did what, newest first: moves, refusals, trainings, notes, roles, alerts and all else."""
    with desk.registry() as registry:
        asked = Asked(
            key=Key.parse(key) if key else None,
            actor=actor,
            kinds=tuple(kind or ()),
            since=_since(registry, since, everything=group is not None),
            until=arguments.moment(until) if until else None,
            group_id=group,
        )
        found = _all(registry, asked, limit=limit)
    rows = [(one.at, one.actor, one.what, one.why, one.group_id, one.move_id) for one in found]
    empty = "Nobody did anything of the kind in that time. A longer one: --since 2000-01-01"
    output.show(
        found,
        as_json=as_json,
        table=lambda: output.table(("at", "who", "what", "why", "group", "move"), rows, empty=empty),
    )


def note(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What everybody shall read.")],
    *,
    key: Annotated[str | None, typer.Option("--key", help="Of the version, such as AAPL/d1.")] = None,
    version: Annotated[str | None, typer.Option("--version", help="The version that the note is about.")] = None,
    move: Annotated[
        int | None, typer.Option("--move", help="Or the number of a move, as `desk activity` tells it.")
    ] = None,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Write a note on a version or on a move; it stands on its page and in the activity."""
    if (move is None) == (key is None or version is None):
        message = "say --key and --version, or --move"
        raise typer.BadParameter(message)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        if move is not None:
            made = notes.on_move(registry, history.get(registry, move), text, actor=who)
        else:
            made = notes.on_version(registry, Key.parse(str(key)), str(version), text, actor=who)
    rows = [(made.at, made.key, made.version or f"move {move}", made.actor, made.text)]
    output.show(made, as_json=as_json, table=lambda: output.table(("at", "key", "on", "by", "note"), rows, empty=""))


def _since(registry: Registry, text: str | None, *, everything: bool) -> datetime | None:
    if text is not None:
        return arguments.moment(text)
    return None if everything else registry.clock() - timedelta(days=_DAYS)


def _all(registry: Registry, asked: Asked, *, limit: int | None) -> list[Event]:
    found: list[Event] = []
    place: str | None = None
    while limit is None or len(found) < limit:
        page = feed.read(
            registry, asked, limit=min(_AT_ONCE, (limit or len(found) + _AT_ONCE) - len(found)), after=place
        )
        found += page.rows
        place = page.next_place
        if place is None:
            break
    return found
