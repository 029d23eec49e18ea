"""The audit: history that proves itself, and pointers, index, manifests and files that agree with it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from ensemble_desk.artifacts import digests, naming
from ensemble_desk.database import self_check
from ensemble_desk.database.tables.registry_tables import (
    deployments,
    model_versions,
    production_pointers,
    pruned_versions,
    symbols,
    version_counts,
)
from ensemble_desk.errors import ArtifactError, ArtifactMissingError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Finding, State
from ensemble_desk.registry.folder import ledger_audit
from ensemble_desk.registry.index import manifest_columns, tombstones
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.registry.ledger import chain, hashing, pointers, writing
from ensemble_desk.registry.ledger.chain import Link
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.opening import Registry

EDITED, REMOVED, INSERTED = "edited row", "removed row", "inserted row"
UNEXPLAINED, STATE = "unexplained pointer", "index contradicts pointer"
MISSING, CHANGED, UNREADABLE = "artifact missing", "artifact changed", "artifact unreadable"
MANIFEST = "manifest contradicts index"
_LEARNT = frozenset({"serving", "member_classes"})  # what the index tells beyond the manifest of a file
PRUNED = "pruned version"
CLOCK = "clock"
_CLOCKS_DIFFER = timedelta(minutes=5)  # between the machines of one registry
DAMAGED, DIGEST, UNREGISTERED = "database damaged", "rows contradict digest", "unregistered file"


def verify(registry: Registry, *, since: date | None = None) -> tuple[Finding, ...]:
    """Check database, ledger, chains, pointers, versions, digests and files; empty when all is well. Loads no artifact.

    The database is read in one snapshot, so that moves made meanwhile raise no alarm. With ``since`` only files and
    rows are looked at that came on that day or later, besides what is live; the rest is checked as a whole.
    """
    writing.settle(registry)
    with registry.database.reading() as connection:
        damage = [Finding(None, DAMAGED, problem) for problem in self_check.problems(connection)]
        if damage:
            return tuple(damage)
        found, told = ledger_audit.verify(registry, connection)
        found += _histories(connection, now=registry.clock(), since=since)
        entries = index.everything(connection)
        facts_by_id = _facts(connection)
        found += _counts(connection)
        found += _tombstones(connection, {entry.file_name for entry in entries})
        found += _symbols(connection)
        found += _digests(connection, since)
        rejected = index.rejected(connection)
        left = {one.file_name for one in tombstones.unfinished(connection)}
        for entry in entries:  # one after the other: all manifests at once would fill the memory
            if since is None or _is_due(facts_by_id[entry.id], since):
                found += _artifact(registry, entry)
                has_manifest = told.versions.get((entry.key, entry.version), {}).get("has_manifest")
                content = index.manifest(connection, entry)
                found += _manifest(registry, entry, content, facts_by_id[entry.id], has_manifest=has_manifest)
    found += _unregistered(registry, left | {entry.file_name for entry in entries}, rejected)
    return tuple(found)


def _is_due(facts: Mapping[str, Any], since: date) -> bool:
    return bool(facts["registered_at"].date() >= since or facts["state"] == State.IN_PRODUCTION.value)


def _histories(connection: Connection, *, now: datetime, since: date | None) -> Iterator[Finding]:
    stored = {pointer.key: pointer for pointer in pointers.read_all(connection)}
    named = select(deployments.c.symbol, deployments.c.timeframe).distinct()
    indexed = select(model_versions.c.symbol, model_versions.c.timeframe).distinct()
    others = {Key(*row) for query in (named, indexed) for row in connection.execute(query)}
    for key in sorted(others - stored.keys()):
        yield Finding(key, UNEXPLAINED, "there are versions or rows of history, but no pointer")
    for key, pointer in sorted(stored.items()):
        try:
            links = tuple(chain.links(connection, key))
        except ValueError as error:
            yield Finding(key, EDITED, f"a row of history cannot even be read ({error})")
            continue
        yield from _chain(key, pointer, links)
        yield from _times(key, links, now=now, since=since)
        yield from _pointer(connection, pointer, links)


def _times(key: Key, links: Sequence[Link], *, now: datetime, since: date | None) -> Iterator[Finding]:
    """Times are what clocks said, the order is that of the rows: name rows where the two do not go together."""
    before: Link | None = None
    for link in links:
        is_due = since is None or link.at.date() >= since
        if is_due and before is not None and link.at < before.at - _CLOCKS_DIFFER:
            told = f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, the one before it of {before.at:%Y-%m-%d %H:%M}"
            yield Finding(key, CLOCK, f"{told}: a clock was wrong")
        if is_due and link.at > now + _CLOCKS_DIFFER:
            yield Finding(key, CLOCK, f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, which has not come yet")
        before = link


def _chain(key: Key, pointer: Pointer, links: Sequence[Link]) -> Iterator[Finding]:
    previous, position = hashing.origin(key), 0
    for link in links:
        if link.actual_hash != link.hash:
            yield Finding(key, EDITED, f"row {link.id} (number {link.position}) is not what its hash says")
        if link.position > position + 1:
            yield Finding(key, REMOVED, f"{link.position - position - 1} row(s) before row {link.id} are gone")
        elif link.previous_hash != previous:
            yield Finding(key, INSERTED, f"row {link.id} (number {link.position}) does not follow the one before it")
        previous, position = link.hash, link.position
    if position < pointer.head_position:
        yield Finding(key, REMOVED, f"{pointer.head_position - position} row(s) at the end are gone")
    elif position > pointer.head_position:
        yield Finding(key, INSERTED, f"{position - pointer.head_position} row(s) at the end belong to no move")
    elif previous != pointer.head_hash:
        yield Finding(key, EDITED, "the newest row is not the one that the pointer names")


def _pointer(connection: Connection, pointer: Pointer, links: Sequence[Link]) -> Iterator[Finding]:
    moved = [link for link in links if link.outcome == chain.MOVED]
    revisions = [link.revision for link in moved]
    if revisions != list(range(1, len(moved) + 1)):
        yield Finding(
            pointer.key, UNEXPLAINED, f"the revisions of its moves are {revisions[-5:]}, not one after another"
        )
    has = (pointer.revision, pointer.version, pointer.mode.value, pointer.sha256)
    last = moved[-1] if moved else None
    told = (last.revision, last.to_version, last.mode, last.sha256) if last else (0, None, pointer.mode.value, None)
    if has != told:
        shown = f"revision {pointer.revision}, {pointer.version or 'no version'}, {pointer.mode.value}"
        yield Finding(pointer.key, UNEXPLAINED, f"no row of history leads to {shown}")
    yield from _states(connection, pointer)


def _states(connection: Connection, pointer: Pointer) -> Iterator[Finding]:
    table = model_versions
    of_key = (table.c.symbol == pointer.key.symbol, table.c.timeframe == pointer.key.timeframe)
    wanted = select(table.c.version, table.c.state, table.c.health, table.c.quarantine_reason, table.c.sha256)
    versions = {row.version: row for row in connection.execute(wanted.where(*of_key))}
    for row in versions.values():
        if row.state != _state(row.version, row.health, row.quarantine_reason, live=pointer.version):
            yield Finding(pointer.key, STATE, f"{row.version} is shown as {row.state}")
    live = versions.get(pointer.version) if pointer.version else None
    if pointer.version is not None and live is None:
        yield Finding(pointer.key, STATE, f"production points at {pointer.version}, which is not in the index")
    elif live is not None and live.sha256 != pointer.sha256:
        yield Finding(pointer.key, STATE, f"production and index name different digests of {pointer.version}")
    if live is not None and live.quarantine_reason is not None:
        yield Finding(pointer.key, STATE, f"{pointer.version} serves although it is quarantined")


def _state(version: str, health: str, quarantine_reason: str | None, *, live: str | None) -> str:
    if health != State.AVAILABLE:
        return health
    if quarantine_reason is not None:
        return State.QUARANTINED.value
    return State.IN_PRODUCTION.value if version == live else State.AVAILABLE.value


def _counts(connection: Connection) -> Iterator[Finding]:
    table = model_versions
    by = (table.c.symbol, table.c.timeframe, table.c.state)
    kept = {tuple(row[:3]): row[3] for row in connection.execute(select(version_counts))}
    counted = {tuple(row[:3]): row[3] for row in connection.execute(select(*by, func.count()).group_by(*by))}
    for symbol, timeframe, state in sorted(kept.keys() | counted.keys()):
        has, shown = counted.get((symbol, timeframe, state), 0), kept.get((symbol, timeframe, state), 0)
        if has != shown:
            yield Finding(Key(symbol, timeframe), STATE, f"{shown} versions are counted as {state}, there are {has}")


def _tombstones(connection: Connection, known: Collection[str]) -> Iterator[Finding]:
    for tombstone in tombstones.unfinished(connection):
        told = f"{tombstone.version} was pruned, but its files may still be there; run: desk registry sync"
        yield Finding(tombstone.key, PRUNED, told)
    for tombstone in tombstones.everything(connection):
        if tombstone.file_name in known:
            yield Finding(tombstone.key, PRUNED, f"{tombstone.version} is in the index although it was pruned")


def _symbols(connection: Connection) -> Iterator[Finding]:
    """Tables that carry a ticker beside its number must agree with the list of tickers."""
    for table in (model_versions, production_pointers, deployments, pruned_versions):
        wanted = (
            select(table.c.symbol, table.c.timeframe)
            .outerjoin(symbols, symbols.c.id == table.c.symbol_id)
            .where(func.coalesce(symbols.c.ticker, "") != table.c.symbol)
            .distinct()
        )
        for row in connection.execute(wanted):
            yield Finding(Key(*row), STATE, f"the number of its symbol in {table.name} stands for another ticker")


def _digests(connection: Connection, since: date | None) -> Iterator[Finding]:
    for one in self_check.differences(connection, since=since):
        yield Finding(Key(one.symbol, one.timeframe), DIGEST, f"{one.kind}: {one.detail}")


def _unregistered(registry: Registry, known: Collection[str], rejected: Mapping[str, Rejected]) -> Iterator[Finding]:
    """Name files that are neither registered, nor refused, nor left of what was pruned, which is told on its own."""
    for file in registry.store.scan():
        before = rejected.get(file.file_name)
        if file.file_name not in known and not (before is not None and before.is_of(file)):
            told = f"{file.file_name} is in the models folder, and not registered; run: desk registry sync"
            yield Finding(file.key, UNREGISTERED, told)


def _artifact(registry: Registry, entry: Entry) -> Iterator[Finding]:
    try:
        actual = digests.of(registry.store.read(entry.file_name))
    except ArtifactMissingError:
        yield Finding(entry.key, MISSING, f"{entry.file_name} is not in the models folder")
    except ArtifactError as error:
        yield Finding(entry.key, UNREADABLE, str(error))
    else:
        if actual != entry.sha256:
            told = f"{entry.file_name}: SHA-256 is {actual[:12]}…, registered was {entry.sha256[:12]}…"
            yield Finding(entry.key, CHANGED, told)
        else:
            yield from _form(registry, entry)


def _form(registry: Registry, entry: Entry) -> Iterator[Finding]:
    """Compare the serving form with its digest; one that is missing or changed is made anew by the next forced sync."""
    name, form = naming.form_name(entry.file_name), None
    try:
        form = registry.store.form(entry.file_name) if entry.serving_sha256 else None
    except ArtifactMissingError:
        yield Finding(entry.key, MISSING, f"{name} is not in the models folder; `registry sync` makes it anew")
    except ArtifactError as error:
        yield Finding(entry.key, UNREADABLE, str(error))
    if form is not None and digests.of(form) != entry.serving_sha256:
        yield Finding(entry.key, CHANGED, f"{name} is not what was registered; `registry sync` makes it anew")
    elif entry.health is State.TAMPERED:
        yield Finding(entry.key, STATE, f"{entry.version} is marked as tampered, but its file is the registered one")


def _manifest(
    registry: Registry,
    entry: Entry,
    content: Mapping[str, Any],
    columns: Mapping[str, Any],
    *,
    has_manifest: bool | None,
) -> Iterator[Finding]:
    told = manifest_columns.of_manifest(content)
    differing = [name for name, value in told.items() if columns[name] != value]
    if differing:
        yield Finding(entry.key, MANIFEST, f"{entry.version}: the index tells another {', '.join(differing)}")
    try:
        beside = registry.store.manifest(entry.file_name)
    except ArtifactError as error:
        yield Finding(entry.key, MANIFEST, str(error))
        return
    if beside is None and has_manifest:
        yield Finding(entry.key, MISSING, f"the manifest of {entry.file_name} is gone from the models folder")
    if beside is None or not content:
        return
    names = sorted(set(beside.content) | set(content))
    other = [name for name in names if name not in _LEARNT and beside.content.get(name) != content.get(name)]
    if other:
        yield Finding(entry.key, MANIFEST, f"{entry.file_name}: the file beside it tells another {', '.join(other)}")


def _facts(connection: Connection) -> dict[int, Mapping[str, Any]]:
    return {int(row.id): dict(row._mapping) for row in connection.execute(select(model_versions))}  # noqa: SLF001 - SQLAlchemy's public name
