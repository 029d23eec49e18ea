"""Rows of outcomes: what was known of a key's forecasts, and what the bars newly say of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, select

from ensemble_desk.database import inserting, moments
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes
from ensemble_desk.forecasting import columns
from ensemble_desk.forecasting.columns import Columns
from ensemble_desk.forecasting.matured import TRAINED
from ensemble_desk.forecasting.scoring import IN_WORDS, Scored, Verdict
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES

MATURED, VOID = "matured", "void"
RESTATED = "the bars or the label were restated"
_SAME = (
    1e-9  # log returns closer than this are one: scaling all prices by a factor, as a dividend does, changes nothing
)


_KINDS = {
    "id": "int64",
    "as_of": "time",
    "version": "text",
    "horizon_bars": "int64",
    "is_trained": "bool",
    "revision": "float64",
    "outcome_id": "float64",
    "is_void": "float64",
    "label": "float64",
    "move": "float64",
    "threshold": "float64",
    "target": "time",
}


def logged(connection: Connection, symbol_id: int, key: Key, *, since: datetime | None) -> Columns:
    """Every forecast of a key (of bars since a time), each with the newest revision of its outcome, NaN for none."""
    wanted = (
        select(
            forecasts.c.id,
            moments.of(connection, forecasts.c.as_of),
            forecasts.c.version,
            forecasts.c.horizon_bars,
            columns.flag(forecasts.c.basis == TRAINED),
            outcomes.c.revision,
            outcomes.c.id,
            columns.flag(outcomes.c.state == VOID),
            columns.class_number(outcomes.c.label),
            outcomes.c.move,
            outcomes.c.threshold,
            moments.of(connection, outcomes.c.target_at),
        )
        .select_from(forecasts.outerjoin(outcomes, outcomes.c.forecast_id == forecasts.c.id))
        .where(forecasts.c.symbol_id == symbol_id, forecasts.c.timeframe == key.timeframe)
    )
    wanted = wanted if since is None else wanted.where(forecasts.c.as_of >= since)
    return columns.newest(columns.fetch(connection, wanted, _KINDS), by="id", order="revision")


def oldest_pending(some: Columns, scored: Scored, otherwise: datetime) -> datetime:
    """Time of the oldest bar whose forecast waits for its outcome; another one where none waits."""
    waits = np.isnan(some["revision"]) & (scored.verdicts == Verdict.PENDING)
    return pd.Timestamp(some["as_of"][waits].min(), tz=UTC).to_pydatetime() if waits.any() else otherwise


def write(
    connection: Connection, some: Columns, scored: Scored, *, at: datetime
) -> tuple[Mapping[str, Any], list[int]]:
    """Write what is new; give how many matured, were restated, are void and pending, and the numbers of the rows."""
    fresh = np.isnan(some["revision"])
    was_void = some["is_void"] == 1
    matured = scored.verdicts == Verdict.MATURED
    differs = was_void | (some["label"] != scored.labels) | (some["target"] != scored.targets)
    differs |= ~np.isclose(some["move"], scored.moves, rtol=0, atol=_SAME)
    differs |= ~np.isclose(some["threshold"], scored.thresholds, rtol=0, atol=_SAME)
    gone = (scored.verdicts == Verdict.NO_SUCH_BAR) | (scored.verdicts == Verdict.OTHER_HORIZON)
    unknowable = gone | (scored.verdicts == Verdict.BEFORE_BARS) | (scored.verdicts == Verdict.NO_THRESHOLD)
    restated = ~fresh & matured & differs
    void = (fresh & unknowable) | (~fresh & ~was_void & gone)
    new = (fresh & matured) | restated | void
    rows = [_row(some, scored, row, at=at) for row in np.flatnonzero(new).tolist()]
    counts: dict[str, Any] = {
        "matured": int((fresh & matured).sum()),
        "restated": int(restated.sum()),
        "void": int(void.sum()),
        "pending": int((fresh & (scored.verdicts == Verdict.PENDING)).sum()),
    }
    return counts, inserting.new(connection, outcomes, rows)


def _row(some: Columns, scored: Scored, row: int, *, at: datetime) -> dict[str, Any]:
    verdict = Verdict(int(scored.verdicts[row]))
    before = some["revision"][row]
    told: dict[str, Any] = {
        "forecast_id": int(some["id"][row]),
        "revision": 1 if np.isnan(before) else int(before) + 1,
        "created_at": at,
    }
    if verdict is not Verdict.MATURED:
        empty = dict.fromkeys(("label", "move", "threshold", "price_from", "price_to", "target_at"))
        return told | empty | {"state": VOID, "detail": IN_WORDS[verdict]}
    return told | {
        "state": MATURED,
        "label": CLASSES[int(scored.labels[row])],
        "move": float(scored.moves[row]),
        "threshold": float(scored.thresholds[row]),
        "price_from": float(scored.prices_from[row]),
        "price_to": float(scored.prices_to[row]),
        "target_at": pd.Timestamp(scored.targets[row]).to_pydatetime().replace(tzinfo=UTC),
        "detail": "" if np.isnan(before) else RESTATED,
    }
