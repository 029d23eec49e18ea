"""What counts as plain data in an artifact: numbers, texts, dates, arrays, lists and dicts of these, within bounds."""

import datetime as dt
import math
from typing import Any

import numpy as np

_DEEPEST = 24
_MOST_VALUES = 5_000_000
_MOST_INT = 2**64
_SIMPLE = frozenset({type(None), bool, float})
_NUMBERS = frozenset({float, int})
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
_DATES = dt.date | dt.timedelta | dt.timezone


def problem(value: Any) -> str:
    """Name the first thing in a value that is not plain, '' when all is; what is shared counts each time it appears."""
    return _Walk().of(value, depth=0)


class _Walk:
    """One walk over a value; a few shared lists can unfold to more than memory holds, so it counts."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def of(self, value: Any, *, depth: int) -> str:
        kind = type(value)
        self._left -= 1
        if self._left < 0:
            return "too many values"
        if kind is str:
            return "" if value.isascii() and "\0" not in value else _of_text(value)
        if kind in _SIMPLE or (kind is int and -_MOST_INT < value < _MOST_INT):
            return ""
        if kind in _CONTAINERS:
            return self._of_container(value, depth)
        if isinstance(value, np.ndarray):
            return self._of_array(value)
        return "" if isinstance(value, np.generic | _DATES) else _named(value)

    def _of_container(self, value: Any, depth: int) -> str:
        if depth >= _DEEPEST:
            return "values nested too deeply"
        return self._of_dict(value, depth) if type(value) is dict else self._of_items(value, depth)

    def _of_dict(self, value: dict[Any, Any], depth: int) -> str:
        for key, item in value.items():
            found = self.of(key, depth=_DEEPEST) or self.of(item, depth=depth + 1)
            if found:
                return found
        return ""

    def _of_items(self, value: Any, depth: int) -> str:
        if len(value) > 8 and _NUMBERS.issuperset(map(type, value)):  # noqa: PLR2004 - long lists of numbers, at once
            self._left -= len(value)
            largest = max(map(abs, value))
            return "a number of too many digits" if largest >= _MOST_INT and not math.isinf(largest) else ""
        for item in value:
            found = self.of(item, depth=depth + 1)
            if found:
                return found
        return ""

    def _of_array(self, value: np.ndarray[Any, Any]) -> str:
        self._left -= value.size
        if value.dtype.kind in "biufUS":
            return ""
        if value.dtype == object and all(type(item) is str for item in value.flat):
            return ""
        return f"an array of {value.dtype}"


def _of_text(value: str) -> str:
    """Refuse letters that no database stores: the null, and halves of a pair."""
    broken = any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    return "a text with letters that cannot be stored" if broken else ""


def _named(value: Any) -> str:
    return "a number of too many digits" if type(value) is int else f"a {type(value).__name__}"
