"""Statements in plain SQL, for what every forecast and every move of production asks or writes.

Importing SQLAlchemy takes a process longer than a hundred forecasts, and it takes some hundred times as long to build
and run a statement as SQLite does to find one row. So the few statements that are always run are written out. They
read the same on SQLite and on PostgreSQL, and name their parameters ``:name``.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lib.database import times

if TYPE_CHECKING:
    from sqlalchemy import Connection

_named_tuple: Any = namedtuple  # noqa: PYI024 - its names are data
_PARAMETER = re.compile(r":(\w+)")


class Plain:
    """One statement, from its parts; ``times`` names columns and parameters that hold a time, ``locks`` its rows.

    Rows are named tuples. A time is an aware datetime in UTC; SQLite keeps it as text, without the zone.
    """

    def __init__(self, *parts: str, times: Sequence[str] = (), locks: bool = False) -> None:
        self._sql, self._times = " ".join(parts), tuple(times)
        self._postgresql = _PARAMETER.sub(r"%(\1)s", self._sql) + (" FOR UPDATE" if locks else "")
        self._make: Callable[[Sequence[Any]], Any] | None = None
        self._at: list[int] = []

    def rows(self, connection: "Connection", asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask inside a transaction."""
        if connection.dialect.name != "sqlite":
            found = connection.exec_driver_sql(self._postgresql, dict(asked))
            return self._rows(found.all(), found.keys, _in_utc)
        if not connection.in_transaction():
            connection.begin()
        return self.straight(connection.connection.driver_connection, asked)

    def first(self, connection: "Connection", asked: Mapping[str, Any]) -> Any | None:
        """Ask inside a transaction for the first row; None when there is none."""
        found = self.rows(connection, asked)
        return found[0] if found else None

    def straight(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask a connection of SQLite's driver."""
        cursor = driver.execute(self._sql, asked)
        return self._rows(cursor.fetchall(), lambda: [column[0] for column in cursor.description], _of_text)

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

    def _rows(
        self, found: Sequence[Any], named: Callable[[], Iterable[str]], convert: Callable[[Any], datetime]
    ) -> list[Any]:
        if self._make is None:
            names = list(named())
            self._at = [names.index(name) for name in self._times]
            self._make = _named_tuple("Row", names)._make
        if not self._at:
            return list(map(self._make, found))
        made = []
        for row in found:
            values = list(row)
            for at in self._at:
                if values[at] is not None:
                    values[at] = convert(values[at])
            made.append(self._make(values))
        return made


def _of_text(stored: str) -> datetime:
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def _in_utc(stored: datetime) -> datetime:
    return stored.astimezone(UTC)


def _kept(given: datetime | None, *, as_text: bool) -> datetime | str | None:
    if given is None:
        return None
    utc = times.in_utc(given)
    return utc.replace(tzinfo=None).isoformat(" ", "microseconds") if as_text else utc
