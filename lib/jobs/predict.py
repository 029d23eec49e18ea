"""Commands that forecast: predict with one version, forecast every horizon."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from lib.errors import DeskError, UploadError
from lib.forecasting import production as forecasts
from lib.forecasting.multi_horizon import MultiHorizonForecast
from lib.jobs import arguments, desk, output
from lib.jobs.arguments import Json, Symbol, Timeframe
from lib.market.keys import Key
from lib.registry import production, serving, versions
from lib.registry.opening import Registry

_DEFAULT_TIMEFRAME = "d1"


def predict(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    file: Annotated[
        Path | None,
        typer.Option("--file", help="A CSV of bars or of ready features; the newest bars of the source by default."),
    ] = None,
    version: Annotated[str | None, typer.Option("--version", help="Production's by default.")] = None,
    as_json: Json = False,
) -> None:
    """Forecast the newest row: label, confidence, agreement and probabilities."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        chosen = version or production.read(registry, key).version
        ensemble = serving.ensemble(registry, key) if version is None else serving.ensemble_of(registry, key, version)
        frame = registry.source.bars(key).frame if file is None else _read(registry, key, chosen, file)
        result = ensemble.predict(frame)
    output.show(_told(result), as_json=as_json, table=lambda: _prediction_table(key, result))


def forecast(
    symbol_argument: Annotated[str | None, typer.Argument(metavar="[SYMBOL]", help="Ticker symbol.")] = None,
    *,
    symbol: Annotated[str | None, typer.Option("--symbol", help="Ticker symbol.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every key with a version in production.")] = False,
    timeframe: Annotated[str | None, typer.Option("--timeframe", help="d1 by default; with --all: all.")] = None,
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
    if found and keep:
        output.note(f"{n_logged} new in the log." if n_logged else "The log holds these forecasts already.")
    if failed:
        raise typer.Exit(1)


def _read(registry: Registry, key: Key, version: str | None, file: Path) -> pd.DataFrame:
    """Read a file as ready features when it has every feature of the version, else as bars."""
    from lib.sources import upload

    limit = int(registry.settings.max_upload_mb * 2**20)
    try:
        with file.open("rb") as opened:
            data = opened.read(limit + 1)
    except OSError as error:
        raise UploadError(file.name, [f"it cannot be read ({error.strerror})"]) from error
    table = upload.read_table(data, file_name=file.name, max_bytes=limit)
    manifest = versions.manifest(registry, key, version) if version else {}
    names = manifest.get("feature_names")
    if names is None or set(names) <= set(table.columns):
        return table
    return upload.read_bars(data, file_name=file.name, key=key, max_bytes=limit).frame


def _served(registry: Registry, timeframe: str | None) -> list[Key]:
    wanted = timeframe.strip().lower() if timeframe else None
    if wanted is not None:
        arguments.key("A", wanted)
    return [
        pointer.key
        for pointer in production.fleet(registry)
        if pointer.version is not None and wanted in (None, pointer.key.timeframe)
    ]


def _told(result: Mapping[str, Any]) -> dict[str, Any]:
    first = ("label", "confidence", "agreement", "probabilities", "version", "as_of")
    return {name: result[name] for name in first} | {name: value for name, value in result.items() if name not in first}


def _prediction_table(key: Key, result: Mapping[str, Any]) -> None:
    facts = [
        ("key", key),
        ("version", result["version"]),
        ("as of", result["as_of"]),
        ("horizon", f"{result['horizon']} ({result['horizon_bars']} bars)"),
        ("label", result["label"]),
        ("confidence", output.percent(result["confidence"])),
        ("agreement", output.percent(result["agreement"])),
        ("probabilities", result["probabilities"]),
    ]
    facts += [
        (name, f"{vote['label']}, weight {output.percent(vote['weight'])}")
        for name, vote in result["component_predictions"].items()
    ]
    facts += [(name, f"abstains: {reason}") for name, reason in result["abstentions"].items()]
    output.table(("", ""), facts, empty="")


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
            row.horizon,
            row.label,
            output.percent(row.confidence),
            output.percent(row.agreement),
            row.basis,
        )
        for one in found
        for row in one.forecasts.values()
    ]
    columns = ("key", "version", "as of", "horizon", "label", "confidence", "agreement", "basis")
    output.table(columns, rows, empty="Nothing was forecast.")
    for one in found:
        for horizon, reason in one.unavailable.items():
            output.note(f"{one.key} {horizon}: no forecast ({reason})")
