"""Exports in other languages and of other systems, with and without names, come out as the bars they were made of."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import SeveralTickersError, UnknownColumnsError, UploadError, UploadQuestionError
from ensemble_desk.sources.upload.answers import Answers

PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def cents(daily):
    rounded = daily.round(2)
    rounded["volume"] = (daily["volume"] / 100).round() * 100
    return rounded.assign(high=rounded[PRICES].max(axis=1), low=rounded[PRICES].min(axis=1))


def lines(frame, write, head=""):
    return head + "".join(f"{write(day, *bar)}\n" for day, *bar in frame.itertuples())


def same(found, frame):
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False, rtol=1e-9)


def used(found):
    return {use.ours: use.theirs for use in found.columns if use.ours}


LANGUAGES = {
    "Spanish": "Fecha,Último,Apertura,Máximo,Mínimo,Vol.",
    "Portuguese": "Data,Último,Abertura,Máxima,Mínima,Vol.",
    "French": "Date, Dernier, Ouv., Plus Haut, Plus Bas,Vol.",
    "Italian": "Data,Ultimo,Apertura,Massimo,Minimo,Vol.",
    "German": "Datum,Zuletzt,Eröffn.,Hoch,Tief,Vol.",
    "Dutch": "Datum,Laatst,Open,Hoog,Laag,Vol.",
    "Polish": "Data,Ostatnio,Otwarcie,Max.,Min.,Wol.",
    "Swedish": "Datum,Senaste,Öppen,Högst,Lägst,Vol.",
    "Turkish": "Tarih,Şimdi,Açılış,Yüksek,Düşük,Hac.",
    "Russian": "Дата,Цена,Откр.,Макс.,Мин.,Объём",
    "Greek": "Ημερομηνία,Τελευταία,Άνοιγμα,Υψηλό,Χαμηλό,Όγκος",
    "Hebrew": "תאריך,מחיר,פתיחה,גבוה,נמוך,נפח",
    "Arabic": "التاريخ,الأخير,الفتح,الأعلى,الأدنى,الحجم",
    "Hindi": "तारीख,भाव,खुला,उच्च,निम्न,मात्रा",
    "Indonesian": "Tanggal,Terakhir,Pembukaan,Tertinggi,Terendah,Vol.",
    "Vietnamese": "Ngày,Lần cuối,Mở,Cao,Thấp,KL",
    "Thai": "วันที่,ล่าสุด,เปิด,สูงสุด,ต่ำสุด,ปริมาณ",
    "Korean": "날짜,종가,시가,고가,저가,거래량",
    "Japanese": "日付け,終値,始値,高値,安値,出来高",
    "Chinese": "日期,收盘,开盘,最高,最低,成交量",
    "Bloomberg": "Date,PX_LAST,PX_OPEN,PX_HIGH,PX_LOW,PX_VOLUME",
    "CRSP": "date,PRC,OPENPRC,ASKHI,BIDLO,VOL",
    "Compustat": "datadate,prccd,prcod,prchd,prcld,cshtrd",
    "quantmod": "Index,AAPL.Close,AAPL.Open,AAPL.High,AAPL.Low,AAPL.Volume",
    "units": "Date,Close (USD),Open (USD),High (USD),Low (USD),Volume (shares)",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_of_columns_in_many_languages_and_systems(cents, recognise, language):
    names = LANGUAGES[language].replace("Index", "Date")
    found = recognise(
        lines(cents[::-1], lambda d, o, h, low, c, v: f"{d:%Y-%m-%d},{c},{o},{h},{low},{v:.0f}", f"{names}\n")
    )
    same(found, cents)


@pytest.mark.parametrize(
    ("names", "codec", "said"),
    [
        ("日期,收盘,开盘,最高,最低,成交量", "gb18030", "GB18030"),
        ("日期,收盤價,開盤價,最高價,最低價,成交股數", "big5", "Big5"),
        ("일자,종가,시가,고가,저가,거래량", "euc-kr", "EUC-KR (Windows-949)"),
        ("日付,終値,始値,高値,安値,出来高", "cp932", "Shift-JIS (Windows-932)"),
        ("Дата,Цена,Откр.,Макс.,Мин.,Объём", "cp1251", "Windows-1251"),
        ("Tarih,Şimdi,Açılış,Yüksek,Düşük,Hac.", "cp1254", "Windows-1254"),
        ("Ημερομηνία,Τελευταία,Άνοιγμα,Υψηλό,Χαμηλό,Όγκος", "cp1253", "Windows-1253"),
    ],
)
def test_national_encodings(cents, recognise, names, codec, said):
    text = lines(cents, lambda d, o, h, low, c, v: f"{d:%Y-%m-%d},{c},{o},{h},{low},{v:.0f}", f"{names}\n")
    found = recognise(text.encode(codec))
    same(found, cents)
    assert said in found.notes
    assert used(found)["close"] == names.split(",")[1]


NAMELESS = {
    "MetaTrader 4": lambda d, o, h, low, c, v: f"{d:%Y.%m.%d},00:00,{o},{h},{low},{c},{v:.0f}",
    "HistData": lambda d, o, h, low, c, v: f"{d:%Y%m%d} 000000;{o};{h};{low};{c};{v:.0f}",
    "Kibot": lambda d, o, h, low, c, v: f"{d:%m/%d/%Y},{o},{h},{low},{c},{v:.0f}",
    "Coinbase": lambda d, o, h, low, c, v: f"{d.timestamp():.0f},{low},{h},{o},{c},{v:.0f}",
    "Bitfinex": lambda d, o, h, low, c, v: f"{d.timestamp() * 1000:.0f},{o},{c},{h},{low},{v:.0f}",
    "Kraken": lambda d, o, h, low, c, v: f"{d.timestamp():.0f},{o},{h},{low},{c},{v:.0f},{v // 500:.0f}",
}


@pytest.mark.parametrize("vendor", NAMELESS)
@pytest.mark.parametrize("newest_first", [False, True])
def test_the_order_of_columns_without_names_is_told_by_the_numbers(cents, recognise, vendor, newest_first):
    found = recognise(lines(cents[::-1] if newest_first else cents, NAMELESS[vendor]))
    same(found, cents)
    assert any(note.startswith("no column names: by the numbers, ") for note in found.notes)


@pytest.mark.parametrize("form", ["%Y-%j", "%G-W%V-%u"])
@pytest.mark.parametrize("names", ["", "date,open,high,low,close,volume\n"])
def test_days_of_the_year_and_of_the_week(cents, recognise, form, names):
    found = recognise(lines(cents, lambda d, o, h, low, c, v: f"{d.strftime(form)},{o},{h},{low},{c},{v:.0f}", names))
    same(found, cents)
    assert f"dates read as {form}" in found.notes


def test_prices_in_ten_thousandths_are_asked_about(cents, recognise):
    text = lines(
        cents, lambda d, *bar: f"{d:%Y%m%d} 00:00,{','.join(f'{round(x * 10000)}' for x in bar[:4])},{bar[4]:.0f}"
    )
    with pytest.raises(UploadQuestionError, match="--price-scale 10000") as caught:
        recognise(text)
    assert [choice.value for choice in caught.value.choices] == [10_000.0, 1.0]
    same(recognise(text, answers=Answers(price_scale=10_000)), cents)


def test_two_orders_that_fit_are_asked_about_once(daily, recognise):
    up = np.arange(40) % 2 == 0
    a, b = np.where(up, 10.0, 11.0), np.where(up, 10.5, 10.0)
    days = [f"{day:%Y-%m-%d}" for day in daily.index[:40]]
    text = "".join(f"{d},{x},12,9,{y},{1000 + i}\n" for i, (d, x, y) in enumerate(zip(days, a, b, strict=True)))
    with pytest.raises(UploadQuestionError, match="fit more than one order") as caught:
        recognise(text)
    assert caught.value.answer == "columns"
    first = caught.value.choices[0].value
    assert recognise(text, answers=Answers(columns=first)).bars.frame["high"].eq(12).all()
    named = recognise(text, answers=Answers(columns=("time", "close", "high", "low", "open", "volume")))
    assert named.bars.frame["close"].tolist() == a.tolist()


def test_names_that_are_said_and_lines_that_are_passed_over(cents, recognise):
    text = "my notes, 1, 2, 3\n" + lines(cents, lambda d, *bar: f"{d:%Y-%m-%d},{','.join(map(str, bar))},x")
    names = ("time", "open", "high", "low", "close", "volume", "-")
    same(recognise(text, answers=Answers(columns=names, skip_lines=1)), cents)


def test_unknown_names_are_asked_with_the_best_guess_and_a_mapping_answers(cents, recognise):
    text = cents.rename(columns=dict(zip(cents, "PQRST", strict=True))).rename_axis("when").to_csv()
    with pytest.raises(UnknownColumnsError, match="--map time=when,open=P,high=Q,low=R,close=S,volume=T") as caught:
        recognise(text)
    assert caught.value.columns == ("when", "P", "Q", "R", "S", "T")
    assert len(caught.value.rows) == 5
    assert {guess.field: guess.reason for guess in caught.value.guesses}["high"] == "it is the highest of the row"
    same(recognise(text, answers=Answers(mapping=tuple(caught.value.suggestion.items()))), cents)


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ((("close", "Gone"),), "the mapping fits no more: there is no column 'Gone' for close"),
        ((("close", "high"), ("low", "high")), "column 'high' cannot be both close and low"),
        ((("shut", "close"),), "nothing is called 'shut' here"),
    ],
)
def test_a_mapping_that_does_not_fit_is_refused(cents, recognise, mapping, said):
    with pytest.raises(UploadError, match=said):
        recognise(cents.to_csv(), answers=Answers(mapping=mapping))


def test_the_volume_is_ticks_where_the_exchange_tells_none(cents, recognise):
    head = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    found = recognise(lines(cents, lambda d, *bar: "\t".join([f"{d:%Y.%m.%d}", *map(str, bar), "0", "12"]), head))
    same(found, cents)
    assert "volume is <TICKVOL>, for <VOL> is 0 throughout" in found.notes


def test_the_volume_is_shares_and_not_the_money_paid_for_them(cents, recognise):
    text = lines(
        cents,
        lambda d, o, h, low, c, v: f"{d:%Y-%m-%d};{o};{h};{low};{c};{v:.0f};{v * c:.0f}",
        "Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen\n",
    )
    same(recognise(text), cents)
    pair = cents.assign(money=cents["volume"] * cents["close"]).rename(
        columns={"volume": "Volume_(BTC)", "money": "Volume_(Currency)"}
    )
    same(recognise(pair.to_csv()), cents)
    swapped = cents.assign(pieces=cents["volume"], volume=cents["volume"] * cents["close"])
    found = recognise(swapped.to_csv())
    same(found, cents)
    assert "volume is pieces; volume is the money paid for it" in found.notes


def test_a_volume_in_two_parts_is_put_together(cents, recognise):
    parted = cents.assign(Up=cents["volume"] - 100, Down=100).drop(columns="volume")
    same(recognise(parted.to_csv()), cents)


def test_a_column_that_could_be_the_volume_is_asked_about(cents, recognise):
    text = cents.rename(columns={"volume": "Pieces moved"}).to_csv()
    with pytest.raises(UploadQuestionError, match='--map volume="Pieces moved"') as caught:
        recognise(text)
    assert [choice.value for choice in caught.value.choices] == ["Pieces moved", ""]
    same(recognise(text, answers=Answers(mapping=(("volume", "Pieces moved"),))), cents)
    assert (recognise(text, answers=Answers(mapping=(("volume", ""),))).bars.frame["volume"] == 0).all()


def test_a_renamed_symbol_is_joined_when_somebody_says_so(cents, recognise):
    text = cents.assign(symbol=["OLD"] * 100 + ["NEW"] * 200).to_csv()
    with pytest.raises(SeveralTickersError, match="join them") as caught:
        recognise(text)
    assert caught.value.can_join
    found = recognise(text, answers=Answers(join=True))
    same(found, cents)
    assert found.ticker == "NEW"
    mixed = pd.concat([cents.assign(symbol=one) for one in "AB"]).sort_index(kind="stable").to_csv()
    with pytest.raises(SeveralTickersError) as caught:
        recognise(mixed)
    assert not caught.value.can_join


@pytest.mark.parametrize("shape", ["lines in quotes", "a separator line", "blanks", "a title and a footer"])
def test_texts_that_need_a_look_before_they_are_parted(cents, recognise, shape):
    text = cents.rename_axis("date").to_csv(date_format="%Y-%m-%d")
    if shape == "lines in quotes":
        text = "".join(f'"{line}"\n' for line in text.splitlines())
    elif shape == "a separator line":
        text = "sep=;\n" + text.replace(",", ";")
    elif shape == "blanks":
        text = cents.assign(date=cents.index.strftime("%Y-%m-%d"))[["date", *cents]].to_string(index=False)
    else:
        text = f"Price history\nApple Inc,,,,,\n\n{text}Downloaded as of 2026-05-05\n"
    same(recognise(text), cents)


def test_open_document_sheets(cents, recognise):
    buffer = io.BytesIO()
    cents.set_axis(cents.index.tz_localize(None)).rename_axis("Date").to_excel(buffer, engine="odf")
    found = recognise(buffer.getvalue(), file_name="bars.ods")
    same(found, cents)
    assert "OpenDocument, sheet 'Sheet1'" in found.notes


def records(frame):
    return [{"t": int(d.timestamp() * 1000), **dict(zip("ohlcv", bar, strict=True))} for d, *bar in frame.itertuples()]


JSON = {
    "records": lambda frame: json.dumps(records(frame)),
    "an answer with records": lambda frame: json.dumps({"ticker": "AAPL", "results": records(frame)}),
    "lines": lambda frame: "\n".join(map(json.dumps, records(frame))),
    "columns": lambda frame: json.dumps({name: [one[name] for one in records(frame)] for name in "tohlcv"}),
    "rows": lambda frame: json.dumps([list(one.values()) for one in records(frame)]),
    "pandas split": lambda frame: frame.to_json(orient="split", date_format="iso"),
    "pandas columns": lambda frame: frame.to_json(date_format="iso"),
}


@pytest.mark.parametrize("form", JSON)
def test_json_in_the_forms_that_services_answer_in(cents, recognise, form):
    same(recognise(JSON[form](cents), file_name="bars.json"), cents)
