"""The real yfinance between recorded answers of Yahoo and our bars; the network itself is replaced."""

import json
from datetime import UTC, datetime

import pandas as pd
import pytest

from ensemble_desk.errors import SourceError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.yahoo import YahooSource

yfinance = pytest.importorskip("yfinance")

NOW = datetime(2024, 3, 20, 23, 30, tzinfo=UTC)
NEW_YORK = "America/New_York"


class Answer:
    def __init__(self, content, status_code=200):
        self.text = content if isinstance(content, str) else json.dumps(content)
        self.status_code = status_code
        self.url = "https://query2.finance.yahoo.com/v8/finance/chart/AAPL"

    def json(self):
        return json.loads(self.text)


def chart(times, *, intraday=False, gap=None):
    """What Yahoo's chart address answers, in its own shape: opening times in seconds, columns side by side."""
    n = len(times)
    close = [100.0 + i for i in range(n)]
    quote = {
        "open": [price - 0.5 for price in close],
        "high": [price + 1 for price in close],
        "low": [price - 1 for price in close],
        "close": list(close),
        "volume": [1000 + i for i in range(n)],
    }
    if gap is not None:
        for column in quote.values():
            column[gap] = None
    seconds = [int(time.timestamp()) for time in times]
    periods = {"tradingPeriods": [[period(day)] for day in sorted({time.date() for time in times})]} if intraday else {}
    meta = {
        "currency": "USD",
        "symbol": "AAPL",
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "timezone": "EDT",
        "exchangeTimezoneName": NEW_YORK,
        "gmtoffset": -14400,
        "priceHint": 2,
        "validRanges": ["1d", "5d", "1mo", "max"],
        "currentTradingPeriod": {part: period(times[-1].date()) for part in ("pre", "regular", "post")},
        **periods,
    }
    adjusted = {} if intraday else {"adjclose": [{"adjclose": [None if i == gap else close[i] / 2 for i in range(n)]}]}
    result = {"meta": meta, "timestamp": seconds, "indicators": {"quote": [quote], **adjusted}}
    return {"chart": {"result": [result], "error": None}}


def period(day):
    start = pd.Timestamp(day, tz=NEW_YORK) + pd.Timedelta(hours=9.5)
    end = start + pd.Timedelta(hours=6.5)
    return {"timezone": "EDT", "start": int(start.timestamp()), "end": int(end.timestamp()), "gmtoffset": -14400}


def days():
    return list(pd.bdate_range("2024-03-04", "2024-03-20", tz=NEW_YORK) + pd.Timedelta(hours=9.5))


def hours():
    starts = pd.bdate_range("2024-03-07", "2024-03-12", tz=NEW_YORK) + pd.Timedelta(hours=9.5)
    return [start + pd.Timedelta(hours=hour) for start in starts for hour in range(7)]


@pytest.fixture
def yahoo(monkeypatch):
    """A source whose yfinance gets the answer that a test chooses, or runs into the error that it chooses."""
    from yfinance import base, cache, data

    asked = []

    def get(self, url, params=None, timeout=30):
        asked.append((url, dict(params or {}), timeout))
        if isinstance(source.answer, Exception):
            raise source.answer
        return source.answer

    monkeypatch.setattr(data.YfData, "get", get)
    monkeypatch.setattr(data.YfData, "cache_get", get)
    monkeypatch.setattr(base.cache, "get_tz_cache", cache._TzCacheDummy)
    source = YahooSource(clock=lambda: NOW, pause=lambda _: None)
    source.asked = asked
    return source


def test_daily_prices_are_adjusted_and_dated_by_the_exchange(yahoo):
    yahoo.answer = Answer(chart(days(), gap=4))
    found = yahoo.bars(Key("AAPL", "d1"))
    assert [f"{day:%m-%d}" for day in found.frame.index[[0, 3, 4, -1]]] == ["03-04", "03-07", "03-11", "03-19"]
    assert found.frame.iloc[0].tolist() == [49.75, 50.5, 49.5, 50.0, 2000.0]
    url, params, timeout = yahoo.asked[-1]
    assert url.endswith("/AAPL")
    assert (params["interval"], timeout) == ("1d", 15.0)


def test_hours_become_utc_across_the_change_of_clocks(yahoo):
    yahoo.answer = Answer(chart(hours(), intraday=True))
    found = yahoo.bars(Key("AAPL", "h1"))
    assert f"{found.first:%d %H:%M}" == "07 14:30"
    assert f"{found.last:%d %H:%M}" == "12 19:30"
    assert found.frame["close"].iloc[0] == 100.0


def test_without_a_network_the_sentence_says_so_after_three_attempts(yahoo):
    from curl_cffi.requests import exceptions

    yahoo.answer = exceptions.ConnectionError("Could not resolve host: query2.finance.yahoo.com")
    with pytest.raises(
        SourceError, match=r"Yahoo cannot be reached\. Check the network, or work offline with DESK_BAR"
    ):
        yahoo.bars(Key("AAPL", "d1"))
    assert len(yahoo.asked) == 3


def test_a_timeout_is_a_network_failure_too(yahoo):
    from curl_cffi.requests import exceptions

    yahoo.answer = exceptions.Timeout("timed out after 15 s")
    with pytest.raises(SourceError, match="Yahoo cannot be reached"):
        yahoo.bars(Key("AAPL", "d1"))


def test_a_limit_of_requests_says_to_wait(yahoo):
    yahoo.answer = yfinance.exceptions.YFRateLimitError()
    with pytest.raises(SourceError, match=r"Yahoo limits how often it is asked\. Wait some minutes"):
        yahoo.bars(Key("AAPL", "d1"))
    assert len(yahoo.asked) == 3


def test_an_unknown_symbol_is_told_with_the_spelling(yahoo):
    error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    yahoo.answer = Answer({"chart": {"result": None, "error": error}})
    with pytest.raises(SourceError, match=r"AAPL.*Yahoo writes BRK-B"):
        yahoo.bars(Key("AAPL", "d1"))


def test_an_answer_that_is_no_data_is_told_as_such(yahoo):
    yahoo.answer = Answer("<html>consent</html>")
    with pytest.raises(SourceError, match="Yahoo answered in an unknown way"):
        yahoo.bars(Key("AAPL", "d1"))
