"""Keys hold ticker symbols as they occur and refuse what could be a path."""

import pickle

import pytest

from ensemble_desk.errors import DeskError, InvalidSymbolError, InvalidTimeframeError
from ensemble_desk.market.keys import Key

REAL = [
    "AAPL",
    "A",
    "BRK.B",
    "BRK-B",
    "^GSPC",
    "BTC/USD",
    "BTC-USD",
    "EURUSD=X",
    "A_B",
    "A_B_C",
    "7203.T",
    "ES=F",
    "AT&T",
]


@pytest.mark.parametrize("symbol", REAL)
def test_real_tickers_are_keys_and_are_read_back_from_their_text(symbol):
    key = Key(symbol, "d1")
    assert str(key) == f"{symbol}/d1"
    assert Key.parse(str(key)) == key
    assert Key.parse(f"{symbol}_d1") == key
    assert pickle.loads(pickle.dumps(key)) == key


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        " ",
        "../../x",
        "..",
        "A/../../B",
        "A//B",
        "/etc/passwd",
        "A/",
        ".hidden",
        "A\\B",
        "A B",
        "A\n",
        "A\0B",
        "A%2F",
        "~",
        "A*",
        "aapl",
        "ÄPFEL",
        "A" * 33,
    ],
)
def test_what_is_no_ticker_is_refused_with_an_example(symbol):
    with pytest.raises(InvalidSymbolError, match=r"BRK\.B") as caught:
        Key(symbol, "d1")
    assert isinstance(caught.value, DeskError)


def test_the_longest_symbol_has_32_characters():
    assert Key("A" * 32, "d1").symbol == "A" * 32


def test_parsing_takes_lower_case_and_blanks_around():
    assert Key.parse(" btc/usd/D1 ") == Key("BTC/USD", "d1")
    assert Key.parse("a_b_w1") == Key("A_B", "w1")


def test_a_timeframe_in_another_spelling_is_the_same_key():
    assert Key.parse("btc/usd/1d") == Key("BTC/USD", "1D") == Key("BTC/USD", "d1")
    assert (str(Key("AAPL", "1M")), str(Key("AAPL", "1m"))) == ("AAPL/mn1", "AAPL/m1")


@pytest.mark.parametrize("text", ["AAPL", "AAPL/d2", "AAPL/", "A_B", "BTC/USD"])
def test_a_text_without_a_known_timeframe_names_the_known_ones(text):
    with pytest.raises(InvalidTimeframeError, match="m15, m30, h1, h2, h4, h8, h12, d1, w1, mn1"):
        Key.parse(text)


@pytest.mark.parametrize("text", ["", "/d1", "_d1", "../../x/d1", "../../x", "../../d1"])
def test_a_hostile_text_is_refused(text):
    with pytest.raises(InvalidSymbolError):
        Key.parse(text)


def test_keys_are_ordered_frozen_and_usable_in_sets():
    keys = {Key("MSFT", "d1"), Key("AAPL", "w1"), Key("AAPL", "d1"), Key("AAPL", "d1")}
    assert [str(key) for key in sorted(keys)] == ["AAPL/d1", "AAPL/w1", "MSFT/d1"]
    with pytest.raises(AttributeError):
        Key("AAPL", "d1").symbol = "MSFT"
