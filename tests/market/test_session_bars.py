"""Finer bars put together by sessions, in the zone of the exchange and in UTC."""

from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import DownwardResampleError
from ensemble_desk.market.resampling import session_bars

HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def bars_at(index):
    close = 100 + np.sin(np.arange(len(index)))
    index = pd.DatetimeIndex(index, name="time").tz_convert("UTC").as_unit("us")
    return pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 5.0}, index)


def session(zone, start, end, minutes, *, first="2012-02-20", last="2012-04-20"):
    parts = [
        pd.date_range(
            f"{day:%Y-%m-%d} {start}", f"{day:%Y-%m-%d} {end}", freq=f"{minutes}min", inclusive="left", tz=zone
        )
        for day in pd.bdate_range(first, last)
    ]
    return bars_at(parts[0].append(parts[1:]))


def around_the_clock(minutes):
    index = pd.date_range("2012-02-20 18:00", "2012-04-20 17:00", freq=f"{minutes}min", tz="America/New_York")
    friday, sunday, saturday = index.day_of_week == 4, index.day_of_week == 6, index.day_of_week == 5
    closed = (index.hour == 17) | saturday | (friday & (index.hour >= 17)) | (sunday & (index.hour < 18))
    return bars_at(index[~closed])


def put(frame, minutes, timeframe, zone):
    step = pd.Timedelta(minutes=minutes)
    return session_bars.put_together(
        frame, step=step, timeframe=timeframe, zone=None if zone is None else ZoneInfo(zone)
    )


EXCHANGES = [
    ("America/New_York", "09:30", "16:00"),
    ("America/New_York", "04:00", "20:00"),
    ("Australia/Sydney", "10:00", "16:00"),
    ("Asia/Tokyo", "09:00", "15:00"),
    ("Europe/London", "08:00", "16:30"),
]


@pytest.mark.parametrize("minutes", [1, 5, 15, 30])
@pytest.mark.parametrize(("zone", "start", "end"), EXCHANGES)
@pytest.mark.parametrize("zone_is_known", [True, False])
def test_a_session_is_one_day_wherever_it_is(minutes, zone, start, end, zone_is_known):
    fine = session(zone, start, end, minutes, first="2012-03-01" if minutes == 1 else "2012-02-20")
    made = put(fine, minutes, "d1", zone if zone_is_known else None)
    days = fine.index.tz_convert(zone).tz_localize(None).normalize()
    truth = fine.groupby(days).agg(HOW)
    truth.index = truth.index.tz_localize("UTC").as_unit("us").rename("time")
    pd.testing.assert_frame_equal(made.frame, truth, check_freq=False)
    assert made.unfinished is None


@pytest.mark.parametrize("minutes", [5, 60])
def test_the_evening_of_futures_belongs_to_the_next_day(minutes):
    fine = around_the_clock(minutes)
    made = put(fine, minutes, "d1", "America/New_York")
    days = (fine.index.tz_convert("America/New_York").tz_localize(None) + pd.Timedelta(hours=6)).normalize()
    assert made.frame["close"].tolist() == fine.groupby(days)["close"].last().tolist()
    assert (made.frame.index.day_of_week < 5).all()


def test_bars_without_a_break_are_days_from_midnight():
    fine = bars_at(pd.date_range("2012-03-01", periods=24 * 10, freq="h", tz="UTC"))
    made = put(fine, 60, "d1", None)
    assert len(made.frame) == 10
    assert made.frame.index[0] == pd.Timestamp("2012-03-01", tz="UTC")


@pytest.mark.parametrize("zone_is_known", [True, False])
def test_four_hours_of_a_stock_begin_with_its_session(zone_is_known):
    fine = session("America/New_York", "09:30", "16:00", 30)
    made = put(fine, 30, "h4", "America/New_York" if zone_is_known else None)
    clock = made.frame.index.tz_convert("America/New_York")
    assert {f"{time:%H:%M}" for time in clock} == {"09:30", "13:30"}
    assert made.frame["volume"].sum() == fine["volume"].sum()


def test_a_week_is_dated_by_its_last_session():
    fine = session("America/New_York", "09:30", "16:00", 30, last="2012-03-09")
    made = put(fine, 30, "w1", "America/New_York")
    assert [f"{day:%a %Y-%m-%d}" for day in made.frame.index] == ["Fri 2012-02-24", "Fri 2012-03-02", "Fri 2012-03-09"]


@pytest.mark.parametrize("timeframe", ["h4", "d1", "w1"])
def test_an_unfinished_period_is_left_out_and_told(timeframe):
    fine = session("America/New_York", "09:30", "16:00", 30, last="2012-03-08").iloc[:-2]
    made = put(fine, 30, timeframe, "America/New_York")
    assert made.unfinished is not None
    assert made.frame.index[-1] < made.unfinished
    assert made.frame.index.is_monotonic_increasing


def test_coarser_bars_are_not_parted():
    with pytest.raises(DownwardResampleError):
        put(session("America/New_York", "09:30", "16:00", 30), 30, "m15", None)
