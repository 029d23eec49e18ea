"""What is no table of bars is refused with a typed error that names rows, and nothing in it is ever run."""

import gzip
import io
import pickle
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ensemble_desk.errors import InvalidBarsError, UploadError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources.upload import reading as upload

HEAD = "date,open,high,low,close,volume\n"
ROW = "2024-01-02,10,11,9,10.5,100\n"


class Bomb:
    def __reduce__(self):
        return print, ("a pickle was run",)


def zipped():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    return buffer.getvalue()


def parquet_of(table):
    buffer = io.BytesIO()
    parquet.write_table(table, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "the file is empty"),
        (pickle.dumps(Bomb()), "a Python pickle"),
        (pickle.dumps(Bomb(), protocol=0), "no comma, semicolon or tab"),
        (pickle.dumps(Bomb(), protocol=1), "binary"),
        (zipped(), "no readable Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a damaged or protected Excel workbook"),
        (gzip.compress(HEAD.encode()), "column names but no rows"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html><body><table>", "a web page or XML"),
        (b"\n <?xml version='1.0'?>", "a web page or XML"),
        (b'{"open": [1, 2]}', "it is JSON"),
        (bytes(range(1, 256)), "no text in UTF-8"),
        (b"date,open\0,high\n", "binary"),
        (b"PAR1" + b"\0" * 40 + b"PAR1", "no readable Parquet"),
        (HEAD.encode(), "column names but no rows"),
        (HEAD.encode() + b"\n\n,,,,,\n", "column names but no rows"),
        (b"5,10,11,9\n" * 3, "numbers instead of column names"),
        (b"hello\nworld\n", "no comma, semicolon or tab"),
        (b"date,close,close\n2024-01-02,1,2\n", "column 'close' occurs more than once"),
        ((HEAD + ROW.strip() + ",7\n").encode(), "line 2 has more cells than the 6 column names"),
        ((HEAD + ROW + ROW.strip() + ",7\n").encode(), "no regular table"),
        ((HEAD + '2024-01-02,"10,11,9,10.5,100\n').encode(), "no regular table"),
        ((",".join(f"c{i}" for i in range(1001)) + "\n").encode(), "at most 1,000"),
        (b"a," * 200_000, "too long"),
        (
            b"date,open,high,close\n2024-01-02,1,2,3\n",
            "no column for low, volume; it has 'date', 'open', 'high', 'close'",
        ),
        (b"open,high,low,close,volume\n1,2,1,2,3\n", "no column for time"),
        ((HEAD + ROW.replace("2024-01-02", "soon")).encode(), "in no known form"),
        ((HEAD + ROW.replace("2024-01-02", "03/04/2024")).encode(), "day and month either way"),
    ],
)
def test_files_that_are_no_table_of_bars(recognise, capsys, data, said):
    with pytest.raises(UploadError) as caught:
        recognise(data)
    assert str(caught.value).startswith("AAPL.csv: ")
    assert said in str(caught.value)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-01-03,10,11,9,,100", "line 3: close is missing"),
        ("2024-01-03,10,11,9,nan,100", "line 3: close is missing"),
        ("2024-01-03,10,11,9", "line 3: close is missing, volume is missing"),
        ("2024-01-03,10,inf,9,10,100", "line 3: high is inf"),
        ("2024-01-03,10,11,9,1e999,100", "line 3: close is inf"),
        ("2024-01-03,-10,11,-9,10,100", "line 3: open -10 is not positive, low -9 is not positive"),
        ("2024-01-03,10,11,9,10,-1", "line 3: volume -1 is negative"),
        ("2024-01-03,10,8,9,9,100", "line 3: high 8 is below low 9"),
        ("2024-01-03,10,9.5,9,9.2,100", "line 3: high 9.5 is below open or close"),
        ("2024-01-03,10,ten,9,null,x", "line 3: high 'ten' is no number, volume 'x' is no number"),
        ("2024-01-03,10,=cmd|'/c calc'!A0,9,10,1", "line 3: high '=cmd|'/c calc'!A0' is no number"),
        ("soon,10,11,9,10,100", "line 3: there is no date in 'soon'"),
        (",10,11,9,10,100", "line 3: there is no date in ''"),
        ("2024-13-45,10,11,9,10,100", "line 3: there is no date in '2024-13-45'"),
        ("2024-01-02,10,11,9,10,100", "line 3: its time occurs more than once"),
    ],
)
def test_rows_that_cannot_be_bars_are_named_by_their_line(recognise, row, said):
    with pytest.raises(InvalidBarsError) as caught:
        recognise(f"{HEAD}{ROW}{row}\n2024-01-04,10,11,9,10,100\n")
    assert caught.value.problems == (said,)


def test_blank_lines_do_not_shift_the_line_that_is_named(recognise):
    with pytest.raises(InvalidBarsError, match="line 7: close is missing"):
        recognise(f"\n\n{HEAD}{ROW}\n\n2024-01-03,10,11,9,,100\n")


def test_at_most_ten_rows_are_named_and_the_rest_counted(daily, recognise):
    with pytest.raises(InvalidBarsError) as caught:
        recognise(daily.assign(close="x").to_csv())
    assert len(caught.value.problems) == 11
    assert caught.value.problems[0] == "line 2: close 'x' is no number"
    assert caught.value.problems[-1] == "and 290 more"


def test_disorder_is_refused_not_sorted(daily, recognise):
    swapped = daily.iloc[[*range(100), 101, 100, *range(102, 300)]]
    with pytest.raises(InvalidBarsError) as caught:
        recognise(swapped.to_csv())
    assert caught.value.problems == ("line 103: it comes after a later bar",)
    with pytest.raises(InvalidBarsError, match="comes after a later bar"):
        recognise(swapped[::-1].to_csv())


def test_newest_first_with_a_duplicate_is_refused(daily, recognise):
    with pytest.raises(InvalidBarsError):
        recognise(daily[::-1].iloc[[0, 1, 1, 2]].to_csv())


def test_newest_first_only_what_comes_twice_is_named(daily, recognise):
    differing = daily[::-1].iloc[[0, 1, 1, 2, 3]].copy()
    differing.iloc[2, differing.columns.get_loc("volume")] += 1
    with pytest.raises(InvalidBarsError) as caught:
        recognise(differing.to_csv())
    assert caught.value.problems == ("line 4: its time occurs more than once",)
    assert caught.value.n_separable == 0  # which of the two is right cannot be told


def messy(daily):
    """Newest first with semicolons and decimal commas, one row twice and one without a close."""
    frame = daily[::-1].iloc[[*range(50), 49, *range(50, 300)]].round(2)
    text = frame.assign(close=frame["close"].where(np.arange(len(frame)) != 120)).to_csv(sep=";", decimal=",")
    return text.replace(";;", ";NaN;")


def test_wrong_and_repeated_rows_are_named_together_and_left_out_when_asked(daily, recognise):
    with pytest.raises(
        InvalidBarsError, match="Correct these rows or ask to leave them out \\(--leave-out\\)"
    ) as caught:
        recognise(messy(daily))
    assert caught.value.problems == (
        "line 52: its time occurs more than once, with the same numbers",
        "line 122: close is missing",
    )
    assert caught.value.n_separable == 2
    found = recognise(messy(daily), leave_out=True)
    expected = daily.round(2).drop(daily.index[::-1][119])
    assert found.bars.frame.index.equals(expected.index)
    assert np.allclose(found.bars.frame["close"], expected["close"])
    assert [(one.reason, one.places) for one in found.dropped] == [
        ("the same bar once more", ("line 52",)),
        ("no bar, left out as asked", ("line 122",)),
    ]


def test_leaving_rows_out_settles_neither_disorder_nor_a_file_without_any_bar(daily, recognise):
    swapped = daily.iloc[[*range(100), 101, 100, *range(102, 300)]]
    with pytest.raises(InvalidBarsError, match="comes after a later bar") as caught:
        recognise(swapped.to_csv(), leave_out=True)
    assert caught.value.n_separable == 0
    with pytest.raises(InvalidBarsError, match="close 'x' is no number") as caught:
        recognise(daily.assign(close="x").to_csv(), leave_out=True)
    assert caught.value.n_separable == 0


def test_an_adjusted_close_must_be_there_for_every_row(daily, recognise):
    adjusted = daily["close"].copy()
    adjusted.iloc[[3, 4]] = [np.nan, 0.0]
    with pytest.raises(InvalidBarsError) as caught:
        recognise(daily.assign(adj_close=adjusted).to_csv())
    said = "adj_close is missing or not positive"
    assert caught.value.problems == (f"line 5: {said}", f"line 6: {said}")


@pytest.mark.parametrize(
    ("timeframe", "said"), [("w1", "its bars are 1 day apart; w1 is 1 week"), ("h1", "its bars are 1 day apart")]
)
def test_bars_of_another_timeframe_are_refused(daily, recognise, timeframe, said):
    with pytest.raises(UploadError, match=said):
        recognise(daily.to_csv(), key=Key("AAPL", timeframe))


def test_the_size_limit_comes_before_anything_else(recognise):
    with pytest.raises(UploadError, match="raise DESK_MAX_UPLOAD_MB"):
        recognise(pickle.dumps(Bomb()) * 100, max_bytes=1000)
    row = HEAD + ROW
    assert len(recognise(row, max_bytes=len(row)).bars) == 1


@pytest.mark.parametrize(
    ("file_name", "shown"),
    [("../../etc/passwd", "passwd"), ("C:\\x\\a.csv", "a.csv"), ("a\n\x1b[31mb.csv", "a[31mb.csv"), ("", "upload")],
)
def test_a_hostile_file_name_is_shown_bare(recognise, file_name, shown):
    with pytest.raises(UploadError) as caught:
        recognise(b"", file_name=file_name)
    assert str(caught.value).startswith(f"{shown}: ")


def test_long_and_unprintable_cells_are_shown_short(recognise):
    with pytest.raises(InvalidBarsError) as caught:
        recognise(HEAD + ROW.replace("10.5", "\x1b[2J" + "z" * 5000))
    assert len(str(caught.value)) < 200
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pa.table({"time": [1], "open": [[1.0, 2.0]]}), "column 'open' holds tables or lists"),
        (pa.table({f"c{i}": [1.0] for i in range(1001)}), "1,001 columns; at most 1,000"),
        (pa.table({"time": pa.array([], pa.timestamp("us"))}), "no rows"),
        (pa.table([[1.0], [2.0]], names=["close", "close"]), "column 'close' occurs more than once"),
    ],
)
def test_parquet_of_another_shape_is_refused(recognise, table, said):
    with pytest.raises(UploadError, match=said):
        recognise(parquet_of(table))


def test_a_small_parquet_file_of_very_many_rows_is_refused_before_it_is_unpacked(recognise):
    data = parquet_of(pa.table({"time": pa.array(np.zeros(60_000_000, np.int8))}))
    assert len(data) < 1_000_000
    with pytest.raises(UploadError, match="60,000,000 rows"):
        recognise(data)


def test_a_truncated_parquet_file_is_refused(daily, recognise):
    buffer = io.BytesIO()
    daily.to_parquet(buffer)
    for length in (4, 8, 100, len(buffer.getvalue()) - 1):
        with pytest.raises(UploadError, match="no readable Parquet"):
            recognise(buffer.getvalue()[:length])


def test_text_and_gaps_in_parquet_are_named_by_row(daily, recognise):
    buffer = io.BytesIO()
    daily.assign(volume=[None, *daily["volume"][1:]]).to_parquet(buffer)
    with pytest.raises(InvalidBarsError, match="row 1: volume is missing"):
        recognise(buffer.getvalue())


def test_an_undated_row_of_a_table_is_named():
    data = "time,rsi_14\n2024-01-02,50\nsoon,51\n2024-01-04,52\n"
    with pytest.raises(UploadError, match="line 3: there is no date in 'soon'"):
        upload.read_table(data.encode(), file_name="f.csv", max_bytes=10**6)
