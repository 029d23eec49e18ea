"""Statements in plain SQL, for what every forecast and every move of production asks or writes.

Importing SQLAlchemy takes a process longer than a hundred forecasts, and it takes some hundred times as long to build
and run a statement as SQLite does to find one row. So the few statements that are always run are written out. They
read the same on SQLite and on PostgreSQL, and name their parameters ``:name``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ensemble_desk.database import times
from ensemble_desk.database.queries.query import Query, Shape

if TYPE_CHECKING:
    from sqlalchemy import Connection

_PARAMETER = re.compile(r":(\w+)")


class PlainSql(Query):
    """One statement, from its parts; ``times`` names columns and parameters that hold a time, ``locks`` its rows.

    A time is an aware datetime in UTC; SQLite keeps it as text, without the zone.
    """

    def __init__(self, *parts: str, times: Sequence[str] = (), locks: bool = False) -> None:
        self._sql, self._times = " ".join(parts), tuple(times)
        self._postgresql = _PARAMETER.sub(r"%(\1)s", self._sql) + (" FOR UPDATE" if locks else "")
        self._shape: Shape | None = None

    def long_way(self, connection: "Connection", asked: Mapping[str, Any]) -> Sequence[Any]:
        found = connection.exec_driver_sql(self._postgresql, dict(asked))
        return self._shaped(found.keys).rows(found.all())

    def straight(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[Any]:
        cursor = driver.execute(self._sql, asked)
        return self._shaped(lambda: (column[0] for column in cursor.description)).rows(cursor.fetchall())

    def write(self, connection: "Connection", values: Mapping[str, Any]) -> Any | None:
        """Write inside a transaction; gives the first value of what it returns. Raises ValueError for a naive time."""
        given = dict(values)
        sqlite = connection.dialect.name == "sqlite"
        for name in self._times:
            given[name] = _kept(given[name], as_text=sqlite)
        if sqlite:
            driver: Any = connection.connection.driver_connection
            found = driver.execute(self._sql, given).fetchall()
        else:
            written = connection.exec_driver_sql(self._postgresql, given)
            found = written.all() if written.returns_rows else ()
        return found[0][0] if found else None

    def _shaped(self, named: Callable[[], Iterable[str]]) -> Shape:
        if self._shape is None:
            names = list(named())
            self._shape = Shape(names, [(names.index(name), _told) for name in self._times])
        return self._shape


def _told(stored: str | datetime | None) -> datetime | None:
    if stored is None:
        return None
    if isinstance(stored, str):
        return datetime.fromisoformat(stored).replace(tzinfo=UTC)
    return stored.astimezone(UTC)


def _kept(given: datetime | None, *, as_text: bool) -> datetime | str | None:
    if given is None:
        return None
    utc = times.in_utc(given)
    return utc.replace(tzinfo=None).isoformat(" ", "microseconds") if as_text else utc
