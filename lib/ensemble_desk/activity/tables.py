"""The tables that the feed is read from: how each is asked within bounds, and how its rows become events."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, literal, or_, select, type_coerce

from ensemble_desk.activity import sentences
from ensemble_desk.activity.events import DESK, MOVES, Asked, Event, Kind
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.database.tables.registry_tables import (
    access_tokens,
    alert_events,
    deployments,
    notes,
    pruned_versions,
    role_changes,
    symbols,
    training_run_progress,
    training_runs,
    version_descriptions,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index.descriptions import Scope
from ensemble_desk.registry.ledger import chain
from ensemble_desk.training import runs

_RAISED = "raised"

Where = list[ColumnElement[bool]]
Either = tuple[Where, ...]
"""Questions whose answers put together are the answer, each one walk along an index; none: no row can be one."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one table tells.

    Attributes
    ----------
    kinds : what its rows can be.
    at, tie : when a row happened, and what tells rows of one moment apart.
    where : what to ask the table for a question.
    event : makes the event of a row, but for its place.
    fits : what SQL cannot ask; None where it can ask everything.
    short_times : whether other programs write times without fractions, which sort before those with ``.000000``.
    """

    kinds: Collection[Kind]
    rows: Select[Any]
    at: ColumnElement[Any]
    tie: ColumnElement[Any]
    where: Callable[[Asked], Either]
    event: Callable[[Any], dict[str, Any]]
    fits: Callable[[Asked, Any], bool] | None = None
    short_times: bool = False

    def earlier(self, at: datetime, tie: int | str, *, is_sqlite: bool) -> ColumnElement[bool]:
        """What comes after a row of this table in the feed."""
        if self.short_times and is_sqlite and not at.microsecond:
            text, short = type_coerce(self.at, Text), f"{at:%Y-%m-%d %H:%M:%S}"
            return or_(text < short, and_(or_(text == short, self.at == at), self.tie < tie))
        return or_(self.at < at, and_(self.at == at, self.tie < tie))


def _asked_kinds(asked: Asked, known: Collection[Kind]) -> bool:
    return not asked.kinds or not set(known).isdisjoint(asked.kinds)


def _of_moves(asked: Asked) -> Either:
    table = deployments.c
    if not _asked_kinds(asked, (*MOVES, Kind.REFUSED)):
        return ()
    found = _of_key(asked, table)
    if asked.actor is not None:
        found.append(table.actor == asked.actor)
    if asked.group_id is not None:
        found.append(table.group_id.in_((asked.group_id, f"{asked.group_id}-undo")))
    if not asked.kinds or {*MOVES, Kind.REFUSED} <= set(asked.kinds):
        return (found,)
    chosen = [(chain.MOVED, kind) for kind in MOVES if kind in asked.kinds]
    chosen += [(chain.REFUSED, kind) for kind in MOVES if Kind.REFUSED in asked.kinds]
    return tuple([*found, table.outcome == outcome, table.action == kind.value] for outcome, kind in chosen)


def _of_key(asked: Asked, table: Any) -> Where:
    return [] if asked.key is None else [table.symbol == asked.key.symbol, table.timeframe == asked.key.timeframe]


def _move(row: Any) -> dict[str, Any]:
    found = chain.deployment(row)
    refused = found.outcome == chain.REFUSED
    return {
        "kind": Kind.REFUSED if refused else Kind(found.action.value),
        "what": sentences.move(found),
        "why": f"{found.refusal} Reason given: {found.reason}" if refused else found.reason,
        "key": found.key,
        "version": found.to_version or found.subject,
        "group_id": found.group_id,
        "move_id": found.id,
    }


def _simple(kind: Sequence[Kind], actor: ColumnElement[Any] | None, keyed: Any = None) -> Callable[[Asked], Either]:
    """Conditions of a table that knows an actor, and maybe a key, and no groups."""

    def where(asked: Asked) -> Either:
        if not _asked_kinds(asked, kind) or asked.group_id is not None or (asked.key is not None and keyed is None):
            return ()
        if actor is None and asked.actor not in (None, DESK):
            return ()
        found = _of_key(asked, keyed) if keyed is not None else []
        return ([*found, *([actor == asked.actor] if actor is not None and asked.actor is not None else [])],)

    return where


def _of_runs(asked: Asked) -> Either:
    if not _asked_kinds(asked, (Kind.TRAINING,)) or asked.group_id is not None:
        return ()
    found: Where = []
    if asked.key is not None:
        found += [symbols.c.ticker == asked.key.symbol, training_runs.c.timeframe == asked.key.timeframe]
    if asked.actor == runs.OTHERS:
        found.append(training_run_progress.c.actor.is_(None))
    elif asked.actor is not None:
        found.append(training_run_progress.c.actor == asked.actor)
    return (found,)


def _training(row: Any) -> dict[str, Any]:
    key = runs.key(row.ticker, row.timeframe)
    status = row.status or runs.COMPLETED
    return {
        "kind": Kind.TRAINING,
        "actor": row.actor or runs.OTHERS,
        "what": sentences.training(str(key), status, row.version),
        "why": row.error_message or "",
        "key": key,
        "version": row.version,
        "run_id": row.id,
    }


def _of_descriptions(asked: Asked) -> Either:
    table = version_descriptions.c
    if not _asked_kinds(asked, (Kind.DESCRIPTION,)) or asked.group_id is not None:
        return ()
    found: Where = [table.actor == asked.actor] if asked.actor is not None else []
    if asked.key is not None:
        patterns = [table.scope.contains(sign, autoescape=True) for sign in "*?["]
        found.append(or_(table.scope.startswith(str(asked.key), autoescape=True), *patterns))
    return (found,)


def _described(row: Any) -> dict[str, Any]:
    scope = Scope.parse(row.scope)
    key = _key(*scope.key.rpartition("/")[::2]) if scope.is_of_one else None
    return {
        "kind": Kind.DESCRIPTION,
        "what": f"described {scope}",
        "why": Description.from_dict(row.told).in_words,
        "key": key,
        "version": scope.version if scope.is_of_one else None,
    }


def _key(symbol: str | None, timeframe: str | None) -> Key | None:
    return runs.key(symbol, timeframe) if symbol and timeframe else None


def _of_alerts(asked: Asked) -> Either:
    found = _simple((Kind.ALERT, Kind.SETTLED), None, alert_events.c)(asked)
    if not found or not asked.kinds or {Kind.ALERT, Kind.SETTLED} <= set(asked.kinds):
        return found
    raised = alert_events.c.event == literal(_RAISED)
    return ([*found[0], raised if Kind.ALERT in asked.kinds else ~raised],)


_pruned_name = pruned_versions.c.symbol + "/" + pruned_versions.c.timeframe + "/" + pruned_versions.c.version
_run_columns = (
    training_runs.c.id, training_runs.c.run_date.label("at"), training_runs.c.timeframe, training_runs.c.status,
    training_runs.c.error_message, symbols.c.ticker, training_run_progress.c.actor, training_run_progress.c.version,
)  # fmt: skip

EVERY: tuple[Told, ...] = (
    Told(
        (*MOVES, Kind.REFUSED), select(deployments), deployments.c.at, deployments.c.id, _of_moves, _move
    ),
    Told(
        (Kind.TRAINING,),
        select(*_run_columns).select_from(training_runs.join(symbols).outerjoin(training_run_progress)),
        training_runs.c.run_date, training_runs.c.id, _of_runs, _training, short_times=True,
    ),
    Told(
        (Kind.NOTE,), select(notes), notes.c.at, notes.c.id, _simple((Kind.NOTE,), notes.c.actor, notes.c),
        lambda row: {
            "kind": Kind.NOTE, "what": sentences.note(Key(row.symbol, row.timeframe), row.version), "why": row.text,
            "key": Key(row.symbol, row.timeframe), "version": row.version,
            "move_id": row.move_id,
        },
    ),
    Told(
        (Kind.ALERT, Kind.SETTLED), select(alert_events), alert_events.c.at, alert_events.c.id,
        _of_alerts,
        lambda row: {
            "kind": Kind.ALERT if row.event == _RAISED else Kind.SETTLED, "actor": DESK,
            "what": f"{'raised' if row.event == _RAISED else 'settled'} the alert: {row.title}",
            "why": row.text if row.event == _RAISED else "", "key": _key(row.symbol, row.timeframe), "version": None,
        },
    ),
    Told(
        (Kind.PRUNING,),
        select(*(pruned_versions.c[name] for name in ("symbol", "timeframe", "version", "actor", "reason")),
               pruned_versions.c.pruned_at.label("at"), _pruned_name.label("name")),
        pruned_versions.c.pruned_at, _pruned_name, _simple((Kind.PRUNING,), pruned_versions.c.actor, pruned_versions.c),
        lambda row: {
            "kind": Kind.PRUNING, "what": f"pruned {row.symbol}/{row.timeframe} {row.version}", "why": row.reason,
            "key": Key(row.symbol, row.timeframe), "version": row.version,
        },
    ),
    Told(
        (Kind.DESCRIPTION,), select(version_descriptions), version_descriptions.c.at, version_descriptions.c.id,
        _of_descriptions, _described,
        lambda asked, row: asked.key is None or fnmatchcase(str(asked.key), Scope.parse(row.scope).key),
    ),
    Told(
        (Kind.ROLE,), select(role_changes), role_changes.c.at, role_changes.c.id,
        _simple((Kind.ROLE,), role_changes.c.actor),
        lambda row: {"kind": Kind.ROLE, "what": sentences.role(row.person, row.role), "why": row.reason},
    ),
    Told(
        (Kind.TOKEN,),
        select(access_tokens.c.name, access_tokens.c.role, access_tokens.c.actor,
               access_tokens.c.created_at.label("at")),
        access_tokens.c.created_at, access_tokens.c.name, _simple((Kind.TOKEN,), access_tokens.c.actor),
        lambda row: {"kind": Kind.TOKEN, "what": f"made the token {row.name} with the role {row.role}", "why": ""},
    ),
)  # fmt: skip
"""Every table of the feed; of one moment, rows of the first come first."""


def of_row(told: Told, row: Any, *, place: str) -> Event:
    """Make the event of a row."""
    blank = dict.fromkeys(("key", "version", "group_id", "move_id", "run_id"))
    known = {"actor": getattr(row, "actor", DESK), "at": row.at, "place": place}
    return Event(**{**blank, **known, **told.event(row)})
