"""The sessions of an exchange, and which of them daily bars lack."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import pandas as pd

from ensemble_desk.errors import SettingsError, SourceError, extras
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key

_DAILY = "d1"
_SUBJECT, _SETTING = "calendar", "DESK_CALENDAR"


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """The daily bars of a key beside the sessions of an exchange.

    Attributes
    ----------
    key, calendar : what was compared.
    first, last : the days compared, both included; a calendar may know less history than there are bars.
    n_sessions : sessions in that time.
    missing : sessions without a bar, oldest first.
    unexpected : bars on days without a session, oldest first.
    """

    key: Key
    calendar: str
    first: date
    last: date
    n_sessions: int
    missing: tuple[date, ...]
    unexpected: tuple[date, ...]


def check(bars: Bars, *, calendar: str) -> SessionCheck:
    """Compare daily bars with the sessions of an exchange between the first and the last of them.

    Raises
    ------
    SettingsError
        When there is no such calendar.
    SourceError
        When the bars are not daily, or lie outside what the calendar knows.
    """
    if bars.key.timeframe != _DAILY:
        raise SourceError(_SUBJECT, f"sessions are compared with daily bars, and {bars.key} is not daily.")
    days = pd.DatetimeIndex(bars.frame.index).tz_localize(None).normalize()
    sessions = _sessions(calendar, days[0], days[-1])
    if sessions.empty:
        raise SourceError(_SUBJECT, f"{calendar} knows no sessions from {days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}.")
    compared = days[days >= sessions[0]]
    return SessionCheck(
        key=bars.key,
        calendar=calendar,
        first=max(days[0], sessions[0]).date(),
        last=days[-1].date(),
        n_sessions=len(sessions),
        missing=_dates(sessions.difference(days)),
        unexpected=_dates(compared.difference(sessions)),
    )


def calendar(name: str) -> Callable[[pd.Timestamp, pd.Timestamp], pd.DatetimeIndex]:
    """Give a function that tells the sessions of an exchange between two days, in UTC; the calendar loads when asked.

    Where the calendar does not reach, it tells none.
    """
    return partial(_between, name)


def zone(calendar: str) -> str:
    """Name the time zone of an exchange, such as America/New_York; raises SettingsError for one that nobody knows."""
    with extras.needed():
        import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what pandas will drop one day
        return str(_known(exchange_calendars, calendar).tz.key)


def _between(name: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    found = _sessions(name, first.tz_localize(None).normalize(), last.tz_localize(None).normalize())
    return found.tz_localize("UTC").as_unit("us")


def _known(library: Any, calendar: str) -> Any:
    try:
        return library.get_calendar(calendar)
    except library.errors.CalendarError as error:
        problem = f"there is no exchange calendar {calendar!r}; use one such as XNYS, XNAS, XLON, XTKS or 24/7"
        raise SettingsError(_SETTING, problem) from error


def _sessions(calendar: str, first: pd.Timestamp, last: pd.Timestamp) -> pd.DatetimeIndex:
    """The sessions between two days, as far as the calendar reaches."""
    with extras.needed():
        import exchange_calendars

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what pandas will drop one day
        known = _known(exchange_calendars, calendar)
        if known.first_session > first or known.last_session < last:
            start, end = _within(known, first, last)
            if start >= end:
                return pd.DatetimeIndex([])
            known = exchange_calendars.get_calendar(calendar, start=start, end=end)
    sessions: pd.DatetimeIndex = known.sessions
    return sessions[(sessions >= first) & (sessions <= last)]


def _within(known: Any, first: pd.Timestamp, last: pd.Timestamp) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Some days more on each side, for a calendar is longer than one day, but no further than its holidays reach."""
    start, end = first - pd.Timedelta(days=7), last + pd.Timedelta(days=7)
    earliest, latest = known.bound_min(), known.bound_max()
    return (start if earliest is None else max(start, earliest)), (end if latest is None else min(end, latest))


def _dates(days: pd.DatetimeIndex) -> tuple[date, ...]:
    return tuple(day.date() for day in days)
