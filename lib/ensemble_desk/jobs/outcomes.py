"""Commands about the forecast log: what came of forecasts, and honest replay of past bars."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ensemble_desk.errors import DeskError, UnknownKeyError
from ensemble_desk.forecasting import log, replay
from ensemble_desk.forecasting import outcomes as maturing
from ensemble_desk.forecasting.outcomes import OutcomeReport
from ensemble_desk.forecasting.replay import ReplayReport
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry

OneSymbol = Annotated[str | None, typer.Option("--symbol", help="Only this ticker symbol.")]
OneTimeframe = Annotated[str | None, typer.Option("--timeframe", help="Only this timeframe.")]


def outcomes(*, symbol: OneSymbol = None, timeframe: OneTimeframe = None, as_json: Json = False) -> None:
    """Score the forecasts whose horizon has passed; exits 1 when the bars of a key cannot be had."""
    with desk.registry() as registry:
        keys = chosen(log.keys(registry.database), symbol, timeframe)
        found = maturing.mature(registry, keys)
    output.show(list(found), as_json=as_json, table=lambda: _outcome_table(found))
    problems = [one for one in found if one.problem]
    for one in problems:
        output.note(f"error: {one.key}: {one.problem}")
    if problems:
        raise typer.Exit(1)


def replay_past(
    *,
    symbol: OneSymbol = None,
    every: Annotated[bool, typer.Option("--all", help="Every key that has a version.")] = False,
    timeframe: OneTimeframe = None,
    as_json: Json = False,
) -> None:
    """Forecast past bars by the version that was newest at each, into the log, marked as replay.

    Exits 1 when a key cannot be replayed; the others are.
    """
    if (symbol is None) == (not every):
        message = "say --symbol or --all"
        raise typer.BadParameter(message)
    with desk.registry() as registry:
        keys = chosen(versions.keys(registry), symbol, timeframe)
        found = tuple(replay.run_each(registry, keys))
    output.show(list(found), as_json=as_json, table=lambda: replay_table(found))
    problems = [one for one in found if one.problem]
    for one in problems:
        output.note(f"error: {one.key}: {one.problem}")
    if problems:
        raise typer.Exit(1)


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


def chosen(known: Sequence[Key], symbol: str | None, timeframe: str | None) -> tuple[Key, ...]:
    """Keys with this symbol and timeframe, where they are said; raises UnknownKeyError when a symbol has none."""
    asked = arguments.key(symbol or "A", timeframe or "d1")
    found = tuple(
        key
        for key in known
        if (symbol is None or key.symbol == asked.symbol) and (timeframe is None or key.timeframe == asked.timeframe)
    )
    if symbol is not None and not found:
        raise UnknownKeyError(asked if timeframe else asked.symbol)
    return found


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
