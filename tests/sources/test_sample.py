"""The bundled sample gives real, adjusted, checked bars, and says what it does not have."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import MissingExtraError, SourceError
from ensemble_desk.market import bars
from ensemble_desk.market.keys import Key
from ensemble_desk.settings import Settings
from ensemble_desk.sources import opening, sample
from ensemble_desk.sources.protocol import BarSource
from ensemble_desk.sources.sample import SampleSource

SYMBOLS = ("AAPL", "GOOG", "IBM", "MSFT", "FB", "^GSPC", "^IXIC")
source = SampleSource()


def test_it_is_what_the_settings_open():
    opened = opening.open_source(Settings(bars_source="sample"))
    assert isinstance(opened, SampleSource)
    assert isinstance(opened, BarSource)
    assert opened.name == "sample"


def test_it_has_seven_symbols_daily_and_weekly():
    assert source.symbols() == SYMBOLS
    assert source.keys() == tuple(Key(symbol, timeframe) for symbol in SYMBOLS for timeframe in ("d1", "w1"))


@pytest.mark.parametrize("key", source.keys(), ids=str)
def test_every_key_has_bars_that_pass_the_check_unchanged(key):
    found = source.bars(key)
    pd.testing.assert_frame_equal(bars.check(found.frame), found.frame)
    assert (found.key, found.source, found.adjusted) == (key, "sample", True)
    assert (found.frame.index == found.frame.index.normalize()).all()
    assert found.frame.index.day_of_week.max() <= 4


@pytest.mark.parametrize(
    ("symbol", "first", "last", "count"),
    [
        ("AAPL", "2000-03-01", "2013-03-01", 3270),
        ("FB", "2012-05-18", "2013-03-01", 196),
        ("^GSPC", "1999-01-04", "2018-12-31", 5031),
        ("^IXIC", "1999-01-04", "2018-12-31", 5031),
    ],
)
def test_the_extent_of_the_data(symbol, first, last, count):
    found = source.bars(Key(symbol, "d1"))
    assert (f"{found.first:%Y-%m-%d}", f"{found.last:%Y-%m-%d}", len(found)) == (first, last, count)
    assert source.describe(Key(symbol, "d1")) == f"bundled sample, to {last}"


@pytest.mark.parametrize(("symbol", "day"), [("AAPL", "2005-02-28"), ("AAPL", "2000-06-21"), ("MSFT", "2003-02-18")])
def test_splits_leave_no_jump_in_any_price_nor_in_the_volume(symbol, day):
    from bokeh_sampledata import stocks

    raw = pd.Series(getattr(stocks, symbol)["close"], pd.to_datetime(getattr(stocks, symbol)["date"], utc=True))
    frame = source.bars(Key(symbol, "d1")).frame
    at = frame.index.get_loc(pd.Timestamp(day, tz="UTC"))
    assert raw.iloc[at] / raw.iloc[at - 1] < 0.55  # the data as bundled halves
    steps = frame.iloc[at, :4] / frame.iloc[at - 1, :4]
    assert steps.between(0.85, 1.15).all()
    around = frame["volume"].iloc[at - 20 : at].median() / frame["volume"].iloc[at : at + 20].median()
    assert 0.5 < around < 2


def test_adjusted_closes_are_those_of_the_data():
    from bokeh_sampledata import stocks

    np.testing.assert_allclose(source.bars(Key("MSFT", "d1")).frame["close"], stocks.MSFT["adj_close"], rtol=1e-12)


def test_one_known_bar_of_an_index():
    row = source.bars(Key("^GSPC", "d1")).frame.loc[pd.Timestamp("2008-10-15", tz="UTC")]
    assert row["close"] == pytest.approx(907.84, abs=0.01)


def test_weeks_end_with_the_last_whole_week():
    assert source.bars(Key("^GSPC", "w1")).last == datetime(2018, 12, 28, tzinfo=UTC)
    assert source.bars(Key("AAPL", "w1")).last == datetime(2013, 3, 1, tzinfo=UTC)


def test_until_includes_the_day_itself():
    day = datetime(2012, 6, 1, tzinfo=UTC)
    assert source.bars(Key("IBM", "d1"), until=day).last == day
    assert source.bars(Key("IBM", "w1"), until=day).last == day  # a Friday
    assert source.bars(Key("IBM", "w1"), until=datetime(2012, 5, 31, tzinfo=UTC)).last < datetime(
        2012, 5, 31, tzinfo=UTC
    )


def test_the_newest_bars_and_those_since_a_day_are_counted_and_given():
    key, day = Key("IBM", "d1"), datetime(2012, 6, 1, tzinfo=UTC)
    later = source.bars(key, since=day)
    assert later.first > day
    assert source.count(key, since=day) == len(later)
    assert source.count(key) == len(source.bars(key))
    assert source.bars(key, last=5).frame.equals(source.bars(key).frame.tail(5))
    assert source.count(Key("NONE", "d1")) == 0


def test_a_date_before_the_data_names_its_beginning():
    with pytest.raises(SourceError, match="FB/d1 begins on 2012-05-18"):
        source.bars(Key("FB", "d1"), until=datetime(2012, 5, 17, tzinfo=UTC))


@pytest.mark.parametrize("key", [Key("TSLA", "d1"), Key("AAPL", "h1"), Key("A/B", "w1")], ids=str)
def test_what_it_does_not_have_is_refused_with_what_it_has(key):
    for ask in (source.bars, source.describe):
        with pytest.raises(SourceError, match=r"AAPL, GOOG, IBM, MSFT, FB, \^GSPC, \^IXIC on d1 and w1"):
            ask(key)


def test_a_caller_who_changes_bars_changes_only_their_own():
    mine = source.bars(Key("GOOG", "d1")).frame
    mine["close"] = 1.0
    mine.iloc[0, 0] = 1.0
    again = source.bars(Key("GOOG", "d1")).frame
    assert again["close"].iloc[0] > 1
    assert again.iloc[0, 0] > 1


def test_each_key_is_read_once_a_process(monkeypatch):
    first = source.bars(Key("^IXIC", "d1"))
    monkeypatch.setattr(pd, "read_csv", lambda *_, **__: pytest.fail("read again"))
    pd.testing.assert_frame_equal(SampleSource().bars(Key("^IXIC", "d1")).frame, first.frame)


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(sample, "_whole", sample._whole.__wrapped__)  # what another test has read is not kept
    monkeypatch.setitem(sys.modules, "bokeh_sampledata", None)
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[demo\]"):
        SampleSource().bars(Key("AAPL", "d1"))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[demo\]"):
        SampleSource().bars(Key("^GSPC", "d1"))


def test_opening_and_reading_import_nothing_heavy():
    program = """
import sys
from ensemble_desk.settings import Settings
from ensemble_desk.sources import opening, sample
from ensemble_desk.sources.upload import reading
from ensemble_desk.market.keys import Key
from ensemble_desk.market import features
source = opening.open_source(Settings())
source.keys()
assert "bokeh_sampledata" not in sys.modules
features.compute(source.bars(Key("^GSPC", "d1")).frame)
features.compute(source.bars(Key("AAPL", "d1")).frame)
heavy = ("arch", "scipy", "sklearn", "statsmodels", "talib", "bokeh", "streamlit")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
