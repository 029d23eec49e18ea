"""The timeframes of bars and the horizons that are forecast on each."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ensemble_desk.errors import InvalidHorizonError, InvalidTimeframeError


@dataclass(frozen=True, slots=True)
class Timeframe:
    """One spacing of bars.

    Attributes
    ----------
    name : one of m15, h1, h4, d1, w1.
    title : the same in words, for people.
    span : nominal time from one bar to the next.
    resample_rule : the pandas offset that builds these bars from finer ones.
    bars_per_year : trading bars in a year of a US stock, for annualising.
    """

    name: str
    title: str
    span: timedelta
    resample_rule: str
    bars_per_year: int


TIMEFRAMES: dict[str, Timeframe] = {
    frame.name: frame
    for frame in (
        Timeframe("m15", "15 minutes", timedelta(minutes=15), "15min", 6_552),
        Timeframe("h1", "1 hour", timedelta(hours=1), "1h", 1_638),
        Timeframe("h4", "4 hours", timedelta(hours=4), "4h", 504),
        Timeframe("d1", "1 day", timedelta(days=1), "1D", 252),
        Timeframe("w1", "1 week", timedelta(weeks=1), "W-FRI", 52),
    )
}

OF_SESSIONS = ("d1", "w1")
"""Timeframes whose bars carry the date of a session instead of a time."""

TIMEFRAME_HORIZONS: dict[str, dict[str, Any]] = {
    "m15": {"base_horizon": "15min", "horizons": {"15min": 1, "1H": 4, "4H": 16}},
    "h1": {"base_horizon": "1H", "horizons": {"1H": 1, "4H": 4, "1D": 7}},
    "h4": {"base_horizon": "4H", "horizons": {"4H": 1, "1D": 2, "1W": 10}},
    "d1": {"base_horizon": "1D", "horizons": {"1D": 1, "1W": 5, "1M": 21}},
    "w1": {"base_horizon": "1W", "horizons": {"1W": 1, "4W": 4, "13W": 13}},
}
"""Per timeframe its base horizon (what a version is trained for) and every horizon with its length in bars."""


def get(name: str) -> Timeframe:
    """Look a timeframe up by name; raises InvalidTimeframeError with the known names."""
    try:
        return TIMEFRAMES[name]
    except KeyError:
        raise InvalidTimeframeError(name, known=tuple(TIMEFRAMES)) from None


def base_horizon(timeframe: str) -> str:
    """Name the horizon that versions of this timeframe are trained for, for example ``1D``."""
    get(timeframe)
    return str(TIMEFRAME_HORIZONS[timeframe]["base_horizon"])


def horizons(timeframe: str) -> dict[str, int]:
    """Give every horizon of a timeframe with its length in bars, shortest first."""
    get(timeframe)
    return dict(TIMEFRAME_HORIZONS[timeframe]["horizons"])


def horizon_bars(timeframe: str, horizon: str) -> int:
    """Length of a named horizon in bars; raises InvalidHorizonError with the known names."""
    known = horizons(timeframe)
    try:
        return known[horizon]
    except KeyError:
        raise InvalidHorizonError(horizon, timeframe=timeframe, known=tuple(known)) from None
