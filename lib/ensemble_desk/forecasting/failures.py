"""Keys whose production could not forecast the last time it was asked: remembered until it can again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.registry_tables import failed_forecasts as table
from ensemble_desk.market.keys import Key

_KNOWN = CompiledSelect(
    select(table.c.version).where(table.c.symbol == bindparam("symbol"), table.c.timeframe == bindparam("timeframe"))
)


@dataclass(frozen=True, slots=True)
class FailedForecast:
    """The newest failure of a key: which version, why and when."""

    key: Key
    version: str
    problem: str
    at: datetime


def keep(database: Database, key: Key, *, version: str, problem: str, at: datetime) -> None:
    """Remember that a version in production could not forecast."""
    told = {"version": version, "problem": problem, "at": at}
    with database.writing() as connection:
        inserting.put(connection, table, {"symbol": key.symbol, "timeframe": key.timeframe}, told)


def forget(database: Database, key: Key) -> None:
    """Note that production of a key can forecast; writes only when it could not before."""
    here = (table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)
    if database.ask(_KNOWN, symbol=key.symbol, timeframe=key.timeframe):
        with database.writing() as connection:
            connection.execute(delete(table).where(*here))


def standing(database: Database) -> tuple[FailedForecast, ...]:
    """Every key whose production could not forecast the last time, in order."""
    with database.reading() as connection:
        rows = connection.execute(select(table).order_by(table.c.symbol, table.c.timeframe)).all()
    return tuple(FailedForecast(Key(row.symbol, row.timeframe), row.version, row.problem, row.at) for row in rows)
