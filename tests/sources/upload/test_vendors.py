"""Exports of the vendors people use, built in their shape from real bars, come out as those bars."""

import io
import re

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import SeveralTickersError, UploadError
from ensemble_desk.market.keys import Key

PRICES = ["open", "high", "low", "close"]
H1 = Key("AAPL", "h1")


@pytest.fixture
def cents(daily):
    """Real bars with prices in whole cents and volumes in whole hundreds, as pages round them."""
    rounded = daily.round(2)
    rounded["volume"] = (daily["volume"] / 100).round() * 100
    return rounded.assign(high=rounded[PRICES].max(axis=1), low=rounded[PRICES].min(axis=1))


@pytest.fixture
def hours():
    """Seven hours a day on the days around the change of clocks of 2024-03-10 in New York."""
    days = pd.bdate_range("2024-03-06", "2024-03-14", tz="America/New_York")
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=9.5 + hour) for day in days for hour in range(7)], name="time")
    close = 170 + np.arange(len(index)) / 8
    columns = {"open": close, "high": close + 1, "low": close - 1, "close": close + 0.25, "volume": close * 100}
    return pd.DataFrame(columns, index)


def used(found):
    return {use.ours: use.theirs for use in found.columns if use.ours}


def same(found, frame):
    pd.testing.assert_frame_equal(found.bars.frame, frame.tz_convert("UTC"), check_exact=True, check_freq=False)


def test_yahoo_old_page(daily, recognise):
    raw = daily.assign(**{"Adj Close": daily["close"]})
    raw[PRICES] = daily[PRICES] * 2
    text = raw.rename(columns=str.title).rename_axis("Date").to_csv(date_format="%Y-%m-%d")
    lines = text.splitlines()
    lines.insert(101, f"{daily.index[99]:%Y-%m-%d},null,null,null,null,null,null")
    found = recognise("\n".join(lines))
    np.testing.assert_allclose(found.bars.frame[PRICES], daily[PRICES], rtol=1e-12)
    np.testing.assert_allclose(found.bars.frame["volume"], daily["volume"] * 2, rtol=1e-12)
    assert used(found)["adj_close"] == "Adj Close"
    assert found.prices == "prices adjusted by adj_close"
    (dropped,) = found.dropped
    assert (dropped.reason, dropped.count, dropped.places) == ("no prices", 1, ("line 102",))


def test_yahoo_page_as_copied_with_dividends_and_splits(cents, recognise):
    close = "Close Close price adjusted for splits."
    adjusted = "Adj Close Adjusted close price adjusted for splits and dividend and/or capital gain distributions."
    lines = [f"Date\tOpen\tHigh\tLow\t{close}\t{adjusted}\tVolume"]
    for day, bar in cents[::-1].iterrows():
        prices = [f"{bar[name]:,.2f}" for name in (*PRICES, "close")]
        lines.append("\t".join([f"{day:%b} {day.day}, {day:%Y}", *prices, f"{bar['volume']:,.0f}"]))
    lines.insert(5, "Feb 7, 2013\t2.65 Dividend")
    lines.insert(9, "Jan 31, 2013\t7:1 Stock Splits")
    found = recognise("\n".join(lines))
    same(found, cents)
    (dropped,) = found.dropped
    assert (dropped.reason, dropped.count) == ("a dividend or a split, no bar", 2)
    assert dropped.places == ("line 6", "line 10")
    assert found.prices == "prices were adjusted already"


def yfinance_text(frames, *, field_first=True, index="Date"):
    """What ``yfinance.download(...).to_csv()`` writes: two levels of names over the name of the index."""
    wide = pd.concat(frames, axis=1).rename(columns=str.title, level=1).rename_axis(index)
    wide.columns.names = ["Ticker", "Price"]
    if field_first:
        wide = wide.swaplevel(axis=1).sort_index(axis=1)
    buffer = io.StringIO()
    wide.set_axis(wide.index.strftime("%Y-%m-%d"), axis=0).rename_axis(index).to_csv(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("field_first", [True, False])
def test_yfinance_with_its_rows_of_names(daily, recognise, field_first):
    text = yfinance_text({"AAPL": daily}, field_first=field_first)
    assert text.splitlines()[2].startswith("Date,")
    found = recognise(text)
    same(found, daily)
    assert found.ticker == "AAPL"
    assert used(found)["close"] == "Close (AAPL)"
    assert "two lines of column names" in found.notes


@pytest.mark.parametrize("field_first", [True, False])
def test_yfinance_of_several_tickers_takes_the_chosen_one(daily, recognise, field_first):
    other = daily.iloc[::2] * 3
    text = yfinance_text({"AAPL": daily, "MSFT": other}, field_first=field_first)
    with pytest.raises(SeveralTickersError, match=r"2 tickers \(AAPL, MSFT\)\. Choose one") as caught:
        recognise(text)
    assert caught.value.tickers == ("AAPL", "MSFT")
    same(recognise(text, ticker="AAPL"), daily)
    chosen = recognise(text, ticker=" msft ")
    same(chosen, other)
    assert chosen.ticker == "MSFT"
    assert [(one.reason, one.count) for one in chosen.dropped] == [("no prices", 150)]
    with pytest.raises(SeveralTickersError, match="there is no ticker 'GOOG' in it; it holds 2"):
        recognise(text, ticker="GOOG")


def test_yfinance_in_parquet_has_two_levels_in_each_name(daily, recognise):
    wide = pd.concat({"AAPL": daily, "MSFT": daily * 2}, axis=1).swaplevel(axis=1).rename(columns=str.title, level=0)
    flat = wide.set_axis([str(pair) for pair in wide.columns], axis=1).rename_axis("Date")
    buffer = io.BytesIO()
    flat.to_parquet(buffer)
    same(recognise(buffer.getvalue(), ticker="MSFT"), daily * 2)


def test_yfinance_history_of_one_ticker(daily, recognise):
    local = daily.set_axis(daily.index.tz_localize(None).tz_localize("America/New_York"))
    named = local.rename(columns=str.title).assign(Dividends=0.0, **{"Stock Splits": 0.0})
    found = recognise(named.to_csv(index_label="Date"))
    same(found, daily)
    assert [use.theirs for use in found.columns if not use.ours] == ["Dividends", "Stock Splits"]


def test_stooq(daily, recognise):
    same(recognise(daily.rename(columns=str.title).to_csv(index_label="Date", date_format="%Y-%m-%d")), daily)
    polish = ["Otwarcie", "Najwyzszy", "Najnizszy", "Zamkniecie", "Wolumen"]
    same(recognise(daily.set_axis(polish, axis=1).to_csv(index_label="Data", date_format="%Y-%m-%d")), daily)


def test_stooq_bulk_files_with_date_and_clock_in_two_columns(hours, recognise):
    table = pd.DataFrame(
        {
            "<TICKER>": "AAPL.US",
            "<PER>": "60",
            "<DATE>": hours.index.strftime("%Y%m%d"),
            "<TIME>": hours.index.strftime("%H%M%S"),
            **{f"<{name[:5].upper()}>": hours[name].to_numpy() for name in PRICES},
            "<VOL>": hours["volume"].to_numpy(),
            "<OPENINT>": 0,
        }
    )
    found = recognise(table.to_csv(index=False), key=H1, time_zone="America/New_York")
    same(found, hours)
    assert found.ticker == "AAPL.US"
    assert used(found)["day"] == "<DATE>"
    daily_table = table.assign(**{"<TIME>": "000000"}).drop_duplicates("<DATE>")
    assert len(recognise(daily_table.to_csv(index=False)).bars) == hours.index.normalize().nunique()


def test_tradingview_with_indicators_doubled_names_and_two_offsets(hours, recognise):
    lines = ["time,open,high,low,close,Volume,Volume MA,Plot,Plot,Upper,Upper"]
    for time, bar in hours.iterrows():
        numbers = ",".join(repr(float(value)) for value in bar)
        lines.append(f"{time.isoformat()},{numbers},NaN,1,2,NaN,3")
    found = recognise("\n".join(lines), key=H1)
    same(found, hours)
    assert found.time_zone == "-04:00 and -05:00 as written"
    assert "times converted to UTC" in found.notes
    assert [use.theirs for use in found.columns if not use.ours] == ["Volume MA", "Plot", "Plot", "Upper", "Upper"]


def test_tradingview_in_seconds(hours, recognise):
    seconds = hours.set_axis([int(time.timestamp()) for time in hours.index])
    same(recognise(seconds.to_csv(index_label="time"), key=H1), hours.set_axis(hours.index))


def test_a_doubled_column_of_a_field_must_say_the_same(daily, recognise):
    twice = pd.concat([daily, daily[["close"]].rename(columns={"close": "Close"})], axis=1)
    same(recognise(twice.to_csv()), daily)
    twice.iloc[250, 5] += 1
    with pytest.raises(UploadError, match=r"column 'close' occurs more than once with different values\."):
        recognise(twice.to_csv())


def investing(
    frame, *, form="%m/%d/%Y", comma=False, names=("Date", "Price", "Open", "High", "Low", "Vol.", "Change %")
):
    def number(value, digits=2):
        text = f"{value:,.{digits}f}"
        return text.translate(str.maketrans(",.", ".,")) if comma else text

    lines = [",".join(f'"{name}"' for name in names)]
    for day, bar in frame[::-1].iterrows():
        millions = number(bar["volume"] / 1e6, 4) + "M"
        cells = [f"{day:{form}}", *(number(bar[name]) for name in ("close", "open", "high", "low")), millions]
        lines.append(",".join(f'"{cell}"' for cell in (*cells, number(-0.5) + "%")))
    return "\ufeff" + "\n".join(lines)


def test_investing(cents, recognise):
    found = recognise(investing(cents * [25, 25, 25, 25, 1]))
    np.testing.assert_allclose(found.bars.frame, cents * [25, 25, 25, 25, 1], rtol=1e-14)
    assert found.bars.frame["volume"].equals(cents["volume"])
    assert used(found) | {"close": "Price", "volume": "Vol."} == used(found)
    assert {"thousands separators", "dates read as %m/%d/%Y"} <= set(found.notes)


def test_investing_in_german(cents, recognise):
    names = ("Datum", "Zuletzt", "Eröffn.", "Hoch", "Tief", "Vol.", "+/- %")
    text = investing(cents * [25, 25, 25, 25, 1], form="%d.%m.%Y", comma=True, names=names)
    for data in (text.encode(), text.lstrip("\ufeff").encode("latin-1")):
        found = recognise(data)
        np.testing.assert_allclose(found.bars.frame, cents * [25, 25, 25, 25, 1], rtol=1e-14)
        assert "decimal comma" in found.notes


def test_investing_without_volume_says_so(cents, recognise):
    found = recognise(re.sub(r'"[\d.,]+M","-0', '"-","-0', investing(cents)))
    assert (found.bars.frame["volume"] == 0).all()
    assert "the file has no volume: it is taken as 0 in every bar" in found.notes


def test_nasdaq(cents, recognise):
    table = pd.DataFrame(
        {
            "Date": cents.index.strftime("%m/%d/%Y"),
            "Close/Last": cents["close"].map("${:.2f}".format).to_numpy(),
            "Volume": cents["volume"].map("{:.0f}".format).to_numpy(),
            **{name.title(): cents[name].map("${:.2f}".format).to_numpy() for name in PRICES[:3]},
        }
    )
    found = recognise(table[::-1].to_csv(index=False))
    same(found, cents)
    assert "rows ran newest first and were turned round" in found.notes
    assert used(found)["close"] == "Close/Last"


@pytest.mark.parametrize(("unit", "said"), [(1_000, "milliseconds"), (1_000_000, "microseconds")])
def test_binance_klines_have_no_names(hours, recognise, unit, said):
    opened = np.array([int(time.timestamp()) for time in hours.index]) * unit
    table = pd.DataFrame({0: opened, **{i + 1: hours[name].to_numpy() for i, name in enumerate(hours.columns)}})
    rest = {6: opened + 3600 * unit - 1, 7: 1e9, 8: 12, 9: 5.0, 10: 6.0, 11: 0}
    found = recognise(
        table.assign(**{str(i): value for i, value in rest.items()}).to_csv(index=False, header=False), key=H1
    )
    same(found, hours)
    assert {"Binance klines without column names", f"times in {said} since 1970"} <= set(found.notes)


def test_an_exchange_export_of_several_pairs_below_a_link(daily, recognise):
    pairs = []
    for pair, factor in (("BTC/USDT", 1.0), ("ETH/USDT", 2.0)):
        unix = daily.index.asi8 // 1_000_000
        columns = {"Unix": unix, "Date": daily.index.strftime("%Y-%m-%d %H:%M:%S"), "Symbol": pair}
        prices = {name.title(): (daily[name] * factor).to_numpy() for name in PRICES}
        volumes = {f"Volume {pair[:3]}": daily["volume"].to_numpy(), "Volume USDT": daily["volume"].to_numpy() * 9}
        pairs.append(pd.DataFrame({**columns, **prices, **volumes})[::-1])
    one = "https://www.CryptoDataDownload.com\n" + pairs[0].to_csv(index=False)
    same(recognise(one), daily)
    assert used(recognise(one))["volume"] == "Volume BTC"
    assert "1 lines above the column names left out" in recognise(one).notes
    both = pd.concat([pair.rename(columns=lambda name: name.replace("ETH", "BTC")) for pair in pairs])
    with pytest.raises(SeveralTickersError, match="BTC/USDT, ETH/USDT"):
        recognise(both.to_csv(index=False))
    found = recognise(both.rename(columns={"Volume BTC": "Volume"}).to_csv(index=False), ticker="eth/usdt")
    np.testing.assert_allclose(found.bars.frame[PRICES], daily[PRICES] * 2, rtol=1e-14)
    assert found.ticker == "ETH/USDT"
    assert [(one.reason, one.count) for one in found.dropped] == [("another ticker", 300)]


def test_two_volumes_of_which_none_is_named_after_the_symbol_are_asked_about(daily, recognise):
    table = daily.rename(columns={"volume": "Volume BTC"}).assign(**{"Volume USDT": 1.0})
    with pytest.raises(UploadError, match="columns 'Volume BTC' and 'Volume USDT' could each be the volume"):
        recognise(table.to_csv())


def test_metatrader(hours, recognise):
    table = pd.DataFrame(
        {
            "<DATE>": hours.index.strftime("%Y.%m.%d"),
            "<TIME>": hours.index.strftime("%H:%M:%S"),
            **{f"<{name.upper()}>": hours[name].to_numpy() for name in PRICES},
            "<TICKVOL>": hours["volume"].to_numpy(),
            "<SPREAD>": 5,
        }
    )
    same(recognise(table.to_csv(index=False, sep="\t"), key=H1, time_zone="America/New_York"), hours)


def test_dukascopy_in_local_time(hours, recognise):
    stamps = [f"{time:%d.%m.%Y %H:%M:%S}.000 GMT{time:%z}" for time in hours.index]
    found = recognise(hours.set_axis(stamps).to_csv(index_label="Local time"), key=H1)
    same(found, hours)


def test_alpha_vantage_and_tiingo(daily, recognise):
    numbered = daily.set_axis([f"{i}. {name}" for i, name in enumerate(daily.columns, 1)], axis=1)
    same(recognise(numbered[::-1].to_csv(index_label="timestamp", date_format="%Y-%m-%d")), daily)
    tiingo = daily.assign(adjClose=daily["close"], adjHigh=daily["high"], divCash=0.0, splitFactor=1.0)
    found = recognise(tiingo.to_csv(index_label="date"))
    assert found.bars.adjusted
    np.testing.assert_allclose(found.bars.frame, daily, rtol=1e-14)


def test_a_long_table_of_a_whole_index_takes_the_chosen_name(daily, recognise):
    names = pd.concat([daily.assign(Name=name) for name in ("AAL", "AAPL", "ABBV")])
    same(recognise(names.to_csv(index_label="date"), ticker="AAPL"), daily)


def test_remarks_below_the_table_and_names_said_again_are_left_out(daily, recognise):
    lines = daily.to_csv().splitlines()
    lines.insert(50, lines[0])
    found = recognise("\n".join([*lines, '"Downloaded from Barchart.com as of 01-31-2024"', "", ""]))
    same(found, daily)
    assert {one.reason: one.places for one in found.dropped} == {
        "the column names once more": ("line 51",),
        "no prices": ("line 303",),
    }


def test_a_comma_at_the_end_of_each_line_is_no_column(daily, recognise):
    head, *lines = daily.to_csv().splitlines()
    same(recognise("\n".join([head, *(line + "," for line in lines)])), daily)
    with pytest.raises(UploadError, match="line 7 has more cells than the 6 column names"):
        recognise(
            "\n".join([head, *(line + ("7" if i == 5 else "") for i, line in enumerate(line + "," for line in lines))])
        )
