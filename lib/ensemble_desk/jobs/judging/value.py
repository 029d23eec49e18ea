"""The command that tells what acting on a key's forecasts would have been worth."""

from typing import Annotated, Any

import typer

from ensemble_desk.evaluation.value import Account
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json, Symbol, Timeframe
from ensemble_desk.jobs.live import Kinds
from ensemble_desk.monitoring.worth import records
from ensemble_desk.monitoring.worth.records import Record
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production


def value(
    symbol: Symbol,
    timeframe: Timeframe,
    *,
    version: Annotated[
        str | None, typer.Option("--version", help="The version to ask; production's by default.")
    ] = None,
    whole_key: Annotated[bool, typer.Option("--key", help="Every version, each bar by the one that spoke.")] = False,
    kind: Kinds = None,
    as_json: Json = False,
) -> None:
    """Show what acting on forecasts was worth after costs (DESK_COST_BPS), beside holding without any."""
    key = arguments.key(symbol, timeframe)
    with desk.registry() as registry:
        if version is not None:
            versions.get(registry, key, version)
        chosen = None if whole_key else version or production.read(registry, key).version
        found = records.record(registry, key, version=chosen, kinds=kind or None)
    output.show(_told(found), as_json=as_json, table=lambda: _table(found))


def _told(found: Record) -> dict[str, Any]:
    accounts = {name: _account(getattr(found, name)) for name in ("acted", "held", "sized")}
    plain = {name: getattr(found, name) for name in ("version", "kinds", "cost_bps", "n_tried", "deflated", "problem")}
    return {
        "symbol": found.key.symbol,
        "timeframe": found.key.timeframe,
        **plain,
        **accounts,
        "verdict": found.in_words,
    }


def _account(one: Account | None) -> dict[str, Any] | None:
    if one is None:
        return None
    names = ("n", "total", "yearly", "volatility", "sharpe", "drawdown", "turnover", "costs", "held")
    return {name: getattr(one, name) for name in names}


def _table(found: Record) -> None:
    named = (
        ("acting on the forecasts", found.acted),
        ("buy and hold", found.held),
        ("held by volatility", found.sized),
    )
    rows = [
        (
            name,
            output.percent(one.yearly),
            output.percent(one.volatility),
            one.sharpe,
            output.percent(one.drawdown),
            one.turnover,
            output.percent(one.costs),
        )
        for name, one in named
        if one is not None
    ]
    columns = ("", "return a year", "volatility", "Sharpe", "largest loss", "turnover a year", "costs a year")
    output.table(columns, rows, empty=found.in_words)
    if rows:
        output.note(found.in_words)
