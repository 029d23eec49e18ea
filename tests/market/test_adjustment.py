"""Adjusting takes splits and dividends out of prices and splits out of volumes."""

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import InvalidBarsError
from ensemble_desk.market import adjustment, bars


@pytest.fixture
def split():
    """Two for one between the second and the third day."""
    index = pd.date_range("2024-01-01", periods=4, tz="UTC")
    close = np.array([100.0, 102.0, 51.0, 52.0])
    frame = pd.DataFrame({"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}, index)
    return frame.assign(volume=[10.0, 10.0, 20.0, 20.0], adj_close=[50.0, 51.0, 51.0, 52.0])


def test_a_split_leaves_no_step_in_prices_or_volume(split):
    adjusted = adjustment.adjust(split)
    assert adjusted["close"].tolist() == [50.0, 51.0, 51.0, 52.0]
    assert adjusted["high"].tolist() == pytest.approx([50.5, 51.51, 51.51, 52.52])
    assert adjusted["volume"].tolist() == [20.0, 20.0, 20.0, 20.0]
    assert list(adjusted.columns) == list(bars.COLUMNS)


def test_the_money_that_changed_hands_stays(split):
    adjusted = adjustment.adjust(split)
    money = (split["close"] * split["volume"]).to_numpy()
    assert (adjusted["close"] * adjusted["volume"]).to_numpy() == pytest.approx(money, rel=1e-12)


def test_rounding_is_repaired_and_counted_and_a_defect_is_not():
    index = pd.date_range("2024-01-01", periods=3, tz="UTC")
    frame = pd.DataFrame({"open": [10.0] * 3, "high": [10.0 - 5e-6, 11.0, 9.99], "low": 9.0, "close": 9.5}, index)
    frame["low"] = [9.0, 9.5 + 5e-6, 9.0]
    repaired, count = adjustment.repair_rounding(frame.assign(volume=1.0))
    assert count == 2
    assert repaired["high"].tolist() == [10.0, 11.0, 9.99]
    assert repaired["low"].tolist() == [9.0, 9.5, 9.0]
    with pytest.raises(InvalidBarsError, match=r"2024-01-03: high 9\.99 is below open or close"):
        bars.check(repaired)
