"""The audit: history that proves itself, and pointers, index, manifests and files that agree with it."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import date
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
from ensemble_desk.database.tables.upkeep_tables import feature_sets
from ensemble_desk.errors import DeskError
from ensemble_desk.market.feature_sets import digest_of_columns
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Finding, State
from ensemble_desk.registry.folder import ledger_audit
from ensemble_desk.registry.folder.auditing import cells, chains
from ensemble_desk.registry.folder.auditing.cells import Checks
from ensemble_desk.registry.folder.examining import checking
from ensemble_desk.registry.folder.examining.checking import Registered
from ensemble_desk.registry.folder.story import Story
from ensemble_desk.registry.index import descriptions, entries, manifest_columns, tombstones
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger import anchoring, writing
from ensemble_desk.registry.opening import Registry
from ensemble_desk.work import places, walking
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import Lost

EDITED, REMOVED, INSERTED = chains.EDITED, chains.REMOVED, chains.INSERTED
UNEXPLAINED, CLOCK, STATE = chains.UNEXPLAINED, chains.CLOCK, checking.STATE
MISSING, CHANGED, UNREADABLE, MANIFEST = checking.MISSING, checking.CHANGED, checking.UNREADABLE, checking.MANIFEST
PRUNED, ROW = "pruned version", cells.UNREADABLE
DAMAGED, DIGEST, UNREGISTERED = "database damaged", "rows contradict digest", "unregistered file"
_COMPARED = (*manifest_columns.of_manifest({}), "horizon", "registered_at", "state")
_UNTIL_REGISTERED_SECONDS = 0.5  # after a file was published
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

    The database is read in one snapshot, so that moves made meanwhile raise no alarm; what is found is looked at again,
    because files come and go meanwhile, too. With ``since`` only files and rows are looked at that came on that day or
    later, besides what is live; the rest is checked as a whole.

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
    with suppress(DeskError):  # what keeps it from being told is found below
        anchoring.begin(registry)
    found = look(registry, since=since, of_keys=of_keys, place=place, told=told)
    if not found:
        return ()
    if any(one.kind == UNREGISTERED for one in found):
        time.sleep(_UNTIL_REGISTERED_SECONDS)
    keys = {one.key for one in found}
    meant = partial(_is_meant, keys=keys, of_keys=of_keys)
    again = set(look(registry, since=since, of_keys=meant, place=place))
    return tuple(one for one in found if one in again)


def _is_meant(key: Key, *, keys: Collection[Key | None], of_keys: Callable[[Key], bool] | None) -> bool:
    return key in keys and (of_keys is None or of_keys(key))


def look(
    registry: Registry,
    *,
    since: date | None = None,
    of_keys: Callable[[Key], bool] | None = None,
    place: Place | None = None,
    told: Callable[[int, int], None] | None = None,
) -> tuple[Finding, ...]:
    """Look once: what is published, pruned or changed meanwhile may be among what is found."""
    found: list[Finding] = []
    with registry.database.reading() as connection:
        found += (Finding(None, DAMAGED, problem) for problem in self_check.problems(connection))
        if found:
            return tuple(found)
        checks = Checks(connection)
        ledger = next(checks.of(ledger_audit.read(registry, connection)), Story())
        found += checks.of(ledger_audit.verify(registry, connection, ledger))
        found += checks.of(chains.verify(connection, now=registry.clock(), since=since))
        known = set(checks.of(connection.scalars(select(model_versions.c.file_name))))
        found += checks.of(_counts(connection))
        found += checks.of(_tombstones(connection, known))
        found += checks.of(_symbols(connection))
        found += checks.of(_digests(connection, since, ledger.points))
        found += checks.of(_descriptions(connection))
        found += checks.of(_feature_sets(connection))
        where = places.of(registry.settings) if place is None else place
        n_checked = 0
        for some in checks.of(_registered(connection, ledger.versions)):
            due = [one for one in some if _is_due(one, since) and (of_keys is None or of_keys(one.entry.key))]
            found += checks.of(_files(registry, due, where))
            n_checked += len(some)
            if told is not None:
                told(n_checked, len(known))
        found += checks.of(_unregistered(registry, connection, known))
        found += checks.unreadable()
    return tuple(found)


def _registered(
    connection: Connection, told: Mapping[tuple[Key, str], Mapping[str, Any]]
) -> Iterator[list[Registered]]:
    """Read every version with its manifest, some at a time: all manifests at once would fill the memory."""
    manifest = cast(version_manifests.c.manifest, Text).label("manifest")
    both = model_versions.outerjoin(version_manifests, version_manifests.c.version_id == model_versions.c.id)
    wanted = select(model_versions, manifest).select_from(both).order_by(model_versions.c.file_name)
    with connection.execute(wanted, execution_options={"yield_per": _AT_ONCE}) as found:
        for rows in found.partitions():
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


def _is_due(of: Registered, since: date | None) -> bool:
    is_live = of.columns["state"] == State.IN_PRODUCTION.value
    return since is None or is_live or bool(of.columns["registered_at"].date() >= since)


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


def _digests(connection: Connection, since: date | None, told: self_check.Points) -> Iterator[Finding]:
    for one in self_check.differences(connection, since=since, told=told):
        yield Finding(Key(one.symbol, one.timeframe), DIGEST, f"{one.kind}: {one.detail}")


def _descriptions(connection: Connection) -> Iterator[Finding]:
    for entry in descriptions.differing(connection):
        yield Finding(entry.key, EDITED, f"{entry.version} is described otherwise than anybody told; describe it again")


def _feature_sets(connection: Connection) -> Iterator[Finding]:
    wanted = select(feature_sets.c.name, feature_sets.c.columns, feature_sets.c.digest)
    for name, columns, digest in connection.execute(wanted):
        if digest_of_columns(columns) != digest:
            yield Finding(None, EDITED, f"the features {name} have other columns than when they were begun")


def _unregistered(registry: Registry, connection: Connection, known: AbstractSet[str]) -> Iterator[Finding]:
    """Name files that are neither registered, nor refused, nor left of what was pruned, which is told on its own."""
    rejected = index.rejected(connection)
    known_or_left = known | {one.file_name for one in tombstones.unfinished(connection)}
    for file in registry.store.scan():
        before = rejected.get(file.file_name)
        if file.file_name not in known_or_left and not (before is not None and before.is_of(file)):
            told = f"{file.file_name} is in the models folder, and not registered; run: desk registry sync"
            yield Finding(file.key, UNREGISTERED, told)
