"""Pages of the version index by keyset: each page begins where the one before ended, however long the list."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, literal, tuple_

from lib.database.tables import model_versions as table
from lib.errors import InvalidCursorError

Order = Literal["created_at", "accuracy", "version", "symbol"]

_COLUMNS: dict[str, dict[str, type]] = {
    "created_at": {"created_at": datetime, "id": int},
    "accuracy": {"accuracy_sort": float, "id": int},
    "version": {"version": str, "id": int},
    "symbol": {"symbol": str, "timeframe": str, "version": str},
}


@dataclass(frozen=True, slots=True)
class Walk:
    """A direction through the index; each order has an index of the database behind it."""

    order: Order
    descending: bool

    @property
    def columns(self) -> list[ColumnElement[Any]]:
        return [table.c[name] for name in _COLUMNS[self.order]]

    def apply(self, wanted: Select[Any], *, limit: int, after: str | None) -> Select[Any]:
        """Sort, begin after the cursor, and take one row more than the page holds (to know whether there is more)."""
        columns = self.columns
        if after is not None:
            end = [literal(value, column.type) for value, column in zip(self._read(after), columns, strict=True)]
            here, there = tuple_(*columns), tuple_(*end)
            wanted = wanted.where(here < there if self.descending else here > there)
        sorted_by = [column.desc() if self.descending else column.asc() for column in columns]
        return wanted.order_by(*sorted_by).limit(limit + 1)

    def cursor(self, row: Row[Any]) -> str:
        """Name a row as the end of a page."""
        values = [getattr(row, name) for name in _COLUMNS[self.order]]
        shown = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        text = json.dumps([self.order, self.descending, *shown], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _read(self, cursor: str) -> list[Any]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            order, descending, *values = json.loads(base64.urlsafe_b64decode(padded))
            if self.order == "created_at":
                values[0] = datetime.fromisoformat(values[0])
        except (binascii.Error, ValueError, TypeError, IndexError, RecursionError) as error:
            raise InvalidCursorError(cursor) from error
        read: list[Any] = values
        kinds = list(_COLUMNS[self.order].values())
        fits = (order, descending, len(values)) == (self.order, self.descending, len(kinds))
        if not fits or not all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True)):
            raise InvalidCursorError(cursor)
        return read
