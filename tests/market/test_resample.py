"""Coarser bars hold what the finer ones held, appear when complete, and never change afterwards."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ensemble_desk.errors import DownwardResampleError, InvalidBarsError, InvalidTimeframeError
from ensemble_desk.market import bars
from ensemble_desk.market.resampling import upward as resample


def to_weeks(frame, **options):
    return resample.upward(frame, timeframe_from="d1", timeframe_to="w1", **options)


def by_hand(frame, period):
    """Aggregate with plain loops; `period` names the period of a time."""
    groups = {}
    for time, row in frame.iterrows():
        groups.setdefault(period(time), []).append((time, row))
    return {
        name: (
            rows[-1][0],
            rows[0][1]["open"],
            max(row["high"] for _, row in rows),
            min(row["low"] for _, row in rows),
            rows[-1][1]["close"],
            sum(row["volume"] for _, row in rows),
        )
        for name, rows in groups.items()
    }


def test_weeks_of_real_sessions_equal_those_made_by_hand(daily):
    weeks = to_weeks(daily)
    expected = by_hand(daily, lambda time: time.isocalendar()[:2])
    assert list(weeks.index) == [values[0] for values in expected.values()]
    np.testing.assert_allclose(weeks, [values[1:] for values in expected.values()], rtol=1e-12)
    pd.testing.assert_frame_equal(bars.check(weeks), weeks)


def test_a_week_carries_the_date_of_its_last_session(daily):
    weeks = to_weeks(daily)
    assert pd.Timestamp("2012-04-05", tz="UTC") in weeks.index  # Good Friday was the 6th
    assert pd.Timestamp("2012-04-13", tz="UTC") in weeks.index
    assert weeks.index.isin(daily.index).all()


def test_a_week_that_is_not_over_is_left_out_unless_asked_for(daily):
    wednesday = daily.loc[:"2013-02-27"]
    assert to_weeks(wednesday).index[-1] == pd.Timestamp("2013-02-22", tz="UTC")
    kept = to_weeks(wednesday, keep_incomplete=True)
    assert kept.index[-1] == pd.Timestamp("2013-02-27", tz="UTC")
    assert kept["close"].iloc[-1] == wednesday["close"].iloc[-1]
    assert to_weeks(daily.loc[:"2013-03-01"]).index[-1] == pd.Timestamp("2013-03-01", tz="UTC")  # a Friday


def test_a_week_before_a_friday_holiday_appears_with_the_next_session(daily):
    thursday = pd.Timestamp("2012-04-05", tz="UTC")
    assert to_weeks(daily.loc[:thursday]).index[-1] == pd.Timestamp("2012-03-30", tz="UTC")
    assert to_weeks(daily.loc[: pd.Timestamp("2012-04-09", tz="UTC")]).index[-1] == thursday


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_bars_once_given_never_change_when_more_data_arrives(daily, quarter_hours, data):
    fine, timeframe_from, targets = data.draw(
        st.sampled_from([(daily.tail(90), "d1", ["w1"]), (quarter_hours.head(260), "m15", ["h1", "h4", "d1", "w1"])]),
    )
    target = data.draw(st.sampled_from(targets))
    kept = data.draw(st.lists(st.booleans(), min_size=len(fine), max_size=len(fine)))
    fine = fine[np.array(kept)]
    if len(fine) < 2:
        return
    length = data.draw(st.integers(1, len(fine)))
    whole = resample.upward(fine, timeframe_from=timeframe_from, timeframe_to=target)
    early = resample.upward(fine.head(length), timeframe_from=timeframe_from, timeframe_to=target)
    pd.testing.assert_frame_equal(early, whole.head(len(early)))


def test_no_week_shows_anything_later_than_its_own_date(daily):
    weeks = to_weeks(daily.tail(300))
    for time in weeks.index:
        known = to_weeks(daily.tail(300).loc[:time], keep_incomplete=True)
        pd.testing.assert_series_equal(known.iloc[-1], weeks.loc[time])


def test_hours_days_and_weeks_from_quarter_hours_equal_those_made_by_hand(quarter_hours):
    rules = {
        "h1": lambda time: time.floor("1h"),
        "h4": lambda time: time.floor("4h"),
        "d1": lambda time: time.normalize(),
    }
    for target, period in rules.items():
        coarse = resample.upward(quarter_hours, timeframe_from="m15", timeframe_to=target, keep_incomplete=True)
        expected = by_hand(quarter_hours, period)
        assert list(coarse.index) == list(expected)
        np.testing.assert_allclose(coarse, [values[1:] for values in expected.values()], rtol=1e-12)


def test_two_steps_equal_one(quarter_hours):
    def up(frame, start, end):
        return resample.upward(frame, timeframe_from=start, timeframe_to=end, keep_incomplete=True)

    days = up(up(up(quarter_hours, "m15", "h1"), "h1", "h4"), "h4", "d1")
    pd.testing.assert_frame_equal(days, up(quarter_hours, "m15", "d1"))
    pd.testing.assert_frame_equal(up(days, "d1", "w1"), up(quarter_hours, "m15", "w1"))


def test_an_hour_is_complete_when_its_last_quarter_is_there(quarter_hours):
    def hours(until):
        return resample.upward(quarter_hours.loc[:until], timeframe_from="m15", timeframe_to="h1")

    assert hours("2024-01-02 15:30").index[-1] == pd.Timestamp("2024-01-02 14:00", tz="UTC")
    assert hours("2024-01-02 15:45").index[-1] == pd.Timestamp("2024-01-02 15:00", tz="UTC")


def test_only_an_incomplete_period_gives_no_bars_at_all(daily):
    assert to_weeks(daily.loc["2013-02-25":"2013-02-26"]).empty


def test_weekend_sessions_belong_to_the_week_that_ends_on_the_next_friday():
    index = pd.date_range("2024-01-06", "2024-01-12", tz="UTC", name="time")  # Saturday to Friday
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 1.0}, index)
    weeks = to_weeks(frame)
    assert list(weeks.index) == [pd.Timestamp("2024-01-12", tz="UTC")]
    assert weeks["volume"].tolist() == [7.0]


@pytest.mark.parametrize(("start", "end"), [("w1", "d1"), ("d1", "h4"), ("h1", "m15")])
def test_downward_is_refused_with_what_to_provide(daily, start, end):
    with pytest.raises(DownwardResampleError, match=f"Provide {end} bars or finer ones"):
        resample.upward(daily, timeframe_from=start, timeframe_to=end)


def test_the_same_timeframe_gives_the_bars_unchanged(daily):
    pd.testing.assert_frame_equal(resample.upward(daily, timeframe_from="d1", timeframe_to="d1"), daily)


def test_unknown_timeframes_and_broken_bars_are_refused(daily):
    with pytest.raises(InvalidTimeframeError):
        resample.upward(daily, timeframe_from="d1", timeframe_to="q1")
    with pytest.raises(InvalidBarsError, match="newest to oldest"):
        to_weeks(daily[::-1])


def test_months_are_those_of_the_calendar_and_carry_their_last_session(daily):
    months = resample.upward(daily, timeframe_from="1d", timeframe_to="1M")
    expected = by_hand(daily, lambda time: (time.year, time.month))
    whole = list(expected.values())[: len(months)]
    assert list(months.index) == [row[0] for row in whole]
    assert months.to_numpy() == pytest.approx(np.array([row[1:] for row in whole]))
    assert len(months) == len(expected) - 1  # the last one is not over


@pytest.mark.parametrize("coarse", ["m30", "h1", "h2", "h8", "h12"])
def test_hours_and_minutes_follow_the_clock(quarter_hours, coarse):
    span = pd.Timedelta(f"{coarse[1:]}{'min' if coarse[0] == 'm' else 'h'}")
    found = resample.upward(quarter_hours, timeframe_from="m15", timeframe_to=coarse, keep_incomplete=True)
    expected = by_hand(quarter_hours, lambda time: time.floor(span))
    assert list(found.index) == list(expected)
    assert found["close"].tolist() == [row[4] for row in expected.values()]
    assert found["volume"].tolist() == [row[5] for row in expected.values()]


@pytest.mark.parametrize(("fine", "coarse"), [("m10", "m15"), ("h8", "h12"), ("w1", "mn1"), ("h1", "m30")])
def test_periods_that_are_no_whole_number_of_bars_are_refused(daily, fine, coarse):
    with pytest.raises(DownwardResampleError):
        resample.upward(daily, timeframe_from=fine, timeframe_to=coarse)
