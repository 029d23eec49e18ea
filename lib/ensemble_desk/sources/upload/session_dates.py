"""The dates that daily and weekly bars of an upload belong to."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from ensemble_desk.errors import Choice, UploadQuestionError
from ensemble_desk.market.resampling import session_bars
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells.times import Times

_ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Toronto", "America/Sao_Paulo"),
    *("Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Athens", "Europe/Moscow", "Asia/Dubai", "Asia/Kolkata"),
    *("Asia/Bangkok", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland"),
)
_MANY = 0.05  # of the bars on days without a session: the dates are wrong
_SATURDAY, _SUNDAY = 5, 6


@dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """00:00 UTC of the date of each bar, how it was told, and what to say of it."""

    days: pd.DatetimeIndex
    zone: str
    notes: tuple[str, ...]


def of_days(read: Times, *, zone: ZoneInfo | None, answers: Answers, file_name: str) -> Dated:
    """The dates of daily bars.

    Dates count as they are written. Moments in UTC, epochs among them, are dated in the zone that was named; where none
    was and many of them fall on weekends, the zone or the shift that mends it is asked for.

    Raises
    ------
    UploadQuestionError
    """
    notes = ("time of day left out",) if read.has_clock else ()
    days, said = pd.DatetimeIndex(read.days), "dates as written"
    if read.moments and read.has_clock and zone is not None:
        local = pd.DatetimeIndex(read.utc).tz_convert(zone)
        wall = local.tz_localize(None)
        days, said = wall.normalize().tz_localize("UTC"), f"dates in {zone.key}, as given"
        if answers.shift_days is None and not (wall == wall.normalize()).all():
            _ask_for_shift(read, days, file_name, dated_in=zone.key)
    elif read.moments and read.has_clock and answers.shift_days is None:
        _ask_for_shift(read, days, file_name)
    if answers.shift_days:
        days = days + pd.Timedelta(days=answers.shift_days)
        notes = (*notes, f"dates moved by {answers.shift_days:+d} day, as said")
    return Dated(days, said, notes)


def of_weeks(dated: Dated, *, answers: Answers, file_name: str, sessions: pd.DatetimeIndex | None) -> Dated:
    """The dates of weekly bars: each is dated by its last session, whatever day the vendor dates it.

    Raises
    ------
    UploadQuestionError
        When the bars are dated on Sundays, which may begin or end a week.
    """
    weekday = int(np.bincount(dated.days.day_of_week, minlength=7).argmax())
    if weekday == _SUNDAY and not answers.week:
        newest = max(dated.days[-1], dated.days[0])
        raise UploadQuestionError(
            file_name,
            "week",
            f"its weeks are dated on Sundays, such as {newest:%Y-%m-%d}, which may begin a week or end one.",
            [
                Choice("begins", f"the bar of {newest:%Y-%m-%d} holds the days after it", "--week begins"),
                Choice("ends", f"the bar of {newest:%Y-%m-%d} holds the days before it", "--week ends"),
            ],
        )
    begins = answers.week == "begins" or (not answers.week and weekday <= 1)
    days = session_bars.last_sessions(dated.days, begins=begins, sessions=sessions)
    moved = int((days != dated.days).sum())
    note = (f"{moved:,} weekly bars dated by their last session",) if moved else ()
    return Dated(days, dated.zone, (*dated.notes, *note))


def on_weekends(days: pd.DatetimeIndex) -> int:
    return int((days.day_of_week >= _SATURDAY).sum())


def mending_shift(days: pd.DatetimeIndex) -> int:
    """By how many days the dates have to move for none to fall on a weekend; 0 when none does or nothing mends it."""
    if not len(days) or on_weekends(days) <= _MANY * len(days):
        return 0
    return next((by for by in (1, -1) if on_weekends(days + pd.Timedelta(days=by)) == 0), 0)


def _ask_for_shift(read: Times, days: pd.DatetimeIndex, file_name: str, *, dated_in: str = "UTC") -> None:
    shift = mending_shift(days)
    if not shift:
        return
    moved = days + pd.Timedelta(days=shift)
    utc = pd.DatetimeIndex(read.utc)
    zones = [name for name in _ZONES if dated_in == "UTC" and _all_midnight(utc, name)]
    choices = [
        Choice(name, f"midnight there, the newest bar is of {moved.max():%Y-%m-%d}", f"--time-zone {name}")
        for name in zones
    ]
    question = (
        f"{on_weekends(days):,} of its {len(days):,} daily bars fall on days without a session when their moments are "
        f"dated in {dated_in} (the newest on {days.max():%A, %Y-%m-%d}); in the zone of the exchange none may."
    )
    if choices:
        raise UploadQuestionError(file_name, "time_zone", question, choices[:4])
    said = f"the newest bar is of {moved.max():%Y-%m-%d}, and none is on a weekend"
    shifts = [
        Choice(shift, said, f"--shift-days {shift}"),
        Choice(0, "the dates are right as they are", "--shift-days 0"),
    ]
    raise UploadQuestionError(file_name, "shift_days", question, shifts)


def _all_midnight(utc: pd.DatetimeIndex, zone: str) -> bool:
    wall = utc.tz_convert(zone).tz_localize(None)
    return bool((wall == wall.normalize()).all())
