"""Five thousand made-up uploads and more: each gives bars or one of our errors, never another exception."""

import csv
import gzip
import io
import zipfile

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload import reading as upload
from ensemble_desk.sources.upload.cells import numerals, times
from ensemble_desk.sources.upload.cells.numerals import Style

fuzzed = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
SAMPLE = SampleSource().bars(Key("AAPL", "d1")).tail(6).frame
SAMPLE_CELLS = SAMPLE.rename(columns=str.title).reset_index(names="Date").astype(str).to_dict("records")
MAX_BYTES = 1_000_000


def survives(data, **answers):
    """The upload ends in checked bars or in one of our errors, whose text says something."""
    key = Key("AAPL", answers.pop("timeframe", "d1"))
    try:
        found = upload.recognise_bars(data, file_name="x.csv", key=key, max_bytes=MAX_BYTES, **answers)
    except DeskError as error:
        assert 15 < len(str(error)) < 2500  # noqa: PT017 - either outcome is right
    else:
        assert len(found.bars) > 0
        assert all(fact.value for fact in found.facts)


def table_survives(data):
    try:
        upload.read_table(data, file_name="x.csv", max_bytes=MAX_BYTES)
    except DeskError as error:
        assert 15 < len(str(error)) < 2500  # noqa: PT017 - either outcome is right


def packed(name, data):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def workbook(frame):
    book = openpyxl.Workbook()
    book.active.append(["Date", *frame.columns])
    for day, bar in zip(frame.index, frame.to_numpy().tolist(), strict=True):
        book.active.append([day.to_pydatetime().replace(tzinfo=None), *bar])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


MARKS = [
    b"",
    b"PAR1",
    b"PK\x03\x04",
    b"\x1f\x8b\x08\0",
    b"\xff\xfe",
    b"\xfe\xff",
    b"\xef\xbb\xbf",
    b"\x80\x04",
    b"date,close\n",
]
TEXT = SAMPLE.to_csv().encode()
WHOLE = [
    TEXT,
    gzip.compress(TEXT),
    packed("a.csv", TEXT),
    parquet(SAMPLE),
    workbook(SAMPLE),
    TEXT.decode().encode("utf-16"),
]
NAMES = [
    "time",
    "Date",
    "Open",
    "HIGH",
    "low",
    "Close",
    "Price",
    "Volume",
    "Vol.",
    "Adj Close",
    "ticker",
    "Time",
    "",
    "x",
    "Unnamed: 0",
]
CELLS = [
    *("2024-01-02", "2024-01-03", "03/04/2024", "31/12/2023", "04.03.2024", "1704153600", "1704153600000", "20240102"),
    *(
        "2024-01-02T10:00:00Z",
        "2024-01-02 10:00",
        "2024-01-02T10:00:00+14:00",
        "0001-01-01",
        "9999-12-31",
        "10:30",
        "093000",
    ),
    *(
        "10",
        "11",
        "9",
        "10.5",
        "1,234.5",
        "1.234,5",
        "$10",
        "1.2M",
        "0.5%",
        "-",
        "null",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "1e-320",
    ),
    *(
        "=1+1",
        "AAPL",
        "0.24 Dividend",
        '"',
        '"a,b"',
        "'",
        "\t",
        "\x00",
        "\ud7ff",
        "é",
        "９",
        "9" * 400,
        "1_0",
        "0x1",
        "True",
    ),
]
lines = st.lists(st.lists(st.sampled_from(CELLS), min_size=1, max_size=8), max_size=8)
answers = st.fixed_dictionaries(
    {},
    optional={
        "ticker": st.sampled_from(["AAPL", "x", " "]),
        "day_first": st.booleans(),
        "resample": st.booleans(),
        "time_zone": st.sampled_from(["America/New_York", "Nowhere", "UTC"]),
        "timeframe": st.sampled_from(["m15", "h1", "w1"]),
    },
)


@settings(fuzzed, max_examples=2000)
@given(data=st.binary(max_size=400), mark=st.sampled_from(MARKS))
def test_any_bytes(data, mark):
    survives(mark + data)


@settings(fuzzed, max_examples=1200)
@given(
    whole=st.sampled_from(WHOLE),
    at=st.floats(min_value=0, max_value=1, exclude_max=True),
    put=st.binary(max_size=6),
    length=st.integers(min_value=0, max_value=40),
    answers=answers,
)
def test_a_good_file_with_some_bytes_changed(whole, at, put, length, answers):
    position = int(at * len(whole))
    survives(whole[:position] + put + whole[position + length :], **answers)


@settings(fuzzed, max_examples=1000)
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=9),
    rows=lines,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    answers=answers,
)
@example(names=["date", "date "], rows=[], delimiter=",", ending="\n", answers={})
def test_any_table_of_telling_cells(names, rows, delimiter, ending, answers):
    text = ending.join(delimiter.join(row) for row in [names, *rows])
    survives(text.encode(), **answers)


@settings(fuzzed, max_examples=300)
@given(
    order=st.permutations(["Date", "Open", "High", "Low", "Close", "Volume"]),
    cells=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from(CELLS)), max_size=3),
    answers=answers,
)
@example(order=["Date", "Open", "High", "Low", "Close", "Volume"], cells=[(0, 0, "9999999999")], answers={})
@example(
    order=["Date", "Open", "High", "Low", "Close", "Volume"], cells=[(0, 0, "0001-01-01")], answers={"timeframe": "w1"}
)
def test_real_bars_with_some_cells_changed(order, cells, answers):
    table = [[row[name] for name in order] for row in SAMPLE_CELLS]
    for row, column, cell in cells:
        table[row][column] = cell
    text = io.StringIO(newline="")
    csv.writer(text).writerows([order, *table])
    survives(text.getvalue().encode("utf-8", "replace"), **answers)


@settings(fuzzed, max_examples=300)
@given(names=st.lists(st.sampled_from([*NAMES, "rsi_14"]), min_size=1, max_size=6), rows=lines)
def test_any_table_of_features(names, rows):
    table_survives("\n".join(",".join(row) for row in [names, *rows]).encode("utf-8", "replace"))


@settings(fuzzed, max_examples=300)
@given(
    st.lists(st.text(max_size=25) | st.sampled_from(CELLS), min_size=1, max_size=6),
    st.none() | st.booleans(),
    st.booleans(),
)
def test_any_cells_as_times(cells, day_first, serial_days):
    read = times.parse(pd.Series(cells, dtype="str"), day_first=day_first, serial_days=serial_days)
    assert read.problem or len(read.utc) == len(read.days) == len(cells)


@settings(fuzzed, max_examples=400)
@given(st.lists(st.text(max_size=15) | st.sampled_from(CELLS), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_any_cells_as_numbers(cells, decimal_comma, short):
    column = pd.Series(cells, dtype="str")
    values, wrong = numerals.read(column, written=Style(decimal_comma), short=short)
    assert len(values) == len(wrong) == len(cells)
    numerals.style([column], separator="," if short else ";")


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_a_file_that_ends_early(length):
    for whole in WHOLE:
        survives(whole[:length])
        survives(whole[: len(whole) - length])
