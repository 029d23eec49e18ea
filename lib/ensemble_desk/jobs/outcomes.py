"""Commands about the forecast log: what came of forecasts, and honest replay of past bars."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from ensemble_desk.errors import DeskError
from ensemble_desk.forecasting import log, replay
from ensemble_desk.forecasting import outcomes as maturing
from ensemble_desk.forecasting.outcomes import OutcomeReport
from ensemble_desk.forecasting.replay import ReplayReport
from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import Jobs, Json
from ensemble_desk.jobs.inputs import keys
from ensemble_desk.jobs.inputs.keys import OneSymbol, OneTimeframe, Part, SymbolsFrom
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry


def outcomes(
    *,
    symbol: OneSymbol = None,
    timeframe: OneTimeframe = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    anew: Annotated[bool, typer.Option("--anew", help="Look at everything, not only at what has come since.")] = False,
    as_json: Json = False,
) -> None:
    """Score the forecasts whose horizon has passed; exits 1 when the bars of a key cannot be had."""
    said = keys.wanted(symbol, timeframe, shard, symbols_from)
    with desk.registry(writes_rows=True) as registry:
        known = log.keys(registry.database)
        wanted = said.of(known)
        with output.counting("outcomes", len(wanted)) as told:
            place = desk.place(registry.settings, jobs)
            found = maturing.mature(registry, wanted, anew=anew, place=place, told=told)
    failed = said.tell_missing(known)
    failed |= show(found, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def show(found: Sequence[OutcomeReport], *, as_json: bool) -> bool:
    """Show what came of forecasts, and tell which keys could not be looked at; whether there is any such."""
    output.show(list(found), as_json=as_json, table=lambda: _outcome_table(found))
    return _told((one.key, one.problem) for one in found)


def replay_past(
    *,
    symbol: OneSymbol = None,
    every: Annotated[bool, typer.Option("--all", help="Every key that has a version.")] = False,
    timeframe: OneTimeframe = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    as_json: Json = False,
) -> None:
    """Forecast past bars by the version that was newest at each, into the log, marked as replay.

    Exits 1 when a key cannot be replayed; the others are.
    """
    if (symbol is None) == (not every):
        message = "say --symbol or --all"
        raise typer.BadParameter(message)
    said = keys.wanted(symbol, timeframe, shard, symbols_from)
    with desk.registry(writes_rows=True) as registry:
        known = versions.keys(registry)
        wanted = said.of(known)
        with output.counting("replays", len(wanted)) as told:
            found = replay.run_each(registry, wanted, place=desk.place(registry.settings, jobs), told=told)
    failed = said.tell_missing(known)
    output.show(list(found), as_json=as_json, table=lambda: replay_table(found))
    failed |= _told((one.key, one.problem) for one in found)
    if failed:
        raise typer.Exit(1)


def _told(problems: Iterable[tuple[Key, str]]) -> bool:
    bad = [(key, problem) for key, problem in problems if problem]
    for key, problem in bad:
        output.note(f"error: {key}: {problem}")
    return bool(bad)


def fill_log(registry: Registry) -> None:
    """Replay every key, see what came of it and write the daily metrics, with a line for each key."""
    for key in versions.keys(registry):
        try:
            replayed = replay.run(registry, key)
            (matured,) = maturing.mature(registry, [key])
            daily.record(registry, [key])
        except DeskError as error:
            output.note(f"error: {key}: {error}")
        else:
            output.note(f"{key}: {replayed.n_new} forecasts replayed, {matured.matured} with their outcome")


def replay_table(found: Sequence[ReplayReport]) -> None:
    rows = [(one.key, one.n_forecasts, one.n_new, one.n_silent, one.by_version) for one in found]
    columns = ("key", "forecasts", "new", "all abstained", "by version")
    output.table(columns, rows, empty="There was nothing to replay.")
    for one in found:
        for version, reason in one.skipped.items():
            output.note(f"{one.key} {version}: not replayed ({reason})")


def _outcome_table(found: Sequence[OutcomeReport]) -> None:
    rows = [(one.key, one.matured, one.restated, one.void, one.pending, one.no_label) for one in found]
    columns = ("key", "matured", "restated", "void", "pending", "no label")
    empty = "The log holds no forecast. Make one: desk forecast --all"
    output.table(columns, rows, empty=empty)
