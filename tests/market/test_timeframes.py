"""Timeframes and horizons are one consistent table with errors that name what is known."""

import pytest

from ensemble_desk.errors import InvalidHorizonError, InvalidTimeframeError
from ensemble_desk.market import timeframes


def test_the_five_timeframes_rise_in_length_and_have_horizons():
    spans = [frame.span for frame in timeframes.TIMEFRAMES.values()]
    assert list(timeframes.TIMEFRAMES) == ["m15", "h1", "h4", "d1", "w1"] == list(timeframes.TIMEFRAME_HORIZONS)
    assert spans == sorted(spans)


@pytest.mark.parametrize("name", timeframes.TIMEFRAMES)
def test_the_base_horizon_is_the_shortest(name):
    horizons = timeframes.horizons(name)
    assert list(horizons.values()) == sorted(horizons.values())
    assert next(iter(horizons)) == timeframes.base_horizon(name)
    assert timeframes.horizon_bars(name, timeframes.base_horizon(name)) == 1


def test_daily_horizons_are_counted_in_sessions():
    assert timeframes.horizons("d1") == {"1D": 1, "1W": 5, "1M": 21}


@pytest.mark.parametrize("name", ["", "D1", "1d", "m1", "../d1"])
@pytest.mark.parametrize("ask", [timeframes.get, timeframes.base_horizon, timeframes.horizons])
def test_an_unknown_timeframe_names_the_known_ones(ask, name):
    with pytest.raises(InvalidTimeframeError, match="m15, h1, h4, d1, w1"):
        ask(name)


def test_an_unknown_horizon_names_those_of_the_timeframe():
    with pytest.raises(InvalidHorizonError, match="1D, 1W, 1M"):
        timeframes.horizon_bars("d1", "4H")


def test_changing_what_was_handed_out_changes_nothing():
    timeframes.horizons("d1")["1D"] = 99
    assert timeframes.horizon_bars("d1", "1D") == 1
