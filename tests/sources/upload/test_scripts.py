"""Exports in further languages, scripts, calendars and layouts are the bars they were made of."""

import re

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import UploadQuestionError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload.answers import Answers

PRICES = ["open", "high", "low", "close"]
THAI = ["ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.", "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค."]
FINNISH = [
    "tammikuuta",
    "helmikuuta",
    "maaliskuuta",
    "huhtikuuta",
    "toukokuuta",
    "kesäkuuta",
    "heinäkuuta",
    "elokuuta",
    "syyskuuta",
]
FINNISH += ["lokakuuta", "marraskuuta", "joulukuuta"]
UKRAINIAN = ["січ", "лют", "бер", "кві", "тра", "чер", "лип", "сер", "вер", "жов", "лис", "гру"]


@pytest.fixture
def cents(daily):
    rounded = daily[PRICES].round(2)
    volume = (daily["volume"] / 100).round() * 100
    return rounded.assign(high=rounded.max(axis=1), low=rounded.min(axis=1), volume=volume)


def written(frame, head, write, end="\n"):
    return head + end + "".join(f"{write(day, *bar)}{end}" for day, *bar in frame.itertuples())


def comma(number, places=2, thousands="."):
    return f"{number:,.{places}f}".translate(str.maketrans({",": thousands, ".": ","}))


def plain_row(separator=",", day="%Y-%m-%d", places=2):
    return lambda at, *bar: separator.join(
        [at.strftime(day), *(f"{one:.{places}f}" for one in bar[:4]), f"{bar[4]:.0f}"]
    )


def comma_row(day):
    return lambda at, *bar: ";".join([at.strftime(day), *map(comma, bar[:4]), comma(bar[4], 0)])


NAMES = {  # column names in the order of ours, the form of dates, the encoding
    "Czech": ("Datum;Otevírací kurz;Maximum;Minimum;Závěrečný kurz;Objem", "%d.%m.%Y", "cp1250"),
    "Turkish": (
        "Tarih;Açılış Fiyatı;En Yüksek Fiyat;En Düşük Fiyat;Kapanış Fiyatı;İşlem Miktarı",
        "%d.%m.%Y",
        "cp1254",
    ),
    "Danish": ("Dato;Åbningskurs;Højeste kurs;Laveste kurs;Lukkekurs;Antal handlet", "%d.%m.%Y", "cp1252"),
    "Dutch": ("Datum;Openen;Hoogste;Laagste;Sluiten;Volume", "%d.%m.%Y", "utf-8"),
    "Polish": ("Data;Otwarcie;Maksimum;Minimum;Zamknięcie;Wolumen obrotu", "%d.%m.%Y", "cp1250"),
    "Hungarian": ("Dátum;Nyitó ár;Legmagasabb ár;Legalacsonyabb ár;Záró ár;Mennyiség", "%Y.%m.%d.", "cp1250"),
    "Greek": ("Ημερομηνία;Τιμή Άνοιγμα;Τιμή Υψηλό;Τιμή Χαμηλό;Τιμή Κλείσιμο;Όγκος", "%d.%m.%Y", "cp1253"),
    "Vietnamese": ("Ngày;Giá mở cửa;Giá cao nhất;Giá thấp nhất;Giá đóng cửa;Khối lượng khớp lệnh", "%d.%m.%Y", "utf-8"),
    "sides": ("DateTime;BidOpen;BidHigh;BidLow;BidClose;Volume", "%d.%m.%Y", "utf-8"),
}


@pytest.mark.parametrize(("head", "day", "encoding"), NAMES.values(), ids=NAMES)
def test_columns_in_further_languages_are_known(cents, recognise, head, day, encoding):
    found = recognise(written(cents, head, comma_row(day)).encode(encoding))
    pd.testing.assert_frame_equal(found.bars.frame, cents, check_freq=False, check_names=False)


DATES = {
    "Thai months, years of the Buddha": lambda at: f"{at.day} {THAI[at.month - 1]} {at.year + 543}",
    "years of the Buddha": lambda at: f"{at:%d/%m}/{at.year + 543}",
    "years of the Buddha, as ISO": lambda at: f"{at.year + 543}-{at:%m-%d}",
    "years of the Buddha, in bare digits": lambda at: f"{at.year + 543}{at:%m%d}",
    "Finnish months": lambda at: f"{at.day}. {FINNISH[at.month - 1]} {at.year}",
    "Ukrainian months": lambda at: f"{at.day} {UKRAINIAN[at.month - 1]}. {at.year}",
    "Italian days of the week": lambda at: (
        f"{['lun', 'martedì', 'mer', 'gio', 'ven'][at.weekday()]} {at.day} {at:%b} {at.year}"
    ),
    "days of the year": lambda at: f"{at:%Y%j}",
}


@pytest.mark.parametrize("told", DATES.values(), ids=DATES)
def test_dates_in_further_calendars_and_words(cents, recognise, told):
    text = written(
        cents,
        "date,open,high,low,close,volume",
        lambda at, *bar: plain_row()(at, *bar).replace(f"{at:%Y-%m-%d}", told(at)),
    )
    pd.testing.assert_frame_equal(recognise(text).bars.frame, cents, check_freq=False, check_names=False)


DIGITS = {
    "Arabic": ("0123456789.", "٠١٢٣٤٥٦٧٨٩٫", ";", "utf-8"),
    "Persian": ("0123456789", "۰۱۲۳۴۵۶۷۸۹", "\t", "utf-8"),
    "Devanagari": ("0123456789", "०१२३४५६७८९", ",", "utf-16"),
    "full width": ("0123456789./", "０１２３４５６７８９．／", ",", "cp932"),
}


@pytest.mark.parametrize("script", DIGITS.values(), ids=DIGITS)
def test_digits_of_further_scripts(cents, recognise, script):
    ours, theirs, separator, encoding = script
    text = written(cents, separator.join(["date", *PRICES, "volume"]), plain_row(separator, "%Y/%m/%d"))
    found = recognise(text.translate(str.maketrans(ours, theirs)).encode(encoding))
    pd.testing.assert_frame_equal(found.bars.frame, cents, check_freq=False, check_names=False)
    assert "digits of another script" in found.notes


FRACTIONS = {
    "32nds": (32, lambda whole, part: f"{whole}'{part:02d}"),
    "32nds and quarters": (128, lambda whole, part: f"{whole}'{part // 4:02d}{'0257'[part % 4]}"),
    "32nds and halves": (64, lambda whole, part: f"{whole}-{part // 2:02d}{'+' if part % 2 else ''}"),
    "eighths": (8, lambda whole, part: f"{whole}-{part}"),
    "fractions": (16, lambda whole, part: f"{whole} {part}/16" if part else f"{whole}"),
}


@pytest.mark.parametrize(("parts", "told"), FRACTIONS.values(), ids=FRACTIONS)
def test_prices_in_fractions(cents, recognise, parts, told):
    whole = (cents[PRICES] * parts).round() / parts
    frame = whole.assign(high=whole.max(axis=1), low=whole.min(axis=1), volume=cents["volume"])
    cell = lambda price: told(int(price), round(price % 1 * parts))  # noqa: E731
    rows = lambda at, *bar: ",".join([f"{at:%Y-%m-%d}", *map(cell, bar[:4]), f"{bar[4]:.0f}"])  # noqa: E731
    found = recognise(written(frame, "date,open,high,low,close,volume", rows))
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False, check_names=False)
    assert any(note.startswith("fractions: ") for note in found.notes)


def test_a_clock_beside_a_date_is_read_in_other_languages(cents, recognise):
    hours = cents.tail(280).set_axis(pd.date_range("2024-01-02 09:00", periods=280, freq="1h", tz="UTC", unit="us"))
    row = lambda at, *bar: ";".join([f"{at:%d.%m.%Y;%H:%M} Uhr", *map(comma, bar[:4]), comma(bar[4], 0)])  # noqa: E731
    found = recognise(written(hours, "Datum;Uhrzeit;Eröffnung;Hoch;Tief;Schluss;Volumen", row), key=Key("AAPL", "h1"))
    pd.testing.assert_frame_equal(found.bars.frame, hours, check_freq=False, check_names=False)


def test_a_table_of_markdown(cents, recognise):
    head = "| Date | Open | High | Low | Close | Volume |\n|------|-----:|-----:|----:|------:|-------:|"
    text = written(cents, head, lambda at, *bar: f"| {plain_row(' | ')(at, *bar)} |")
    pd.testing.assert_frame_equal(recognise(text).bars.frame, cents, check_freq=False, check_names=False)


def test_the_fixed_places_of_cotahist(cents, recognise):
    def row(at, *bar):
        opened, high, low, close, volume = bar
        told = [f"{round(price * 100):013d}" for price in (opened, high, low, (high + low) / 2, close, close, close)]
        start = f"01{at:%Y%m%d}02{'PETR4':12}010{'PETROBRAS':12}{'PN      N2':10}   R$  "
        return f"{start}{''.join(told)}01200{volume:018.0f}{volume * close * 100:018.0f}{0:013d}099991231"

    found = recognise(written(cents, "00COTAHIST.2012BOVESPA 20121228", row) + "99COTAHIST.2012BOVESPA 20121228\n")
    pd.testing.assert_frame_equal(found.bars.frame, cents, check_freq=False, check_names=False)
    assert found.ticker == "PETR4"


def test_names_that_a_person_gives_leave_no_first_row_out(cents, recognise):
    short = cents.assign(
        volume=np.where(np.arange(len(cents)) < 20, 5_000.0, 123_456_700.0)
    )  # nine digits are a moment too
    text = written(short, "AAPL;EOD", plain_row(day="%y%m%d"))
    said = Answers(columns=("time", *PRICES, "volume"))
    pd.testing.assert_frame_equal(recognise(text, answers=said).bars.frame, short, check_freq=False, check_names=False)


def test_pieces_beside_a_volume_are_no_part_of_it(cents, recognise):
    text = written(cents, "date;open;high;low;close;volume", lambda at, *bar: f"{plain_row(';')(at, *bar)} szt.")
    pd.testing.assert_frame_equal(recognise(text).bars.frame, cents, check_freq=False, check_names=False)


UNITS = {
    1_000: (
        *("Volume (000)", "Volume ('000s)", "Volume (in thousands)", "Vol. (K)", "Volume in thousands"),
        *("Volume x 1000", "Volumen (Tsd.)", "Wolumen (tys.)", "Objem (tis. ks)", "出来高(千株)", "거래량(천주)"),
        "Объем (тыс. шт.)",
    ),
    1_000_000: (
        "Volume (M)",
        "Volume (millions)",
        "Volumen (Mio.)",
        "Volume (1,000,000)",
        "Volume (mln)",
        "成交量(百万股)",
    ),
    100_000: ("Volume (Lakhs)",),
    10_000: ("成交量（万股）", "Volume (万)"),
    10_000_000: ("Volume (Cr)", "Volume (crores)"),
    100: ("成交量(手)", "Volume (x100)"),
    1: ("Volume (shares)", "Volume (k.A.)", "Volume (BTC)", "成交量(股)", "Volume (market)"),
}


@pytest.mark.parametrize(("unit", "name"), [(unit, name) for unit, names in UNITS.items() for name in names])
def test_a_volume_counted_in_thousands_by_its_name_is_told_in_pieces(cents, recognise, unit, name):
    frame = cents.assign(volume=(cents["volume"] / 10_000_000).round() * 10_000_000)
    row = lambda at, *bar: plain_row()(at, *bar[:4], bar[4] / unit)  # noqa: E731
    found = recognise(written(frame, f'date,open,high,low,close,"{name}"', row))
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False, check_names=False)
    assert any(note.startswith("volume times") for note in found.notes) == (unit > 1)


def test_cells_that_tell_their_unit_are_not_multiplied_again(cents, recognise):
    row = lambda at, *bar: f"{plain_row()(at, *bar)[: -len(f'{bar[4]:.0f}')]}{bar[4] / 1_000:.1f}K"  # noqa: E731
    found = recognise(written(cents, "date,open,high,low,close,Volume (K)", row))
    assert found.bars.frame["volume"].tolist() == cents["volume"].tolist()


@pytest.mark.parametrize("name", ["Volume (USD)", "Volume USD", "Volume USDT"])
def test_a_volume_in_money_is_asked_about(cents, recognise, name):
    row = lambda at, *bar: plain_row()(at, *bar[:4], bar[3] * bar[4])  # noqa: E731
    with pytest.raises(UploadQuestionError, match=rf"column '{re.escape(name)}' could be the volume"):
        recognise(written(cents, f"date,open,high,low,close,{name}", row))


def test_swiss_thousands_are_no_32nds(cents, recognise):
    apostrophes = lambda price: f"{price:,.0f}".replace(",", "'")  # noqa: E731
    frame = (cents * 300).round()
    row = lambda at, *bar: ";".join([f"{at:%Y-%m-%d}", *map(apostrophes, bar)])  # noqa: E731
    found = recognise(written(frame, "date;open;high;low;close;volume", row))
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_freq=False, check_names=False)
