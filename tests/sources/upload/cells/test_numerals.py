"""Numbers as people and programs write them, read exactly or refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_desk.sources.upload.cells import numerals
from ensemble_desk.sources.upload.cells.numerals import Style

POINT, COMMA = Style(decimal_comma=False), Style(decimal_comma=True)


def text(*cells):
    return pd.Series(cells, dtype="str")


def style(*columns, separator=","):
    return numerals.style([text(*column) for column in columns], separator=separator)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("184.40", 184.4),
        (" +5 ", 5.0),
        ("-.5", -0.5),
        ("1e5", 1e5),
        ("1,234.56", 1234.56),
        ("1,234,567", 1234567.0),
        ("12,34,567.5", 1234567.5),
        ("1 234.5", 1234.5),
        ("1\u00a0234.5", 1234.5),
        ("1\u202f234\u202f567", 1234567.0),
        ("1'234.5", 1234.5),
        ("1’234.5", 1234.5),
        ("$184.40", 184.4),
        ("-$184.40", -184.4),
        ("$ -184.40", -184.4),
        ("184.40 €", 184.4),
        ("₹1,23,456.70", 123456.7),
        ("0.1", 0.1),
    ],
)
def test_a_number_with_a_decimal_point(cell, value):
    values, wrong = numerals.read(text(cell, "1"), written=POINT)
    assert (values[0], wrong[0]) == (value, False)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("184,40", 184.4),
        ("1.234,56", 1234.56),
        ("1.234.567", 1234567.0),
        ("1.234", 1234.0),
        ("1 234,5", 1234.5),
        ("€184,40", 184.4),
        ("7", 7.0),
        ("1,5e3", 1500.0),
    ],
)
def test_a_number_with_a_decimal_comma(cell, value):
    values, wrong = numerals.read(text(cell), written=COMMA)
    assert (values[0], wrong[0]) == (value, False)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1.2K", 1200.0), ("55.47M", 55_470_000.0), ("1.2B", 1.2e9), ("3t", 3e12), ("0.29M", 290_000.0), ("900k", 9e5)],
)
def test_a_short_volume_is_exact_and_only_read_where_allowed(cell, value):
    values, wrong = numerals.read(text(cell), written=POINT, short=True)
    assert (values[0], wrong[0]) == (value, False)
    assert numerals.read(text(cell), written=POINT)[1][0]


def test_a_short_volume_with_a_decimal_comma():
    assert numerals.read(text("55,47M"), written=COMMA, short=True)[0][0] == 55_470_000.0


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "null", "NULL", "None", "N/A", "#N/A", "-", "--", "—", "NaT"])
@pytest.mark.parametrize("written", [POINT, COMMA])
def test_a_blank_is_missing_and_not_wrong(cell, written):
    values, wrong = numerals.read(text(cell, "x"), written=written)
    assert np.isnan(values).all()
    assert wrong.tolist() == [False, True]


@pytest.mark.parametrize(
    "cell",
    [
        *("ten", "1,23", "1,2345", "12,345,6", ",5", "1.2.3", "1..2", "1_000", "0x1F", "True", "٣", "１２", "=1+1"),
        *("$", "+", "1 2", "5%", "1.2M", "10XYZ", "1,234,56.7", "--5", "1e", "#DIV/0!", "(5)"),
    ],
)
def test_what_is_no_number_is_wrong(cell):
    values, wrong = numerals.read(text(cell, "1"), written=POINT)
    assert (np.isnan(values[0]), wrong.tolist()) == (True, [True, False])


@pytest.mark.parametrize("cell", ["1.5", "1,234.5", "12.34", "1,2,3", "ten"])
def test_a_decimal_comma_makes_other_cells_wrong(cell):
    assert numerals.read(text(cell), written=COMMA)[1][0]


def test_typed_columns_are_taken_as_they_are():
    for column in (pd.Series([1, 2]), pd.Series([1.0, 2.0]), pd.Series([1, 2], dtype="Int32")):
        values, wrong = numerals.read(column, written=COMMA)
        assert (values.tolist(), wrong.any()) == ([1.0, 2.0], False)
    assert np.isnan(numerals.read(pd.Series([1, None], dtype="Int64"), written=POINT)[0][1])
    for column in (pd.Series([True, False]), pd.Series(pd.to_datetime(["2024-01-01", "2024-01-02"]))):
        assert numerals.read(column, written=POINT)[1].all()


@pytest.mark.parametrize(
    ("columns", "comma_separated", "decimal_comma"),
    [
        ([["184.40"], ["55,467,800"]], True, False),
        ([["184,40"], ["55.467.800"]], True, True),
        ([["1.234,56"]], True, True),
        ([["1,234.56"]], False, False),
        ([["12,5"]], False, True),
        ([["1,234"]], True, False),  # taken as thousands, and left open
        ([["1,234"]], False, True),  # taken as decimals, and left open
        ([["1.104"], ["12,345"]], True, False),  # prices come before the volume
        ([["1,104"], ["12.345"]], False, True),
        ([["0.123"]], True, False),
        ([["0,123"]], True, True),
        ([["10"], ["12"]], True, False),
        ([["$184,40"], ["1,2M"]], True, True),
        ([[]], True, False),
    ],
)
def test_the_decimal_mark_is_told_by_what_can_only_be_one(columns, comma_separated, decimal_comma):
    assert style(*columns, separator="," if comma_separated else ";").decimal_comma == decimal_comma


def test_thousands_are_said():
    assert style(["1,234.50"]).said == ("thousands separators",)
    assert style(["1.234,50"]).said == ("decimal comma", "thousands separators")
    assert style(["1234.50"]).said == ()


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.floats(min_value=1e-9, max_value=1e15), min_size=1, max_size=5))
def test_what_python_writes_is_read_back_bit_for_bit(values):
    plain = [repr(value) for value in values]
    assert numerals.read(text(*plain), written=POINT)[0].tolist() == values
    assert numerals.read(text("x", *plain), written=POINT)[0][1:].tolist() == values
    commas = [cell.replace(".", ",") for cell in plain]
    assert numerals.read(text(*commas), written=COMMA)[0].tolist() == values
