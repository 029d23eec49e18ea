"""Commands about bars: import a file into the database, compare daily bars with the sessions of an exchange."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ensemble_desk.database import opening as databases
from ensemble_desk.jobs import arguments, desk, files, output
from ensemble_desk.jobs.arguments import Json, Symbol
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import opening, sessions
from ensemble_desk.sources.database import ImportReport
from ensemble_desk.sources.sessions import SessionCheck
from ensemble_desk.sources.upload import reading as upload
from ensemble_desk.sources.upload.recognition import Recognised

_MOST_SHOWN = 40


def import_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel or Parquet, as vendors export them.")],
    *,
    symbol: Annotated[str, typer.Option("--symbol", help="Whose bars they are, for example AAPL.")],
    timeframe: Annotated[str, typer.Option("--timeframe", help="m15, h1, h4, d1 or w1.")],
    ticker: Annotated[str | None, typer.Option("--ticker", help="Which of several tickers in the file.")] = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="How dates such as 03/04/2024 begin.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option("--time-zone", help="Of intraday times without one; UTC by default.")
    ] = None,
    resample: Annotated[bool, typer.Option("--resample", help="Put finer bars together to this timeframe.")] = False,
    leave_out: Annotated[
        bool, typer.Option("--leave-out", help="Go on without rows that are no bar or repeat one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Import bars into the database; a bar that changes is replaced, and what it said before is kept."""
    key = arguments.key(symbol, timeframe)
    settings = desk.settings()
    limit = int(settings.max_upload_mb * 2**20)
    now = datetime.now(UTC)
    found = upload.recognise_bars(
        files.read(file, most_bytes=limit),
        file_name=file.name,
        key=key,
        max_bytes=limit,
        ticker=ticker,
        day_first=day_first,
        time_zone=time_zone,
        resample=resample,
        leave_out=leave_out,
        now=now,
    )
    database = databases.open_database(settings.registry_url)
    try:
        report = stored.import_bars(database, key, found.bars, at=now)
    finally:
        database.close()
    output.show(_told(report, found), as_json=as_json, table=_import_table(report, found))


def check_sessions(symbol: Symbol, *, as_json: Json = False) -> None:
    """List sessions of the exchange (DESK_CALENDAR) that the daily bars of the source lack; exits 1 on any."""
    settings = desk.settings()
    daily = opening.open_source(settings).bars(arguments.key(symbol, "d1"))
    found = sessions.check(daily, calendar=settings.calendar)
    output.show(found, as_json=as_json, table=lambda: _session_table(found))
    if found.missing:
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {"import": import_file, "sessions": check_sessions}


def _told(report: ImportReport, found: Recognised) -> dict[str, Any]:
    return {**output.row(report), "recognised": [output.row(fact) for fact in found.facts]}


def _import_table(report: ImportReport, found: Recognised) -> Callable[[], None]:
    counts = [("added", report.n_added), ("unchanged", report.n_unchanged), ("restated", report.n_restated)]
    rows = [*((fact.what, fact.value) for fact in found.facts), *((f"bars {what}", count) for what, count in counts)]
    return lambda: output.table(("", ""), rows, empty="")


def _session_table(found: SessionCheck) -> None:
    rows = [
        ("key", found.key),
        ("calendar", found.calendar),
        ("compared", f"{found.first} to {found.last}, {found.n_sessions:,} sessions"),
        ("missing", _days(found.missing)),
        ("bars without a session", _days(found.unexpected)),
    ]
    output.table(("", ""), rows, empty="")


def _days(days: tuple[Any, ...]) -> str:
    rest = len(days) - _MOST_SHOWN
    shown = ", ".join(str(day) for day in days[:_MOST_SHOWN])
    return f"{len(days):,}: {shown}{f' and {rest:,} more' if rest > 0 else ''}" if days else "none"
