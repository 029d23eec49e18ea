"""Spans of time as people and vendors write them: ``1d``, ``D1``, ``30m``, ``4 hours``, ``1M``."""

import re
from typing import NamedTuple

MINUTE, HOUR, DAY, WEEK, MONTH = "min", "H", "D", "W", "M"

_BEFORE = re.compile(r"([0-9]{1,4})[ _-]?([A-Za-z]+)")
_AFTER = re.compile(r"([A-Za-z]+)([0-9]{1,4})")
_UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "t"), MINUTE),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), WEEK),
    **dict.fromkeys(("mn", "mo", "mon", "month", "months"), MONTH),
}
_WORDS = {"hourly": HOUR, "daily": DAY, "weekly": WEEK, "monthly": MONTH}
_MONTH_BEFORE = 12
"""``1M`` to ``12M`` are months, while ``15M`` and ``30M`` are minutes shouted, and so are ``M1`` and ``M15``."""


class Period(NamedTuple):
    """So many of a unit: MINUTE, HOUR, DAY, WEEK or MONTH."""

    n: int
    unit: str

    def __str__(self) -> str:
        return f"{self.n}{self.unit}"


def read(text: str) -> Period | None:
    """Read a span of time; None for what is none. A lone capital M after its number means months, ``m`` minutes."""
    text = text.strip()
    if text.lower() in _WORDS:
        return Period(1, _WORDS[text.lower()])
    before, after = _BEFORE.fullmatch(text), _AFTER.fullmatch(text)
    if before:
        count, told = int(before[1]), before[2]
    elif after:
        count, told = int(after[2]), after[1]
    else:
        return None
    unit = _UNITS.get(told.lower())
    if unit is None or count == 0:
        return None
    months = told == "M" and before is not None and count <= _MONTH_BEFORE
    return Period(count, MONTH if months else unit)
