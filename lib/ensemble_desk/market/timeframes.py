"""The timeframes of bars and the horizons that are forecast on each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from ensemble_desk.errors import InvalidHorizonError, InvalidTimeframeError
from ensemble_desk.market import periods
from ensemble_desk.market.periods import DAY, HOUR, MINUTE, MONTH, WEEK, Period

_SESSION_MINUTES, _SESSIONS = 390, {DAY: 1, WEEK: 5, MONTH: 21}  # of a US stock


@dataclass(frozen=True, slots=True)
class Timeframe:
    """One spacing of bars.

    Attributes
    ----------
    name : one of m1, m5, m10, m15, m30, h1, h2, h4, h8, h12, d1, w1, mn1.
    title : the same in words, for people.
    span : nominal time from one bar to the next.
    resample_rule : the pandas offset that builds these bars from finer ones.
    bars_per_year : trading bars in a year of a US stock, for annualising.
    period : the span in its own unit.
    """

    name: str
    title: str
    span: timedelta
    resample_rule: str
    bars_per_year: int
    period: Period


def _minutes(count: int) -> Timeframe:
    a_year = 252 * _SESSION_MINUTES // count
    title = f"{count} minute{'s' if count > 1 else ''}"
    return Timeframe(f"m{count}", title, timedelta(minutes=count), f"{count}min", a_year, Period(count, MINUTE))


def _hours(count: int) -> Timeframe:
    a_year = 1_638 if count == 1 else 252 * -(-_SESSION_MINUTES // (60 * count))
    title = f"{count} hour{'s' if count > 1 else ''}"
    return Timeframe(f"h{count}", title, timedelta(hours=count), f"{count}h", a_year, Period(count, HOUR))


TIMEFRAMES: dict[str, Timeframe] = {
    frame.name: frame
    for frame in (
        *map(_minutes, (1, 5, 10, 15, 30)),
        *map(_hours, (1, 2, 4, 8, 12)),
        Timeframe("d1", "1 day", timedelta(days=1), "1D", 252, Period(1, DAY)),
        Timeframe("w1", "1 week", timedelta(weeks=1), "W-FRI", 52, Period(1, WEEK)),
        Timeframe("mn1", "1 month", timedelta(days=30), "MS", 12, Period(1, MONTH)),
    )
}

OF_SESSIONS = ("d1", "w1", "mn1")
"""Timeframes whose bars carry the date of a session instead of a time."""

DEFAULT_HORIZONS: Mapping[str, Mapping[str, int]] = {
    "m1": {"1min": 1, "5min": 5, "15min": 15},
    "m5": {"5min": 1, "15min": 3, "1H": 12},
    "m10": {"10min": 1, "30min": 3, "1H": 6},
    "m15": {"15min": 1, "1H": 4, "4H": 16},
    "m30": {"30min": 1, "2H": 4, "1D": 13},
    "h1": {"1H": 1, "4H": 4, "1D": 7},
    "h2": {"2H": 1, "1D": 4, "1W": 20},
    "h4": {"4H": 1, "1D": 2, "1W": 10},
    "h8": {"8H": 1, "24H": 3, "72H": 9},
    "h12": {"12H": 1, "24H": 2, "72H": 6},
    "d1": {"1D": 1, "1W": 5, "1M": 21},
    "w1": {"1W": 1, "4W": 4, "13W": 13},
    "mn1": {"1M": 1, "3M": 3, "6M": 6},
}
"""What is forecast unless the settings say otherwise; the first of each timeframe is its base horizon."""

TIMEFRAME_HORIZONS: dict[str, dict[str, Any]] = {}
"""Per timeframe its base horizon (what a version is trained for) and every horizon with its length in bars.

One table for the whole process, as in the guide: `use` fills it, when this is imported and when a registry is opened.
"""


class Horizon(NamedTuple):
    """A horizon by its name, for example ``1W``, and its length in bars."""

    name: str
    bars: int


def use(horizons: Mapping[str, Mapping[str, int]]) -> None:
    """Forecast these horizons from now on, and the default ones of every timeframe that is not in the mapping."""
    for name in TIMEFRAMES:
        chosen = dict(horizons.get(name) or DEFAULT_HORIZONS[name])
        told = {"base_horizon": next(iter(chosen)), "horizons": chosen}
        if TIMEFRAME_HORIZONS.get(name) != told:
            TIMEFRAME_HORIZONS[name] = told


use({})


def named(text: str) -> str | None:
    """Name the timeframe that a text such as ``1d``, ``D1``, ``30m``, ``60min`` or ``1M`` means; None for none."""
    if text in TIMEFRAMES:
        return text
    period = periods.read(text)
    if period is None:
        return None
    if period.unit == MINUTE and period.n % 60 == 0:
        period = Period(period.n // 60, HOUR)
    if period == (24, HOUR):
        period = Period(1, DAY)
    return next((frame.name for frame in TIMEFRAMES.values() if frame.period == period), None)


def get(name: str) -> Timeframe:
    """Look a timeframe up in any spelling; raises InvalidTimeframeError with the known names."""
    found = TIMEFRAMES.get(name) or TIMEFRAMES.get(named(name) or "")
    if found is None:
        raise InvalidTimeframeError(name, known=tuple(TIMEFRAMES))
    return found


def base_horizon(timeframe: str) -> str:
    """Name the horizon that versions of this timeframe are trained for, for example ``1D``."""
    return str(TIMEFRAME_HORIZONS[get(timeframe).name]["base_horizon"])


def horizons(timeframe: str) -> dict[str, int]:
    """Give every horizon of a timeframe with its length in bars, shortest first."""
    return dict(TIMEFRAME_HORIZONS[get(timeframe).name]["horizons"])


def horizon_bars(timeframe: str, horizon: str) -> int:
    """Length of a horizon in bars; raises what `horizon` raises."""
    known = horizons(timeframe)
    return known[horizon] if horizon in known else read_horizon(timeframe, horizon).bars


def read_horizon(timeframe: str, text: str) -> Horizon:
    """Read a horizon from a name in the table, a number of bars (``5``) or a span of time (``10D``, ``4h``, ``2W``).

    Days, weeks and months are counted in sessions of a US stock: 5 a week, 21 a month, 390 minutes each.

    Raises
    ------
    InvalidHorizonError
        When it is none, or no whole number of bars.
    """
    frame, known, text = get(timeframe), horizons(timeframe), text.strip()
    if text in known:
        return Horizon(text, known[text])
    period = periods.read(text)
    if text.isdecimal() and text.isascii() and 0 < int(text) <= _MOST_BARS:
        bars: int | None = int(text)
        period = Period(int(text) * frame.period.n, frame.period.unit)
    else:
        bars = None if period is None else _bars(frame, period)
    if period is None or bars is None or bars > _MOST_BARS:
        raise InvalidHorizonError(text, timeframe=timeframe, known=(*known, "a number of bars"))
    in_table = next((name for name, length in known.items() if length == bars), None)
    return Horizon(in_table or str(period), bars)


def of_horizon(text: str) -> str | None:
    """Name the timeframe whose bars a span of time is counted in when nothing else is told; None for no span."""
    period = periods.read(text)
    if period is None:
        return None
    exact = (frame.name for frame in TIMEFRAMES.values() if frame.period == period)
    of_unit = (frame.name for frame in TIMEFRAMES.values() if frame.period == (1, period.unit))
    return next(exact, None) or next(of_unit, None)


_MOST_BARS = 1_000


def _bars(frame: Timeframe, period: Period) -> int | None:
    """How many bars a span of time is; None when it is no whole number of them."""
    count, unit = period
    if unit == frame.period.unit:
        return None if count % frame.period.n else count // frame.period.n
    if frame.name in OF_SESSIONS:
        return _coarse_bars(frame.name, count, unit)
    of_bar = frame.span // timedelta(minutes=1)
    if unit in (MINUTE, HOUR):
        minutes = count * (60 if unit == HOUR else 1)
        return None if minutes % of_bar else minutes // of_bar
    return count * _SESSIONS[unit] * -(-_SESSION_MINUTES // of_bar)


def _coarse_bars(name: str, count: int, unit: str) -> int | None:
    if name == "d1":
        return count * _SESSIONS[unit] if unit in _SESSIONS else None
    if name == "w1" and unit == DAY:
        return None if count % _SESSIONS[WEEK] else count // _SESSIONS[WEEK]
    return round(count * 52 / 12) if name == "w1" and unit == MONTH else None
