"""Real bars for the tests of this room."""

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource


@pytest.fixture(scope="session")
def source() -> SampleSource:
    return SampleSource()


@pytest.fixture
def daily(source) -> pd.DataFrame:
    return source.bars(Key("AAPL", "d1")).frame


@pytest.fixture
def weekly(source) -> pd.DataFrame:
    return source.bars(Key("^GSPC", "w1")).frame


@pytest.fixture
def quarter_hours() -> pd.DataFrame:
    """Forty sessions of 26 quarter hours from 14:30 UTC, a seeded random walk."""
    random = np.random.default_rng(7)
    days = pd.bdate_range("2024-01-02", periods=40, tz="UTC")
    offsets = pd.to_timedelta(14.5 * 60 + 15 * np.arange(26), unit="min")
    index = pd.DatetimeIndex([day + offset for day in days for offset in offsets], name="time")
    close = 100 * np.exp(np.cumsum(random.normal(0, 0.002, len(index))))
    open_ = np.concatenate(([100.0], close[:-1]))
    spread = 1 + np.abs(random.normal(0, 0.001, len(index)))
    high, low = np.maximum(open_, close) * spread, np.minimum(open_, close) / spread
    volume = random.integers(1_000, 9_000, len(index)).astype(float)
    return pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": volume}, index)
