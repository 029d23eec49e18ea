"""Many times of the database as one numpy array, without an object for each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Column, ColumnElement, Connection, Text, cast, extract, type_coerce

Times = NDArray[np.datetime64]


def moment(column: Column[Any], *, is_sqlite: bool) -> ColumnElement[Any]:
    """A time column in the form that becomes numpy times fastest: microseconds, or SQLite's own text."""
    if is_sqlite:
        return type_coerce(column, Text)
    return cast(extract("epoch", column) * 1_000_000, BigInteger)


def of(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """:func:`moment` as the database of a connection has it."""
    return moment(column, is_sqlite=connection.dialect.name == "sqlite")


def array(values: Sequence[Any]) -> Times:
    """Turn what :func:`moment` gave into times, microseconds UTC, shape (n,); None becomes NaT."""
    if isinstance(next((value for value in values if value is not None), None), int):
        numbers = np.array(values, dtype="float64")
        missing = np.isnan(numbers)
        times = np.where(missing, 0, numbers).astype(np.int64).view("datetime64[us]")
        times[missing] = np.datetime64("NaT", "us")
        return times
    return np.array(values, dtype="datetime64[us]")
