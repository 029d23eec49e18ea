"""How far the forecasts of each key were looked at: what has not come since need not be read again.

A mark is made of the log, the bars and the versions alone. One that is lost, that is ahead of the log, or that is of
bars which changed since, counts for nothing: everything of its key is looked at anew.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.monitoring_tables import outcome_marks as table
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes, symbols
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.market.keys import Key


@dataclass(frozen=True, slots=True)
class Mark:
    """The last look at a key.

    Attributes
    ----------
    bars, past : digests of all its bars, and of those up to ``last_bar``; '' where that was not certain.
    meaning : sign of what its versions forecast.
    forecast_id, outcome_id : the newest of each, 0 where there is none; ``n_forecasts`` is how many there were.
    since : no forecast of an earlier bar is pending.
    pending, no_label : forecasts without an outcome, and those that nothing can score.
    """

    bars: str
    past: str
    last_bar: datetime
    meaning: str
    forecast_id: int
    outcome_id: int
    n_forecasts: int
    since: datetime
    pending: int
    no_label: int


def read(database: Database, key: Key, *, also_ahead: bool = False) -> Mark | None:
    """Read the mark of a key; None where there is none, or where the log does not hold what it has seen.

    With ``also_ahead`` the latter is given all the same.
    """
    found = database.ask(_MARK, symbol=key.symbol, timeframe=key.timeframe)
    if not found:
        return None
    *told, has_forecast, has_outcome = found[0]
    mark = Mark(*told)
    ahead = (mark.forecast_id and not has_forecast) or (mark.outcome_id and not has_outcome)
    return None if ahead and not also_ahead else mark


def contradiction(database: Database, key: Key, mark: Mark, known: Mapping[str, Definition]) -> str:
    """Say what the log tells otherwise than a mark about the forecasts that it has seen; '' where they agree."""
    waits = outcomes.c.id.is_(None).label("waits")
    wanted = (
        select(forecasts.c.version, waits, func.count().label("n"), func.min(forecasts.c.as_of).label("oldest"))
        .select_from(forecasts.join(symbols).outerjoin(outcomes, _first_of_forecast))
        .where(symbols.c.ticker == key.symbol, forecasts.c.timeframe == key.timeframe)
        .where(forecasts.c.id <= mark.forecast_id)
        .group_by(forecasts.c.version, waits)
    )
    with database.reading() as connection:
        rows = list(connection.execute(wanted))
    scored = {version for version, one in known.items() if one.label is not None}
    waiting = [row for row in rows if row.waits and row.version in scored]
    unscored = [row for row in rows if row.version not in scored]
    has = tuple(sum(row.n for row in some) for some in (rows, waiting, unscored))
    if has != (mark.n_forecasts, mark.pending, mark.no_label):
        seen = f"{mark.n_forecasts} forecasts, {mark.pending} pending and {mark.no_label} that nothing scores"
        return f"a look is said to have seen {seen}; the log holds {has[0]}, {has[1]} and {has[2]}"
    oldest = min((row.oldest for row in waiting), default=mark.since)
    return "" if mark.since <= oldest else f"a forecast of {oldest:%Y-%m-%d %H:%M} is pending, and is not looked at"


def logged(database: Database, key: Key) -> tuple[int, int] | None:
    """Number of the newest forecast of a key and how many there are, as its digest has it; None where it has none."""
    found = digests.standing(database, digests.FORECASTS, key)
    return None if found is None else (found.last_id, found.n_rows)


def write(connection: Connection, symbol_id: int, timeframe: str, mark: Mark) -> None:
    inserting.put(connection, table, {"symbol_id": symbol_id, "timeframe": timeframe}, asdict(mark))


_first_of_forecast = (outcomes.c.forecast_id == forecasts.c.id) & (outcomes.c.revision == 1)
_MARK = CompiledSelect(
    select(
        *(table.c[name] for name in Mark.__slots__),
        exists().where(forecasts.c.id == table.c.forecast_id).label("has_forecast"),
        exists().where(outcomes.c.id == table.c.outcome_id).label("has_outcome"),
    )
    .join(symbols, symbols.c.id == table.c.symbol_id)
    .where(symbols.c.ticker == bindparam("symbol"), table.c.timeframe == bindparam("timeframe"))
)
