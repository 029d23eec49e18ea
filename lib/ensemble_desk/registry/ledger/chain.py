"""Deployment rows: append-only, each key's rows one chain that an edit breaks."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Select, select

from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.registry_tables import deployments as table
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Action, Deployment, Mode
from ensemble_desk.registry.ledger import hashing, notes
from ensemble_desk.registry.ledger.pointers import Pointer

MOVED, REFUSED = "moved", "refused"


@dataclass(frozen=True, slots=True)
class Draft:
    """A row about to be appended; what the chain itself knows is not in it."""

    action: Action
    outcome: str
    actor: str
    reason: str
    subject: str | None
    from_version: str | None
    to_version: str | None
    mode: Mode
    revision: int
    sha256: str | None
    preflight: tuple[Mapping[str, Any], ...] = ()
    refusal: str = ""
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A row as found, whatever somebody made of it, with the hash that its content has now."""

    id: int
    position: int
    at: datetime
    outcome: str
    to_version: str | None
    mode: str
    revision: int
    sha256: str | None
    previous_hash: str
    hash: str
    actual_hash: str


def last_move(connection: Connection, key: Key) -> Deployment | None:
    """Read the newest row of a key that moved its pointer."""
    return next(iter(last_moves(connection, key, limit=1)), None)


def last_moves(connection: Connection, key: Key, *, limit: int) -> tuple[Deployment, ...]:
    """Read the newest rows of a key that moved its pointer, newest first."""
    wanted = _of(key).where(table.c.outcome == MOVED).order_by(table.c.position.desc()).limit(limit)
    return tuple(deployment(row) for row in connection.execute(wanted))


def append(connection: Connection, pointer: Pointer, draft: Draft, *, at: datetime) -> tuple[Deployment, Pointer]:
    """Append a row to the chain of a locked pointer; gives the row, and the pointer with its new head (not stored)."""
    position = pointer.head_position + 1
    preflight = [dict(step) for step in draft.preflight]
    values = {
        "symbol": pointer.key.symbol,
        "timeframe": pointer.key.timeframe,
        "position": position,
        "at": at.astimezone(UTC),
        "action": draft.action.value,
        "outcome": draft.outcome,
        "subject": draft.subject,
        "from_version": draft.from_version,
        "to_version": draft.to_version,
        "mode": draft.mode.value,
        "revision": draft.revision,
        "actor": draft.actor,
        "reason": draft.reason,
        "sha256": draft.sha256,
        "preflight": preflight,
        "refusal": draft.refusal,
        "group_id": draft.group_id,
        "previous_hash": pointer.head_hash,
    }
    own = hashing.digest(values)
    notes.take(connection, notes.ROW, values | {"hash": own})
    stored = values | {
        "symbol_id": pointer.symbol_id,
        "moved_revision": draft.revision if draft.outcome == MOVED else None,
        "preflight": json.dumps(preflight),
        "hash": own,
    }
    appended = deployment(SimpleNamespace(**values, id=_APPEND.write(connection, stored), hash=own))
    return appended, replace(pointer, head_position=position, head_hash=own)


def links(connection: Connection, key: Key) -> Iterator[Link]:
    """Walk the chain of a key from its first row; raises ValueError at a row whose values cannot even be read."""
    yield from map(_link, connection.execute(_of(key).order_by(table.c.position, table.c.id)))


def all_links(connection: Connection) -> Iterator[tuple[Key, tuple[Link, ...]]]:
    """Walk the chains of all keys that have rows, in one pass; raises ValueError at a row that cannot even be read."""
    ordered = select(table).order_by(table.c.symbol, table.c.timeframe, table.c.position, table.c.id)
    with connection.execute(ordered, execution_options={"yield_per": _AT_ONCE}) as rows:
        for names, of_key in itertools.groupby(rows, key=lambda row: (row.symbol, row.timeframe)):
            yield Key(*names), tuple(map(_link, of_key))


def _link(row: Any) -> Link:
    content = {name: getattr(row, name) for name in _HASHED}
    return Link(**{name: getattr(row, name) for name in _NAMED}, actual_hash=hashing.digest(content))


def deployment(row: Any) -> Deployment:
    """Give the deployment of a row that holds its columns."""
    return Deployment(
        id=row.id,
        key=Key(row.symbol, row.timeframe),
        at=row.at,
        action=Action(row.action),
        outcome=row.outcome,
        from_version=row.from_version,
        to_version=row.to_version,
        mode=Mode(row.mode),
        revision=row.revision,
        actor=row.actor,
        reason=row.reason,
        sha256=row.sha256,
        preflight=tuple(row.preflight),
        refusal=row.refusal,
        group_id=row.group_id,
        previous_hash=row.previous_hash,
        hash=row.hash,
        subject=row.subject,
    )


def noted(row: Mapping[Any, Any]) -> dict[str, Any]:
    """What the ledger keeps of a stored row: all that its hash is made of, and the hash."""
    return {name: row[name] for name in (*_HASHED, "hash")}


def is_sound(row: Mapping[Any, Any]) -> bool:
    """Tell whether a stored row is what its hash says."""
    return bool(hashing.digest({name: row[name] for name in _HASHED}) == row["hash"])


_UNHASHED = {"id", "symbol_id", "moved_revision", "hash"}
_HASHED = tuple(column.name for column in table.c if column.name not in _UNHASHED)
_NAMED = tuple(field.name for field in fields(Link) if field.name != "actual_hash")
_AT_ONCE = 1_000  # rows held as Python objects


_APPEND = PlainSql(
    "INSERT INTO deployments (symbol_id, symbol, timeframe, position, at, action, outcome, subject, from_version,"
    " to_version, mode, revision, moved_revision, actor, reason, sha256, preflight, refusal, group_id, previous_hash,"
    " hash) VALUES (:symbol_id, :symbol, :timeframe, :position, :at, :action, :outcome, :subject, :from_version,"
    " :to_version, :mode, :revision, :moved_revision, :actor, :reason, :sha256, :preflight, :refusal, :group_id,"
    " :previous_hash, :hash) RETURNING id",
    times=("at",),
)


def _of(key: Key) -> Select[Any]:
    return select(table).where(table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)
