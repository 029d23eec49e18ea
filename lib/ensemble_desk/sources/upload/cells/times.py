"""Reading the times of a table: ISO dates, common national forms, seconds since 1970, or Excel's day numbers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import AmbiguousDatesError, DateReading, UploadError
from ensemble_desk.market import bars
from ensemble_desk.sources.upload.cells import clock_changes, texts, time_forms, time_texts
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.clock_changes import Localized
from ensemble_desk.sources.upload.cells.time_forms import Form
from ensemble_desk.sources.upload.cells.time_texts import Parted

_ISO = r"\d{4}(?:-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\d{4}(?:[^0-9]|$)).*"
_UTC = {"Z", "UTC", "GMT", "+00", "+0000", "+00:00", "UTC+0", "GMT+0000"}
_EPOCHS: tuple[tuple[Literal["s", "ms", "us", "ns"], str, str], ...] = (
    ("s", r"\d{9,10}(?:\.\d+)?", "seconds"),
    ("ms", r"\d{12,13}(?:\.0+)?", "milliseconds"),
    ("us", r"\d{15,16}(?:\.0+)?", "microseconds"),
    ("ns", r"\d{18,19}", "nanoseconds"),
)
_SERIAL = r"[1-7]\d{4}(?:\.\d+)?"  # Excel counts days from 1899-12-30: 1927 to 2119
_SERIAL_OF_OURS = r"(?:29|3\d|4\d|5[0-4])\d{3}(?:\.\d+)?"  # 1979 to 2050: in a text nothing else is written so
_EXCEL_DAY_0 = pd.Timestamp("1899-12-30", tz="UTC")
_SAMPLE = 500
_MOST = 0.5  # a form is taken when more than this share of the cells follows it


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """What a column of times says.

    Attributes
    ----------
    utc : aware UTC times, NaT where a cell is unreadable.
    wall : the times as written, without their zone.
    has_clock : whether some cell tells a time of day.
    zone : how times were brought to UTC, for people; `zone_note` the same in a phrase, empty when that goes without.
    notes : what was recognised.
    problem : a sentence when the column as a whole is unreadable.
    readings : both ways to read it, where day and month can be either.
    moments : whether daily bars are written as moments in UTC, whose date depends on the zone.
    unzoned : whether they are clocks of which nobody says where.
    """

    utc: pd.Series
    wall: pd.Series
    has_clock: bool = False
    zone: str = ""
    zone_note: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    readings: tuple[DateReading, DateReading] | None = None
    moments: bool = False
    unzoned: bool = False

    @property
    def days(self) -> pd.Series:
        """00:00 UTC of the dates as written, whatever their zone."""
        return _midnights(self.wall)

    def at(self, rows: NDArray[np.bool_]) -> "Times":
        """The same of some of the rows."""
        return replace(self, utc=self.utc[rows], wall=self.wall[rows])


def parse(
    column: pd.Series,
    *,
    day_first: bool | None = None,
    zone: ZoneInfo | None = None,
    serial_days: bool = False,
    written: str = "",
) -> Times:
    """Read a column of times.

    Times without a zone are taken as of ``zone``, else as UTC. Forms that read day and month both ways are settled by
    ``day_first``, or by the order of the rows when only one reading has an order; else both readings are given back.
    ``serial_days`` takes numbers such as 45293 for Excel's days. ``written`` is the form a person named.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return _typed(column, zone)
    if not written and isinstance(column.dtype, pd.StringDtype) and (wall := texts.iso(column)) is not None:
        return _from_wall(wall, zone)  # at once: stripping a long column copies it
    text = _as_text(column)
    if written:
        return _as_said(text, written, zone)
    start = text.head(_SAMPLE).tolist()
    for unit, form, said in _EPOCHS:
        if _mostly(start, form):
            return _epoch(text.where(texts.match(text, form), ""), unit, said)
    if _mostly(start, _SERIAL if serial_days else _SERIAL_OF_OURS):
        return _excel_days(text, zone)
    return _in_words(text, day_first=day_first, zone=zone)


def refuse_unreadable(read: Times, column: pd.Series, *, file_name: str) -> None:
    """Raise AmbiguousDatesError or UploadError when the column as a whole could not be read."""
    if read.readings is not None:
        raise AmbiguousDatesError(file_name, example=cells.quoted(column.iloc[0]), readings=read.readings)
    if read.problem:
        raise UploadError(file_name, [f"{read.problem}."])


def _in_words(text: pd.Series, *, day_first: bool | None, zone: ZoneInfo | None) -> Times:
    if (wall := texts.iso(text)) is not None:
        return _from_wall(wall, zone)
    days = time_forms.iso_days(text)
    if days is not None and days[1].notna().mean() > _MOST:
        return replace(_from_wall(days[1], zone), notes=(f"dates read as {days[0]}",))
    parted = time_texts.part(text, zone)
    plain = time_texts.plainly_written(parted.wall)
    if _mostly(plain.head(_SAMPLE).tolist(), _ISO):
        iso = _read_iso(plain.where(texts.match(plain, _ISO), ""))
        if iso.notna().mean() > _MOST:
            return _zoned(iso, parted, zone)
    return _national(plain, parted, day_first=day_first, zone=zone)


def _mostly(cells_: Sequence[str], form: str) -> bool:
    matches = re.compile(form).fullmatch
    return sum(matches(cell) is not None for cell in cells_) > len(cells_) * _MOST


def _as_text(column: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(column.dtype) and bool((column.dropna() % 1 == 0).all()):
        return column.map("{:.0f}".format).astype("str")
    return column.astype("str").str.strip()


def _typed(column: pd.Series, zone: ZoneInfo | None) -> Times:
    if column.dt.tz is None:
        return _from_wall(column, zone)
    wall = column.dt.tz_localize(None)
    return Times(
        utc=column.dt.tz_convert("UTC"),
        wall=wall,
        has_clock=_has_clock(wall),
        zone=f"{column.dt.tz} as written",
        zone_note="times converted to UTC",
        moments=str(column.dt.tz).upper() in _UTC,
    )


def _epoch(text: pd.Series, unit: Literal["s", "ms", "us", "ns"], said: str) -> Times:
    whole = texts.replace(text, r"\.0+$", "")
    numbers = pd.to_numeric(whole, errors="coerce")
    utc = pd.to_datetime(numbers, unit=unit, utc=True, errors="coerce")
    wall, notes = utc.dt.tz_localize(None), (f"times in {said} since 1970",)
    return Times(utc, wall, has_clock=_has_clock(wall), zone="UTC", notes=notes, moments=True)


def _excel_days(text: pd.Series, zone: ZoneInfo | None) -> Times:
    days = pd.to_numeric(text.where(texts.match(text, _SERIAL), ""), errors="coerce")
    wall = (_EXCEL_DAY_0 + pd.to_timedelta((days * 86_400).round(), unit="s")).dt.tz_localize(None)
    return replace(_from_wall(wall, zone), notes=("times in Excel's day numbers",))


def _as_said(text: pd.Series, written: str, zone: ZoneInfo | None) -> Times:
    try:
        read = pd.to_datetime(text, format=written, errors="coerce", utc="%z" in written)
    except ValueError:
        nothing = pd.Series(pd.NaT, text.index)
        return Times(
            nothing, nothing, problem=f"{cells.quoted(written)} is no form of times; write it as %d.%m.%Y %H:%M"
        )
    if read.notna().mean() <= _MOST:
        example = cells.quoted(text.iloc[0])
        return Times(read, read, problem=f"its times, such as {example}, do not follow {cells.quoted(written)}")
    found = _typed(read, zone)
    return replace(found, notes=(f"dates read as {written}, as said",))


def _zoned(wall: pd.Series, parted: Parted, zone: ZoneInfo | None) -> Times:
    """Times with the zones that stand beside them."""
    known = wall.notna()
    if not parted.names:
        return _from_wall(wall, zone)
    if (parted.zones[known.to_numpy()] < 0).any():
        nothing = pd.Series(pd.NaT, wall.index)
        problem = "some of its times carry a time zone and others do not. Write all in one way"
        return Times(nothing, nothing, problem=problem)
    utc = pd.Series(pd.NaT, wall.index, dtype=f"datetime64[{wall.dt.unit}, UTC]")
    for number, (name, found) in enumerate(zip(parted.names, parted.found, strict=True)):
        rows = (parted.zones == number) & known.to_numpy()
        if not rows.any() or found is None:
            continue
        if isinstance(found, ZoneInfo):
            changed = clock_changes.localized(wall[rows], found)
            if changed.skipped.any():
                return _skipped(wall, changed, name)
            utc[rows] = changed.utc
        else:
            utc[rows] = (wall[rows] - found.utcoffset(None)).dt.tz_localize("UTC")
    names = sorted({name.upper() if "/" not in name else name for name in parted.names if name})
    return Times(
        utc=utc,
        wall=wall,
        has_clock=_has_clock(wall),
        zone=f"{' and '.join(names[:4])} as written",
        zone_note="times converted to UTC",
        notes=parted.notes,
        moments=all(name in _UTC for name in names),
    )


def _read_iso(text: pd.Series) -> pd.Series:
    return pd.to_datetime(text, format="ISO8601", utc=True, errors="coerce").dt.tz_localize(None)


def _national(text: pd.Series, parted: Parted, *, day_first: bool | None, zone: ZoneInfo | None) -> Times:
    sample = text[text != ""].head(_SAMPLE)
    forms = [form for form in time_forms.fitting(sample, day_first=day_first) if form.read(sample).notna().any()]
    readings = {form: form.read(text) for form in forms}
    most = max((int(values.notna().sum()) for values in readings.values()), default=0)
    if most <= len(text) * _MOST:
        nothing = pd.Series(pd.NaT, text.index)
        problem = "its dates are in no known form. Write them as YYYY-MM-DD, or say their form with --time-format"
        return Times(nothing, nothing, problem=problem)
    best = {form: values for form, values in readings.items() if int(values.notna().sum()) == most}
    if len(best) > 1:
        ordered = {form: values for form, values in best.items() if _is_ordered(values)}
        best = ordered if len(ordered) == 1 else best
    if len(best) > 1 and not _all_equal(best.values()):
        pair = _readings(best)
        problem = "its dates can be read with day and month either way. Write them as YYYY-MM-DD"
        return Times(text, text, problem=problem, readings=pair)
    form, values = next(iter(best.items()))
    read = _zoned(values, parted, zone)
    return replace(read, notes=(f"dates read as {form.day}", *read.notes))


def _from_wall(wall: pd.Series, zone: ZoneInfo | None) -> Times:
    """Times without a zone: as of the zone given, else UTC; a time that a clock change makes doubtful is unreadable."""
    if not _has_clock(wall):
        return Times(_midnights(wall), wall, zone="dates without time of day")
    if zone is None:
        utc, taken, said = wall.dt.tz_localize("UTC"), "none written, taken as UTC", "times taken as UTC"
        return Times(utc, wall, has_clock=True, zone=taken, zone_note=said, unzoned=True)
    changed = clock_changes.localized(wall, zone)
    if changed.skipped.any():
        return _skipped(wall, changed, zone.key)
    told, said = f"{zone.key}, as given", f"times converted from {zone.key}"
    return Times(changed.utc, wall, has_clock=True, zone=told, zone_note=said)


def _skipped(wall: pd.Series, changed: Localized, name: str) -> Times:
    """Times that the clock of the zone never showed are of another zone."""
    at, n_skipped = wall[changed.skipped.index][changed.skipped].iloc[0], int(changed.skipped.sum())
    which = (
        f"its time {at:%Y-%m-%d %H:%M}"
        if n_skipped == 1
        else f"{n_skipped:,} of its times, such as {at:%Y-%m-%d %H:%M},"
    )
    problem = (
        f"{which} never was in {name}, where the clock skips that hour. The zone is wrong: name another, perhaps UTC"
    )
    return Times(changed.utc, changed.utc, problem=problem)


def _has_clock(wall: pd.Series) -> bool:
    at = wall.to_numpy(f"datetime64[{wall.dt.unit}]")
    parts = (at[rows] for rows in bars.spans(len(at)))
    return any(bool(((part != part.astype("datetime64[D]")) & ~np.isnat(part)).any()) for part in parts)


def _midnights(wall: pd.Series) -> pd.Series:
    days: pd.Series = wall.dt.normalize().dt.tz_localize("UTC")
    return days


def _readings(best: dict[Form, pd.Series]) -> tuple[DateReading, DateReading] | None:
    """The first reading with the month first and the first with the day first."""
    chosen = [next((form for form in best if form.day_first is which), None) for which in (False, True)]
    spans = [
        DateReading(bool(form.day_first), best[form].min().date(), best[form].max().date())
        for form in chosen
        if form is not None
    ]
    return (spans[0], spans[1]) if spans[1:] else None


def _is_ordered(values: pd.Series) -> bool:
    known = values.dropna()
    return bool(known.is_unique and (known.is_monotonic_increasing or known.is_monotonic_decreasing))


def _all_equal(readings: Iterable[pd.Series]) -> bool:
    first, *rest = readings
    return all(first.equals(other) for other in rest)
