"""What counts as plain data in an artifact: numbers, texts, dates, arrays, lists and dicts of these, within bounds."""

import datetime as dt
import math
from typing import Any

import numpy as np

_DEEPEST = 24
MOST_VALUES = 5_000_000
_MOST_KEY_LETTERS = 1_000
_LETTERS_A_VALUE = 16  # a longer text counts as more than one
_MOST_INT = 2**64
_SIMPLE = frozenset({type(None), bool, float})
_TOO_MANY = "too many values"
_NUMBERS = frozenset({float, int})
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
_SCALARS = dt.date | dt.timedelta | dt.timezone | np.integer | np.floating | np.bool_ | np.str_


def problem(value: Any) -> str:
    """Name the first thing in a value that is not plain, '' when all is."""
    return Walk().problem(value)


def is_number(value: object) -> bool:
    """Tell a number, also one of numpy's; truth values are none."""
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


class Walk:
    """One walk over the values of an artifact.

    A few shared lists or texts can unfold to more than memory holds, so it counts: what is shared counts each time it
    appears.
    """

    def __init__(self, *, most_values: int = MOST_VALUES) -> None:
        self._left = most_values

    def problem(self, value: Any) -> str:
        """Name the first thing in a value that is not plain, '' when all is."""
        return self.of(value, depth=0)

    def of(self, value: Any, *, depth: int) -> str:
        kind = type(value)
        text = isinstance(value, str)
        self._left -= 1 + len(value) // _LETTERS_A_VALUE if text else 1
        if self._left < 0:
            return _TOO_MANY
        if text:
            return "" if value.isascii() and "\0" not in value else _of_text(value)
        if kind in _SIMPLE or (kind is int and -_MOST_INT < value < _MOST_INT):
            return ""
        if kind in _CONTAINERS:
            return self._of_container(value, depth)
        if isinstance(value, np.ndarray):
            return self._of_array(value)
        return "" if isinstance(value, _SCALARS) else _named(value)

    def _of_container(self, value: Any, depth: int) -> str:
        if depth >= _DEEPEST:
            return "values nested too deeply"
        return self._of_dict(value, depth) if type(value) is dict else self._of_items(value, depth)

    def _of_dict(self, value: dict[Any, Any], depth: int) -> str:
        for key, item in value.items():
            if type(key) is str and len(key) > _MOST_KEY_LETTERS:
                return "a name that is too long"
            found = self.of(key, depth=_DEEPEST) or self.of(item, depth=depth + 1)
            if found:
                return found
        return ""

    def _of_items(self, value: Any, depth: int) -> str:
        if len(value) > self._left:
            return _TOO_MANY
        kinds = set(map(type, value))
        if kinds <= _NUMBERS:  # long lists of numbers, at once
            self._left -= len(value)
            ints = [item for item in value if type(item) is int] if int in kinds else [0]
            return "" if -_MOST_INT < min(ints) <= max(ints) < _MOST_INT else _named(_MOST_INT)
        for item in value:
            found = self.of(item, depth=depth + 1)
            if found:
                return found
        return ""

    def _of_array(self, value: np.ndarray[Any, Any]) -> str:
        self._left -= math.prod(max(length, 1) for length in value.shape)  # as a list, empty rows take memory too
        if self._left < 0:
            return _TOO_MANY
        if value.dtype.kind in "biuf":
            return ""
        if value.dtype.kind in "UO" and all(type(item) is str for item in value.ravel().tolist()):
            return self._of_items(value.ravel().tolist(), _DEEPEST)
        return f"an array of {value.dtype}"


def _of_text(value: str) -> str:
    """Refuse letters that no database stores: the null, and halves of a pair."""
    broken = any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in value)
    return "a text with letters that cannot be stored" if broken else ""


def _named(value: Any) -> str:
    return "a number of too many digits" if type(value) is int else f"a {type(value).__name__}"
