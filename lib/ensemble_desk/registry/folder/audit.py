"""The audit: history that proves itself, and pointers, index, manifests and files that agree with it."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, Text, cast, func, select

from ensemble_desk.database import self_check
from ensemble_desk.database.tables.registry_tables import (
    deployments,
    model_versions,
    production_pointers,
    pruned_versions,
    symbols,
    version_counts,
    version_manifests,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Finding, State
from ensemble_desk.registry.folder import ledger_audit
from ensemble_desk.registry.folder.examining import checking
from ensemble_desk.registry.folder.examining.checking import Registered
from ensemble_desk.registry.index import descriptions, entries, manifest_columns, tombstones
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.registry.ledger import chain, hashing, pointers, writing
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.opening import Registry
from ensemble_desk.work import places, walking
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import Lost

EDITED, REMOVED, INSERTED = "edited row", "removed row", "inserted row"
UNEXPLAINED, STATE = "unexplained pointer", checking.STATE
MISSING, CHANGED, UNREADABLE, MANIFEST = checking.MISSING, checking.CHANGED, checking.UNREADABLE, checking.MANIFEST
PRUNED, CLOCK = "pruned version", "clock"
_CLOCKS_DIFFER = timedelta(minutes=5)  # between the machines of one registry
DAMAGED, DIGEST, UNREGISTERED = "database damaged", "rows contradict digest", "unregistered file"
_COMPARED = (*manifest_columns.of_manifest({}), "registered_at", "state")
_AT_ONCE = 512  # versions whose manifests are held in memory, and checked before the next ones are read


def verify(
    registry: Registry,
    *,
    since: date | None = None,
    of_keys: Callable[[Key], bool] | None = None,
    place: Place | None = None,
    told: Callable[[int, int], None] | None = None,
) -> tuple[Finding, ...]:
    """Check database, ledger, chains, pointers, versions, digests and files; empty when all is well. Loads no artifact.

    The database is read in one snapshot, so that moves made meanwhile raise no alarm. With ``since`` only files and
    rows are looked at that came on that day or later, besides what is live; the rest is checked as a whole.

    Parameters
    ----------
    of_keys : whose files are read; all by default.
    place : where files are read and their digests computed; None: as the settings say.
    told : how many files were read, of how many.

    Raises
    ------
    DatabaseError, ClusterError, OtherReleaseError, MissingExtraError
    """
    writing.settle(registry)
    with registry.database.reading() as connection:
        damage = [Finding(None, DAMAGED, problem) for problem in self_check.problems(connection)]
        if damage:
            return tuple(damage)
        found, ledger = ledger_audit.verify(registry, connection)
        found += _histories(connection, now=registry.clock(), since=since)
        known = set(connection.execute(select(model_versions.c.file_name)).scalars())
        found += _counts(connection)
        found += _tombstones(connection, known)
        found += _symbols(connection)
        found += _rows(connection, since)
        rejected = index.rejected(connection)
        left = {one.file_name for one in tombstones.unfinished(connection)}
        where = places.of(registry.settings) if place is None else place
        n_checked = 0
        for some in _registered(connection, ledger.versions):
            due = [
                one
                for one in some
                if (since is None or _is_due(one.columns, since)) and (of_keys is None or of_keys(one.entry.key))
            ]
            found += _files(registry, due, where)
            n_checked += len(some)
            if told is not None:
                told(n_checked, len(known))
    found += _unregistered(registry, left | known, rejected)
    return tuple(found)


def _registered(
    connection: Connection, told: Mapping[tuple[Key, str], Mapping[str, Any]]
) -> Iterator[list[Registered]]:
    """Read every version with its manifest, some at a time: all manifests at once would fill the memory."""
    manifest = cast(version_manifests.c.manifest, Text).label("manifest")
    both = model_versions.outerjoin(version_manifests, version_manifests.c.version_id == model_versions.c.id)
    wanted = select(model_versions, manifest).select_from(both).order_by(model_versions.c.file_name)
    for rows in connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}).partitions():
        yield [
            Registered(
                entry := entries.of_row(row),
                {name: getattr(row, name) for name in _COMPARED},
                row.manifest or "",
                told.get((entry.key, entry.version), {}).get("has_manifest"),
            )
            for row in rows
        ]


def _files(registry: Registry, due: Sequence[Registered], place: Place) -> Iterator[Finding]:
    check = partial(checking.check, registry.store)
    for of, found in zip(due, walking.each(check, check, due, place=place), strict=True):
        yield from checking.lost(of, found.reason) if isinstance(found, Lost) else found


def _is_due(facts: Mapping[str, Any], since: date) -> bool:
    return bool(facts["registered_at"].date() >= since or facts["state"] == State.IN_PRODUCTION.value)


def _histories(connection: Connection, *, now: datetime, since: date | None) -> Iterator[Finding]:
    try:
        stored = {pointer.key: pointer for pointer in pointers.read_all(connection)}
    except ValueError as error:
        yield Finding(None, UNEXPLAINED, f"a pointer cannot even be read ({error})")
        return
    named = select(deployments.c.symbol, deployments.c.timeframe).distinct()
    indexed = select(model_versions.c.symbol, model_versions.c.timeframe).distinct()
    others = {Key(*row) for query in (named, indexed) for row in connection.execute(query)}
    for key in sorted(others - stored.keys()):
        yield Finding(key, UNEXPLAINED, "there are versions or rows of history, but no pointer")
    of_keys = _states(connection, stored)
    for key, links in _links(connection, stored):
        if isinstance(links, str):
            yield Finding(key, EDITED, f"a row of history cannot even be read ({links})")
            continue
        yield from _chain(key, stored[key], links)
        yield from _times(key, links, now=now, since=since)
        yield from _pointer(stored[key], links)
        yield from of_keys.get(key, ())


def _links(connection: Connection, stored: Mapping[Key, Pointer]) -> Iterator[tuple[Key, Sequence[chain.Link] | str]]:
    """Walk the chains of all keys, in one pass as far as their rows can be read; of others, why one cannot be."""
    walked = set()
    try:
        for key, links in chain.all_links(connection):
            if key in stored:
                yield key, links
                walked.add(key)
    except ValueError:  # some row cannot even be read: key by key, to tell of which
        pass
    for key in sorted(stored.keys() - walked):
        try:
            yield key, tuple(chain.links(connection, key))
        except ValueError as error:
            yield key, str(error)


def _times(key: Key, links: Sequence[chain.Link], *, now: datetime, since: date | None) -> Iterator[Finding]:
    """Times are what clocks said, the order is that of the rows: name rows where the two do not go together."""
    before: chain.Link | None = None
    for link in links:
        is_due = since is None or link.at.date() >= since
        if is_due and before is not None and link.at < before.at - _CLOCKS_DIFFER:
            told = f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, the one before it of {before.at:%Y-%m-%d %H:%M}"
            yield Finding(key, CLOCK, f"{told}: a clock was wrong")
        if is_due and link.at > now + _CLOCKS_DIFFER:
            yield Finding(key, CLOCK, f"row {link.id} is of {link.at:%Y-%m-%d %H:%M} UTC, which has not come yet")
        before = link


def _chain(key: Key, pointer: Pointer, links: Sequence[chain.Link]) -> Iterator[Finding]:
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


def _pointer(pointer: Pointer, links: Sequence[chain.Link]) -> Iterator[Finding]:
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


def _states(connection: Connection, stored: Mapping[Key, Pointer]) -> dict[Key, list[Finding]]:
    """Compare the states of all versions with the pointers, in one pass; gives what is wrong, by key."""
    table = model_versions
    wanted = select(
        table.c.symbol, table.c.timeframe, table.c.version, table.c.state, table.c.health,
        table.c.quarantine_reason, table.c.sha256,
    )  # fmt: skip
    found: dict[Key, list[Finding]] = {}
    live: dict[Key, Any] = {}
    for row in connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}):
        pointer = stored.get(Key(row.symbol, row.timeframe))
        if pointer is None:
            continue
        if row.state != _state(row.version, row.health, row.quarantine_reason, live=pointer.version):
            told = Finding(pointer.key, STATE, f"{row.version} is shown as {row.state}")
            found.setdefault(pointer.key, []).append(told)
        if row.version == pointer.version:
            live[pointer.key] = row
    for key, pointer in stored.items():
        for wrong in _live(pointer, live.get(key)):
            found.setdefault(key, []).append(Finding(key, STATE, wrong))
    return found


def _live(pointer: Pointer, row: Any) -> Iterator[str]:
    """Say what is wrong with the version that production points at."""
    if pointer.version is not None and row is None:
        yield f"production points at {pointer.version}, which is not in the index"
    elif row is not None and row.sha256 != pointer.sha256:
        yield f"production and index name different digests of {pointer.version}"
    if row is not None and row.quarantine_reason is not None:
        yield f"{pointer.version} serves although it is quarantined"


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


def _rows(connection: Connection, since: date | None) -> Iterator[Finding]:
    for one in self_check.differences(connection, since=since):
        yield Finding(Key(one.symbol, one.timeframe), DIGEST, f"{one.kind}: {one.detail}")
    for entry in descriptions.differing(connection):
        yield Finding(entry.key, EDITED, f"{entry.version} is described otherwise than anybody told; describe it again")


def _unregistered(registry: Registry, known: Collection[str], rejected: Mapping[str, Rejected]) -> Iterator[Finding]:
    """Name files that are neither registered, nor refused, nor left of what was pruned, which is told on its own."""
    for file in registry.store.scan():
        before = rejected.get(file.file_name)
        if file.file_name not in known and not (before is not None and before.is_of(file)):
            told = f"{file.file_name} is in the models folder, and not registered; run: desk registry sync"
            yield Finding(file.key, UNREGISTERED, told)
