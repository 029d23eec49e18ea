"""Classic indicators agree with TA-Lib to 1e-9 over their memory, and closely with its unbounded recursion."""

import numpy as np
import pytest
import talib

from ensemble_desk.market import features
from ensemble_desk.market.features import MEMORY_BARS, WARM_UP_BARS


@pytest.fixture(params=["daily", "weekly", "quarter_hours"])
def frame(request):
    return request.getfixturevalue(request.param)


def of_talib(open_, high, low, close):
    """The last value of each indicator as TA-Lib computes it."""
    line, _, histogram = talib.MACD(close, 12, 26, 9)
    upper, _, lower = talib.BBANDS(close, 20, 2, 2)
    fast, slow = talib.STOCHF(high, low, close, 14, 3)
    return {
        "rsi_14": talib.RSI(close, 14)[-1],
        "macd": line[-1] / close[-1],
        "macd_histogram": histogram[-1] / close[-1],
        "atr_14": talib.ATR(high, low, close, 14)[-1] / close[-1],
        "close_to_sma_10": close[-1] / talib.SMA(close, 10)[-1] - 1,
        "close_to_sma_20": close[-1] / talib.SMA(close, 20)[-1] - 1,
        "bollinger_position_20": (close[-1] - lower[-1]) / (upper[-1] - lower[-1]),
        "stochastic_k_14": fast[-1],
        "stochastic_d_14": slow[-1],
    }


def test_over_the_memory_every_indicator_equals_talib(frame):
    found = features.compute(frame)
    columns = [frame[name].to_numpy() for name in ("open", "high", "low", "close")]
    for end in np.linspace(MEMORY_BARS, len(frame), 60).astype(int):
        expected = of_talib(*(column[end - MEMORY_BARS : end].copy() for column in columns))
        row = found.iloc[end - MEMORY_BARS]
        assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_the_cut_memory_stays_close_to_the_unbounded_recursion(frame):
    found = features.compute(frame)
    high, low, close = (frame[name].to_numpy() for name in ("high", "low", "close"))
    rsi = talib.RSI(close, 14)[WARM_UP_BARS:]
    atr = (talib.ATR(high, low, close, 14) / close)[WARM_UP_BARS:]
    assert np.abs(found["rsi_14"] - rsi).max() < 0.25  # points of 0..100
    assert np.abs(found["atr_14"] / atr - 1).max() < 0.003
    line, _, _ = talib.MACD(close, 12, 26, 9)
    assert np.abs(found["macd"] - (line / close)[WARM_UP_BARS:]).max() < 0.002  # of the close
