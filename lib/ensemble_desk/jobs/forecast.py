"""The command that forecasts every horizon of what is in production, and keeps what was said in the log."""

from typing import Annotated, Any

import typer

from ensemble_desk.errors import DeskError
from ensemble_desk.forecasting import production as forecasts
from ensemble_desk.forecasting.multi_horizon import UNKNOWN_HORIZON, MultiHorizonForecast
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json
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
    keep: Annotated[bool, typer.Option("--log/--no-log", help="Keep the forecasts in the log, as live.")] = True,
    as_json: Json = False,
) -> None:
    """Forecast every horizon of the timeframe from the newest bars of the source, and keep what was said."""
    chosen = symbol or symbol_argument
    if (chosen is None) == (not every):
        message = "say one SYMBOL, or --all"
        raise typer.BadParameter(message)
    found: list[MultiHorizonForecast] = []
    n_logged, failed = 0, False
    with desk.registry() as registry:
        keys = (
            _served(registry, timeframe) if chosen is None else [arguments.key(chosen, timeframe or _DEFAULT_TIMEFRAME)]
        )
        for key in keys:
            try:
                done = forecasts.forecast(registry, key, keep=keep)
                found.append(done.forecast)
                n_logged += done.n_logged
            except DeskError as error:
                output.note(f"error: {error}")
                failed = True
    told = [_forecast_told(one) for one in found]
    output.show(told, as_json=as_json, table=lambda: _forecast_table(found))
    untold = [one.key for one in found if UNKNOWN_HORIZON in one.forecasts]
    if keep and len(found) > len(untold):
        output.note(f"{n_logged} new in the log." if n_logged else "The log holds these forecasts already.")
    for one_key in untold:
        way_out = f"desk registry describe '{one_key}' --horizon BARS --threshold RETURN"
        output.note(f"{one_key}: not kept in the log, nobody has told its horizon. Run: {way_out}")
    if failed:
        raise typer.Exit(1)


def _served(registry: Registry, timeframe: str | None) -> list[Key]:
    wanted = arguments.key("A", timeframe).timeframe if timeframe else None
    return [
        pointer.key
        for pointer in production.fleet(registry)
        if pointer.version is not None and wanted in (None, pointer.key.timeframe)
    ]


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
