"""Reading the times of an uploaded table: ISO dates, common national forms, or seconds since 1970."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

_ISO = r"\s*\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\d{4}(?!\d)).*"
_ISO_DAY = r"\s*(\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\d{4}(?!\d)))"
_CLOCK = r"[T ](?!0?0:00)\d{1,2}:\d{2}"  # any but midnight
_ZONE = r".*\d\s*(?:Z|UTC|[+-]\d{2}:?\d{2})\s*"
_SECONDS, _MILLISECONDS = r"\s*\d{9,10}\s*", r"\s*\d{12,13}\s*"
_DAYS = ("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_SAMPLE = 500
_MOST = 0.5  # a form is taken when more than this share of the cells follows it


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Aware UTC times, NaT where a cell is unreadable; `problem` is a sentence when the column as a whole is."""

    utc: pd.Series
    notes: tuple[str, ...] = ()
    problem: str = ""


def parse(column: pd.Series, *, whole_days: bool) -> Times:
    """Read a column of times; ``whole_days`` keeps the date as written and gives 00:00 UTC of it.

    Times without a zone are taken as UTC. A form that reads day and month both ways is settled by the order of the
    rows, or refused.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _typed(column, whole_days=whole_days)
    text = column.astype("str").str.strip()
    if text.str.fullmatch(_SECONDS).all():
        return _epoch(text, "s", whole_days=whole_days)
    if text.str.fullmatch(_MILLISECONDS).all():
        return _epoch(text, "ms", whole_days=whole_days)
    if text.head(_SAMPLE).str.fullmatch(_ISO).mean() > _MOST:
        return _iso(text, whole_days=whole_days)
    return _national(text, whole_days=whole_days)


def _typed(column: pd.Series, *, whole_days: bool) -> Times:
    aware = column.dt.tz is not None
    if whole_days:
        local = column.dt.tz_localize(None) if aware else column
        days = local.dt.normalize()
        return Times(days.dt.tz_localize("UTC"), _day_notes(dropped=bool((days != local)[local.notna()].any())))
    if aware:
        return Times(column.dt.tz_convert("UTC"))
    return Times(column.dt.tz_localize("UTC"), ("times taken as UTC",))


def _epoch(text: pd.Series, unit: Literal["s", "ms"], *, whole_days: bool) -> Times:
    values = pd.to_datetime(pd.to_numeric(text), unit=unit, utc=True, errors="coerce")
    notes = ("times in seconds since 1970" if unit == "s" else "times in milliseconds since 1970",)
    if not whole_days:
        return Times(values, notes)
    days = values.dt.normalize()
    return Times(days, (*notes, *_day_notes(dropped=bool((days != values)[values.notna()].any()))))


def _iso(text: pd.Series, *, whole_days: bool) -> Times:
    plain = text.where(text.str.fullmatch(_ISO), "")
    values = pd.to_datetime(plain, format="ISO8601", utc=True, errors="coerce")
    if not whole_days:
        zoned = bool(text.head(_SAMPLE).str.fullmatch(_ZONE, flags=re.IGNORECASE).any())
        return Times(values, ("times converted to UTC" if zoned else "times taken as UTC",))
    # the date as written: midnight in New York is another day in UTC
    days = pd.to_datetime(plain.str.extract(_ISO_DAY)[0], format="ISO8601", utc=True, errors="coerce")
    return Times(days.where(values.notna()), _day_notes(dropped=bool(plain.str.contains(_CLOCK).any())))


def _national(text: pd.Series, *, whole_days: bool) -> Times:
    sample = text[text != ""].head(_SAMPLE)
    forms = [day + clock for day in _DAYS for clock in _CLOCKS if _read(sample, day + clock).notna().any()]
    readings = {form: _read(text, form) for form in forms}
    most = max((int(values.notna().sum()) for values in readings.values()), default=0)
    if most <= len(text) * _MOST:
        return Times(pd.Series(pd.NaT, text.index), problem="its dates are in no known form. Write them as YYYY-MM-DD")
    best = {form: values for form, values in readings.items() if int(values.notna().sum()) == most}
    if len(best) > 1:
        ordered = {form: values for form, values in best.items() if _is_ordered(values)}
        best = ordered if len(ordered) == 1 else best
    if len(best) > 1 and not _all_equal(best.values()):
        return Times(text, problem="its dates can be read with day and month either way. Write them as YYYY-MM-DD")
    form, values = next(iter(best.items()))
    notes: tuple[str, ...] = (f"dates read as {form.split(' %H')[0].split(' %I')[0]}",)
    if not whole_days:
        return Times(values, (*notes, "times taken as UTC"))
    days = values.dt.normalize()
    return Times(days, (*notes, *_day_notes(dropped=bool((days != values)[values.notna()].any()))))


def _read(text: pd.Series, form: str) -> pd.Series:
    return pd.to_datetime(text, format=form, utc=True, errors="coerce")


def _is_ordered(values: pd.Series) -> bool:
    known = values.dropna()
    return bool(known.is_unique and (known.is_monotonic_increasing or known.is_monotonic_decreasing))


def _all_equal(readings: Iterable[pd.Series]) -> bool:
    first, *rest = readings
    return all(first.equals(other) for other in rest)


def _day_notes(*, dropped: bool) -> tuple[str, ...]:
    return ("time of day left out",) if dropped else ()
