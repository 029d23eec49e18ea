"""Yahoo through yfinance: its frames become checked bars, its failures one sentence each; no network is touched."""

import sys
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import MissingExtraError, SourceError
from ensemble_desk.market import bars
from ensemble_desk.market.keys import Key
from ensemble_desk.settings import Settings
from ensemble_desk.sources import opening, yahoo
from ensemble_desk.sources.protocol import BarSource
from ensemble_desk.sources.yahoo import YahooSource

DAILY, HOURLY, WEEKLY = Key("AAPL", "d1"), Key("AAPL", "h1"), Key("AAPL", "w1")
NOW = datetime(2024, 6, 14, 15, 10, tzinfo=UTC)  # a Friday, New York is open


class Network:
    """What yfinance gives: the exchange's own midnights, unadjusted prices, whole numbers of shares."""

    def __init__(self, *, fail=(), empty=False):
        self.asked, self.fail, self.empty = [], list(fail), empty

    def __call__(self, symbol, interval):
        self.asked.append((symbol, interval))
        if self.fail:
            raise self.fail.pop(0)
        frame = daily() if interval == "1d" else hourly()
        return frame.head(0) if self.empty else frame


def priced(index, name):
    close = 100 + np.sin(np.arange(len(index)))
    columns = {"Open": close, "High": close + 1, "Low": close - 1, "Close": close, "Adj Close": close * 0.5}
    return pd.DataFrame({**columns, "Volume": np.arange(1, len(index) + 1, dtype=np.int64)}, index.rename(name))


def daily():
    return priced(pd.bdate_range("2024-01-02", "2024-06-14", tz="America/New_York"), "Date")


def hourly():
    days = pd.bdate_range("2024-03-01", "2024-06-14", tz="America/New_York")
    hours = [day + pd.Timedelta(hours=9.5 + hour) for day in days for hour in range(7)]
    return priced(pd.DatetimeIndex(hours)[: -(7 - 2)], "Datetime").assign(**{"Adj Close": lambda f: f["Close"]})


@pytest.fixture
def network():
    return Network()


def source(network, *, clock=lambda: NOW, waits=None):
    return YahooSource(download=network, clock=clock, pause=(waits if waits is not None else []).append)


def test_daily_bars_carry_the_date_of_the_exchange_and_are_adjusted(network):
    found = source(network).bars(DAILY)
    raw = daily()
    pd.testing.assert_frame_equal(bars.check(found.frame), found.frame)
    assert found.first == datetime(2024, 1, 2, tzinfo=UTC)
    assert (found.source, found.adjusted, found.key) == ("yahoo", True, DAILY)
    np.testing.assert_allclose(found.frame["close"], raw["Adj Close"][:-1])
    np.testing.assert_allclose(found.frame["high"], (raw["High"] / 2)[:-1])
    np.testing.assert_allclose(found.frame["volume"], (raw["Volume"] * 2)[:-1])


def test_the_bar_that_is_still_being_made_is_left_out(network):
    assert source(network).bars(DAILY).last == datetime(2024, 6, 13, tzinfo=UTC)
    tomorrow = source(network, clock=lambda: datetime(2024, 6, 15, tzinfo=UTC))
    assert tomorrow.bars(DAILY).last == datetime(2024, 6, 14, tzinfo=UTC)
    assert source(network).bars(HOURLY).last == datetime(2024, 6, 14, 13, 30, tzinfo=UTC)


def test_hours_cross_the_change_of_clocks_in_utc(network):
    frame = source(network).bars(HOURLY).frame
    opened = frame.index.to_series().groupby(frame.index.date).first().dt.strftime("%H:%M")
    assert opened.loc[datetime(2024, 3, 8).date()] == "14:30"  # noqa: DTZ001, a date is meant
    assert opened.loc[datetime(2024, 3, 11).date()] == "13:30"  # noqa: DTZ001, a date is meant


def test_weeks_come_from_days_and_four_hours_from_hours(network):
    found = source(network)
    assert found.bars(WEEKLY).last == datetime(2024, 6, 7, tzinfo=UTC)
    assert found.bars(Key("AAPL", "h4")).key.timeframe == "h4"
    assert network.asked == [("AAPL", "1d"), ("AAPL", "1h")]


def test_what_was_downloaded_is_kept_for_some_minutes(network):
    times = [NOW, NOW + timedelta(minutes=4), NOW + timedelta(minutes=6)]
    found = source(network, clock=lambda: times[0])
    for expected in (1, 1, 2):
        found.bars(DAILY)
        found.describe(DAILY)
        assert len(network.asked) == expected
        times.pop(0)
        times.append(times[-1])
    mine = found.bars(DAILY).frame
    mine.iloc[0, 0] = 1.0
    assert found.bars(DAILY).frame.iloc[0, 0] != 1.0


def test_only_so_many_keys_are_kept(network, monkeypatch):
    monkeypatch.setattr(yahoo, "_MOST_KEPT", 2)
    found = source(network)
    for symbol in ("A", "B", "C", "A"):
        found.bars(Key(symbol, "d1"))
    assert [symbol for symbol, _ in network.asked] == ["A", "B", "C", "A"]
    assert len(found._kept) == 2


def test_a_passing_failure_is_tried_again_with_longer_waits():
    waits = []
    network = Network(fail=[yahoo._TemporaryError("no"), yahoo._TemporaryError("no")])
    assert len(source(network, waits=waits).bars(DAILY)) == 118
    assert waits == [2.0, 4.0]


def test_a_lasting_failure_says_what_to_do_and_is_not_kept():
    network = Network(fail=[yahoo._TemporaryError("Yahoo cannot be reached. Check it.")] * 3)
    found = source(network)
    with pytest.raises(SourceError, match=r"^Bars from yahoo: Yahoo cannot be reached. Check it."):
        found.bars(DAILY)
    assert len(found.bars(DAILY)) == 118


def test_a_symbol_that_yahoo_does_not_have_is_not_asked_for_again():
    network = Network(empty=True)
    with pytest.raises(SourceError, match=r"no bars of BRK\.B/d1\. Check the symbol: Yahoo writes BRK-B"):
        source(network).bars(Key("BRK.B", "d1"))
    assert len(network.asked) == 1


def test_a_pair_is_asked_for_as_yahoo_writes_it(network):
    assert source(network).bars(Key("BTC/USD", "d1")).key.symbol == "BTC/USD"
    assert network.asked == [("BTC-USD", "1d")]


def test_bars_that_cannot_be_true_are_left_out_and_logged(caplog):
    raw = daily()
    raw.iloc[3, 0] = 0.0
    raw.iloc[4, :5] = np.nan
    found = source(lambda *_: raw).bars(DAILY)
    assert len(found) == 116
    assert "2 bars without true prices left out" in caplog.text
    with pytest.raises(SourceError, match="no bars of AAPL/d1 with true prices"):
        source(lambda *_: raw.assign(Close=0.0)).bars(DAILY)


def test_until_and_describe(network):
    found = source(network)
    assert found.bars(DAILY, until=datetime(2024, 2, 1, tzinfo=UTC)).last == datetime(2024, 2, 1, tzinfo=UTC)
    with pytest.raises(SourceError, match="begins on 2024-01-02"):
        found.bars(DAILY, until=datetime(2023, 2, 1, tzinfo=UTC))
    assert found.describe(DAILY) == "Yahoo, to 2024-06-13"
    assert found.describe(HOURLY) == "Yahoo, to 2024-06-14 13:30 UTC"


def test_it_is_what_the_settings_open_and_it_offers_keys():
    opened = opening.open_source(Settings(bars_source="yahoo"))
    assert isinstance(opened, YahooSource)
    assert isinstance(opened, BarSource)
    assert {DAILY, WEEKLY} <= set(opened.keys())
    assert "^GSPC" in opened.symbols()


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "yfinance", None)
    with pytest.raises(MissingExtraError, match=r"ensemble-desk\[yahoo\]"):
        YahooSource(clock=lambda: NOW, pause=pytest.fail).bars(DAILY)
