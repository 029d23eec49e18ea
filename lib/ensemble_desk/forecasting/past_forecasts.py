"""What was said before about bars, and what came of it: rows of the log with the newest look at their outcome."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes, symbols
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market.keys import Key

_MATURED = "matured"


@dataclass(frozen=True, slots=True)
class PastForecast:
    """One earlier forecast.

    Attributes
    ----------
    target_at : the bar that decided; None while it is not there.
    outcome : the class that came; None while it is open, and where it cannot be known.
    """

    as_of: datetime
    target_at: datetime | None
    version: str
    kind: Kind
    basis: str
    label: str
    confidence: float
    outcome: str | None

    @property
    def came_true(self) -> bool | None:
        return None if self.outcome is None else self.outcome == self.label


def read(database: Database, key: Key, *, horizon: str, first: datetime, last: datetime) -> tuple[PastForecast, ...]:
    """Read what any version said at the bars from ``first`` to ``last`` over one horizon, oldest first."""
    revised = outcomes.alias()
    newer = select(revised.c.id).where(
        revised.c.forecast_id == outcomes.c.forecast_id, revised.c.revision > outcomes.c.revision
    )
    wanted = (
        select(
            forecasts.c.as_of,
            outcomes.c.target_at,
            forecasts.c.version,
            forecasts.c.kind,
            forecasts.c.basis,
            forecasts.c.label,
            forecasts.c.confidence,
            outcomes.c.state,
            outcomes.c.label.label("outcome"),
        )
        .select_from(
            forecasts.join(symbols).outerjoin(outcomes, (outcomes.c.forecast_id == forecasts.c.id) & ~newer.exists())
        )
        .where(
            symbols.c.ticker == key.symbol,
            forecasts.c.timeframe == key.timeframe,
            forecasts.c.horizon == horizon,
            forecasts.c.as_of.between(first, last),
        )
        .order_by(forecasts.c.as_of, forecasts.c.id)
    )
    with database.reading() as connection:
        return tuple(_said(row) for row in connection.execute(wanted))


def _said(row: Any) -> PastForecast:
    return PastForecast(
        as_of=row.as_of,
        target_at=row.target_at,
        version=row.version,
        kind=Kind(row.kind),
        basis=row.basis,
        label=row.label,
        confidence=row.confidence,
        outcome=row.outcome if row.state == _MATURED else None,
    )
