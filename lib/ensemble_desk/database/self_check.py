"""The database's check of itself: pages, indexes and references between tables, and rows against their digests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import Connection, exc, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.tables.registry_tables import daily_digests, digest_begins, symbols

_MOST = 20


class Point(NamedTuple):
    """Up to where a digest went when the ledger was told of it; ``digest`` are its first characters."""

    day: date
    last_id: int
    n_rows: int
    digest: str


Points = Mapping[tuple[str, str, str], Sequence[Point]]  # by kind, symbol and timeframe


def problems(connection: Connection) -> list[str]:
    """Say what SQLite finds wrong; PostgreSQL checks its pages whenever it reads them."""
    if connection.dialect.name != "sqlite":
        return []
    try:
        told = connection.exec_driver_sql(f"PRAGMA integrity_check({_MOST})").scalars().all()
        found = [str(line) for line in told if line != "ok"]
        rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    except exc.DatabaseError as error:  # too damaged to be looked through
        return [str(error.orig)]
    counted: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in rows:
        counted[table, parent] = counted.get((table, parent), 0) + 1
    return found + [f"{n} row(s) of {table} name a gone row of {parent}" for (table, parent), n in counted.items()]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as its digest says."""

    symbol: str
    timeframe: str
    kind: str
    detail: str


def differences(
    connection: Connection, *, since: date | None = None, told: Points = MappingProxyType({})
) -> Iterator[Difference]:
    """Compare all rows with their digests, or those that came on a day or later, and with what the ledger was told.

    What has no digest, and of which the ledger tells of none, is passed by.
    """
    wanted = (
        select(daily_digests, symbols.c.ticker)
        .join(symbols)
        .order_by(daily_digests.c.kind, symbols.c.ticker, daily_digests.c.timeframe, daily_digests.c.day)
    )
    found: dict[tuple[str, int, str, str], list[digests.Digest]] = {}
    for row in connection.execute(wanted):
        found.setdefault((row.kind, row.symbol_id, row.ticker, row.timeframe), []).append(digests.read(row))
    for (kind, symbol_id, ticker, timeframe), days in found.items():
        points = told.get((kind, ticker, timeframe), ())
        of = (kind, symbol_id, timeframe)
        detail = _broken(kind, timeframe, days) or _gone(days, points) or _differs(connection, of, days, since, points)
        if detail:
            yield Difference(ticker, timeframe, kind, detail)
    begun = select(digest_begins.c.kind, symbols.c.ticker, digest_begins.c.timeframe).join(symbols)
    ought = {**dict.fromkeys(map(tuple, connection.execute(begun)), ()), **told}
    for kind, ticker, timeframe in sorted(ought.keys() - {(kind, *key) for kind, _, *key in found}):
        yield Difference(ticker, timeframe, kind, _gone((), ought[kind, ticker, timeframe]) or "its digest is gone")


def problem(connection: Connection, kind: str, symbol_id: int, timeframe: str) -> str:
    """Say what of a key's rows is not as its digests tell; '' when all is."""
    table = daily_digests
    of_key = (table.c.kind == kind, table.c.symbol_id == symbol_id, table.c.timeframe == timeframe)
    days = [digests.read(row) for row in connection.execute(select(table).where(*of_key).order_by(table.c.day))]
    if not days:
        return ""
    return _broken(kind, timeframe, days) or _differs(connection, (kind, symbol_id, timeframe), days, None, ())


def _broken(kind: str, timeframe: str, days: Sequence[digests.Digest]) -> str:
    previous = digests.ORIGIN
    for one in days:
        told = {name: getattr(one, name) for name in ("last_id", "n_rows", "digest", "previous_hash")}
        if digests.hash_of(timeframe, kind, one.day, told) != one.hash:
            return f"the digest of {one.day} is not what its hash says"
        if one.previous_hash != previous:
            return f"the digest of {one.day} does not follow the one before it"
        previous = one.hash
    return ""


def _gone(days: Sequence[digests.Digest], points: Sequence[Point]) -> str:
    """Say which digest is gone that the ledger was told of: the newest one never goes back to an earlier day."""
    last = max((one.day for one in points), default=None)
    return (
        ""
        if last is None or (days and days[-1].day >= last)
        else f"the digest of {last} is gone, of which the ledger tells"
    )


def _differs(
    connection: Connection,
    of: tuple[str, int, str],
    days: Sequence[digests.Digest],
    since: date | None,
    points: Sequence[Point],
) -> str:
    kind, symbol_id, timeframe = of
    known = [one for one in days if since is not None and one.day < since]
    if kind not in digests.ONLY_ADDED:
        fewest = max((one.n_rows for one in points), default=0) if kind in digests.ONLY_MORE else 0
        if days[-1].n_rows < fewest:
            return f"{fewest - days[-1].n_rows} of {fewest} rows of which the ledger tells are gone"
        if len(known) == len(days):
            return ""
        if not digests.is_known(kind):
            return "this release does not know of which rows that digest is; verify with the release that wrote it"
        rows_now = connection.execute(digests.rows(kind, symbol_id, timeframe)).all()
        detail = _compared(days[-1], *digests.of_rows(rows_now))
        n_columns = digests.N_COLUMNS_BEFORE.get(kind)
        return detail and (_compared(days[-1], *digests.of_rows(rows_now, n_columns)) if n_columns else detail)
    begun = _begun(connection, of)
    last_id, n_rows, digest = 0, 0, digests.ORIGIN
    if begun is not None and (not known or known[-1].day < begun.day):
        known = [one for one in days if one.day < begun.day]  # rows of these days were taken out
        digest = begun.base
        points = [one for one in points if one.day > begun.day]
    elif known:
        last_id, n_rows, digest = known[-1].last_id, known[-1].n_rows, known[-1].digest
    rows = iter(connection.execute(digests.rows(kind, symbol_id, timeframe, after=last_id)))
    row = next(rows, None)
    stops: list[digests.Digest | Point] = [one for one in points if one.last_id > last_id]
    for one in sorted([*stops, *days[len(known) :]], key=lambda one: one.last_id):
        while row is not None and row.id <= one.last_id:
            n_rows, digest = n_rows + 1, digests.folded(digest, row)
            row = next(rows, None)
        detail = _compared(one, n_rows, digest)
        if detail:
            return detail
    return "" if row is None else f"row {row.id} was inserted by no program of ours"


def _begun(connection: Connection, of: tuple[str, int, str]) -> Any:
    """When the digest of a key's rows was begun anew, and from what; None where it never was."""
    table = digest_begins
    of_key = (table.c.kind == of[0], table.c.symbol_id == of[1], table.c.timeframe == of[2])
    return connection.execute(select(table.c.day, table.c.base).where(*of_key)).first()


def _compared(known: digests.Digest | Point, n_rows: int, digest: str) -> str:
    if n_rows != known.n_rows:
        what = "are gone" if n_rows < known.n_rows else "are too many"
        return f"{abs(n_rows - known.n_rows)} of {known.n_rows} rows up to {known.day} {what}"
    return "" if digest.startswith(known.digest) else f"a row up to {known.day} was changed"
