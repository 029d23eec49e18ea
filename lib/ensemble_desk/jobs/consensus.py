"""The command that asks production of every timeframe about one symbol."""

from typing import Annotated

import typer

from ensemble_desk.forecasting import consensus as timeframes
from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import Json, Symbol


def consensus(
    symbol: Symbol,
    *,
    until: Annotated[
        str | None, typer.Option("--until", metavar="MOMENT", help="Bars up to this moment only; all by default.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask the version in production of every timeframe, and say whether they agree."""
    chosen = arguments.key(symbol, "d1").symbol
    with desk.registry() as registry:
        views = timeframes.views(registry, chosen, until=arguments.moment(until) if until else None)
    found = timeframes.of(views)
    told = {
        "symbol": chosen,
        **output.row(found),
        "timeframes": [
            {
                "timeframe": view.key.timeframe,
                "version": view.version,
                "label": None if view.result is None else view.result["label"],
                "confidence": None if view.result is None else view.result["confidence"],
                "horizon": None if view.result is None else view.result["horizon"],
                "as_of": None if view.result is None else view.result["as_of"],
                "in_sample": view.in_sample,
                "problem": view.problem,
            }
            for view in views
        ],
    }
    output.show(told, as_json=as_json, table=lambda: _table(told))


def _table(told: dict[str, object]) -> None:
    rows = told["timeframes"]
    assert isinstance(rows, list)  # noqa: S101 - made above
    output.table(tuple(rows[0]), [tuple(row.values()) for row in rows], empty="")
    agreed = (
        "no consensus"
        if told["agreement"] is None
        else f"{told['label'] or 'mixed'}, agreement {told['agreement']:.0%}"
    )
    output.note(f"{told['symbol']}: {agreed} of {told['n_speaking']} timeframes that speak")
