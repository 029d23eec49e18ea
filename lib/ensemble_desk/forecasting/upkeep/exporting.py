"""The log in files: forecasts and what came of them as Parquet, a file a month, and their rows taken out afterwards.

What is taken out no longer counts in live figures. Its digests stay: the day of the export begins the digest of the
rows that are left from that of all rows before and from the digests of the files.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Float, Integer, Select, and_, delete, exists, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import self_check
from ensemble_desk.database import symbols as tickers
from ensemble_desk.database.tables.columns import UtcTime
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes, symbols
from ensemble_desk.errors import LogExportError, extras
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import notes, people, writing
from ensemble_desk.registry.opening import Registry

_AT_ONCE = 20_000
_DELETED_AT_ONCE = 5_000
_LIST = "export.json"
_KINDS = (digests.FORECASTS, digests.OUTCOMES)


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """One file of an export: its rows, and the SHA-256 of its bytes."""

    name: str
    n_rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class LogExport:
    """What an export wrote and took out.

    Attributes
    ----------
    until : forecasts of bars before this moment; None: all.
    files : written; ``n_forecasts`` and ``n_outcomes`` are in them.
    n_deleted : forecasts that are no longer in the database; ``n_waiting`` of the exported ones stay, because nothing
        has come of them yet.
    """

    folder: str
    until: datetime | None
    files: tuple[ExportedFile, ...]
    n_forecasts: int
    n_outcomes: int
    n_deleted: int
    n_waiting: int


def export(registry: Registry, folder: Path, *, until: datetime | None, delete_exported: bool) -> LogExport:
    """Write the forecasts of bars before a moment and their outcomes to a new folder, and take them out when asked.

    Only forecasts with an outcome are taken out, each with all of its revisions. Before that every digest of the key is
    compared with its rows: what was tampered with stays, so that it can be looked into.

    Raises
    ------
    LogExportError
        When the folder is there already or cannot be written, or rows contradict their digests.
    DatabaseError, LedgerError, MissingExtraError
    """
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        advice = "Name a folder that is not there yet."
        raise LogExportError(str(folder), f"it cannot be made ({error.strerror})", advice=advice) from error
    with registry.database.reading() as connection:
        last = tuple(
            int(connection.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())
            for table in (forecasts, outcomes)
        )
        try:
            files = [file for kind in _KINDS for file in _written(connection, kind, folder, until)]
        except OSError as error:
            advice = "Mend that, remove the folder and export again."
            raise LogExportError(str(folder), f"it cannot be written ({error.strerror})", advice=advice) from error
    n_forecasts, n_outcomes = (sum(one.n_rows for one in files if one.name.startswith(kind)) for kind in _KINDS)
    told = LogExport(str(folder), until, tuple(files), n_forecasts, n_outcomes, 0, 0)
    (folder / _LIST).write_text(json.dumps(asdict(told), default=str, indent=1), encoding="utf-8")
    if not delete_exported:
        return told
    n_deleted = sum(_taken_out(registry, key, told, last=last) for key in _keys(registry, until))
    return LogExport(str(folder), until, tuple(files), n_forecasts, n_outcomes, n_deleted, n_forecasts - n_deleted)


def _wanted(kind: str, until: datetime | None) -> Select[Any]:
    """The rows of a kind with the key that they are of, in order of the bars they are about."""
    table = forecasts if kind == digests.FORECASTS else outcomes
    joined = forecasts.join(symbols, symbols.c.id == forecasts.c.symbol_id)
    if kind == digests.OUTCOMES:
        joined = joined.join(outcomes, outcomes.c.forecast_id == forecasts.c.id)
    columns = (symbols.c.ticker.label("symbol"), forecasts.c.timeframe.label("key_timeframe"), forecasts.c.as_of)
    own = [column for column in table.c if column.name not in ("timeframe", "as_of")]
    query = select(*columns, *own).select_from(joined).order_by(forecasts.c.as_of, table.c.id)
    return query if until is None else query.where(forecasts.c.as_of < until)


def _written(connection: Connection, kind: str, folder: Path, until: datetime | None) -> Iterator[ExportedFile]:
    """Write a file for each month; some thousand rows are held at once."""
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import parquet

    streamed = connection.execution_options(stream_results=True, yield_per=_AT_ONCE)
    with closing(streamed.execute(_wanted(kind, until))) as found:
        names, open_file = list(found.keys()), cast("Any", None)
        schema, month, n_rows = _schema(pa, kind, names), "", 0
        try:
            for rows in found.partitions(_AT_ONCE):
                for now, of_month in groupby(rows, key=lambda row: f"{row.as_of:%Y-%m}"):
                    some = list(of_month)
                    if now != month:
                        if open_file is not None:
                            open_file.close()
                            yield _file(folder, f"{kind}-{month}.parquet", n_rows)
                        open_file = parquet.ParquetWriter(folder / f"{kind}-{now}.parquet", schema, compression="zstd")
                        month, n_rows = now, 0
                    columns = {name: [_cell(row[at]) for row in some] for at, name in enumerate(names)}
                    open_file.write_table(pa.table(columns, schema=schema))
                    n_rows += len(some)
        finally:
            if open_file is not None:
                open_file.close()
        if month:
            yield _file(folder, f"{kind}-{month}.parquet", n_rows)


def _schema(pa: Any, kind: str, names: Sequence[str]) -> Any:
    table = forecasts if kind == digests.FORECASTS else outcomes
    kinds = ((UtcTime, pa.timestamp("us", tz="UTC")), (Float, pa.float64()), (Integer, pa.int64()))
    by_name = {column.name: column.type for column in (*table.c, forecasts.c.as_of)}
    types = {
        name: next((made for kind, made in kinds if isinstance(by_name.get(name), kind)), pa.string()) for name in names
    }
    return pa.schema([(name, types[name]) for name in names])


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value


def _file(folder: Path, name: str, n_rows: int) -> ExportedFile:
    with (folder / name).open("rb") as file:
        return ExportedFile(name, n_rows, hashlib.file_digest(file, "sha256").hexdigest())


def _keys(registry: Registry, until: datetime | None) -> tuple[Key, ...]:
    possible = tickers.possible_keys()
    said = and_(forecasts.c.symbol_id == possible.c.symbol_id, forecasts.c.timeframe == possible.c.timeframe)
    early = said if until is None else and_(said, forecasts.c.as_of < until)
    wanted = select(possible.c.ticker, possible.c.timeframe).where(exists().where(early))
    with registry.database.reading() as connection:
        return tuple(sorted(Key(symbol, timeframe) for symbol, timeframe in connection.execute(wanted)))


def _taken_out(registry: Registry, key: Key, told: LogExport, *, last: tuple[int, ...]) -> int:
    """Delete what was exported of a key in one transaction and begin its digests anew with what is left."""
    by_kind = {kind: [one.sha256 for one in told.files if one.name.startswith(kind)] for kind in _KINDS}
    with writing.writing(registry) as connection:
        symbol_id = tickers.symbol_id(connection, key.symbol)
        tickers.hold(connection, symbol_id)
        for kind in _KINDS:
            problem = self_check.problem(connection, kind, symbol_id, key.timeframe)
            if problem:
                advice = "Run desk registry verify, and look into it first."
                what = f"{key} {kind}"
                raise LogExportError(what, problem, advice=advice)
        # the newest row of either table stays, so that its number is never given to another one
        newer = exists().where(outcomes.c.forecast_id == forecasts.c.id, outcomes.c.id >= last[1])
        done = exists().where(outcomes.c.forecast_id == forecasts.c.id)
        wanted = select(forecasts.c.id).where(
            forecasts.c.symbol_id == symbol_id, forecasts.c.timeframe == key.timeframe, forecasts.c.id < last[0]
        )
        wanted = wanted.where(done, ~newer)
        wanted = wanted if told.until is None else wanted.where(forecasts.c.as_of < told.until)
        ids = list(connection.execute(wanted).scalars())
        for start in range(0, len(ids), _DELETED_AT_ONCE):
            some = ids[start : start + _DELETED_AT_ONCE]
            connection.execute(delete(outcomes).where(outcomes.c.forecast_id.in_(some)))
            connection.execute(delete(forecasts).where(forecasts.c.id.in_(some)))
        for kind, files in by_kind.items():
            if ids:
                digests.begin_anew(connection, kind, symbol_id, key.timeframe, at=registry.clock(), after=files)
                people.note(connection, notes.EXPORT, kind=kind, symbol_id=symbol_id, timeframe=key.timeframe)
    return len(ids)
