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

from sqlalchemy import Connection, Row, Select, select

from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import (
    daily_digests,
    drift_monitoring,
    forecasts,
    ohlc_bars,
    outcomes,
    symbols,
    training_run_progress,
    training_runs,
)

FORECASTS, OUTCOMES, DRIFT, BARS, RUNS = "forecasts", "outcomes", "drift", "bars", "runs"
_ONLY_ADDED = (FORECASTS, OUTCOMES)
_ADDED = frozenset({"lean", "bands"})  # columns of later releases: rows that were there before have the same digest
_ORIGIN = hashlib.sha256(b"daily digests").hexdigest()


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
class Difference:
    """One thing that is not as its digest says."""

    symbol: str
    timeframe: str
    kind: str
    detail: str


def extend(connection: Connection, kind: str, symbol_id: int, timeframe: str, *, at: datetime) -> None:
    """Fold what came since into the digest of a key; others write about its symbol after this transaction only."""
    connection.execute(select(symbols.c.id).where(symbols.c.id == symbol_id).with_for_update(key_share=True))
    newest = _newest(connection, kind, symbol_id, timeframe)
    begin = (newest.last_id, newest.n_rows, newest.digest) if newest else (0, 0, _ORIGIN)
    last_id, n_rows, digest = begin
    if kind in _ONLY_ADDED:
        for row in connection.execute(_rows(kind, symbol_id, timeframe, after=last_id)):
            last_id, n_rows, digest = row.id, n_rows + 1, _folded(digest, row)
    else:
        n_rows, digest = _whole(connection.execute(_rows(kind, symbol_id, timeframe)))
    if (last_id, n_rows, digest) == begin:
        return
    day = max(at.date(), newest.day) if newest else at.date()
    before = newest.hash if newest else _ORIGIN
    previous = newest.previous_hash if newest and newest.day == day else before
    own = {"kind": kind, "symbol_id": symbol_id, "timeframe": timeframe, "day": day}
    told = {"last_id": last_id, "n_rows": n_rows, "digest": digest, "previous_hash": previous}
    told["hash"] = _hash(timeframe, kind, day, told)
    insert = inserting.insert_into(connection, daily_digests).values(own | told)
    connection.execute(insert.on_conflict_do_update(index_elements=list(own), set_=told))


def differences(connection: Connection, *, since: date | None = None) -> Iterator[Difference]:
    """Compare all rows with their digests, or those that came on a day or later; what has no digest is passed by."""
    wanted = (
        select(daily_digests, symbols.c.ticker)
        .join(symbols)
        .order_by(daily_digests.c.kind, symbols.c.ticker, daily_digests.c.timeframe, daily_digests.c.day)
    )
    found: dict[tuple[str, int, str, str], list[Digest]] = {}
    for row in connection.execute(wanted):
        found.setdefault((row.kind, row.symbol_id, row.ticker, row.timeframe), []).append(_digest(row))
    for (kind, symbol_id, ticker, timeframe), days in found.items():
        detail = _broken(kind, timeframe, days) or _differs(connection, (kind, symbol_id, timeframe), days, since)
        if detail:
            yield Difference(ticker, timeframe, kind, detail)


def whole(connection: Connection, *, before: date) -> tuple[int, str]:
    """Give the number of digests of days before one, and what they come to."""
    table = daily_digests
    wanted = select(table.c.hash).where(table.c.day < before)
    ordered = wanted.order_by(table.c.day, table.c.kind, table.c.symbol_id, table.c.timeframe)
    found = list(connection.execute(ordered).scalars())
    return len(found), hashlib.sha256("".join(found).encode()).hexdigest()


def _broken(kind: str, timeframe: str, days: Sequence[Digest]) -> str:
    previous = _ORIGIN
    for one in days:
        told = {name: getattr(one, name) for name in ("last_id", "n_rows", "digest", "previous_hash")}
        if _hash(timeframe, kind, one.day, told) != one.hash:
            return f"the digest of {one.day} is not what its hash says"
        if one.previous_hash != previous:
            return f"the digest of {one.day} does not follow the one before it"
        previous = one.hash
    return ""


def _differs(connection: Connection, of: tuple[str, int, str], days: Sequence[Digest], since: date | None) -> str:
    kind, symbol_id, timeframe = of
    known = [one for one in days if since is not None and one.day < since]
    if kind not in _ONLY_ADDED:
        if len(known) == len(days):
            return ""
        n_rows, digest = _whole(connection.execute(_rows(kind, symbol_id, timeframe)))
        return _compared(days[-1], n_rows, digest)
    last_id, n_rows, digest = (known[-1].last_id, known[-1].n_rows, known[-1].digest) if known else (0, 0, _ORIGIN)
    rows = iter(connection.execute(_rows(kind, symbol_id, timeframe, after=last_id)))
    row = next(rows, None)
    for one in days[len(known) :]:
        while row is not None and row.id <= one.last_id:
            n_rows, digest = n_rows + 1, _folded(digest, row)
            row = next(rows, None)
        told = _compared(one, n_rows, digest)
        if told:
            return told
    return "" if row is None else f"row {row.id} was inserted by no program of ours"


def _compared(known: Digest, n_rows: int, digest: str) -> str:
    if n_rows != known.n_rows:
        what = "are gone" if n_rows < known.n_rows else "are too many"
        return f"{abs(n_rows - known.n_rows)} of {known.n_rows} rows up to {known.day} {what}"
    return "" if digest == known.digest else f"a row up to {known.day} was changed"


def _rows(kind: str, symbol_id: int, timeframe: str, *, after: int = 0) -> Select[Any]:
    table = {DRIFT: drift_monitoring, BARS: ohlc_bars, RUNS: training_runs}.get(kind, forecasts)
    of_key = (table.c.symbol_id == symbol_id, table.c.timeframe == timeframe)
    match kind:
        case "forecasts":
            return select(forecasts).where(*of_key, forecasts.c.id > after).order_by(forecasts.c.id)
        case "outcomes":
            both = select(outcomes).join(forecasts, forecasts.c.id == outcomes.c.forecast_id)
            return both.where(*of_key, outcomes.c.id > after).order_by(outcomes.c.id)
        case "drift":
            return select(drift_monitoring).where(*of_key).order_by(drift_monitoring.c.date)
        case "bars":
            return select(ohlc_bars).where(*of_key).order_by(ohlc_bars.c.time)
        case _:
            progress = training_run_progress.c
            ours = select(training_runs, progress.version, progress.actor, progress.finished_at, progress.as_of)
            ended = ours.join(training_run_progress, progress.run_id == training_runs.c.id)
            return ended.where(*of_key, progress.finished_at.is_not(None)).order_by(training_runs.c.id)


def _newest(connection: Connection, kind: str, symbol_id: int, timeframe: str) -> Digest | None:
    table = daily_digests
    of_key = (table.c.kind == kind, table.c.symbol_id == symbol_id, table.c.timeframe == timeframe)
    row = connection.execute(select(table).where(*of_key).order_by(table.c.day.desc()).limit(1)).first()
    return None if row is None else _digest(row)


def _digest(row: Row[Any]) -> Digest:
    return Digest(row.day, row.last_id, row.n_rows, row.digest, row.previous_hash, row.hash)


def _whole(rows: Iterable[Row[Any]]) -> tuple[int, str]:
    n_rows, digest = 0, _ORIGIN
    for row in rows:
        n_rows, digest = n_rows + 1, _folded(digest, row)
    return n_rows, digest


def _folded(digest: str, row: Row[Any]) -> str:
    named = row._mapping.items()  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    values = [value for name, value in named if value is not None or name not in _ADDED]
    told = json.dumps(values, default=str, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{digest}{told}".encode("utf-8", "surrogatepass")).hexdigest()


def _hash(timeframe: str, kind: str, day: date, told: Mapping[str, Any]) -> str:
    parts = (kind, timeframe, day, told["last_id"], told["n_rows"], told["digest"], told["previous_hash"])
    return hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
