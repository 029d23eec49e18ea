"""Every defect in every format ends in a message that a person can act on; nothing in a file is ever run."""

import io
import pickle
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ensemble_desk.errors import InvalidBarsError, OtherTimeframeError, TooFewBarsError, UploadError
from ensemble_desk.market import features
from ensemble_desk.market.keys import Key

NOW = datetime(2013, 3, 2, tzinfo=UTC)


class Bomb:
    def __reduce__(self):
        return print, ("a pickle was run",)


def as_csv(frame):
    return frame.to_csv(index_label="time").encode()


def as_semicolons(frame):
    return frame.to_csv(index_label="time", sep=";", decimal=",").encode("utf-16")


def as_parquet(frame):
    buffer = io.BytesIO()
    frame.rename_axis("time").to_parquet(buffer)
    return buffer.getvalue()


def as_excel(frame):
    book = openpyxl.Workbook()
    book.active.append(["time", *frame.columns])
    for time, bar in zip(frame.index, frame.astype(object).to_numpy().tolist(), strict=True):
        cells = [None if isinstance(cell, float) and not np.isfinite(cell) else cell for cell in bar]
        book.active.append([time.to_pydatetime().replace(tzinfo=None), *cells])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


FORMATS = {"CSV": as_csv, "semicolons": as_semicolons, "Parquet": as_parquet, "Excel": as_excel}
EVERY = pytest.mark.parametrize("form", FORMATS)


@pytest.fixture
def bars(daily):
    """Ten real bars in whole cents, so that a place in a message can be counted."""
    return daily.round(2).tail(10).copy()


@pytest.fixture
def refused(recognise, capsys):
    """Runs an upload that must end in one of our errors, and gives its text."""

    def run(frame, form, **answers):
        with pytest.raises((UploadError, InvalidBarsError)) as caught:
            recognise(FORMATS[form](frame), file_name="bars", **answers)
        assert capsys.readouterr().out == ""
        assert str(caught.value).startswith("bars")
        return str(caught.value)

    return run


def place(form, position):
    """How the row of that position (from 0) is called: lines and sheets count the names, Parquet has none."""
    return {"Parquet": f"row {position + 1}", "Excel": f"row {position + 2}"}.get(form, f"line {position + 2}")


def changed(frame, position, **values):
    frame = frame.copy()
    for name, value in values.items():
        if isinstance(value, str):
            frame[name] = frame[name].astype(object)
        frame.iloc[position, frame.columns.get_loc(name)] = value
    return frame


@EVERY
def test_the_bars_without_a_defect_are_read(recognise, bars, form):
    np.testing.assert_allclose(recognise(FORMATS[form](bars)).bars.frame, bars, rtol=1e-15)


@EVERY
def test_names_without_rows(refused, bars, form):
    assert "column names but no rows" in refused(bars.head(0), form)


@EVERY
@pytest.mark.parametrize("count", [1, 30])
def test_few_rows_are_bars_but_too_few_for_features(recognise, daily, form, count):
    found = recognise(FORMATS[form](daily.tail(count)))
    assert len(found.bars) == count
    with pytest.raises(TooFewBarsError, match=f"has {count} bars; computing features needs at least 100"):
        features.compute(found.bars.frame)


@EVERY
def test_nothing_but_missing_values(refused, bars, form):
    blank = bars * np.nan
    assert "none of its 10 rows holds a price. Export the table again" in refused(blank, form)


@EVERY
def test_a_missing_price(refused, bars, form):
    said = refused(changed(bars, 3, close=np.nan), form)
    assert f"{place(form, 3)}: close is missing" in said


@pytest.mark.parametrize("form", ["CSV", "Parquet"])
def test_an_infinite_price(refused, bars, form):
    assert f"{place(form, 4)}: high is inf" in refused(changed(bars, 4, high=np.inf), form)
    assert f"{place(form, 4)}: low is -inf" in refused(changed(bars, 4, low=-np.inf), form)


@EVERY
def test_a_negative_price_and_a_negative_volume(refused, bars, form):
    assert f"{place(form, 2)}: low -9 is not positive" in refused(changed(bars, 2, low=-9.0), form)
    assert f"{place(form, 2)}: volume -1 is negative" in refused(changed(bars, 2, volume=-1.0), form)


@EVERY
def test_a_high_below_the_low(refused, bars, form):
    said = refused(changed(bars, 5, high=10.0, low=11.0), form)
    assert f"{place(form, 5)}: high 10 is below low 11" in said


@EVERY
def test_a_text_and_a_formula_in_a_price(refused, bars, form):
    assert f"{place(form, 0)}: close 'ten' is no number" in refused(
        changed(bars, 0, close="ten") if form != "Parquet" else changed(bars, 0, close="ten").astype(str), form
    )
    formula = "=HYPERLINK(1)"
    frame = changed(bars, 1, close=formula)
    frame = frame.astype(str) if form == "Parquet" else frame
    assert f"{place(form, 1)}: close '{formula}' is no number" in refused(frame, form)


@EVERY
def test_a_time_that_occurs_twice(refused, bars, form):
    doubled = bars.iloc[[0, 1, 2, 2, 3, 4, 5]]
    assert f"{place(form, 3)}: its time occurs more than once" in refused(doubled, form)


@EVERY
def test_times_that_run_back_and_forth(refused, bars, form):
    shuffled = bars.iloc[[0, 1, 3, 2, 4, 5]]
    assert f"{place(form, 3)}: it comes after a later bar" in refused(shuffled, form)


@EVERY
def test_times_that_run_backwards_throughout_are_turned_round(recognise, bars, form):
    found = recognise(FORMATS[form](bars[::-1]))
    assert found.bars.frame.index.equals(bars.index)
    assert "rows ran newest first and were turned round" in found.notes


@EVERY
def test_a_bar_of_a_day_that_has_not_come(recognise, refused, bars, form):
    assert len(recognise(FORMATS[form](bars), now=NOW).bars) == 10
    later = bars.set_axis([*bars.index[:-1], pd.Timestamp("2031-05-05", tz="UTC")])
    said = refused(later, form, now=NOW)
    assert f"{place(form, 9)}: 2031-05-05 00:00 has not come yet" in said
    assert len(recognise(FORMATS[form](later)).bars) == 10


@pytest.mark.parametrize("form", ["CSV", "semicolons"])
def test_times_of_which_only_some_carry_a_zone(refused, bars, form):
    mixed = bars.set_axis([f"{day:%Y-%m-%d} 10:00{'Z' if i % 2 else ''}" for i, day in enumerate(bars.index)])
    assert "some of its times carry a time zone and others do not. Write all in one way" in refused(mixed, form)


@EVERY
def test_five_thousand_columns(refused, bars, form):
    wide = pd.concat([bars, pd.DataFrame(1.0, bars.index, [f"c{i}" for i in range(4995)])], axis=1)
    assert "columns; at most 1,000 are read. Keep the columns that are needed" in refused(wide, form)


@EVERY
def test_more_bytes_than_the_limit(refused, daily, form):
    said = refused(daily, form, max_bytes=2000)
    assert "more than the limit of 0.0 MiB. Upload fewer rows, or raise DESK_MAX_UPLOAD_MB" in said


def test_a_gigabyte_is_refused_without_being_looked_at(recognise):
    with pytest.raises(UploadError, match=r"it has more than the limit of 200\.0 MiB"):
        recognise(bytes(1_000_000_000), max_bytes=200 * 2**20)


@EVERY
def test_a_missing_column_is_named_with_those_that_are_there(refused, bars, form):
    said = refused(bars.drop(columns=["low", "volume"]), form)
    assert "there is no column for low, volume; it has 'time', 'open', 'high', 'close'" in said or form == "Parquet"
    assert "there is no column for low, volume; it has " in said


@EVERY
def test_a_missing_volume_alone_is_taken_as_none_traded(recognise, bars, form):
    found = recognise(FORMATS[form](bars.drop(columns="volume")))
    assert (found.bars.frame["volume"] == 0).all()
    assert "the file has no volume: it is taken as 0 in every bar" in found.notes


@EVERY
def test_coarser_bars_than_asked_for_are_refused(recognise, daily, form):
    with pytest.raises(
        OtherTimeframeError,
        match=r"its bars are 1 day apart; h1 is 1 hour\. Upload h1 bars or finer ones, or choose d1",
    ) as caught:
        recognise(FORMATS[form](daily), key=Key("AAPL", "h1"), resample=True)
    assert (caught.value.found, caught.value.wanted, caught.value.can_resample) == ("d1", "h1", False)


WRONG = {
    "a pickle": pickle.dumps(Bomb()),
    "a pickle of an old protocol": pickle.dumps(Bomb(), protocol=0),
    "a web page": b"<!DOCTYPE html><html><head><title>Prices</title></head><body><table><tr><td>1</td></tr></table>",
    "a web page after a blank line": b"\r\n\r\n<html><body>Too many requests</body></html>",
    "a list in JSON": b'[{"date": "2024-01-02", "open": 1}]',
    "EBCDIC": "date,open,high,low,close,volume\n2024-01-02,1,2,1,2,3\n".encode("cp500"),
    "noise": np.random.default_rng(1).bytes(5000),
    "zeros": bytes(5000),
    "prose": b"Dear all,\nplease find the prices attached.\n",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_table_is_told_and_not_run(recognise, capsys, name):
    with pytest.raises(UploadError) as caught:
        recognise(WRONG[name], file_name=f"{name}.csv")
    assert capsys.readouterr().out == ""
    assert 30 < len(str(caught.value)) < 250


def test_a_national_encoding_is_told_by_the_column_names_it_makes(recognise):
    data = "date;open;high;low;close;Объём\n2024-01-02;1;2;1;2;3\n".encode("cp1251")
    found = recognise(data)
    assert "Windows-1251" in found.notes
    assert found.bars.frame["volume"].tolist() == [3.0]
    assert {use.theirs: use.ours for use in found.columns}["Объём"] == "volume"
