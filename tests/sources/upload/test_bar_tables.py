"""Uploaded bars are recognised in the shapes people have them, and come out exactly as they went in."""

import io

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading as upload


def named(frame, form="%Y-%m-%d", **options):
    """The frame as CSV text with a Date column in the given form and title-case names."""
    dates = frame.index.strftime(form)
    return frame.set_axis(dates).rename_axis("Date").rename(columns=str.title).to_csv(**options)


def test_what_pandas_wrote_is_read_back_exactly(daily, recognise):
    found = recognise(daily.to_csv())
    pd.testing.assert_frame_equal(found.bars.frame, daily)
    assert (found.bars.key, found.bars.source, found.bars.adjusted) == (Key("AAPL", "d1"), "upload", False)
    assert found.notes == ("comma-separated",)


def test_read_bars_gives_the_bars_alone(daily):
    found = upload.read_bars(daily.to_csv().encode(), file_name="x.csv", key=Key("AAPL", "d1"), max_bytes=10**6)
    pd.testing.assert_frame_equal(found.frame, daily)


@pytest.mark.parametrize("index", [True, False])
def test_parquet_is_read_back_exactly(daily, recognise, index):
    buffer = io.BytesIO()
    (daily if index else daily.reset_index()).to_parquet(buffer)
    found = recognise(buffer.getvalue(), file_name="anything.csv")
    pd.testing.assert_frame_equal(found.bars.frame, daily)
    assert found.notes == ("Parquet",)


@pytest.mark.parametrize(
    ("encode", "note"),
    [
        (lambda f: named(f).encode("utf-8-sig"), "comma-separated"),
        (lambda f: named(f, sep=";").encode(), "semicolon-separated"),
        (lambda f: named(f, sep=";", decimal=",").encode(), "decimal comma"),
        (lambda f: named(f, sep="\t").encode("utf-16"), "tab-separated"),
        (lambda f: named(f, sep="|").encode(), "bar-separated"),
        (lambda f: named(f, lineterminator="\r\n").encode(), "comma-separated"),
        (lambda f: ("\r\n\r\n" + named(f) + "\n\n\n").encode(), "comma-separated"),
        (lambda f: named(f, quoting=1).encode(), "comma-separated"),
        (lambda f: named(f[::-1]).encode(), "rows ran newest first and were turned round"),
        (lambda f: named(f, "%Y%m%d").encode(), "comma-separated"),
        (lambda f: named(f, "%Y/%m/%d").encode(), "comma-separated"),
        (lambda f: named(f, "%m/%d/%Y").encode(), "dates read as %m/%d/%Y"),
        (lambda f: named(f, "%d/%m/%Y").encode(), "dates read as %d/%m/%Y"),
        (lambda f: named(f, "%d.%m.%Y").encode(), "dates read as %d.%m.%Y"),
        (lambda f: named(f, "%b %d, %Y").encode(), "dates read as %b %d, %Y"),
        (lambda f: named(f, "%Y-%m-%d 16:00:00").encode(), "time of day left out"),
        (lambda f: named(f, "%Y-%m-%d 00:00:00-05:00").encode(), "comma-separated"),
        (lambda f: named(f, "%Y-%m-%dT20:00:00-05:00").encode(), "time of day left out"),
    ],
)
def test_spellings_of_the_same_table_give_the_same_bars(daily, recognise, encode, note):
    found = recognise(encode(daily))
    np.testing.assert_allclose(found.bars.frame, daily, rtol=1e-12)
    assert found.bars.frame.index.equals(daily.index)
    assert note in found.notes


@pytest.mark.parametrize(("unit", "per_second"), [("seconds", 1), ("milliseconds", 1000)])
def test_seconds_since_1970_are_times(daily, recognise, unit, per_second):
    opened = (daily.index.asi8 // 10**6 + 14 * 3600 + 1800) * per_second
    found = recognise(daily.set_axis(opened).rename_axis("timestamp").to_csv())
    assert found.bars.frame.index.equals(daily.index)
    assert f"times in {unit} since 1970" in found.notes


@pytest.mark.parametrize(
    "names",
    [
        ["Date", "Open", "High", "Low", "Close", "Volume"],
        ["timestamp", "1. open", "2. high", "3. low", "4. close", "5. volume"],
        ["DATETIME", "O", "H", "L", "C", "V"],
        ["ts", "open", "high", "low", "Close/Last", "Vol."],
        ["", "open_price", "high_price", "low_price", "close_price", "vol"],
    ],
)
def test_common_column_names_are_recognised_in_any_order(daily, recognise, names):
    table = daily.reset_index().set_axis(names, axis=1)
    pd.testing.assert_frame_equal(recognise(table.to_csv(index=False)).bars.frame, daily)
    if names[0]:
        mixed = table[[*reversed(names)]].assign(comment="x")
        pd.testing.assert_frame_equal(recognise(mixed.to_csv(index=False)).bars.frame, daily)


def test_a_date_and_a_clock_in_two_columns_are_put_together(recognise):
    index = pd.date_range("2024-01-02 14:30", periods=8, freq="15min", tz="UTC", name="time")
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10.0}, index)
    table = frame.assign(Date=index.strftime("%Y-%m-%d"), Time=index.strftime("%H:%M"))
    found = recognise(table.to_csv(index=False), key=Key("AAPL", "m15"))
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False)


def test_intraday_times_with_an_offset_become_utc(recognise):
    index = pd.date_range("2024-07-02 09:30", periods=6, freq="h", tz="America/New_York")
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10.0}, index)
    found = recognise(frame.to_csv(index_label="time"), key=Key("AAPL", "h1"))
    assert found.bars.first == index[0]
    assert str(found.bars.frame.index.tz) == "UTC"
    assert "times converted to UTC" in found.notes
    naive = recognise(frame.tz_localize(None).to_csv(index_label="time"), key=Key("AAPL", "h1"))
    assert f"{naive.bars.first:%H:%M}" == "09:30"
    assert "times taken as UTC" in naive.notes


def test_an_adjusted_close_adjusts_all_prices(daily, recognise):
    factor = np.where(np.arange(len(daily)) < 100, 0.5, 1.0)
    raw = daily.assign(**{name: daily[name] / factor for name in ("open", "high", "low", "close")})
    raw["volume"] = daily["volume"] * factor
    found = recognise(raw.assign(**{"Adj Close": daily["close"]}).to_csv())
    np.testing.assert_allclose(found.bars.frame, daily, rtol=1e-12)
    assert found.bars.adjusted
    assert "prices adjusted by adj_close" in found.notes


def test_an_adjusted_close_that_equals_the_close_says_that_prices_are_adjusted(daily, recognise):
    found = recognise(daily.assign(adj_close=daily["close"]).to_csv())
    assert found.bars.adjusted
    assert "prices were adjusted already" in found.notes


def test_rounding_of_a_high_is_put_right_and_said(daily, recognise):
    daily = daily.copy()
    daily.iloc[7, 1] = max(daily.iloc[7, 0], daily.iloc[7, 3]) * (1 - 1e-8)
    found = recognise(daily.to_csv())
    assert "rounding of high or low put right in 1 bars" in found.notes
    assert found.bars.frame["high"].iloc[7] == max(daily.iloc[7, 0], daily.iloc[7, 3])


def test_weeks_and_one_single_bar_are_bars(source, daily, recognise):
    weeks = source.bars(Key("AAPL", "w1")).tail(60).frame
    pd.testing.assert_frame_equal(recognise(weeks.to_csv(), key=Key("AAPL", "w1")).bars.frame, weeks)
    assert len(recognise(daily.head(1).to_csv()).bars) == 1


def test_four_hour_bars_with_nights_between_are_four_hours_apart(recognise):
    days = pd.bdate_range("2024-01-02", periods=30, tz="UTC")
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=hour) for day in days for hour in (12, 16, 20)], name="time")
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10.0}, index)
    assert len(recognise(frame.to_csv(), key=Key("AAPL", "h4")).bars) == 90
