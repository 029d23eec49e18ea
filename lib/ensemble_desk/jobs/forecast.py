"""The command that forecasts every horizon of what is in production, and keeps what was said in the log."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ensemble_desk.forecasting import production as forecasts
from ensemble_desk.forecasting.multi_horizon import UNKNOWN_HORIZON, MultiHorizonForecast
from ensemble_desk.forecasting.production import Answer
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Jobs, Json
from ensemble_desk.jobs.inputs import keys
from ensemble_desk.jobs.inputs.keys import Part, SymbolsFrom
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.opening import Registry

_DEFAULT_TIMEFRAME = "d1"


def forecast(
    symbol_argument: Annotated[str | None, typer.Argument(metavar="[SYMBOL]", help="Ticker symbol.")] = None,
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Ticker symbol.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every key with a version in production.")] = False,
    timeframe: Annotated[
        str | None, typer.Option("--timeframe", help="Such as d1, the default; with --all every one.")
    ] = None,
    shard: Part = None,
    symbols_from: SymbolsFrom = None,
    jobs: Jobs = None,
    keep: Annotated[bool, typer.Option("--log/--no-log", help="Keep the forecasts in the log, as live.")] = True,
    as_json: Json = False,
) -> None:
    """Forecast every horizon of the timeframe from the newest bars of the source, and keep what was said."""
    chosen = symbol or symbol_argument
    if (chosen is None) == (not every):
        message = "say one SYMBOL, or --all"
        raise typer.BadParameter(message)
    said = keys.wanted(None, timeframe, shard, symbols_from)
    with desk.registry(writes_rows=keep) as registry:
        known = _served(registry) if chosen is None else []
        wanted = said.of(known) if chosen is None else (arguments.key(chosen, timeframe or _DEFAULT_TIMEFRAME),)
        place = desk.place(registry.settings, jobs)
        with output.counting("forecasts", len(wanted)) as told:
            answers = forecasts.forecast_each(registry, wanted, keep=keep, place=place, told=told)
    failed = said.tell_missing(known)
    failed |= show(answers, keep=keep, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def show(answers: Sequence[Answer], *, keep: bool, as_json: bool) -> bool:
    """Show what was forecast, and tell what was not; whether there is any such."""
    found = [one.found.forecast for one in answers if one.found is not None]
    problems = [one.problem for one in answers if one.problem]
    for problem in problems:
        output.note(f"error: {problem}")
    told = [_forecast_told(one) for one in found]
    output.show(told, as_json=as_json, table=lambda: _forecast_table(found))
    untold = [one.key for one in found if UNKNOWN_HORIZON in one.forecasts]
    n_logged = sum(one.found.n_logged for one in answers if one.found is not None)
    if keep and len(found) > len(untold):
        output.note(f"{n_logged} new in the log." if n_logged else "The log holds these forecasts already.")
    for one_key in untold:
        way_out = f"desk registry describe '{one_key}' --horizon BARS --threshold RETURN"
        output.note(f"{one_key}: not kept in the log, nobody has told its horizon. Run: {way_out}")
    return bool(problems)


def _served(registry: Registry) -> list[Key]:
    return [pointer.key for pointer in production.fleet(registry) if pointer.version is not None]


def _forecast_told(found: MultiHorizonForecast) -> dict[str, Any]:
    told = output.row(found)
    told["consensus"] = found.consensus
    told["forecasts"] = list(told["forecasts"].values())
    return told


def _forecast_table(found: list[MultiHorizonForecast]) -> None:
    rows = [
        (
            one.key,
            one.version,
            one.as_of,
            row.horizon or "unknown",
            row.label,
            output.percent(row.confidence),
            output.percent(row.agreement),
            output.lean(row.lean, row.edges),
            row.basis,
        )
        for one in found
        for row in one.forecasts.values()
    ]
    columns = ("key", "version", "as of", "horizon", "label", "confidence", "agreement", "lean", "basis")
    output.table(columns, rows, empty="Nothing was forecast.")
    for one in found:
        for horizon, reason in one.unavailable.items():
            output.note(f"{one.key} {horizon}: no forecast ({reason})")
