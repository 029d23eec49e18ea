"""Commands about bars: import files into the database, kept mappings, daily bars beside the sessions of an exchange."""

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ensemble_desk.database import opening as databases
from ensemble_desk.database.opening import Database
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Jobs, Json, KeepAs, Symbol
from ensemble_desk.jobs.inputs import file_options, files, keys, many_bars
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom, Wanted
from ensemble_desk.settings import Settings
from ensemble_desk.sources import importing, kept_mappings, many_files, opening, sessions
from ensemble_desk.sources.importing import Imported, Rules
from ensemble_desk.sources.kept_mappings import KeptMapping
from ensemble_desk.sources.sessions import SessionCheck
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers

_MOST_SHOWN = 40


@file_options.answered
def import_file(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file as vendors export it; a folder or a long table with --all.")
    ],
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Whose bars they are, for example AAPL.")] = None,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="m15, h1, h4, d1 or w1.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every file of the folder by its name, or every symbol of the file.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Change many bars that say something else, without asking.")
    ] = False,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    answers: Answers,
    keep_as: KeepAs = None,
    as_json: Json = False,
) -> None:
    """Import bars into the database; a bar that changes is replaced, and what it said before is kept."""
    settings = desk.settings()
    rules = Rules(
        answers=answers,
        max_bytes=int(settings.max_upload_mb * 2**20),
        now=datetime.now(UTC),
        calendar=sessions.calendar(settings.calendar),
        may_restate=yes,
    )
    if not every and (symbol is None or timeframe is None):
        message = "say --symbol and --timeframe, or --all for a folder or a table of many symbols"
        raise typer.BadParameter(message)
    if every or symbol is None or timeframe is None:
        _import_all(
            file, timeframe, rules, said=keys.wanted(symbol, None, shard, symbols_from), jobs=jobs, as_json=as_json
        )
        return
    if (shard, symbols_from) != (None, None):
        message = "say --shard and --symbols-from with --all"
        raise typer.BadParameter(message)
    key = arguments.key(symbol, timeframe)
    database = databases.open_database(settings.registry_url)
    try:
        content = files.read(file, most_bytes=rules.max_bytes)
        found = importing.one(database, key, content, file_name=file.name, rules=rules)
        if keep_as is not None:
            _keep(database, keep_as, content, file_name=file.name, rules=rules, settings=settings)
    finally:
        database.close()
    output.show(_told(found), as_json=as_json, table=lambda: _import_table(found))


def mappings(
    *,
    forget: Annotated[str | None, typer.Option("--forget", help="Delete the mapping of this name.")] = None,
    as_json: Json = False,
) -> None:
    """List kept mappings: how files of one shape are read."""
    database = databases.open_database(desk.settings().registry_url)
    try:
        if forget is not None:
            kept_mappings.forget(database, forget)
        found = kept_mappings.every(database)
    finally:
        database.close()
    told = [{**output.row(one), "answers": one.answers.said()} for one in found]
    output.show(told, as_json=as_json, table=lambda: _mappings_table(found))


def check_sessions(symbol: Symbol, *, as_json: Json = False) -> None:
    """List sessions of the exchange (DESK_CALENDAR) that the daily bars of the source lack; exits 1 on any."""
    settings = desk.settings()
    daily = opening.open_source(settings).bars(arguments.key(symbol, "d1"))
    found = sessions.check(daily, calendar=settings.calendar)
    output.show(found, as_json=as_json, table=lambda: _session_table(found))
    if found.missing:
        raise typer.Exit(1)


COMMANDS: dict[str, Callable[..., None]] = {"import": import_file, "mappings": mappings, "sessions": check_sessions}


def _import_all(
    file: Path, timeframe: str | None, rules: Rules, *, said: Wanted, jobs: int | None, as_json: bool
) -> None:
    with desk.registry(writes_rows=True) as registry, tempfile.TemporaryDirectory(prefix="desk-import-") as folder:
        if file.is_dir():
            there = many_files.of_folder(file, timeframe=timeframe, rules=rules)
        elif timeframe is None:
            message = "say the --timeframe of the table's bars"
            raise typer.BadParameter(message)
        else:
            content = files.read(file, most_bytes=rules.max_bytes)
            there, rules = many_files.of_long_table(
                content, file_name=file.name, timeframe=timeframe, rules=rules, place=Path(folder)
            )
            del content
        parts = many_bars.meant(there, said)
        with output.counting("files", len(parts)) as told:
            place = desk.place(registry.settings, jobs)
            done = many_bars.run(registry, parts, rules=rules, place=place, told=told)
    failed = said.tell_missing([part.key for part in there if part.key is not None])
    output.show([_told(one) for one in done], as_json=as_json, table=lambda: _summary(done))
    if failed or any(one.problem for one in done):
        raise typer.Exit(1)


def _keep(database: Database, name: str, content: bytes, *, file_name: str, rules: Rules, settings: Settings) -> None:
    shape = reading.shape_of(reading.opened(content, file_name=file_name, max_bytes=rules.max_bytes))
    kept_mappings.keep(database, name, shape=shape, said=rules.answers, at=rules.now, actor=settings.actor_name)
    output.note(f"kept as {name}: files of this shape are read so from now on")


def _told(found: Imported) -> dict[str, Any]:
    if found.report is None:
        key = {} if found.key is None else {"symbol": found.key.symbol, "timeframe": found.key.timeframe}
        return {"file": found.name, **key, "problem": found.problem}
    return {
        "file": found.name,
        **output.row(found.report),
        "recognised": [output.row(fact) for fact in found.facts],
        "warnings": [output.row(warned) for warned in found.warnings],
    }


def _import_table(found: Imported) -> None:
    if found.report is None:
        return
    report = found.report
    counts = [("added", report.n_added), ("unchanged", report.n_unchanged), ("restated", report.n_restated)]
    facts = ((fact.what, fact.value) for fact in found.facts)
    output.table(("", ""), [*facts, *((f"bars {what}", count) for what, count in counts)], empty="")


def _summary(done: Sequence[Imported]) -> None:
    rows = [
        (
            one.name,
            one.key,
            *((one.report.n_added, one.report.n_unchanged, one.report.n_restated) if one.report else ("", "", "")),
            one.problem or "; ".join(warned.what for warned in one.warnings),
        )
        for one in done
    ]
    columns = ("file", "key", "added", "unchanged", "restated", "to know")
    output.table(columns, rows, empty="There is no file of bars in this folder.")


def _mappings_table(found: Sequence[KeptMapping]) -> None:
    rows = [(one.name, one.shape, one.answers.said(), one.kept_at, one.actor) for one in found]
    empty = "No mapping is kept. Keep one: desk bars import FILE … --map close=PX_LAST --keep-as NAME"
    output.table(("name", "shape", "said", "kept at", "by"), rows, empty=empty)


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
