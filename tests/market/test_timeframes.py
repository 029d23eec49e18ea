"""Timeframes and horizons are one consistent table with errors that name what is known."""

import pytest

from ensemble_desk.errors import InvalidHorizonError, InvalidTimeframeError, SettingsError
from ensemble_desk.market import horizon_table, timeframes

NAMES = ["m1", "m5", "m10", "m15", "m30", "h1", "h2", "h4", "h8", "h12", "d1", "w1", "mn1"]


def test_the_timeframes_rise_in_length_and_have_horizons():
    spans = [frame.span for frame in timeframes.TIMEFRAMES.values()]
    assert list(timeframes.TIMEFRAMES) == NAMES == list(timeframes.TIMEFRAME_HORIZONS)
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((name, name) for name in NAMES),
        *((name.upper(), name) for name in NAMES),
        ("1d", "d1"), ("1D", "d1"), ("daily", "d1"), ("1 day", "d1"), ("24h", "d1"),
        ("1h", "h1"), ("60m", "h1"), ("60min", "h1"), ("4H", "h4"), ("240m", "h4"), ("hourly", "h1"),
        ("30m", "m30"), ("30M", "m30"), ("15min", "m15"), ("5T", "m5"), ("1m", "m1"), ("M1", "m1"),
        ("1M", "mn1"), ("1mo", "mn1"), ("MN1", "mn1"), ("monthly", "mn1"), ("1w", "w1"), ("1wk", "w1"),
    ],
)  # fmt: skip
def test_any_spelling_names_its_timeframe(text, name):
    assert timeframes.named(text) == timeframes.get(text).name == name


@pytest.fixture
def horizons():
    yield timeframes.use
    timeframes.use({})


def test_the_table_of_horizons_can_be_replaced_in_part(horizons):
    horizons(horizon_table.read("d1=1D,5D,10D; 1h=1H:1,1D:7"))
    assert timeframes.horizons("d1") == {"1D": 1, "5D": 5, "10D": 10}
    assert timeframes.TIMEFRAME_HORIZONS["h1"] == {"base_horizon": "1H", "horizons": {"1H": 1, "1D": 7}}
    assert timeframes.horizons("w1") == dict(timeframes.DEFAULT_HORIZONS["w1"])
    horizons(horizon_table.read('{"d1": ["5D"], "mn1": {"1M": 1}}'))
    assert timeframes.base_horizon("d1") == "5D"
    assert timeframes.horizons("h1") == dict(timeframes.DEFAULT_HORIZONS["h1"])


@pytest.mark.parametrize(
    "text",
    ["d1", "d1=", "d2=1D", "d1=1D:0", "d1=1D:x", "d1=1D:1,2D:1", "d1=4H", "d1=../x:1", "{", '{"d1": 5}', '{"d1": {}}'],
)
def test_a_table_that_cannot_be_read_names_the_setting(text):
    with pytest.raises(SettingsError, match="DESK_HORIZONS"):
        horizon_table.read(text)


@pytest.mark.parametrize(
    ("timeframe", "text", "horizon"),
    [
        ("d1", "5", ("1W", 5)), ("d1", "7", ("7D", 7)), ("d1", "10D", ("10D", 10)), ("d1", "2W", ("2W", 10)),
        ("d1", "5D", ("1W", 5)), ("d1", "1M", ("1M", 21)), ("h1", "4h", ("4H", 4)), ("h1", "4H", ("4H", 4)),
        ("h1", "1D", ("1D", 7)), ("h4", "3", ("12H", 3)), ("m15", "90min", ("90min", 6)), ("m15", "2h", ("2H", 8)),
        ("w1", "2W", ("2W", 2)), ("w1", "10D", ("2W", 2)), ("w1", "3M", ("13W", 13)), ("mn1", "3M", ("3M", 3)),
    ],
)  # fmt: skip
def test_a_horizon_is_a_name_a_number_of_bars_or_a_span_of_time(timeframe, text, horizon):
    found = timeframes.read_horizon(timeframe, text)
    assert found.bars == horizon[1]
    assert timeframes.horizon_bars(timeframe, found.name) == horizon[1]


@pytest.mark.parametrize(
    ("timeframe", "text"),
    [("d1", "4h"), ("h1", "90min"), ("w1", "3D"), ("mn1", "1W"), ("d1", "0"), ("d1", "-5"), ("d1", "²")],
)
def test_a_horizon_that_is_no_whole_number_of_bars_is_refused(timeframe, text):
    with pytest.raises(InvalidHorizonError, match="a number of bars"):
        timeframes.read_horizon(timeframe, text)


@pytest.mark.parametrize("name", timeframes.TIMEFRAMES)
def test_the_base_horizon_is_the_shortest(name):
    horizons = timeframes.horizons(name)
    assert list(horizons.values()) == sorted(horizons.values())
    assert next(iter(horizons)) == timeframes.base_horizon(name)
    assert timeframes.horizon_bars(name, timeframes.base_horizon(name)) == 1


def test_daily_horizons_are_counted_in_sessions():
    assert timeframes.horizons("d1") == {"1D": 1, "1W": 5, "1M": 21}


@pytest.mark.parametrize("name", ["", "D", "M", "d2", "m7", "0d", "1y", "../d1"])
@pytest.mark.parametrize("ask", [timeframes.get, timeframes.base_horizon, timeframes.horizons])
def test_an_unknown_timeframe_names_the_known_ones(ask, name):
    with pytest.raises(InvalidTimeframeError, match="m15, m30, h1, h2, h4, h8, h12, d1, w1, mn1"):
        ask(name)


def test_an_unknown_horizon_names_those_of_the_timeframe():
    with pytest.raises(InvalidHorizonError, match="1D, 1W, 1M"):
        timeframes.horizon_bars("d1", "4H")


def test_changing_what_was_handed_out_changes_nothing():
    timeframes.horizons("d1")["1D"] = 99
    assert timeframes.horizon_bars("d1", "1D") == 1
