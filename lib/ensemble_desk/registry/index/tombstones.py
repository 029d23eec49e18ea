"""Tombstones as stored: what was pruned, when, by whom and why; a pruned name is never used again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update

from ensemble_desk.database.tables.registry_tables import pruned_versions as table
from ensemble_desk.errors import PrunedVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import notes


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What is left of a pruned version; ``finished_at`` is None while its files may still lie in the folder."""

    key: Key
    version: str
    file_name: str
    sha256: str
    size_bytes: int
    created_at: datetime
    pruned_at: datetime
    actor: str
    reason: str
    finished_at: datetime | None = None

    @property
    def refusal(self) -> PrunedVersionError:
        at = f"{self.pruned_at:%Y-%m-%d %H:%M} UTC"
        return PrunedVersionError(self.key, self.version, at=at, actor=self.actor, reason=self.reason)


def refuse(connection: Connection, key: Key, version: str) -> None:
    """Raise PrunedVersionError when this version was pruned."""
    found = find(connection, key, version)
    if found is not None:
        raise found.refusal


def find(connection: Connection, key: Key, version: str) -> Tombstone | None:
    row = connection.execute(select(*_LEAN).where(*_of(key), table.c.version == version)).first()
    return None if row is None else _tombstone(row)


def of_key(connection: Connection, key: Key) -> tuple[Tombstone, ...]:
    """Every pruned version of a key, newest first."""
    rows = connection.execute(select(*_LEAN).where(*_of(key)).order_by(table.c.version.desc()))
    return tuple(_tombstone(row) for row in rows)


def everything(connection: Connection) -> tuple[Tombstone, ...]:
    rows = connection.execute(select(*_LEAN).order_by(table.c.symbol, table.c.timeframe, table.c.version.desc()))
    return tuple(_tombstone(row) for row in rows)


def unfinished(connection: Connection) -> tuple[Tombstone, ...]:
    """Pruned versions whose files are not known to be gone."""
    rows = connection.execute(select(*_LEAN).where(table.c.finished_at.is_(None)).order_by(table.c.file_name))
    return tuple(_tombstone(row) for row in rows)


def manifest(connection: Connection, tombstone: Tombstone) -> Mapping[str, Any]:
    """What the manifest of a pruned version said."""
    wanted = select(table.c.manifest).where(*_of(tombstone.key), table.c.version == tombstone.version)
    return dict(connection.execute(wanted).scalar() or {})


def add(connection: Connection, tombstone: Tombstone, *, symbol_id: int, manifest: Mapping[str, Any]) -> None:
    row = {name: getattr(tombstone, name) for name in _AS_STORED} | {"manifest": dict(manifest)}
    row |= {"symbol_id": symbol_id, "symbol": tombstone.key.symbol, "timeframe": tombstone.key.timeframe}
    connection.execute(insert(table).values(row))
    notes.take(connection, notes.TOMBSTONE, notes.of_tombstone(row))


def finish(connection: Connection, done: Iterable[Tombstone], *, at: datetime) -> None:
    for tombstone in done:
        connection.execute(
            update(table).where(*_of(tombstone.key), table.c.version == tombstone.version).values(finished_at=at)
        )


def _of(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.symbol == key.symbol, table.c.timeframe == key.timeframe


def _tombstone(row: Row[Any]) -> Tombstone:
    return Tombstone(key=Key(row.symbol, row.timeframe), **{name: getattr(row, name) for name in _AS_STORED})


_AS_STORED = (
    "version",
    "file_name",
    "sha256",
    "size_bytes",
    "created_at",
    "pruned_at",
    "actor",
    "reason",
    "finished_at",
)
_LEAN = tuple(table.c[name] for name in ("symbol", "timeframe", *_AS_STORED))
