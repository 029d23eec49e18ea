"""Versions: the pages of the index, one version, its manifest, and registering a published one."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, and_, func, select

from lib.artifacts.store import Published
from lib.database.tables import model_versions as table
from lib.database.tables import production_pointers, version_counts
from lib.errors import UnknownKeyError
from lib.market import timeframes
from lib.market.keys import Key, check_symbol
from lib.registry import index, pointers, registration
from lib.registry.entities import State, VersionRecord
from lib.registry.opening import Registry
from lib.registry.paging import Order, Walk
from lib.registry.registration import Arrival


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

    Raises
    ------
    InvalidCursorError
        When ``after`` is no cursor of the same order and direction.
    InvalidSymbolError, InvalidTimeframeError
        When there can be no such symbol or timeframe.
    """
    asked = _Asked(symbol, timeframe, state, since, until, Walk(order, descending), limit, after)
    return registry.answers.get(asked, lambda: _page(registry, asked))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page of the index was asked for, see `listing`."""

    symbol: str | None
    timeframe: str | None
    state: State | str | None
    since: datetime | None
    until: datetime | None
    walk: Walk
    limit: int
    after: str | None


def _page(registry: Registry, asked: _Asked) -> VersionPage:
    kind = _kind(table, symbol=asked.symbol, timeframe=asked.timeframe, state=asked.state)
    period = _period(since=asked.since, until=asked.until)
    page = asked.walk.apply(_records().where(*kind, *period), limit=asked.limit, after=asked.after)
    if period:
        count = select(func.count()).select_from(table).where(*kind, *period)
    else:
        counted = _kind(version_counts, symbol=asked.symbol, timeframe=asked.timeframe, state=asked.state)
        count = select(func.coalesce(func.sum(version_counts.c.n), 0)).where(*counted)
    with registry.database.reading() as connection:
        total = int(connection.execute(count).scalar_one())
        found = connection.execute(page).all()
    rows = tuple(_record(row) for row in found[: asked.limit])
    more = len(found) > asked.limit
    return VersionPage(rows, total, asked.walk.cursor(found[asked.limit - 1]) if more else None)


def get(registry: Registry, key: Key, version: str) -> VersionRecord:
    """Read one version; raises UnknownKeyError or UnknownVersionError, which names those there are."""
    with registry.database.reading() as connection:
        if pointers.read(connection, key) is None:
            raise UnknownKeyError(key)
        entry = index.require(connection, key, version)
        return _record(connection.execute(_records().where(table.c.id == entry.id)).one())


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


def names(registry: Registry) -> dict[Key, tuple[str, ...]]:
    """The names of every key's versions, newest first; the whole index in one query."""
    wanted = select(table.c.symbol, table.c.timeframe, table.c.version)
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
    """Enter a version that the store has just published; production follows it in the same transaction."""
    content = published.manifest.content
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
    )
    with registry.database.writing() as connection:
        registration.enter_and_follow(connection, arrival, publisher=actor, at=registry.clock())
    return get(registry, key, published.version)


def _kind(
    of: Table, *, symbol: str | None, timeframe: str | None, state: State | str | None
) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if symbol is not None:
        check_symbol(symbol)
        given.append(of.c.symbol == symbol)
    if timeframe is not None:
        given.append(of.c.timeframe == timeframes.get(timeframe).name)
    if state is not None:
        given.append(of.c.state == State(state).value)
    return given


def _period(*, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if since is not None:
        given.append(table.c.created_at >= since)
    if until is not None:
        given.append(table.c.created_at <= until)
    return given


@functools.cache
def _records() -> Select[Any]:
    """Versions, each with what its key's pointer says of the version before the live one."""
    pointer = production_pointers
    same_key = and_(pointer.c.symbol == table.c.symbol, pointer.c.timeframe == table.c.timeframe)
    return select(*_SHOWN, pointer.c.previous_version).select_from(table.outerjoin(pointer, same_key))


def _of(key: Key) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.symbol == key.symbol, table.c.timeframe == key.timeframe


def _record(row: Row[Any]) -> VersionRecord:
    return VersionRecord(
        key=Key(row.symbol, row.timeframe),
        state=State(row.state),
        weights=row.weights,
        quarantine_reason=row.quarantine_reason or "",
        previously_live=row.previous_version == row.version,
        **dict(zip(_AS_STORED, row[-len(_AS_STORED) - 1 : -1], strict=True)),
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
