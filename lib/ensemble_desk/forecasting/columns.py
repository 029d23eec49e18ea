"""Many rows of the log as numpy columns, without an object for each."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Column, ColumnElement, Connection, Select, Text, case, cast

from ensemble_desk.database import moments
from ensemble_desk.forecasting.scoring import UNKNOWN
from ensemble_desk.market.labels import CLASSES

Columns = Mapping[str, NDArray[Any]]


def fetch(connection: Connection, wanted: Select[Any], kinds: Mapping[str, str]) -> Columns:
    """Run a query and give its columns by name; ``kinds`` maps each to a numpy dtype, ``time`` or ``text``."""
    rows = connection.execute(wanted).all()
    values = zip(*rows, strict=True) if rows else ((),) * len(kinds)
    return {name: _column(value, kind) for (name, kind), value in zip(kinds.items(), values, strict=True)}


def class_number(column: Column[Any]) -> ColumnElement[int]:
    """A column of class names as class numbers."""
    return case({name: number for number, name in enumerate(CLASSES)}, value=column, else_=UNKNOWN)


def raw_json(column: Column[Any]) -> ColumnElement[str]:
    """A JSON column as its text, to be parsed in one go."""
    return cast(column, Text)


def flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """A condition as 1 or 0, also where it is not known."""
    return case((condition, 1), else_=0)


def newest(found: Columns, *, by: str, order: str) -> dict[str, NDArray[Any]]:
    """Keep of the rows with the same ``by`` the one with the largest ``order``; sorted by ``by``."""
    ranks = np.lexsort((found[order], found[by]))
    last = np.ones(len(ranks), np.bool_)
    last[:-1] = np.diff(found[by][ranks]) != 0
    kept = ranks[last]
    return {name: column[kept] for name, column in found.items()}


def codes(values: NDArray[Any]) -> tuple[NDArray[np.int64], list[str]]:
    """Number the different texts of a column in order of appearance."""
    numbers, names = pd.factorize(values)
    return numbers.astype(np.int64), [str(name) for name in names]


def _column(values: Any, kind: str) -> NDArray[Any]:
    if kind == "text":
        return np.array(values, dtype=object)
    if kind != "time":
        return np.array(values, dtype=kind)  # None becomes NaN among floats
    return moments.array(values)
