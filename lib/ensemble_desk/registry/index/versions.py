"""Versions: the pages of the index, one version, its manifest, and registering a published one."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Select, and_, bindparam, func, select

from ensemble_desk.artifacts.store.folder import Published
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.registry_tables import model_versions as table
from ensemble_desk.database.tables.registry_tables import production_pointers, version_counts
from ensemble_desk.errors import FutureVersionError, UnknownKeyError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key, check_symbol
from ensemble_desk.registry.entities import State, VersionRecord
from ensemble_desk.registry.index import entries, pruned, registration
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.paging import Order, Walk
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import writing
from ensemble_desk.registry.opening import Registry


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One page of the index; ``next_cursor`` is None on the last one, ``total`` counts all pages."""

    rows: tuple[VersionRecord, ...]
    total: int
    next_cursor: str | None


def listing(
    registry: Registry,
    *,
    symbol: str | None = None,
    timeframe: str | None = None,
    state: State | str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    order: Order = "created_at",
    descending: bool = True,
    limit: int = 50,
    after: str | None = None,
) -> VersionPage:
    """Page through the index without opening a file; unknown accuracies sort lowest.

    Pruned versions are out of the index: only who asks for that state is told of them.

    Raises
    ------
    InvalidCursorError
        When ``after`` is no cursor of the same order and direction.
    InvalidSymbolError, InvalidTimeframeError
        When there can be no such symbol or timeframe.
    """
    given = _given(symbol=symbol, timeframe=timeframe, state=state, since=since, until=until)
    if state == State.PRUNED:
        wanted = pruned.Wanted(symbol=symbol, timeframe=timeframe, since=since, until=until)
        told = pruned.page(registry, wanted, order=order, descending=descending, limit=limit, after=after)
        return VersionPage(*told)
    asked = given, Walk(order, descending), limit, after
    return registry.query_cache.get(("versions", asked), lambda: _page(registry, *asked))


_Given = tuple[tuple[str, Any], ...]


def _given(**filters: Any) -> _Given:
    """Check the filters that are set, by name, as the database is asked for them."""
    if filters["symbol"] is not None:
        check_symbol(filters["symbol"])
    if filters["timeframe"] is not None:
        filters["timeframe"] = timeframes.get(filters["timeframe"]).name
    if filters["state"] is not None:
        filters["state"] = State(filters["state"]).value
    return tuple((name, value) for name, value in filters.items() if value is not None)


def _page(registry: Registry, given: _Given, walk: Walk, limit: int, after: str | None) -> VersionPage:
    names = tuple(name for name, _ in given)
    asked = dict(given) | {"most": limit + 1} | ({} if after is None else walk.read(after))
    found = registry.database.ask(_page_of(names, walk, begun=after is not None), **asked)
    counted = found or registry.database.ask(_count_of(names), **dict(given))
    rows = tuple(_record(row) for row in found[:limit])
    return VersionPage(rows, int(counted[0].total), walk.cursor(found[limit - 1]) if len(found) > limit else None)


def get(registry: Registry, key: Key, version: str) -> VersionRecord:
    """Read one version; raises UnknownKeyError or UnknownVersionError, which names those there are."""
    if entries.is_name(version):
        found = registry.database.ask(_ONE, symbol=key.symbol, timeframe=key.timeframe, version=version)
        if found:
            return _record(found[0])
    entry = index.require_of_known_key(registry.database, key, version)  # raises, unless it was registered just now
    return get(registry, entry.key, entry.version)


def of_key(registry: Registry, key: Key) -> tuple[VersionRecord, ...]:
    """Every version of a key, newest first by file-name order; raises UnknownKeyError when there is none."""
    with registry.database.reading() as connection:
        rows = connection.execute(_records().where(*_of(key)).order_by(table.c.version.desc())).all()
    if not rows:
        raise UnknownKeyError(key)
    return tuple(_record(row) for row in rows)


def keys(registry: Registry) -> tuple[Key, ...]:
    """Every key that has a version, in order."""
    wanted = select(production_pointers.c.symbol, production_pointers.c.timeframe).order_by("symbol", "timeframe")
    with registry.database.reading() as connection:
        return tuple(Key(symbol, timeframe) for symbol, timeframe in connection.execute(wanted))


def names(registry: Registry, *, without: Sequence[State] = ()) -> dict[Key, tuple[str, ...]]:
    """The names of every key's versions but those in some states, newest first; the whole index in one query."""
    wanted = select(table.c.symbol, table.c.timeframe, table.c.version)
    if without:
        wanted = wanted.where(table.c.state.not_in([state.value for state in without]))
    found: dict[tuple[str, str], list[str]] = {}
    with registry.database.reading() as connection:
        rows = connection.execute(wanted.order_by(table.c.symbol, table.c.timeframe, table.c.version))
        for symbol, timeframe, version in rows:
            found.setdefault((symbol, timeframe), []).append(version)
    return {Key(*key): tuple(reversed(versions)) for key, versions in found.items()}


def manifest(registry: Registry, key: Key, version: str) -> Mapping[str, Any]:
    """What the manifest of a version said when it was registered, read from the index."""
    with registry.database.reading() as connection:
        return index.manifest(connection, index.require(connection, key, version))


def rejected(registry: Registry) -> Mapping[str, str]:
    """Files in the models folder that are no version, each with the reason, as the last sync found them."""
    with registry.database.reading() as connection:
        return {name: found.reason for name, found in sorted(index.rejected(connection).items())}


def register(registry: Registry, published: Published, *, actor: str) -> VersionRecord:
    """Enter a version that the store has just published; production follows it in the same transaction.

    Raises FutureVersionError for one that is dated in the future.
    """
    content = published.manifest.content
    today = registry.clock().date()
    if entries.is_future(published.version, today=today):
        raise FutureVersionError(published.file_name, today=today)
    key = Key(str(content["symbol"]), str(content["timeframe"]))
    arrival = Arrival(
        key=key,
        version=published.version,
        file_name=published.file_name,
        sha256=published.sha256,
        size_bytes=published.size_bytes,
        mtime_ns=published.mtime_ns,
        created_at=published.manifest.created_at,
        content=content,
        serving_sha256=published.form_sha256,
        has_manifest=True,
    )
    with writing.writing(registry) as connection:
        registration.enter_and_follow(connection, arrival, publisher=actor, at=registry.clock())
    return get(registry, key, published.version)


@functools.lru_cache(maxsize=256)
def _page_of(names: tuple[str, ...], walk: Walk, *, begun: bool) -> CompiledSelect:
    """Build the question for a page, each row with the number of all rows; ``begun``: not from the start."""
    total = _counted(names).scalar_subquery().label("total")
    wanted = _records().add_columns(total).where(*_conditions(table, names))
    return CompiledSelect(walk.apply(wanted, begun=begun).limit(bindparam("most", type_=Integer)))


@functools.lru_cache(maxsize=256)
def _count_of(names: tuple[str, ...]) -> CompiledSelect:
    return CompiledSelect(_counted(names))


def _counted(names: tuple[str, ...]) -> Select[Any]:
    """Count versions: out of the counts by key and state, unless a period is asked for."""
    if {"since", "until"} & set(names):
        versions = table.alias("counted")
        return select(func.count().label("total")).select_from(versions).where(*_conditions(versions, names))
    kept = func.coalesce(func.sum(version_counts.c.n), 0)
    return select(kept.label("total")).where(*_conditions(version_counts, names))


def _conditions(of: FromClause, names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name in names:
        if name == "since":
            found.append(of.c.created_at >= bindparam(name, type_=of.c.created_at.type))
        elif name == "until":
            found.append(of.c.created_at <= bindparam(name, type_=of.c.created_at.type))
        else:
            found.append(of.c[name] == bindparam(name))
    return found


@functools.cache
def _records() -> Select[Any]:
    """Versions, each with what its key's pointer says of the version before the live one."""
    pointer = production_pointers
    same_key = and_(pointer.c.symbol == table.c.symbol, pointer.c.timeframe == table.c.timeframe)
    return select(*_SHOWN, pointer.c.previous_version).select_from(table.outerjoin(pointer, same_key))


def _of(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.symbol == key.symbol, table.c.timeframe == key.timeframe


def _record(row: Any) -> VersionRecord:
    return VersionRecord(
        key=Key(row.symbol, row.timeframe),
        state=State(row.state),
        weights=row.weights,
        quarantine_reason=row.quarantine_reason or "",
        previously_live=row.previous_version == row.version,
        **{name: getattr(row, name) for name in _AS_STORED},
    )


_AS_STORED = (
    "version",
    "file_name",
    "sha256",
    "size_bytes",
    "created_at",
    "ensemble_accuracy",
    "baseline_accuracy",
    "accuracy_low",
    "accuracy_high",
    "n_holdout",
    "n_eff",
    "first_bar",
    "last_bar",
    "run_id",
    "problem",
    "leakage_suspected",
)
_SHOWN = tuple(
    table.c[name]
    for name in ("id", "symbol", "timeframe", "state", "weights", "quarantine_reason", "accuracy_sort", *_AS_STORED)
)
_ONE = CompiledSelect(
    _records().where(*(table.c[name] == bindparam(name) for name in ("symbol", "timeframe", "version")))
)
