"""Pages of the version index by keyset: each page begins where the one before ended, however long the list."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, bindparam, tuple_

from ensemble_desk.database.tables.registry_tables import model_versions as table
from ensemble_desk.errors import InvalidCursorError

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

    def apply(self, wanted: Select[Any], *, begun: bool) -> Select[Any]:
        """Sort and, where a page goes on from a cursor, begin after it; see :meth:`read`."""
        columns = self.columns
        if begun:
            end = [bindparam(f"after_{column.name}", type_=column.type) for column in columns]
            here, there = tuple_(*columns), tuple_(*end)
            wanted = wanted.where(here < there if self.descending else here > there)
        return wanted.order_by(*(column.desc() if self.descending else column.asc() for column in columns))

    def cursor(self, row: Any) -> str:
        """Name a row as the end of a page."""
        values = [getattr(row, name) for name in _COLUMNS[self.order]]
        shown = [value.isoformat() if isinstance(value, datetime) else value for value in values]
        text = json.dumps([self.order, self.descending, *shown], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def read(self, cursor: str) -> dict[str, Any]:
        """Give the values that a page goes on from; raises InvalidCursorError."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            order, descending, *values = json.loads(base64.urlsafe_b64decode(padded))
            if self.order == "created_at":
                values[0] = datetime.fromisoformat(values[0])
        except (binascii.Error, ValueError, TypeError, IndexError, RecursionError) as error:
            raise InvalidCursorError(cursor) from error
        kinds = _COLUMNS[self.order]
        fits = (order, descending, len(values)) == (self.order, self.descending, len(kinds))
        if not fits or not all(isinstance(value, kind) for value, kind in zip(values, kinds.values(), strict=True)):
            raise InvalidCursorError(cursor)
        return {f"after_{name}": value for name, value in zip(kinds, values, strict=True)}
