"""The version index as stored: which versions a key has and what can be said of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, insert, or_, select, update

from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.database import inserting, statistics
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import model_versions as table
from ensemble_desk.database.tables.registry_tables import production_pointers, rejected_files, version_manifests
from ensemble_desk.errors import UnknownKeyError, UnknownVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode, State
from ensemble_desk.registry.index import entries, states, tombstones
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.ledger import notes, pointers


@dataclass(frozen=True, slots=True)
class Rejected:
    """How a file that is no version looked when it was refused, and why it was."""

    size_bytes: int
    mtime_ns: int
    reason: str
    seen_at: datetime | None = field(default=None, compare=False)

    def is_of(self, file: FileEntry) -> bool:
        return (self.size_bytes, self.mtime_ns) == (file.size_bytes, file.mtime_ns)


_LEAN = tuple(table.c[name] for name in entries.COLUMNS)
_UNQUARANTINED = select(*_LEAN).where(table.c.quarantine_reason.is_(None))


def require(connection: Connection, key: Key, version: str) -> Entry:
    """Find a version; raises UnknownVersionError that names the newest ones, or PrunedVersionError."""
    found = entries.find(connection, key, version)
    if found is None:
        if entries.is_name(version):
            tombstones.refuse(connection, key, version)
        newest = select(table.c.version).where(*_of(key)).order_by(table.c.version.desc()).limit(8)
        raise UnknownVersionError(key, version, known=tuple(connection.execute(newest).scalars()))
    return found


def require_of_known_key(database: Database, key: Key, version: str) -> Entry:
    """Find a version as `require` does, in a look of its own; raises UnknownKeyError where there is no such key."""
    with database.reading() as connection:
        if pointers.read(connection, key) is None:
            raise UnknownKeyError(key)
        return require(connection, key, version)


def newest_usable(
    connection: Connection,
    key: Key,
    *,
    older_than: str | None = None,
    other_than: str | None = None,
    fit: bool = False,
) -> Entry | None:
    """Find the newest version that is intact and not quarantined, by file-name order; ``fit``: one proven so."""
    conditions = [table.c.health == State.AVAILABLE.value, *([table.c.fit.is_(True)] if fit else [])]
    return _newest(connection, key, conditions, older_than, other_than)


def unexamined(connection: Connection, key: Key, *, newer_than: str, also_unfit: bool) -> tuple[Entry, ...]:
    """Find versions that might go live but passed no preflight yet, newest first; ``also_unfit``: failed ones too."""
    usable = table.c.health == State.AVAILABLE.value
    asked = or_(usable, table.c.health == State.UNFIT.value) if also_unfit else usable
    wanted = _UNQUARANTINED.where(*_of(key), asked, table.c.fit.is_not(True), table.c.version > newer_than)
    return tuple(entries.of_row(row) for row in connection.execute(wanted.order_by(table.c.version.desc())))


def newest_standing(connection: Connection, key: Key) -> Entry | None:
    """Find what ``latest`` means to a person: like newest_usable, but a tampered version is not passed over."""
    standing = table.c.health.in_([State.AVAILABLE.value, State.TAMPERED.value])
    return _newest(connection, key, [standing], None, None)


def waiting_keys(connection: Connection, *, also_unfit: bool) -> tuple[Key, ...]:
    """Find the keys that follow the latest version and have a newer one that passed no preflight, in one query."""
    usable = [State.AVAILABLE.value, *([State.UNFIT.value] if also_unfit else [])]
    pointer = production_pointers
    wanted = (
        select(pointer.c.symbol, pointer.c.timeframe)
        .join(table, (table.c.symbol == pointer.c.symbol) & (table.c.timeframe == pointer.c.timeframe))
        .where(pointer.c.mode == Mode.FOLLOW_LATEST.value, table.c.version > func.coalesce(pointer.c.version, ""))
        .where(table.c.health.in_(usable), table.c.quarantine_reason.is_(None), table.c.fit.is_not(True))
    )
    return tuple(Key(*found) for found in connection.execute(wanted.distinct()))


def everything(connection: Connection) -> tuple[Entry, ...]:
    """Every version of every key, ordered by file name."""
    rows = connection.execute(select(*_LEAN).order_by(table.c.file_name))
    return tuple(entries.of_row(row) for row in rows)


def add(
    connection: Connection, values: Mapping[str, Any], *, manifest: Mapping[str, Any], has_manifest: bool | None = None
) -> int:
    """Insert a version, not live and not quarantined, with its manifest; gives its number.

    ``has_manifest`` tells whether one lies beside its file; None: nobody looked.
    """
    row = dict(values) | {"state": values["health"]}
    version_id = int(connection.execute(insert(table).values(row).returning(table.c.id)).scalar_one())
    connection.execute(insert(version_manifests).values(version_id=version_id, manifest=dict(manifest)))
    states.recount(connection, Key(row["symbol"], row["timeframe"]))
    statistics.refresh(connection, table, n_rows=version_id)
    notes.take(connection, notes.VERSION, notes.of_version(row) | {"has_manifest": has_manifest})
    return version_id


def describe(connection: Connection, entry: Entry, values: Mapping[str, Any], *, manifest: Mapping[str, Any]) -> None:
    """Replace what is told of a version, for example when a file that could not be read before now can."""
    connection.execute(update(table).where(table.c.id == entry.id).values(**values))
    connection.execute(
        update(version_manifests).where(version_manifests.c.version_id == entry.id).values(manifest=dict(manifest))
    )
    _note(connection, entry.id)


def remove(connection: Connection, key: Key, versions: Iterable[str]) -> None:
    """Take versions out of the index, with their manifests; the caller holds the lock of the key's pointer."""
    connection.execute(delete(table).where(*_of(key), table.c.version.in_(list(versions))))
    states.recount(connection, key)


def of_key(connection: Connection, key: Key) -> tuple[Entry, ...]:
    """Every version of a key, newest first."""
    rows = connection.execute(select(*_LEAN).where(*_of(key)).order_by(table.c.version.desc()))
    return tuple(entries.of_row(row) for row in rows)


def manifest(connection: Connection, entry: Entry) -> Mapping[str, Any]:
    wanted = select(cast(version_manifests.c.manifest, Text)).where(version_manifests.c.version_id == entry.id)
    told = connection.execute(wanted).scalar()
    return dict(from_json(told) or {}) if told else {}


def created_at(connection: Connection, entry: Entry) -> datetime:
    found: datetime = connection.execute(select(table.c.created_at).where(table.c.id == entry.id)).scalar_one()
    return found


def set_health(connection: Connection, entry: Entry, health: State, problem: str = "") -> None:
    connection.execute(update(table).where(table.c.id == entry.id).values(health=health.value, problem=problem))


def set_fit(connection: Connection, entry: Entry) -> None:
    """Remember that a version passed the preflight that going live takes; one that had failed it is available again."""
    health = State.AVAILABLE if entry.health is State.UNFIT else entry.health
    problem = "" if entry.health is State.UNFIT else entry.problem
    values = {"fit": True, "health": health.value, "problem": problem}
    connection.execute(update(table).where(table.c.id == entry.id).values(**values))
    if not entry.fit:
        notes.take(connection, notes.FIT, _named(entry.key, entry.version) | {"fit": True})


def set_unexamined(connection: Connection, entry: Entry) -> None:
    """Forget what a preflight said of a version, because more is known of it now."""
    health = State.AVAILABLE if entry.health is State.UNFIT else entry.health
    problem = "" if entry.health is State.UNFIT else entry.problem
    values = {"fit": None, "health": health.value, "problem": problem}
    connection.execute(update(table).where(table.c.id == entry.id).values(**values))
    if entry.fit:
        notes.take(connection, notes.FIT, _named(entry.key, entry.version) | {"fit": False})


def set_seen(connection: Connection, entry: Entry, *, size_bytes: int, mtime_ns: int) -> None:
    """Remember how the file looked when its bytes were last known to be the registered ones."""
    values = {"size_bytes": size_bytes, "mtime_ns": mtime_ns}
    connection.execute(update(table).where(table.c.id == entry.id).values(**values))


def set_serving_form(connection: Connection, entry: Entry, sha256: str | None) -> None:
    connection.execute(update(table).where(table.c.id == entry.id).values(serving_sha256=sha256))
    _note(connection, entry.id)


def set_quarantine(connection: Connection, key: Key, version: str, reason: str | None) -> None:
    wanted = update(table).where(*_of(key), table.c.version == version)
    connection.execute(wanted.values(quarantine_reason=reason))
    notes.take(connection, notes.QUARANTINE, _named(key, version) | {"reason": reason})


def rejected(connection: Connection) -> dict[str, Rejected]:
    """Files that are no version, by name."""
    return {
        row.file_name: Rejected(row.size_bytes, row.mtime_ns, row.reason, row.seen_at)
        for row in connection.execute(select(rejected_files))
    }


def reject(connection: Connection, file_name: str, found: Rejected, *, at: datetime) -> None:
    values = {"size_bytes": found.size_bytes, "mtime_ns": found.mtime_ns, "reason": found.reason, "seen_at": at}
    connection.execute(insert(rejected_files).values(file_name=file_name, **values))


def note(connection: Connection, file_name: str, found: Rejected, *, at: datetime) -> None:
    """Write what is to be known of a file while it is examined, over what stood there; others may do so too."""
    values = {"size_bytes": found.size_bytes, "mtime_ns": found.mtime_ns, "reason": found.reason, "seen_at": at}
    inserting.put(connection, rejected_files, {"file_name": file_name}, values)


def forget_rejected(connection: Connection, file_names: Iterable[str]) -> None:
    for file_name in file_names:
        connection.execute(delete(rejected_files).where(rejected_files.c.file_name == file_name))


def _note(connection: Connection, version_id: int) -> None:
    row = connection.execute(select(table).where(table.c.id == version_id)).mappings().one()
    notes.take(connection, notes.VERSION, notes.of_version(row))


def _newest(
    connection: Connection,
    key: Key,
    conditions: list[ColumnElement[bool]],
    older_than: str | None,
    other_than: str | None,
) -> Entry | None:
    wanted = _UNQUARANTINED.where(*_of(key), *conditions)
    if older_than is not None:
        wanted = wanted.where(table.c.version < older_than)
    if other_than is not None:
        wanted = wanted.where(table.c.version != other_than)
    row = connection.execute(wanted.order_by(table.c.version.desc()).limit(1)).first()
    return None if row is None else entries.of_row(row)


def _named(key: Key, version: str) -> dict[str, Any]:
    return {"symbol": key.symbol, "timeframe": key.timeframe, "version": version}


def _of(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.symbol == key.symbol, table.c.timeframe == key.timeframe
