"""The same bars in every kind of file, packing and encoding that is read come out the same, bit for bit."""

import bz2
import gzip
import io
import lzma
import zipfile
from datetime import UTC, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest

from ensemble_desk.database import opening as databases
from ensemble_desk.errors import UploadError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources.database import DatabaseSource
from ensemble_desk.sources.upload import reading as upload

KEY = Key("AAPL", "d1")
SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
EXCEL_DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001 - workbooks have no zones


def zipped(*files, folder=False):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        if folder:
            archive.writestr("export/", "")
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def excel(rows, *, sheets=("Prices",), before=()):
    """A workbook whose last sheet holds the rows; the ones before it are empty."""
    book = openpyxl.Workbook()
    book.active.title = sheets[0]
    for title in sheets[1:]:
        book.create_sheet(title)
    for row in [*before, *rows]:
        book[sheets[-1]].append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def as_excel_writes(rows):
    """The workbook as Excel itself writes it: texts in a list of their own, dates as styled numbers, all 17 digits."""
    book = openpyxl.Workbook()
    book.active["A1"] = datetime(2024, 1, 2)  # noqa: DTZ001 - workbooks have no zones; it makes style 1 one of dates
    buffer = io.BytesIO()
    book.save(buffer)
    texts = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))

    def written(cell, at):
        if isinstance(cell, str):
            return f'<c r="{at}" t="s"><v>{texts.index(cell)}</v></c>'
        if isinstance(cell, datetime):
            return f'<c r="{at}" s="1"><v>{(cell - EXCEL_DAY_0).days}</v></c>'
        return f'<c r="{at}"><v>{cell!r}</v></c>'

    def line(r, row):
        return "".join(written(cell, f"{letter}{r}") for letter, cell in zip("ABCDEFGH", row, strict=False))

    lines = (f'<row r="{r}">{line(r, row)}</row>' for r, row in enumerate(rows, 1))
    shared = "".join(f"<si><t>{text}</t></si>" for text in texts)
    parts = {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEETS}"><sheetData>{"".join(lines)}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEETS}">{shared}</sst>',
    }
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
    with zipfile.ZipFile(buffer) as archive:
        kept = {name: archive.read(name).decode() for name in archive.namelist() if name not in parts}
    kept["[Content_Types].xml"] = kept["[Content_Types].xml"].replace("</Types>", override)
    return zipped(*(kept | parts).items())


def rows_of(frame, *, head=("Date", "Open", "High", "Low", "Close", "Volume")):
    dates = [day.to_pydatetime().replace(tzinfo=None) for day in frame.index]
    return [head, *((day, *bar) for day, bar in zip(dates, frame.to_numpy().tolist(), strict=True))]


def same(found, frame):
    pd.testing.assert_frame_equal(found.bars.frame, frame, check_exact=True, check_freq=False)


@pytest.mark.parametrize(
    ("encode", "note"),
    [
        (lambda text: text.encode("utf-8"), None),
        (lambda text: text.encode("utf-8-sig"), None),
        (lambda text: text.encode("utf-16"), "UTF-16"),
        (lambda text: text.encode("utf-16-le"), "UTF-16"),
        (lambda text: text.encode("utf-16-be"), "UTF-16"),
        (lambda text: b"\xfe\xff" + text.encode("utf-16-be"), "UTF-16"),
        (lambda text: text.encode("utf-32"), "UTF-32"),
        (lambda text: text.encode("latin-1"), "Latin-1 (Windows-1252)"),
        (lambda text: gzip.compress(text.encode()), "gzip"),
        (lambda text: gzip.compress(text[:5000].encode()) + gzip.compress(text[5000:].encode()), "gzip"),
        (lambda text: zipped(("AAPL.csv", text)), "ZIP archive with AAPL.csv"),
        (lambda text: zipped(("export/AAPL.csv", text), ("__MACOSX/x", "y"), folder=True), "ZIP archive with AAPL.csv"),
        (lambda text: gzip.compress(zipped(("a.csv", text))), "ZIP archive with a.csv"),
    ],
)
def test_every_encoding_and_packing_of_text(daily, recognise, encode, note):
    text = daily.assign(Währung="€" if note != "Latin-1 (Windows-1252)" else "Fr").to_csv()
    found = recognise(encode(text))
    same(found, daily)
    assert note is None or note in found.notes
    assert [use.theirs for use in found.columns if not use.ours] == ["Währung"]


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: zipped(("a.parquet", data))])
def test_parquet_may_be_packed_too(daily, recognise, pack):
    same(recognise(pack(parquet(daily))), daily)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd", "brotli", "none"])
def test_parquet_with_texts_and_categories(daily, recognise, compression):
    buffer = io.BytesIO()
    table = daily.reset_index().assign(time=lambda f: f["time"].dt.strftime("%Y-%m-%d"), symbol="AAPL")
    table.astype({"symbol": "category"}).to_parquet(buffer, compression=compression, row_group_size=70)
    found = recognise(buffer.getvalue())
    same(found, daily)
    assert found.ticker == "AAPL"


def test_excel_is_read_back_exactly(daily, recognise):
    found = recognise(as_excel_writes(rows_of(daily)), file_name="AAPL.xlsx")
    same(found, daily)
    assert found.notes == ("Excel, sheet 'Sheet'",)


def test_excel_as_other_programs_write_it(daily, recognise):
    found = recognise(excel(rows_of(daily)), file_name="AAPL.xlsx")
    np.testing.assert_allclose(found.bars.frame, daily, rtol=1e-15)
    assert found.notes == ("Excel, sheet 'Prices'",)


def test_excel_with_titles_an_empty_sheet_before_and_remarks_beside(daily, recognise):
    rows = [(*row, "", "as of today" if i == 3 else None) for i, row in enumerate(rows_of(daily.round(2)))]
    data = excel(rows, sheets=("Empty", "Data"), before=[("Prices of AAPL",), (), ("in USD", None, 1.5)])
    found = recognise(data)
    np.testing.assert_allclose(found.bars.frame, daily.round(2), rtol=1e-15)
    assert found.notes == ("Excel, sheet 'Data'", "2 lines above the column names left out")


def test_excel_with_texts_day_numbers_and_blank_rows(daily, recognise):
    texts = [
        (row[0] if i == 0 else f"{row[0]:%m/%d/%Y}", *(str(cell) for cell in row[1:]))
        for i, row in enumerate(rows_of(daily))
    ]
    texts.insert(20, ())
    same(recognise(excel(texts)), daily)
    numbers = [(row[0] if i == 0 else (row[0] - EXCEL_DAY_0).days, *row[1:]) for i, row in enumerate(rows_of(daily))]
    found = recognise(as_excel_writes(numbers))
    same(found, daily)
    assert "times in Excel's day numbers" in found.notes


def test_excel_with_a_date_and_a_clock_in_two_columns(recognise):
    index = pd.date_range("2024-01-02 14:30", periods=12, freq="h", tz="UTC", name="time")
    frame = pd.DataFrame({"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 10.0}, index)
    rows = [("Date", "Time", *frame.columns)]
    rows += [
        (time.to_pydatetime().replace(tzinfo=None, hour=0, minute=0), time.time(), *bar)
        for time, bar in zip(index, frame.to_numpy().tolist(), strict=True)
    ]
    same(recognise(excel(rows), key=Key("AAPL", "h1")), frame)


def test_a_formula_counts_by_the_value_that_was_saved_with_it(daily, recognise):
    rows = rows_of(daily.tail(5).round(2))
    data = excel([rows[0], *((row[0], row[1], row[2], row[3], f"={row[4]!r}*1", row[5]) for row in rows[1:])])
    with pytest.raises(Exception, match=r"row 2: close '=.*\*1' is no number") as caught:
        recognise(data)
    assert len(caught.value.problems) == 5
    saved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(saved, "w") as calculated:
        for member in archive.namelist():
            part = archive.read(member).decode()
            for row in rows[1:]:
                part = part.replace(f"<f>{row[4]!r}*1</f><v></v>", f"<f>{row[4]!r}*1</f><v>{row[4]!r}</v>")
                part = part.replace(f"<f>{row[4]!r}*1</f><v />", f"<f>{row[4]!r}*1</f><v>{row[4]!r}</v>")
            calculated.writestr(member, part)
    np.testing.assert_allclose(recognise(saved.getvalue()).bars.frame, daily.tail(5).round(2), rtol=1e-15)


def test_the_same_bars_through_upload_database_and_sample_are_equal_bit_for_bit(source, database_url, recognise):
    sample = source.bars(KEY)
    database = databases.open_database(database_url)
    stored.import_bars(database, KEY, recognise(sample.frame.to_csv()).bars, at=datetime(2024, 1, 1, tzinfo=UTC))
    ways = {
        "CSV": recognise(sample.frame.to_csv()).bars,
        "semicolons": recognise(sample.frame.to_csv(sep=";", decimal=",")).bars,
        "Parquet": recognise(parquet(sample.frame)).bars,
        "Excel": recognise(as_excel_writes(rows_of(sample.frame))).bars,
        "database": DatabaseSource(database).bars(KEY),
    }
    database.close()
    for way, found in ways.items():
        pd.testing.assert_frame_equal(found.frame, sample.frame, check_exact=True, obj=way)
        assert found.frame.index.dtype == sample.frame.index.dtype


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (bz2.compress(b"x" * 100), "compressed by bzip2"),
        (lzma.compress(b"x" * 100), "compressed by xz"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"(\xb5/\xfd\0", "compressed by zstd"),
        (b"ARROW1\0\0", "no readable Feather file"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"SQLite format 3\0", "a database"),
        (b"{\\rtf1 }", "a text document"),
        (gzip.compress(b"a,b\n1,2\n" * 1000)[:-20], "an incomplete gzip file"),
        (b"\x1f\x8b\x08garbage", "no readable gzip file"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "an archive inside an archive"),
        (zipped(("a.zip", zipped(("a.csv", "a,b\n")))), "an archive inside an archive"),
        (zipped(), "a ZIP archive of 0 files"),
        (zipped(("a.csv", "1"), ("b.csv", "2")), r"a ZIP archive of 2 files \('a.csv', 'b.csv'\). Upload one"),
        (zipped(("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "")), "OpenDocument"),
        (zipped(*((f"{i}.csv", "") for i in range(1001))), "an archive of 1,001 files"),
        (zipped(("a.csv", "x" * 5000))[:-30], "a damaged ZIP archive"),
        (b"PK\x03\x04", "a damaged ZIP archive"),
        (zipped(("xl/workbook.bin", "")), "a binary workbook"),
        (zipped(("xl/workbook.xml", "<workbook>")), "no readable Excel workbook"),
        (zipped(("xl/workbook.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')), "it declares entities"),
        (excel([]), "its sheets are empty"),
        (excel([("only one column",), (1,)]), "no comma, semicolon or tab"),
        (excel([("Date", "Close")]), "column names but no rows"),
    ],
)
def test_packings_and_workbooks_that_are_not_read(recognise, data, said):
    with pytest.raises(UploadError, match=said):
        recognise(data)


def test_a_workbook_with_a_password_is_told_apart_from_a_damaged_one(recognise):
    data = bytearray(zipped(("a.csv", "a,b\n1,2\n")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UploadError, match="protected by a password"):
        recognise(bytes(data))


def test_a_gzip_bomb_stops_at_the_limit(recognise):
    bomb = gzip.compress(b"0" * 30_000_000)
    assert len(bomb) < 40_000
    with pytest.raises(UploadError, match=r"it unpacks to more than the limit of 9\.5 MiB"):
        recognise(bomb)


def test_a_zip_bomb_is_refused_by_its_list_of_contents(recognise):
    for name in ("a.csv", "xl/worksheets/sheet1.xml"):
        with pytest.raises(UploadError, match=r"it unpacks to more than the limit of 9\.5 MiB"):
            recognise(zipped((name, b"0" * 30_000_000)))


def test_an_archive_that_understates_its_size_gives_no_more_than_it_states(recognise):
    data = bytearray(zipped(("a.csv", b"date,open\n" + b"0" * 3_000_000)))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.index(mark) + offset
        data[at : at + 4] = (20).to_bytes(4, "little")
    with pytest.raises(UploadError, match="a damaged ZIP archive"):
        recognise(bytes(data))


def test_a_workbook_with_very_many_texts_is_refused(recognise, monkeypatch):
    from ensemble_desk.sources.upload.files import workbooks

    monkeypatch.setattr(workbooks, "_MOST_SHARED_BYTES", 100)
    with pytest.raises(UploadError, match="its texts take more than the limit"):
        recognise(as_excel_writes([("Date", "Close"), *((f"text {i}", i) for i in range(50))]))


def test_a_sheet_with_a_row_or_a_column_far_away_is_refused_soon(recognise, monkeypatch):
    from ensemble_desk.sources.upload.files import workbooks

    book = openpyxl.Workbook()
    book.active["A1"], book.active["B1"] = "Date", "Close"
    for row in range(2, 200):
        book.active.cell(row, 16_384).value = 1
    buffer = io.BytesIO()
    book.save(buffer)
    monkeypatch.setattr(workbooks, "_MOST_CELLS", 1_000_000)
    with pytest.raises(UploadError, match="more than 1,000,000 cells"):
        recognise(buffer.getvalue())
    sheet = excel([("Date", "Close"), (1, 2)])
    far = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(sheet)) as archive, zipfile.ZipFile(far, "w") as moved:
        for member in archive.namelist():
            moved.writestr(member, archive.read(member).replace(b'<row r="2">', b'<row r="99999999999">'))
    with pytest.raises(UploadError, match="at most 2,000,000"):
        recognise(far.getvalue())


def test_a_long_text_repeated_in_parquet_is_not_unpacked(recognise):
    table = pd.DataFrame({"time": pd.date_range("2024-01-01", periods=1_000), "note": "x" * 20_000})
    data = parquet(table)
    assert len(data) < 100_000
    with pytest.raises(UploadError, match="a text of 20,000 characters"):
        recognise(data)


def test_read_table_reads_excel_as_well(daily):
    found = upload.read_table(as_excel_writes(rows_of(daily)), file_name="f.xlsx", max_bytes=10**7)
    pd.testing.assert_frame_equal(found, daily, check_exact=True, check_freq=False)
