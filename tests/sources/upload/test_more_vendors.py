"""Exports of further vendors come out as the bars they were made of, or ask one question that an answer settles."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import DeskError, UploadError, UploadQuestionError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import upload
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers

PRICES = ["open", "high", "low", "close"]
NEW_YORK = "America/New_York"
SHAPES = {}


@pytest.fixture
def cents(daily):
    rounded = daily.round(2)
    rounded["volume"] = (daily["volume"] / 100).round() * 100
    return rounded.assign(high=rounded[PRICES].max(axis=1), low=rounded[PRICES].min(axis=1))


def shape(write):
    SHAPES[write.__name__] = write
    return write


def lines(frame, write, head=""):
    return head + "".join(f"{write(day, *bar)}\n" for day, *bar in frame.itertuples())


def records(frame, write):
    return [write(day, *bar) for day, *bar in frame.itertuples()]


def comma(value):
    return f"{value:.2f}".replace(".", ",")


def dotted(value):
    return f"{value:,.0f}".replace(",", ".")


def seconds(day):
    return int(day.timestamp())


@shape
def alpha_vantage_json(f):
    names = ("1. open", "2. high", "3. low", "4. close", "5. volume")
    days = {
        f"{d:%Y-%m-%d}": dict(zip(names, map(str, (o, h, low, c, int(v))), strict=True))
        for d, o, h, low, c, v in f[::-1].itertuples()
    }
    return json.dumps({"Meta Data": {"2. Symbol": "AAPL", "5. Time Zone": "US/Eastern"}, "Time Series (Daily)": days})


@shape
def tiingo_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        told = {"date": f"{d:%Y-%m-%d}T00:00:00.000Z", "close": c, "high": h, "low": low, "open": o, "volume": int(v)}
        adjusted = {"adjClose": c, "adjHigh": h, "adjLow": low, "adjOpen": o, "adjVolume": int(v)}
        return told | adjusted | {"divCash": 0.0, "splitFactor": 1.0}

    return json.dumps(records(f, row))


@shape
def iex_chart_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        told = {"close": c, "high": h, "low": low, "open": o, "symbol": "AAPL", "volume": int(v)}
        return told | {"changeOverTime": 0.1, "uOpen": o * 2, "uClose": c * 2, "fOpen": o, "date": f"{d:%Y-%m-%d}"}

    return json.dumps({"AAPL": {"chart": records(f, row)}})


@shape
def yahoo_chart_answer_json(f):
    local = [int((d.tz_localize(None) + pd.Timedelta(hours=9.5)).tz_localize(NEW_YORK).timestamp()) for d in f.index]
    quote = {name: f[name].tolist() for name in ("low", "volume", "open", "close", "high")}
    meta = {"symbol": "AAPL", "currency": "USD", "exchangeTimezoneName": NEW_YORK}
    told = {"meta": meta, "timestamp": local}
    told["indicators"] = {"quote": [quote], "adjclose": [{"adjclose": f["close"].tolist()}]}
    return json.dumps({"chart": {"result": [told], "error": None}})


@shape
def binance_rest_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        at = seconds(d) * 1000
        return [at, str(o), str(h), str(low), str(c), str(v), at + 86_399_999, str(v * c), 308, str(v / 2), "1.0", "0"]

    return json.dumps(records(f, row))


@shape
def coinbase_rest_json(f):
    return json.dumps(records(f[::-1], lambda d, o, h, low, c, v: [seconds(d), low, h, o, c, v]))


@shape
def kraken_rest_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        return [seconds(d), str(o), str(h), str(low), str(c), str((h + low) / 2), str(v), 100]

    return json.dumps({"error": [], "result": {"XXBTZUSD": records(f, row), "last": seconds(f.index[-1])}})


@shape
def bitstamp_rest_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        told = {"high": h, "timestamp": seconds(d), "volume": v, "low": low, "close": c, "open": o}
        return {name: str(value) for name, value in told.items()}

    return json.dumps({"data": {"pair": "BTC/USD", "ohlc": records(f, row)}})


@shape
def bybit_rest_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        return [str(value) for value in (seconds(d) * 1000, o, h, low, c, v, v * c)]

    return json.dumps({"retCode": 0, "result": {"symbol": "BTCUSD", "list": records(f[::-1], row)}})


@shape
def finnhub_json(f):
    told = {name[0]: f[name].tolist() for name in f.columns}
    return json.dumps(told | {"s": "ok", "t": [seconds(d) for d in f.index]})


@shape
def twelve_data_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        told = {"open": o, "high": h, "low": low, "close": c, "volume": int(v)}
        return {"datetime": f"{d:%Y-%m-%d}", **{name: str(value) for name, value in told.items()}}

    meta = {"symbol": "AAPL", "interval": "1day", "exchange_timezone": NEW_YORK}
    return json.dumps({"meta": meta, "values": records(f[::-1], row), "status": "ok"})


@shape
def marketstack_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        told = {"open": o, "high": h, "low": low, "close": c, "volume": v, "adj_close": c, "adj_open": None}
        return told | {"symbol": "AAPL", "exchange": "XNAS", "date": f"{d:%Y-%m-%d}T00:00:00+0000"}

    return json.dumps({"pagination": {"limit": 100, "count": 100}, "data": records(f[::-1], row)})


@shape
def alpaca_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        midnight = d.tz_localize(None).tz_localize(NEW_YORK).tz_convert("UTC")
        return {"c": c, "h": h, "l": low, "n": 100, "o": o, "t": f"{midnight:%Y-%m-%dT%H:%M:%SZ}", "v": v, "vw": c}

    return json.dumps({"bars": {"AAPL": records(f, row)}, "next_page_token": None})


@shape
def schwab_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        at = int(d.tz_localize(None).tz_localize("America/Chicago").timestamp()) * 1000
        return {"open": o, "high": h, "low": low, "close": c, "volume": int(v), "datetime": at}

    return json.dumps({"candles": records(f, row), "symbol": "AAPL", "empty": False})


@shape
def oanda_v20_json(f):
    def row(d, *bar):
        o, h, low, c, v = bar
        evening = (d.tz_localize(None) - pd.Timedelta(hours=7)).tz_localize(NEW_YORK).tz_convert("UTC")
        mid = {"o": str(o), "h": str(h), "l": str(low), "c": str(c)}
        return {"complete": True, "volume": int(v), "time": f"{evening:%Y-%m-%dT%H:%M:%S}.000000000Z", "mid": mid}

    return json.dumps({"instrument": "EUR_USD", "granularity": "D", "candles": records(f, row)})


@shape
def moscow_iss_json(f):
    names = "BOARDID TRADEDATE SHORTNAME SECID NUMTRADES VALUE OPEN LOW HIGH LEGALCLOSEPRICE WAPRICE CLOSE VOLUME"

    def row(d, *bar):
        o, h, low, c, v = bar
        return ["TQBR", f"{d:%Y-%m-%d}", "Apple", "AAPL", 100, v * c, o, low, h, c, c, c, int(v)]

    return json.dumps({"history": {"metadata": {}, "columns": names.split(), "data": records(f, row)}})


@shape
def moscow_iss_candles_csv(f):
    head = "candles\n\nopen;close;high;low;value;volume;begin;end\n"
    return lines(
        f,
        lambda d, o, h, low, c, v: f"{o};{c};{h};{low};{v * c};{v:.0f};{d:%Y-%m-%d} 00:00:00;{d:%Y-%m-%d} 23:59:59",
        head,
    )


@shape
def taiwan_stock_day_in_years_of_the_republic(f):
    head = '"102年03月 2330 台積電 各日成交資訊"\n'
    head += '"日期","成交股數","成交金額","開盤價","最高價","最低價","收盤價","漲跌價差","成交筆數",\n'

    def row(d, *bar):
        o, h, low, c, v = bar
        shown = (f"{v:,.0f}", f"{v * c:,.0f}", *(f"{value:,.2f}" for value in (o, h, low, c)), "+1.00", "1,234")
        return f'"{d.year - 1911}/{d:%m/%d}",' + ",".join(f'"{one}"' for one in shown) + ","

    return (lines(f, row, head) + '"說明:"\n"符號說明:+/-/X表示漲/跌/不比價"\n').encode("big5")


@shape
def j_quants(f):
    head = "Date,Code,Open,High,Low,Close,UpperLimit,LowerLimit,Volume,TurnoverValue,AdjustmentFactor,AdjustmentOpen,"
    head += "AdjustmentHigh,AdjustmentLow,AdjustmentClose,AdjustmentVolume\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        return f"{d:%Y-%m-%d},86970,{o},{h},{low},{c},0,0,{v},{v * c},1.0,{o},{h},{low},{c},{v}"

    return lines(f, row, head)


@shape
def bse_india(f):
    head = "Date,Open Price,High Price,Low Price,Close Price,WAP,No.of Shares,No. of Trades,Total Turnover (Rs.),"
    head += "Deliverable Quantity,% Deli. Qty to Traded Qty,Spread High-Low,Spread Close-Open\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        tail = f"{c},{v:.0f},100,{v * c:.0f},{v // 2:.0f},50,{h - low:.2f},{c - o:.2f}"
        return f"{d.day}-{d:%B-%Y},{o},{h},{low},{c},{tail},"

    return lines(f[::-1], row, head)


@shape
def nse_bhavcopy(f):
    head = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        stamp = f"{d:%d-%b-%Y}".upper()
        return f"AAPL,EQ,{o},{h},{low},{c},{c - 0.05:.2f},{o},{v:.0f},{v * c:.2f},{stamp},100,INE009A01021,"

    return lines(f, row, head)


@shape
def nse_bhavcopy_since_2024(f):
    head = (
        "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,OpnPric,HghPric,LwPric,ClsPric,LastPric,"
    )
    head += "PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        day = f"{d:%Y-%m-%d}"
        rest = f"{c - 0.05:.2f},{o},,{c},,,{v:.0f},{v * c:.2f},9"
        return f"{day},{day},CM,NSE,STK,1594,INE1,AAPL,EQ,{o},{h},{low},{c},{rest}"

    return lines(f, row, head)


@shape
def amibroker(f):
    head = "Ticker,Date/Time,Open,High,Low,Close,Volume,OpenInt\n"
    return lines(f, lambda d, o, h, low, c, v: f"AAPL,{d.month}/{d.day}/{d.year},{o},{h},{low},{c},{v:.0f},0", head)


@shape
def metastock(f):
    head = "<TICKER>,<PER>,<DTYYYYMMDD>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
    return lines(f, lambda d, o, h, low, c, v: f"AAPL,D,{d:%Y%m%d},000000,{o},{h},{low},{c},{v:.0f},0", head)


@shape
def multicharts(f):
    head = '"Date","Time","Open","High","Low","Close","TotalVolume"\n'
    return lines(f, lambda d, o, h, low, c, v: f"{d:%d/%m/%Y},16:00:00,{o},{h},{low},{c},{v:.0f}", head)


@shape
def prorealtime(f):
    head = "Date\tOuverture\tPlus haut\tPlus bas\tClôture\tVolume\n"
    return lines(
        f,
        lambda d, *bar: "\t".join([f"{d:%d/%m/%Y}", *map(comma, bar[:4]), dotted(bar[4]).replace(".", "\u202f")]),
        head,
    )


@shape
def google_finance_in_a_sheet(f):
    head = "Date,Open,High,Low,Close,Volume\n"
    return lines(f, lambda d, *bar: f"{d.month}/{d.day}/{d.year} 16:00:00," + ",".join(map(repr, bar)), head)


@shape
def refinitiv_workspace(f):
    head = "Apple Inc,,,,,,,,,\nPrice History,,,,,,,,,\n,,,,,,,,,\n"
    head += "Exchange Date,Close,Net,%Chg,Open,Low,High,Volume,Turnover - USD,Flow\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        return f'{d:%d-%b-%Y},{c},0.1,0.02%,{o},{low},{h},"{v:,.0f}","{v * c:,.0f}","1,234"'

    return lines(f[::-1], row, head)


@shape
def factset(f):
    head = "Apple Inc.\nPrice History\n\nDate,Price,Volume,Change,% Change,% Return,Open,High,Low\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        return f'"{d:%b %d, %Y}",{c},"{v:,.0f}",0.1,0.02,0.02,{o},{h},{low}'

    return lines(f[::-1], row, head)


@shape
def wind(f):
    head = "代码,简称,日期,前收盘价(元),开盘价(元),最高价(元),最低价(元),收盘价(元),成交量(股),成交金额(元),涨跌(元)\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        return f'000001.SZ,平安银行,{d:%Y-%m-%d},{o},{o},{h},{low},{c},"{v:,.0f}","{v * c:,.2f}",0.1'

    return (lines(f, row, head) + "数据来源:Wind,,,,,,,,,,\n").encode("gb18030")


@shape
def dukascopy_jforex(f):
    head = "Time (EET),Open,High,Low,Close,Volume \n"
    return lines(f, lambda d, *bar: f"{d:%Y.%m.%d} 00:00:00," + ",".join(map(repr, bar)), head)


@shape
def ariva(f):
    head = "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n"

    def row(d, *bar):
        o, h, low, c, v = bar
        return f"{d:%Y-%m-%d};{comma(o)};{comma(h)};{comma(low)};{comma(c)};{dotted(v)};{dotted(v * c)}"

    return lines(f[::-1], row, head)


@shape
def boursorama(f):
    head = "date\touv\thaut\tbas\tclot\tvol\tdevise\t\n"
    return lines(f, lambda d, *bar: f"{d:%d/%m/%Y} 00:00\t" + "\t".join(map(str, bar)) + "\tEUR\t", head)


@shape
def abc_bourse_without_names(f):
    return lines(f, lambda d, *bar: f"FR0000133308;{d:%d/%m/%y};" + ";".join([*map(comma, bar[:4]), f"{bar[4]:.0f}"]))


@shape
def brazilian_sheet(f):
    head = "DATA;ABERTURA;MÁXIMA;MÍNIMA;FECHAMENTO;VOLUME\n"
    return lines(f, lambda d, *bar: ";".join([f"{d:%d/%m/%Y}", *map(comma, bar[:4]), dotted(bar[4])]), head).encode(
        "cp1252"
    )


@shape
def databento_in_billionths(f):
    head = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol\n"

    def row(d, *bar):
        prices = ",".join(f"{round(value * 1e9):d}" for value in bar[:4])
        return f"{seconds(d)}000000000,35,2,38,{prices},{bar[4]:.0f},AAPL"

    return lines(f, row, head)


@shape
def excel_days_in_a_text(f):
    head = "Date,Open,High,Low,Close,Volume\n"
    return lines(
        f, lambda d, *bar: f"{(d - pd.Timestamp('1899-12-30', tz='UTC')).days}," + ",".join(map(repr, bar)), head
    )


@shape
def days_of_the_week_in_words(f):
    head = "Date,Open,High,Low,Close,Volume\n"
    return lines(f, lambda d, *bar: f'"{d:%A, %B} {d.day}, {d.year}",' + ",".join(map(repr, bar)), head)


@shape
def two_digits_of_the_year_without_marks(f):
    head = "Date,Open,High,Low,Close,Volume\n"
    return lines(f, lambda d, *bar: f"{d:%y%m%d}," + ",".join(map(repr, bar)), head)


@shape
def feather(f):
    buffer = io.BytesIO()
    f.rename_axis("date").reset_index().to_feather(buffer)
    return buffer.getvalue()


ASKED = {
    "databento_in_billionths": Answers(price_scale=1e9),
    "oanda_v20_json": Answers(shift_days=1),
}
"""What settles the one question of a shape; all others are read without one."""


@pytest.mark.parametrize("name", SHAPES)
def test_a_vendor_is_read_right_or_asks_once(cents, recognise, name):
    written = SHAPES[name](cents)
    if name in ASKED:
        with pytest.raises(UploadQuestionError):
            recognise(written)
    found = recognise(written, answers=ASKED.get(name))
    expected = cents.set_axis(pd.DatetimeIndex(cents.index, name="time"))
    pd.testing.assert_frame_equal(found.bars.frame, expected, check_freq=False, rtol=1e-9)
    assert np.isfinite(found.bars.frame.to_numpy()).all()


def test_evening_bars_are_asked_about_also_in_the_zone_of_their_exchange(cents, recognise):
    written = SHAPES["oanda_v20_json"](cents)
    with pytest.raises(UploadQuestionError, match="--shift-days 1"):
        recognise(written, time_zone=NEW_YORK)
    assert recognise(written, answers=Answers(shift_days=1, time_zone=NEW_YORK)).bars.last == cents.index[-1]


def test_a_count_of_trades_above_every_price_is_no_high(cents, recognise):
    written = lines(cents, lambda d, *bar: f"{seconds(d)}," + ",".join(map(repr, bar)) + f",{100 + d.day}")
    pd.testing.assert_frame_equal(recognise(written).bars.frame, cents, check_freq=False, check_names=False)


def test_one_price_throughout_tells_nothing(cents, recognise):
    with pytest.raises(UploadError, match="all prices of its 300 bars are 100, which tells nothing"):
        recognise(cents.assign(**dict.fromkeys(PRICES, 100.0)).to_csv())


def test_a_damaged_feather_file_is_an_error_of_its_own_kind_or_the_same_bars(cents, recognise):
    written, outcomes = SHAPES["feather"](cents), set()
    for start in range(8, len(written), len(written) // 60):
        damaged = written[:start] + bytes(byte ^ 0x5A for byte in written[start : start + 9]) + written[start + 9 :]
        try:
            outcomes.add(len(recognise(damaged).bars))
        except DeskError as error:
            outcomes.add(type(error))
    assert UploadError in outcomes


def test_a_feather_file_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(recognise):
    buffer = io.BytesIO()
    large = pd.DataFrame({"time": np.zeros(60_000_000)})
    large.to_feather(buffer, compression="zstd", chunksize=60_000_000)
    with pytest.raises(UploadError, match="unpacked it has more than the limit of 381"):
        recognise(buffer.getvalue())


def test_the_room_reads_by_its_own_name():
    assert upload.recognise_bars is reading.recognise_bars
    with pytest.raises(AttributeError, match="no attribute 'anything'"):
        upload.anything  # noqa: B018


@pytest.mark.parametrize(
    ("unit", "per", "digits"),
    [
        ("万", 1e4, 2),
        ("만", 1e4, 2),
        ("亿", 1e8, 6),
        (" Mio.", 1e6, 4),
        (" млн", 1e6, 4),
        (" Mrd", 1e9, 7),
        ("Cr", 1e7, 5),
    ],
)
def test_words_of_thousands_and_more(cents, recognise, unit, per, digits):
    written = lines(
        cents,
        lambda d, *bar: (
            f"{d:%Y-%m-%d}," + ",".join(f"{x:.2f} EUR" for x in bar[:4]) + f",{bar[4] / per:.{digits}f}{unit}"
        ),
        "Date,Open,High,Low,Close,Volume\n",
    )
    pd.testing.assert_frame_equal(recognise(written).bars.frame, cents, check_freq=False, rtol=1e-9, check_names=False)


@pytest.fixture
def hours():
    days = pd.bdate_range("2024-03-06", "2024-03-14", tz=NEW_YORK)
    index = pd.DatetimeIndex([day + pd.Timedelta(hours=9.5 + hour) for day in days for hour in range(7)], name="time")
    close = 170 + np.arange(len(index)) / 8
    return pd.DataFrame(dict(zip(PRICES, (close, close + 1, close - 1, close + 0.5), strict=True), volume=close), index)


@pytest.mark.parametrize("name", ["Time (ET)", "datetime_UTC", "Time (EST)", "Date/Time (JST)"])
def test_the_zone_that_the_name_of_a_column_tells_is_taken_or_asked_about(hours, recognise, name):
    key = Key("AAPL", "h1")
    zone = {"datetime_UTC": "UTC", "Date/Time (JST)": "Asia/Tokyo"}.get(name, NEW_YORK)
    written = hours.tz_convert(zone).tz_localize(None).to_csv(index_label=name)
    answers = Answers()
    if "EST" in name:
        with pytest.raises(UploadQuestionError, match=r"America/New_York.*Etc/GMT\+5: 5 hours behind UTC all year"):
            recognise(written, key=key)
        answers = Answers(time_zone=NEW_YORK)
    found = recognise(written, key=key, answers=answers)
    pd.testing.assert_frame_equal(found.bars.frame, hours.tz_convert("UTC"), check_freq=False)


@pytest.mark.parametrize("clock", ["", ",16:00"])
def test_a_date_in_three_columns(cents, recognise, clock):
    head = "Year,Month,Day" + (",Time" if clock else "") + ",Open,High,Low,Close,Volume\n"
    written = lines(cents, lambda d, *bar: f"{d.year},{d.month},{d.day}{clock}," + ",".join(map(repr, bar)), head)
    pd.testing.assert_frame_equal(recognise(written).bars.frame, cents, check_freq=False, check_names=False)


@pytest.mark.parametrize("note", ["calm", "two\nlines", 'it is said ""so""', "a, b"])
def test_quotes_in_long_texts(source, recognise, note):
    frame = source.bars(Key("AAPL", "d1")).frame
    written = lines(
        frame,
        lambda d, *bar: f'"{d:%Y-%m-%d}",' + ",".join(f'"{number!r}"' for number in bar) + f',"{note}"',
        '"Date","Open","High","Low","Close","Volume","Note"\n',
    )
    assert len(frame) > 3_000
    pd.testing.assert_frame_equal(recognise(written).bars.frame, frame, check_freq=False, check_names=False)


def test_thousands_with_a_point_are_not_taken_for_decimals_in_long_texts(source, recognise):
    frame = source.bars(Key("AAPL", "d1")).frame
    whole = (frame * 100).round().clip(lower=400)
    whole["high"], whole["low"] = whole[PRICES].max(axis=1), whole[PRICES].min(axis=1)
    head = "Date;Open;High;Low;Close;Volume\n"
    written = lines(whole, lambda d, *bar: f"{d:%Y-%m-%d};" + ";".join(map(dotted, bar)), head)
    pd.testing.assert_frame_equal(recognise(written).bars.frame, whole, check_freq=False, check_names=False)
