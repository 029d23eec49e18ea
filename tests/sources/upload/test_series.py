"""What a series of bars leaves open is asked, and what does not look right is told with a way to mend it."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import RepeatedBarsError, UnsortedBarsError, UploadError, UploadQuestionError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import sessions
from ensemble_desk.sources.upload.answers import Answers

PRICES = ["open", "high", "low", "close"]
WEEKLY, HOURLY = Key("AAPL", "w1"), Key("AAPL", "h1")


def same(found, frame):
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False, rtol=1e-9)


def warned(found):
    return {one.answer or one.what: one for one in found.warnings}


@pytest.fixture
def crossing(daily):
    """Whole prices that cross a thousand."""
    whole = (daily * 14).round()
    whole["volume"] = (daily["volume"] / 1000).round()
    assert whole["close"].min() < 1000 < whole["close"].max()
    return whole.assign(high=whole[PRICES].max(axis=1), low=whole[PRICES].min(axis=1))


@pytest.mark.parametrize(("separator", "mark"), [("\t", ","), (";", ","), (";", "."), ("|", ",")])
def test_a_thousand_is_told_from_one_by_its_neighbours(crossing, recognise, separator, mark):
    body = [
        separator.join([f"{day:%Y-%m-%d}", *(f"{value:,.0f}".replace(",", mark) for value in bar)])
        for day, *bar in crossing.itertuples()
    ]
    same(recognise("\n".join([separator.join(["Date", *crossing]), *body])), crossing)


def test_a_mark_that_reads_both_ways_is_asked_about(daily, recognise):
    text = "date;open;high;low;close\n" + "".join(f"{day:%Y-%m-%d};1,234;1,239;1,231;1,236\n" for day in daily.index)
    with pytest.raises(UploadQuestionError, match=r"--decimal comma.*1\.234.*--decimal point.*1,234") as caught:
        recognise(text)
    assert caught.value.answer == "decimal"
    assert recognise(text, answers=Answers(decimal="comma")).bars.frame["open"].iloc[0] == 1.234
    assert recognise(text, answers=Answers(decimal="point")).bars.frame["open"].iloc[0] == 1234


@pytest.mark.parametrize(("zone", "epoch"), [("Europe/Paris", False), ("Asia/Kolkata", True), ("Asia/Tokyo", True)])
def test_midnights_elsewhere_are_asked_about_and_dated_in_the_zone_that_is_named(daily, recognise, zone, epoch):
    midnights = daily.index.tz_localize(None).tz_localize(zone).tz_convert("UTC")
    index = midnights.as_unit("s").asi8 if epoch else midnights.strftime("%Y-%m-%dT%H:%M:%SZ")
    text = daily.set_axis(pd.Index(index, name="time")).to_csv()
    with pytest.raises(UploadQuestionError, match=f"--time-zone {zone}") as caught:
        recognise(text)
    assert caught.value.answer == "time_zone"
    same(recognise(text, time_zone=zone), daily)


def test_dates_before_an_offset_stay_as_they_are_written(daily, recognise):
    text = "Local time,Open,High,Low,Close,Volume\n" + "".join(
        f"{day:%d.%m.%Y} 00:00:00.000 GMT+0{2 if 4 <= day.month <= 10 else 1}00,{','.join(map(repr, bar))}\n"
        for day, *bar in daily.itertuples()
    )
    same(recognise(text), daily)


def test_a_live_row_beside_the_days_row_is_asked_about(daily, recognise):
    last = daily.iloc[-1]
    live = f"{daily.index[-1]:%Y-%m-%d} 16:00:01,{last.open},{last.high},{last.low},{last.close},7\n"
    text = daily.set_axis(daily.index.strftime("%Y-%m-%d")).rename_axis("time").to_csv() + live
    with pytest.raises(RepeatedBarsError, match=r"line 302: its time occurs more than once.*--keep first"):
        recognise(text)
    assert recognise(text, answers=Answers(keep="last")).bars.frame["volume"].iloc[-1] == 7
    found = recognise(text, answers=Answers(keep="first"))
    same(found, daily)
    assert [dropped.count for dropped in found.dropped] == [1]


def test_blocks_in_the_wrong_order_are_sorted_when_somebody_says_so(daily, recognise):
    text = pd.concat([daily.iloc[200:], daily.iloc[:200]]).to_csv()
    with pytest.raises(UnsortedBarsError, match=r"line 102: it comes after a later bar.*--sort"):
        recognise(text)
    same(recognise(text, answers=Answers(sort=True)), daily)


def test_an_unadjusted_split_is_told_and_adjusted(daily, recognise):
    split = daily.copy()
    split.loc[split.index[:-40], PRICES] *= 7
    split.loc[split.index[:-40], "volume"] /= 7
    found = recognise(split.to_csv())
    assert "as an unadjusted split of 7 to 1 does" in warned(found)["adjust_splits"].what
    assert warned(found)["adjust_splits"].days == (f"{daily.index[-40]:%Y-%m-%d}",)
    mended = recognise(split.to_csv(), answers=Answers(adjust_splits=True))
    same(mended, daily)
    assert "adjust_splits" not in warned(mended)
    assert "adjust_splits" not in warned(recognise(daily.to_csv()))


def test_prices_a_hundred_times_the_others_are_told_and_brought_to_their_scale(daily, recognise):
    pence = daily.copy()
    pence.loc[pence.index[-3:], PRICES] *= 100
    found = recognise(pence.to_csv())
    assert "The prices of 3 of 300 bars are about 100 times the others" in warned(found)["rescale"].what
    same(recognise(pence.to_csv(), answers=Answers(rescale=True)), daily)


def test_a_suspended_symbol_is_told(daily, recognise):
    still = daily.copy()
    still.loc[still.index[-60:], PRICES] = daily["close"].iloc[-61]
    still.loc[still.index[-60:], "volume"] = 0
    assert any(
        "60 bars on end have one and the same price and no volume" in one.what
        for one in recognise(still.to_csv()).warnings
    )


def test_missing_sessions_weekends_and_age_are_told(daily, recognise):
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    gone = recognise(daily.drop(daily.index[[50, 60]]).to_csv(), now=now, calendar=sessions.calendar("XNYS"))
    said = [one.told for one in gone.warnings]
    assert f"2 sessions of the exchange have no bar ({daily.index[50]:%Y-%m-%d}, {daily.index[60]:%Y-%m-%d})." in said
    one = recognise(daily.drop(daily.index[50]).to_csv(), calendar=sessions.calendar("XNYS")).warnings
    told = f"1 session of the exchange has no bar ({daily.index[50]:%Y-%m-%d})."
    assert told in [warning.told for warning in one]
    assert "The newest bar, of 2013-03-01, is 13 years old." in said
    moved = recognise(daily.set_axis(daily.index - pd.Timedelta(days=1)).rename_axis("time").to_csv())
    assert warned(moved)["shift_days"].value == 1
    same(
        recognise(
            daily.set_axis(daily.index - pd.Timedelta(days=1)).rename_axis("time").to_csv(),
            answers=Answers(shift_days=1),
        ),
        daily,
    )
    fresh = daily.set_axis(pd.bdate_range(end="2026-11-27", periods=len(daily), tz="UTC", name="time"))
    forming = recognise(fresh.to_csv(), now=datetime(2026, 11, 27, 15, tzinfo=UTC))
    assert any("may still be forming" in one.what for one in forming.warnings)
    assert not recognise(fresh.to_csv(), now=now).warnings


def test_more_than_one_currency_is_told(daily, recognise):
    mixed = daily.assign(currency=["GBP"] * 200 + ["GBp"] * 100)
    assert any("more than one currency: GBP, GBp" in one.what for one in recognise(mixed.to_csv()).warnings)


@pytest.mark.parametrize(
    ("days", "answers"), [(0, {}), (-4, {}), (1, {}), (-5, {"week": "begins"}), (2, {"week": "ends"})]
)
def test_weekly_bars_are_dated_by_their_last_session(daily, recognise, days, answers):
    weeks = daily.groupby(pd.Grouper(freq="W-FRI")).agg(
        {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    )
    text = weeks.set_axis(weeks.index + pd.Timedelta(days=days)).rename_axis("time").to_csv()
    if answers:
        with pytest.raises(UploadQuestionError, match="may begin a week or end one"):
            recognise(text, key=WEEKLY)
    found = recognise(text, key=WEEKLY, answers=Answers(**answers))
    assert found.bars.frame.index.tolist() == weeks.index.tolist()
    dated = recognise(text, key=WEEKLY, answers=Answers(**answers), calendar=sessions.calendar("XNYS"))
    assert pd.Timestamp("2012-04-05", tz="UTC") in dated.bars.frame.index  # the day before Good Friday


def hours(index):
    close = 100 + np.sin(np.arange(len(index)))
    return pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 5.0}, index)


def written(frame, form):
    return frame.set_axis(pd.Index([time.strftime(form) for time in frame.index], name="time")).to_csv()


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_doubled_hour_of_a_clock_change_follows_from_the_order_of_rows(recognise, zone, newest_first):
    frame = hours(pd.date_range("2012-10-20", "2012-11-20", freq="h", tz=zone))
    text = written(frame[::-1] if newest_first else frame, "%Y-%m-%d %H:%M")
    found = recognise(text, key=HOURLY, time_zone=zone)
    assert found.bars.frame.index.tolist() == frame.index.tz_convert("UTC").tolist()


def test_an_hour_that_never_was_tells_that_the_zone_is_wrong(recognise):
    text = written(hours(pd.date_range("2012-03-01", "2012-03-31", freq="h", tz="UTC")), "%Y-%m-%d %H:%M")
    with pytest.raises(UploadError, match=r"2012-03-11 02:00 never was in America/New_York.*The zone is wrong"):
        recognise(text, key=HOURLY, time_zone="America/New_York")


@pytest.mark.parametrize(
    ("form", "zone"),
    [
        ("%Y%m%d  %H:%M:%S", "America/New_York"),
        ("%Y%m%d %H:%M:%S US/Eastern", None),
        ("%Y%m%d %H:%M:%S America/New_York", None),
        ("%Y-%m-%d %H:%M:%S %Z", None),
        ("%Y-%m-%d %H:%M:%S%z", None),
        ("%d.%m.%Y %H:%M:%S.000 GMT%z", None),
        ("%m/%d/%Y %I:%M %p", "America/New_York"),
        ("%d-%B-%Y %H:%M", "America/New_York"),
        ("%Y%m%d%H%M%S", "America/New_York"),
        ("%Y年%m月%d日 %H:%M", "America/New_York"),
    ],
)
def test_times_as_programs_write_them(recognise, form, zone):
    frame = hours(
        pd.DatetimeIndex(
            [
                day + pd.Timedelta(hours=9.5 + hour)
                for day in pd.bdate_range("2012-03-06", "2012-03-16", tz="America/New_York")
                for hour in range(7)
            ]
        )
    )
    found = recognise(written(frame, form), key=HOURLY, time_zone=zone)
    assert found.bars.frame.index.tolist() == frame.index.tz_convert("UTC").tolist()


def test_a_form_of_times_that_is_named_and_bars_stamped_at_their_end(recognise):
    frame = hours(pd.date_range("2012-03-06 10:30", periods=40, freq="h", tz="UTC"))
    answers = Answers(time_format="%H:%M on %d|%m|%Y", stamped_end=True)
    found = recognise(written(frame, "%H:%M on %d|%m|%Y"), key=HOURLY, answers=answers)
    assert found.bars.first == datetime(2012, 3, 6, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "day",
    ["3-January-2012", "3 Jan 2012", "Tue, Jan 3, 2012", "3 janv. 2012", "3. Januar 2012", "3 ene 2012", "2012. 1. 3."],
)
def test_months_in_words_and_marks(recognise, day):
    text = f"date;open;high;low;close;volume\n{day};1;2;1;2;5\n"
    assert recognise(text).bars.first == datetime(2012, 1, 3, tzinfo=UTC)
