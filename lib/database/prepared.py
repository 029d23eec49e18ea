"""Questions that are asked all the time: compiled once, and put to SQLite's driver, which answers in microseconds."""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

_named_tuple: Any = namedtuple  # noqa: PYI024 - its names are data
_Convert = Callable[[Any], Any]
_DIALECT = sqlite.dialect()


class Prepared:
    """A select whose parameters have names; give each row as a named tuple, as SQLAlchemy itself would.

    Building and running a statement takes SQLAlchemy some hundred times as long as SQLite takes to find one row. So
    what stands on the path of every forecast is compiled once; values are converted by the types of the columns.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def rows(self, connection: Connection, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask inside a transaction."""
        if connection.dialect.name != "sqlite":
            return connection.execute(self._statement, asked).all()
        if not connection.in_transaction():
            connection.begin()
        return self.straight(connection.connection.driver_connection, asked)

    def first(self, connection: Connection, asked: Mapping[str, Any]) -> Any | None:
        """Ask inside a transaction for the first row; None when there is none."""
        found = self.rows(connection, asked)
        return found[0] if found else None

    def straight(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask a connection of SQLite's driver."""
        if self._compiled is None:
            self._compiled = _Compiled(self._statement)
        return self._compiled.run(driver, asked)


class _Compiled:
    """The text of a statement, and what each value needs on its way in and out."""

    def __init__(self, statement: Select[Any]) -> None:
        compiled: Any = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._asked = [
            (name, compiled.params[name], bound.type.dialect_impl(_DIALECT).bind_processor(_DIALECT))
            for name, bound in ((name, compiled.binds[name]) for name in compiled.positiontup)
        ]
        columns = list(statement.selected_columns)
        self._make: Callable[[Sequence[Any]], Any] = _named_tuple("Row", [column.name for column in columns])._make
        processors = (column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns)
        self._convert: list[tuple[int, _Convert]] = [(at, known) for at, known in enumerate(processors) if known]

    def run(self, driver: Any, asked: Mapping[str, Any]) -> list[Any]:
        values = []
        for name, default, process in self._asked:
            value = asked.get(name, default)
            values.append(value if process is None else process(value))
        return [self._made(row) for row in driver.execute(self._text, values).fetchall()]

    def _made(self, row: tuple[Any, ...]) -> Any:
        if not self._convert:
            return self._make(row)
        converted = list(row)
        for at, convert in self._convert:
            converted[at] = convert(converted[at])
        return self._make(converted)
