"""A digest a day of what was forecast, came of it, drifted, was imported and trained, by key, each tied to the last.

Every program that writes such rows brings the digest of its key up to date in the same transaction. Rows that are only
ever added (forecasts, outcomes) are folded in one after another, by their numbers; of those that may change (bars, days
of drift, finished runs) it is the digest of all of the key's rows as they are.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, ScalarSelect, Select, Table, bindparam, func, select

from ensemble_desk.database import inserting
from ensemble_desk.database import symbols as tickers
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.registry_tables import (
    daily_digests,
    digest_begins,
    drift_monitoring,
    forecasts,
    ohlc_bars,
    ohlc_restatements,
    outcomes,
    production_pointers,
    symbols,
    training_run_progress,
    training_runs,
)
from ensemble_desk.database.tables.upkeep_tables import feature_rows
from ensemble_desk.market.keys import Key

FORECASTS, OUTCOMES, DRIFT, BARS, RUNS = "forecasts", "outcomes", "drift", "bars", "runs"
RESTATEMENTS, FEATURES = "restatements", "features "  # the last one is followed by the name of the set
ONLY_ADDED = (FORECASTS, OUTCOMES)
ONLY_MORE = (BARS, RUNS)  # rows may change, and none is ever taken out
KINDS = (*ONLY_ADDED, DRIFT, BARS, RUNS)
_ADDED = frozenset({"lean", "bands"})  # columns of later releases: rows that were there before have the same digest
_CHANGING = {DRIFT: drift_monitoring, BARS: ohlc_bars, RUNS: training_runs, RESTATEMENTS: ohlc_restatements}
_ORDER = {DRIFT: "date", BARS: "time"}
_OF_RUN = ("version", "actor", "finished_at", "as_of")
_MORE_OF_RUN = ("step", "n_steps", "step_name", "updated_at", "pid", "host", "log", "identity")
N_COLUMNS_BEFORE = {RUNS: len(training_runs.c) + len(_OF_RUN)}  # of which an earlier release made the digest
_ENCODED = json.JSONEncoder(default=str, sort_keys=True, separators=(",", ":")).encode
_AT_ONCE, _TOLD = 500, 12  # rows asked for at a time, and characters of a digest that the ledger is told


def _newest_where(wanted: Select[Any], of_symbol: ColumnElement[bool]) -> Select[Any]:
    """Ask for the newest digest of a ``kind``, a ``timeframe`` and a symbol."""
    of_key = (daily_digests.c.kind == bindparam("kind"), daily_digests.c.timeframe == bindparam("timeframe"), of_symbol)
    return wanted.where(*of_key).order_by(daily_digests.c.day.desc()).limit(1)


_STANDING = CompiledSelect(
    _newest_where(
        select(daily_digests.c.last_id, daily_digests.c.n_rows, daily_digests.c.hash).join(symbols),
        symbols.c.ticker == bindparam("symbol"),
    )
)
_BEGUN = CompiledSelect(
    select(digest_begins.c.kind)
    .join(symbols)
    .where(symbols.c.ticker == bindparam("symbol"), digest_begins.c.timeframe == bindparam("timeframe"))
)
_NEWEST = _newest_where(select(daily_digests), daily_digests.c.symbol_id == bindparam("symbol_id"))
_BY_NUMBERS = {
    kind: select(table).where(table.c.id.in_(bindparam("ids", expanding=True))).order_by(table.c.id)
    for kind, table in ((FORECASTS, forecasts), (OUTCOMES, outcomes))
}
ORIGIN = hashlib.sha256(b"daily digests").hexdigest()


@dataclass(frozen=True, slots=True)
class Digest:
    """What all rows of a kind and key came to at the end of a day."""

    day: date
    last_id: int
    n_rows: int
    digest: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Newest row, number of rows and hash of the newest digest: they differ as soon as a row was added."""

    last_id: int
    n_rows: int
    hash: str


def extend(
    connection: Connection,
    kind: str,
    symbol_id: int,
    timeframe: str,
    *,
    at: datetime,
    ids: Sequence[int] | None = None,
    later_than: Any = None,
) -> None:
    """Fold what came since into the digest of a key; others write about its symbol after this transaction only.

    Parameters
    ----------
    ids : of rows that are only ever added: those that this transaction added; None looks for them.
    later_than : of rows that may change: the last day or time before this transaction, when it has only added later
        ones; None reads all rows anew, as is done where the digest does not hold just the earlier ones.
    """
    tickers.hold(connection, symbol_id)
    newest = _newest(connection, kind, symbol_id, timeframe)
    begin = (newest.last_id, newest.n_rows, newest.digest) if newest else (0, 0, ORIGIN)
    last_id, n_rows, digest = begin
    if kind in ONLY_ADDED:
        for row in _added(connection, kind, symbol_id, timeframe, after=last_id, ids=ids if newest else None):
            last_id, n_rows, digest = row.id, n_rows + 1, folded(digest, row)
    elif newest is not None and n_rows == _n_until(connection, kind, symbol_id, timeframe, until=later_than):
        for row in connection.execute(rows(kind, symbol_id, timeframe, later_than=later_than)):
            n_rows, digest = n_rows + 1, folded(digest, row)
    else:
        n_rows, digest = of_rows(connection.execute(rows(kind, symbol_id, timeframe)))
    if (last_id, n_rows, digest) == begin:
        return
    day = max(at.date(), newest.day) if newest else at.date()
    _put(connection, (kind, symbol_id, timeframe), newest, day, (last_id, n_rows, digest))


def _put(
    connection: Connection, of: tuple[str, int, str], newest: Digest | None, day: date, now: tuple[int, int, str]
) -> None:
    """Write what a key's rows come to at the end of a day, tied to the day before."""
    kind, symbol_id, timeframe = of
    before = newest.hash if newest else ORIGIN
    previous = newest.previous_hash if newest and newest.day == day else before
    own = {"kind": kind, "symbol_id": symbol_id, "timeframe": timeframe, "day": day}
    told = dict(zip(("last_id", "n_rows", "digest"), now, strict=True)) | {"previous_hash": previous}
    told["hash"] = hash_of(timeframe, kind, day, told)
    inserting.put(connection, daily_digests, own, told)


def begin_anew(
    connection: Connection, kind: str, symbol_id: int, timeframe: str, *, at: datetime, after: Sequence[str]
) -> None:
    """Let the digest of rows that are only ever added go on over those that are left, when some were taken out.

    It begins from the digest of all rows before and from ``after``, digests of the files that hold what was taken out;
    both stay as evidence, and what was taken out is no longer asked for.
    """
    newest = _newest(connection, kind, symbol_id, timeframe)
    before = newest.digest if newest else ORIGIN
    base = hashlib.sha256(" ".join([before, *after]).encode()).hexdigest()
    last_id, n_rows, digest = 0, 0, base
    for row in connection.execute(rows(kind, symbol_id, timeframe)):
        last_id, n_rows, digest = row.id, n_rows + 1, folded(digest, row)
    day = max(at.date(), newest.day) if newest else at.date()
    _put(connection, (kind, symbol_id, timeframe), newest, day, (last_id, n_rows, digest))
    here = {"kind": kind, "symbol_id": symbol_id, "timeframe": timeframe}
    inserting.put(connection, digest_begins, here, {"day": day, "base": base})


def standing(database: Database, kind: str, key: Key) -> Standing | None:
    """Say up to where a key's newest digest of a kind goes, by one indexed read; None where there is none."""
    found = database.ask(_STANDING, kind=kind, symbol=key.symbol, timeframe=key.timeframe)
    return Standing(*found[0]) if found else None


def is_begun_anew(database: Database, key: Key) -> bool:
    """Tell whether rows of a key were taken out of the log, which digests went on without."""
    return bool(database.ask(_BEGUN, symbol=key.symbol, timeframe=key.timeframe))


def newest_of(table: Table, kind: str, column: str) -> ScalarSelect[Any]:
    """What the newest digest of a kind says of the key in each row of a table, as part of a query about that."""
    of_key = (daily_digests.c.symbol_id == table.c.symbol_id, daily_digests.c.timeframe == table.c.timeframe)
    wanted = select(daily_digests.c[column]).where(daily_digests.c.kind == kind, *of_key)
    return wanted.order_by(daily_digests.c.day.desc()).limit(1).correlate(table).scalar_subquery()


def wholes(connection: Connection, days: Iterable[date]) -> list[tuple[int, str]]:
    """Give the number of digests before each of some days, earliest first, and what they come to."""
    table = daily_digests
    ordered = (table.c.day, table.c.kind, table.c.symbol_id, table.c.timeframe)
    rows = iter(connection.execute(select(table.c.day, table.c.hash).order_by(*ordered)))
    found, n_digests, sha256 = list[tuple[int, str]](), 0, hashlib.sha256()
    row = next(rows, None)
    for day in days:
        while row is not None and row.day < day:
            sha256.update(row.hash.encode())
            n_digests, row = n_digests + 1, next(rows, None)
        found.append((n_digests, sha256.hexdigest()))
    return found


def since(connection: Connection, day: date) -> dict[str, dict[str, list[Any]]]:
    """Give up to where the newest digests from a day on go, by kind and key of what was ever in production."""
    table, pointer = daily_digests, production_pointers
    same = (table.c.symbol_id == pointer.c.symbol_id) & (table.c.timeframe == pointer.c.timeframe)
    newest = (table.c.kind.in_(KINDS), table.c.day >= day)
    columns = (table.c.kind, pointer.c.symbol, table.c.timeframe, table.c.last_id, table.c.n_rows, table.c.digest)
    wanted = select(*columns).select_from(pointer.join(table, same)).where(*newest).order_by(*columns[:3], table.c.day)
    found: dict[str, dict[str, list[Any]]] = {}
    for kind, symbol, timeframe, last_id, n_rows, digest in connection.execute(wanted):
        told = [last_id, n_rows, digest[:_TOLD]] if kind in ONLY_ADDED else [0, n_rows, ""]
        found.setdefault(kind, {})[f"{symbol}/{timeframe}"] = told
    return found


def _added(
    connection: Connection, kind: str, symbol_id: int, timeframe: str, *, after: int, ids: Sequence[int] | None
) -> Iterator[Row[Any]]:
    """Rows that were added after one, by their numbers; of a key's whole log none is looked at when they are told."""
    if ids is None:
        yield from connection.execute(rows(kind, symbol_id, timeframe, after=after))
        return
    ordered = sorted(ids)
    for start in range(0, len(ordered), _AT_ONCE):
        yield from connection.execute(_BY_NUMBERS[kind], {"ids": ordered[start : start + _AT_ONCE]})


def _n_until(connection: Connection, kind: str, symbol_id: int, timeframe: str, *, until: Any) -> int | None:
    """How many rows there are up to a day or time; None where none is told."""
    if until is None:
        return None
    wanted = rows(kind, symbol_id, timeframe).with_only_columns(func.count()).order_by(None)
    return int(connection.execute(wanted.where(_table(kind).c[_ORDER.get(kind, "time")] <= until)).scalar_one())


def is_known(kind: str) -> bool:
    """Tell whether this release knows which rows a kind is of; one of a later release may be there, too."""
    return kind in KINDS or kind == RESTATEMENTS or kind.startswith(FEATURES)


def _table(kind: str) -> Table:
    return feature_rows if kind.startswith(FEATURES) else _CHANGING.get(kind, forecasts)


def rows(kind: str, symbol_id: int, timeframe: str, *, after: int = 0, later_than: Any = None) -> Select[Any]:
    """The rows of a key that are digested, in their order: after a number, or later than a day or time."""
    table = _table(kind)
    of_key = (table.c.symbol_id == symbol_id, table.c.timeframe == timeframe)
    match kind:
        case "forecasts":
            return select(forecasts).where(*of_key, forecasts.c.id > after).order_by(forecasts.c.id)
        case "outcomes":
            both = select(outcomes).join(forecasts, forecasts.c.id == outcomes.c.forecast_id)
            return both.where(*of_key, outcomes.c.id > after).order_by(outcomes.c.id)
        case "restatements":
            return select(table).where(*of_key).order_by(table.c.replaced_at, table.c.time)
        case "runs":
            progress = training_run_progress.c
            ours = select(training_runs, *(progress[name] for name in (*_OF_RUN, *_MORE_OF_RUN)))
            ended = ours.join(training_run_progress, progress.run_id == training_runs.c.id)
            return ended.where(*of_key, progress.finished_at.is_not(None)).order_by(training_runs.c.id)
        case _:
            column = table.c[_ORDER.get(kind, "time")]
            wanted = select(table).where(*of_key).order_by(column)
            if kind.startswith(FEATURES):
                wanted = wanted.where(table.c.name == kind.removeprefix(FEATURES))
            return wanted if later_than is None else wanted.where(column > later_than)


def _newest(connection: Connection, kind: str, symbol_id: int, timeframe: str) -> Digest | None:
    asked = {"kind": kind, "symbol_id": symbol_id, "timeframe": timeframe}
    row = connection.execute(_NEWEST, asked).first()
    return None if row is None else read(row)


def read(row: Row[Any]) -> Digest:
    """Read a row of the table."""
    return Digest(row.day, row.last_id, row.n_rows, row.digest, row.previous_hash, row.hash)


def of_rows(rows: Iterable[Row[Any]], n_columns: int | None = None) -> tuple[int, str]:
    """Give the number of rows and what they, or their first columns, come to from the beginning."""
    n_rows, digest = 0, ORIGIN
    for row in rows:
        n_rows, digest = n_rows + 1, folded(digest, row, n_columns)
    return n_rows, digest


def folded(digest: str, row: Row[Any], n_columns: int | None = None) -> str:
    """Give what a digest becomes by one row more."""
    values = list(row[:n_columns])
    while values[-1] is None and row._fields[len(values) - 1] in _ADDED:
        values.pop()  # columns that forecasts were given later say nothing where they hold nothing
    return hashlib.sha256(f"{digest}{_ENCODED(values)}".encode("utf-8", "surrogatepass")).hexdigest()


def hash_of(timeframe: str, kind: str, day: date, told: Mapping[str, Any]) -> str:
    """Give the hash of a day's digest, which ties it to the one before."""
    parts = (kind, timeframe, day, told["last_id"], told["n_rows"], told["digest"], told["previous_hash"])
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
