"""What is asked of the database all the time: through SQLAlchemy in a transaction, or of SQLite's own driver."""

from abc import ABC, abstractmethod
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection

Convert = Callable[[Any], Any]
_named_tuple: Any = namedtuple  # noqa: PYI024 - its names are data


class Query(ABC):
    """A question with named parameters; each row of its answer is a named tuple, as SQLAlchemy itself would give it."""

    @abstractmethod
    def straight(self, driver: Any, asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask a connection of SQLite's driver."""

    @abstractmethod
    def long_way(self, connection: "Connection", asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask another database through SQLAlchemy."""

    def rows(self, connection: "Connection", asked: Mapping[str, Any]) -> Sequence[Any]:
        """Ask inside a transaction."""
        if connection.dialect.name != "sqlite":
            return self.long_way(connection, asked)
        if not connection.in_transaction():
            connection.begin()
        return self.straight(connection.connection.driver_connection, asked)

    def first(self, connection: "Connection", asked: Mapping[str, Any]) -> Any | None:
        """Ask inside a transaction for the first row; None when there is none."""
        found = self.rows(connection, asked)
        return found[0] if found else None


class Shape:
    """The names of a row's values, and what some of them are converted by."""

    def __init__(self, names: Iterable[str], convert: Iterable[tuple[int, Convert]]) -> None:
        self._make: Callable[[Sequence[Any]], Any] = _named_tuple("Row", list(names))._make
        self._convert = list(convert)

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Any]:
        """Give rows of the driver as named tuples."""
        return list(map(self._converted if self._convert else self._make, found))

    def _converted(self, row: Sequence[Any]) -> Any:
        values = list(row)
        for at, convert in self._convert:
            values[at] = convert(values[at])
        return self._make(values)
