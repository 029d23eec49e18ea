"""Questions that are asked all the time: compiled once, and put to SQLite's driver, which answers in microseconds."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite

from ensemble_desk.database.queries.query import Query, Shape

_DIALECT = sqlite.dialect()


class CompiledSelect(Query):
    """A select of SQLAlchemy's whose parameters have names.

    Building and running a statement takes SQLAlchemy some hundred times as long as SQLite takes to find one row. So
    what every page asks is compiled once; values are converted by the types of the columns.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._compiled: _Compiled | None = None

    def long_way(self, connection: Connection, asked: Mapping[str, Any]) -> Sequence[Any]:
        return connection.execute(self._statement, asked).all()

    def straight(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[Any]:
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
        processors = (column.type.dialect_impl(_DIALECT).result_processor(_DIALECT, None) for column in columns)
        convert = ((at, known) for at, known in enumerate(processors) if known)
        self._shape = Shape((column.name for column in columns), convert)

    def run(self, driver: Any, asked: Mapping[str, Any]) -> list[Any]:
        values = []
        for name, default, process in self._asked:
            value = asked.get(name, default)
            values.append(value if process is None else process(value))
        return self._shape.rows(driver.execute(self._text, values).fetchall())
