"""Forecasts of a version without a label, scored by one that a person names; nothing of it is stored."""

import numpy as np
from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import forecasts, symbols
from ensemble_desk.forecasting import columns, scoring
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import TRAINED, Matured
from ensemble_desk.forecasting.scoring import Verdict
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.registry.opening import Registry

_KINDS = {
    "id": "int64",
    "as_of": "time",
    "p_bearish": "float64",
    "p_neutral": "float64",
    "p_bullish": "float64",
    "horizon_bars": "int64",
    "is_live": "bool",
}


def read(registry: Registry, key: Key, *, version: str, label: LabelSpec, horizon: str | None = None) -> Matured:
    """Score what the version forecast at a horizon (None: the trained one) by the bars there are now.

    Raises
    ------
    SourceError, DatabaseError
    """
    bars = registry.source.bars(key).frame
    asked = forecasts.c.basis == TRAINED if horizon is None else forecasts.c.horizon == horizon
    with registry.database.reading() as connection:
        wanted = (
            select(
                forecasts.c.id,
                columns.moment(connection, forecasts.c.as_of),
                forecasts.c.p_bearish,
                forecasts.c.p_neutral,
                forecasts.c.p_bullish,
                forecasts.c.horizon_bars,
                columns.flag(forecasts.c.kind == Kind.LIVE.value),
            )
            .select_from(forecasts.join(symbols))
            .where(symbols.c.ticker == key.symbol, forecasts.c.timeframe == key.timeframe)
            .where(forecasts.c.version == version, asked)
        )
        found = columns.fetch(connection, wanted, _KINDS)
    order = np.argsort(found["as_of"], kind="stable")
    scored = scoring.score(bars, label, found["as_of"][order])
    known = scored.verdicts == Verdict.MATURED
    rows = order[known]
    return Matured(
        id=found["id"][rows],
        as_of=found["as_of"][rows],
        target=scored.targets[known],
        p=np.column_stack([found[name][rows] for name in ("p_bearish", "p_neutral", "p_bullish")]),
        y=scored.labels[known],
        threshold=scored.thresholds[known],
        horizon_bars=np.full(len(rows), label.horizon_bars, np.int64),
        is_live=found["is_live"][rows],
        version=np.zeros(len(rows), np.int64),
        versions=(version,),
    )
