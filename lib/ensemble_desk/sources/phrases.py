"""Phrases that sources share when they describe themselves."""

from datetime import datetime, time


def moment(at: datetime) -> str:
    """``2013-03-01``, with the time of day where there is one."""
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M} UTC"
