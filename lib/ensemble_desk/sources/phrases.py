"""Phrases that sources share when they describe themselves."""

from datetime import datetime, time

from ensemble_desk.market.bars import Bars


def moment(at: datetime) -> str:
    """``2013-03-01``, with the time of day where there is one."""
    return f"{at:%Y-%m-%d}" if at.time() == time() else f"{at:%Y-%m-%d %H:%M} UTC"


def outside(whole: Bars) -> str:
    """What to say when there are bars of a key, and none in the time asked for."""
    return spans(str(whole.key), whole.first, whole.last)


def spans(key: str, first: datetime, last: datetime) -> str:
    """``AAPL/d1 begins on 2000-03-01 and ends on 2013-03-01``, and what to do."""
    return f"{key} begins on {first:%Y-%m-%d} and ends on {moment(last)}. Choose a time between."
