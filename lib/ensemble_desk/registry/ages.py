"""How old a version is, and whether it has expired by the settings; computed whenever it is asked, stored nowhere."""

from datetime import UTC, datetime, timedelta

from ensemble_desk.errors import ExpiredVersionError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.settings import Settings

_DAYS_A_YEAR = 365.25


def limit(settings: Settings, timeframe: str) -> str:
    """Name the age allowed in a timeframe, such as ``60d`` or ``500bars``; '' when none is set."""
    return settings.max_age.get(timeframe, settings.max_age.get("", ""))


def expires_at(settings: Settings, key: Key, version: str) -> datetime | None:
    """Tell when a version expires, counted from the day that names it; None when its timeframe has no limit.

    Bars are counted by how many a year has, so that no price is read for it.
    """
    allowed = limit(settings, key.timeframe)
    if not allowed:
        return None
    born = datetime.strptime(version[:8], "%Y%m%d").replace(tzinfo=UTC)
    if allowed.endswith("bars"):
        a_year = timeframes.get(key.timeframe).bars_per_year
        return born + timedelta(days=int(allowed.removesuffix("bars")) * _DAYS_A_YEAR / a_year)
    return born + timedelta(days=int(allowed.removesuffix("d")))


def is_expired(settings: Settings, key: Key, version: str, *, now: datetime) -> bool:
    """Tell whether a version is older than its timeframe allows."""
    at = expires_at(settings, key, version)
    return at is not None and now > at


def refused_at(settings: Settings, key: Key, version: str) -> datetime | None:
    """Tell from when on the loader refuses a version; None when it never does for its age."""
    return expires_at(settings, key, version) if settings.expired == "refuse" else None


def refusal(settings: Settings, key: Key, version: str) -> ExpiredVersionError:
    return ExpiredVersionError(key, version, limit=limit(settings, key.timeframe))
