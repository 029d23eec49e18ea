"""Frames of callers: their times, their spellings, and the same numbers as a file of the same rows."""

import logging

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import InvalidBarsError
from ensemble_desk.market import bars, features, frames
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading

PRICES = {"open": "Open", "high": "High", "low": "Low", "close": "Close", "volume": "Volume"}


def read(frame, timeframe="d1", **more):
    return bars.check(frames.read(frame, timeframe=timeframe, **more))


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_freq=False)


def unchanged(frame):
    return frame


def test_bars_of_ours_are_given_back_themselves(daily, quarter_hours):
    assert frames.read(daily, timeframe="d1") is daily
    assert frames.read(quarter_hours, timeframe="m15") is quarter_hours


@pytest.mark.parametrize("name", ["ts", "date", "time", "Date", "datetime", "timestamp"])
@pytest.mark.parametrize(
    "written",
    [
        unchanged,
        lambda times: times.dt.tz_localize(None),
        lambda times: times.dt.strftime("%Y-%m-%d"),
        lambda times: times.dt.date,
        lambda times: times.astype("int64") // 10**6,
        lambda times: times.astype("int64") // 10**3,
        lambda times: times.astype("int64"),
    ],
    ids=["aware", "naive", "text", "dates", "seconds", "milliseconds", "microseconds"],
)
def test_a_column_of_times_is_read_whatever_the_index(daily, name, written):
    given = daily.reset_index(names=name)
    given[name] = written(given[name])
    same(read(given.assign(note="x", rank=np.arange(len(given)))), daily)
    same(read(given.set_axis(list("ab") * (len(given) // 2) + ["c"] * (len(given) % 2))), daily)


def test_naive_dates_of_daily_and_weekly_bars_are_those_of_sessions(daily, weekly):
    same(read(daily.tz_localize(None)), daily)
    same(read(weekly.tz_localize(None), "w1"), weekly)


def test_midnight_of_an_exchange_is_the_date_of_its_session(daily):
    for zone in ("America/New_York", "Asia/Tokyo"):
        same(read(daily.tz_localize(None).tz_localize(zone)), daily)


def test_a_close_in_utc_is_the_session_of_that_date(daily):
    same(read(daily.shift(21, freq="h")), daily)


def test_naive_intraday_times_need_a_zone_that_is_named(quarter_hours):
    wall = quarter_hours.tz_convert("America/New_York").tz_localize(None)
    with pytest.raises(InvalidBarsError, match="time_zone="):
        read(wall, "m15")
    same(read(wall, "m15", time_zone="America/New_York"), quarter_hours)
    same(read(quarter_hours.tz_localize(None), "m15", time_zone="UTC"), quarter_hours)
    with pytest.raises(InvalidBarsError, match="Amerika/Berlin"):
        read(wall, "m15", time_zone="Amerika/Berlin")


def test_a_time_that_a_clock_change_makes_doubtful_is_refused(quarter_hours):
    around = quarter_hours.iloc[:20].set_axis(pd.date_range("2024-11-03", periods=20, freq="15min"))
    with pytest.raises(InvalidBarsError, match="2024-11-03 01:00 in America/New_York is doubtful"):
        read(around, "m15", time_zone="America/New_York")


def test_other_zones_of_intraday_times_become_utc(quarter_hours):
    same(read(quarter_hours.tz_convert("Asia/Kolkata"), "m15"), quarter_hours)


def test_spellings_of_a_vendor_and_its_adjusted_close_are_those_of_an_upload(daily):
    factor = np.where(np.arange(len(daily)) < 1000, 0.5, 1.0)
    given = daily.rename(columns=PRICES).assign(**{"Adj Close": daily["close"] * factor})
    content = given.to_csv().encode()
    uploaded = reading.read_bars(content, file_name="x.csv", key=Key("AAPL", "d1"), max_bytes=2**26).frame
    same(read(given), uploaded)
    assert not np.allclose(uploaded["close"], daily["close"])


def test_newest_first_is_turned_round(daily):
    same(read(daily.iloc[::-1]), daily)
    same(read(daily.iloc[::-1].reset_index(names="ts")), daily)


def test_without_any_volume_it_is_0_and_logged(daily, caplog):
    with caplog.at_level(logging.WARNING):
        found = read(daily.drop(columns="volume"))
    assert (found["volume"] == 0).all()
    assert "no volume" in caplog.text


def test_features_keep_their_names_and_get_their_times(daily):
    table = features.compute(daily)[["rsi_14", "macd"]].rename(columns={"macd": "close_price"})
    names = ["rsi_14", "close_price"]
    found = frames.read(table.reset_index(names="date"), timeframe="d1", keep=names)
    assert {*names} <= {*found.columns}
    assert found.index.equals(table.index)
    bare = table.reset_index(drop=True)
    assert frames.read(bare, timeframe="d1", keep=names) is bare


def test_times_that_are_none_are_named(daily):
    given = daily.reset_index(names="date").astype({"date": "str"})
    given.loc[3, "date"] = "yesterday"
    with pytest.raises(InvalidBarsError, match="column date holds no times"):
        read(given)
    given = daily.tz_localize(None).reset_index(names="date")
    given.loc[3, "date"] = pd.NaT
    with pytest.raises(InvalidBarsError, match="row 4: date NaT is no time"):
        read(given)


def test_the_frame_given_is_left_alone(daily):
    given = daily.tz_localize(None).rename(columns=PRICES)
    before = given.copy()
    read(given)
    pd.testing.assert_frame_equal(given, before)


def test_moments_are_dated_in_the_zone_that_is_named_and_weeks_by_their_last_session():
    days = pd.bdate_range("2012-01-02", periods=40, tz="Europe/Paris", name="time")
    values = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.5, "volume": 1.0}
    moments = pd.DataFrame(values, index=days.tz_convert("UTC"))
    read = frames.read(moments, timeframe="d1", time_zone="Europe/Paris")
    assert read.index.tolist() == days.tz_localize(None).tz_localize("UTC").tolist()
    mondays = pd.DataFrame(values, index=pd.date_range("2012-01-02", periods=20, freq="W-MON", name="time"))
    weeks = frames.read(mondays, timeframe="w1").index
    assert (weeks.day_of_week == 4).all()
    assert weeks[0] == pd.Timestamp("2012-01-06", tz="UTC")
