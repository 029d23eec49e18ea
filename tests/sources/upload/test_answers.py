"""What a file leaves open is asked by a typed error, and an argument answers it; what was recognised is told."""

import pickle

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import AmbiguousDatesError, OtherTimeframeError, UploadError
from ensemble_desk.market.keys import Key
from ensemble_desk.market.resampling import upward as resample
from ensemble_desk.sources.upload.recognition import Dropped

WEEKLY, HOURLY, DAILY = Key("AAPL", "w1"), Key("AAPL", "h1"), Key("AAPL", "d1")


@pytest.fixture
def quarters():
    """Two weeks of quarter hours, 26 a day."""
    days = pd.bdate_range("2024-01-02", periods=10, tz="America/New_York")
    index = pd.DatetimeIndex([day + pd.Timedelta(minutes=570 + 15 * i) for day in days for i in range(26)], name="time")
    close = 100 + np.sin(np.arange(len(index)))
    return pd.DataFrame({"open": close, "high": close + 1, "low": close - 1, "close": close, "volume": 5.0}, index)


def test_finer_bars_are_refused_with_the_fix_and_the_fix_works(daily, recognise):
    with pytest.raises(
        OtherTimeframeError, match=r"its bars are 1 day apart; w1 is 1 week\. Resample them up to w1, or choose d1"
    ) as caught:
        recognise(daily.to_csv(), key=WEEKLY)
    assert (caught.value.found, caught.value.wanted, caught.value.can_resample) == ("d1", "w1", True)
    found = recognise(daily.to_csv(), key=WEEKLY, resample=True)
    weeks = resample.upward(daily, timeframe_from="d1", timeframe_to="w1")
    pd.testing.assert_frame_equal(found.bars.frame, weeks, check_exact=True)
    assert found.bars.key == WEEKLY
    assert found.timeframe == "d1"
    assert f"300 d1 bars put together to {len(weeks)} w1 bars" in found.notes


@pytest.mark.parametrize(("key", "count"), [(HOURLY, 70), (Key("AAPL", "h4"), 20), (DAILY, 10), (WEEKLY, 2)])
def test_quarter_hours_become_hours_days_and_weeks(quarters, recognise, key, count):
    text = quarters.to_csv()
    with pytest.raises(OtherTimeframeError, match=f"15 minutes apart.*Resample them up to {key.timeframe}"):
        recognise(text, key=key)
    found = recognise(text, key=key, resample=True)
    assert abs(len(found.bars) - count) <= 10
    opens = found.bars.frame.index.tz_convert("America/New_York")
    if key.timeframe in ("h1", "h4"):
        assert {f"{time:%H:%M}" for time in opens[:2]} == {"09:30", "10:30" if key.timeframe == "h1" else "13:30"}
    if key.timeframe == "d1":
        days = quarters.groupby(quarters.index.normalize().tz_localize(None))
        assert found.bars.frame["close"].tolist() == days["close"].last().tolist()
        assert [f"{day:%Y-%m-%d}" for day in found.bars.frame.index] == [f"{day:%Y-%m-%d}" for day in days.groups]


def test_resampling_bars_that_fit_already_changes_nothing(daily, recognise):
    pd.testing.assert_frame_equal(recognise(daily.to_csv(), resample=True).bars.frame, daily, check_exact=True)


def test_too_few_bars_to_fill_one_coarser_bar(daily, recognise):
    with pytest.raises(UploadError, match=r"its 4 d1 bars fill no w1 bar\. Upload more"):
        recognise(daily.loc["2012-06-04":"2012-06-07"].to_csv(), key=WEEKLY, resample=True)


@pytest.mark.parametrize(("minutes", "said"), [(40, "40 minutes"), (180, "3 hours")])
def test_a_spacing_that_cannot_be_put_together_is_told(recognise, minutes, said):
    index = pd.date_range("2024-01-02", periods=50, freq=f"{minutes}min", tz="UTC", name="time")
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 1.0}, index)
    with pytest.raises(OtherTimeframeError, match=f"its bars are {said} apart; h1 is 1 hour. Upload h1 bars") as caught:
        recognise(frame.to_csv(), key=HOURLY, resample=True)
    assert (caught.value.found, caught.value.can_resample) == (None, False)


def test_bars_of_what_is_seldom_traded_are_daily_all_the_same(daily, recognise):
    assert recognise(daily.iloc[::3].to_csv()).timeframe == "d1"


def test_day_and_month_are_asked_for_and_answered(daily, recognise):
    few = daily.loc["2012-03-05":"2012-03-07"]
    text = few.set_axis(few.index.strftime("%m/%d/%Y")).to_csv(index_label="Date")
    with pytest.raises(AmbiguousDatesError) as caught:
        recognise(text)
    month_first, day_first = caught.value.readings
    assert (str(month_first.first), str(day_first.first)) == ("2012-03-05", "2012-05-03")
    assert "month first: 2012-03-05 to 2012-03-07; day first: 2012-05-03 to 2012-07-03" in str(caught.value)
    pd.testing.assert_frame_equal(recognise(text, day_first=False).bars.frame, few, check_exact=True)
    assert str(recognise(text, day_first=True).bars.last.date()) == "2012-07-03"


def test_a_time_zone_is_taken_for_times_without_one(quarters, recognise):
    text = quarters.tz_localize(None).to_csv()
    key = Key("AAPL", "m15")
    assert recognise(text, key=key).time_zone == "none written, taken as UTC"
    found = recognise(text, key=key, time_zone="America/New_York")
    assert found.bars.frame.index.equals(quarters.index.tz_convert("UTC").as_unit("us"))
    assert found.time_zone == "America/New_York, as given"
    with pytest.raises(UploadError, match="'Mars' is no time zone"):
        recognise(text, key=key, time_zone="Mars")


def test_a_ticker_for_a_file_that_names_none_is_refused(daily, recognise):
    with pytest.raises(UploadError, match=r"does not say whose bars they are\. Leave the ticker out"):
        recognise(daily.to_csv(), ticker="AAPL")


def test_one_ticker_in_a_column_is_told_and_may_be_named(daily, recognise):
    text = daily.assign(Symbol="AAPL").to_csv()
    assert recognise(text).ticker == "AAPL"
    assert recognise(text, ticker="aapl").ticker == "AAPL"


def test_what_was_recognised_is_a_table(daily, recognise):
    lines = daily.round(2).rename(columns=str.title).assign(Note="x").to_csv(index_label="Date").splitlines()
    lines[4] = ",".join([lines[4].split(",")[0], "", "", "", "", "", "x"])
    found = recognise("\n".join(lines))
    assert found.dropped == (Dropped("no prices", 1, ("line 5",)),)
    assert [(fact.what, fact.value) for fact in found.facts] == [
        ("rows left out", "1: no prices (line 5)"),
        ("time", "Date"),
        ("open", "Open"),
        ("high", "High"),
        ("low", "Low"),
        ("close", "Close"),
        ("volume", "Volume"),
        ("columns left out", "Note"),
        ("time zone", "dates as written"),
        ("timeframe", "d1 (bars are 1 day apart)"),
        ("prices", "the file does not say whether they are adjusted"),
        ("bars", "299, 2011-12-19 to 2013-03-01"),
        ("note", "comma-separated"),
    ]


def test_of_many_dropped_rows_the_first_are_named(daily, recognise):
    lines = daily.to_csv().splitlines()
    for position in range(10, 30):
        lines[position] = lines[position].split(",")[0] + ",null,null,null,null,0"
    found = recognise("\n".join(lines))
    (fact,) = [fact.value for fact in found.facts if fact.what == "rows left out"]
    assert fact == "20: no prices (line 11, line 12, line 13, line 14, line 15 and 15 more)"


def test_too_few_bars_to_tell_the_timeframe_are_taken_at_their_word(daily, recognise):
    found = recognise(daily.tail(3).to_csv(), key=WEEKLY)
    assert (found.timeframe, found.step) == (None, "")
    assert ("timeframe", "too few bars to tell") in [(fact.what, fact.value) for fact in found.facts]


def test_the_result_can_be_kept_by_a_cache(daily, recognise):
    found = recognise(daily.to_csv())
    again = pickle.loads(pickle.dumps(found))
    assert again.facts == found.facts
    pd.testing.assert_frame_equal(again.bars.frame, found.bars.frame)
