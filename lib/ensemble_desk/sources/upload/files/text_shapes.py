"""Texts whose cells are not parted by a delimiter yet: lines in quotes, a line that names it, columns of blanks."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ensemble_desk.errors import UploadError

TAB = "\t"
_DELIMITERS = ",;\t|"
_SEP = re.compile(r'^"?sep=(.)"?;?$', re.IGNORECASE)
_MOST = 0.8
_CLOCK = re.compile(r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:[+-]\d\d:?\d\d)?")
_COUNT, _WIDE, _BLANKS = re.compile(r"\d{1,7}"), re.compile(r"\s{2,}|\t"), re.compile(r"\s+")
_FEWEST_CELLS = 5
_COTAHIST = {  # where the cells of a line begin and end
    "time": (2, 10),
    "ticker": (12, 24),
    "open": (56, 69),
    "high": (69, 82),
    "low": (82, 95),
    "close": (108, 121),
    "volume": (152, 170),
}
_RULE = re.compile(r"[\s|:-]*-{2}[\s|:-]*")
_MARKS = dict(zip(map(ord, "٫٬．，／：－＋％"), ".,.,/:-+%", strict=True))


@dataclass(frozen=True, slots=True)
class Plainer:
    """The same text in UTF-8 with a delimiter, line by line, and what was recognised."""

    data: bytes
    delimiter: str
    notes: tuple[str, ...]


def plainer(data: bytes, lines: Sequence[str], encoding: str, name: str) -> Plainer | None:
    """Rewrite a text that needs it; None where a delimiter parts its cells as it is."""
    filled = [line.strip() for line in lines if line.strip()]
    if not filled:
        return None
    if sum(map(_has_other_digits, filled)) > len(filled) / 2:
        return _in_usual_digits(data, lines, encoding, name)
    shapes = (_without_separator_line, _of_markdown, _of_cotahist, _unquoted, _spaced)
    return next((found for shape in shapes if (found := shape(data, filled, encoding, name)) is not None), None)


def _has_other_digits(line: str) -> bool:
    return not line.isascii() and any(letter.isdecimal() and not letter.isascii() for letter in line)


def _in_usual_digits(data: bytes, lines: Sequence[str], encoding: str, name: str) -> Plainer:
    """Arabic, Indian or full-width digits and their marks as ASCII has them."""
    text = data.decode(encoding)
    digits = {ord(letter): str(unicodedata.decimal(letter)) for letter in set(text) if letter.isdecimal()}
    others: dict[int, str] = {**digits, **_MARKS}
    usual = text.translate(others).encode()
    rest = plainer(usual, [line.translate(others) for line in lines], "utf-8", name)
    notes = ("digits of another script",)
    return Plainer(usual, "", notes) if rest is None else Plainer(rest.data, rest.delimiter, (*notes, *rest.notes))


def _without_separator_line(data: bytes, filled: Sequence[str], encoding: str, name: str) -> Plainer | None:
    match = _SEP.match(filled[0].lstrip("\ufeff"))
    if match is None:
        return None
    if (delimiter := match[1]) not in _DELIMITERS:
        raise UploadError(
            name, [f"its first line names {delimiter!r} as separator. Use a comma, semicolon, tab or bar."]
        )
    _, _, rest = data.decode(encoding).partition("\n")
    return Plainer(("\n" + rest).encode(), delimiter, ("separator as its first line says",))


def _of_markdown(data: bytes, filled: Sequence[str], encoding: str, _: str) -> Plainer | None:
    if len(filled) < _FEWEST_CELLS or not all(line.startswith("|") and line.endswith("|") for line in filled):
        return None
    rows = (line.strip().removeprefix("|").removesuffix("|") for line in data.decode(encoding).splitlines())
    text = "\n".join("" if _RULE.fullmatch(row) else row for row in rows)
    return Plainer(text.encode(), "|", ("a table of Markdown",))


def _of_cotahist(data: bytes, filled: Sequence[str], encoding: str, _: str) -> Plainer | None:
    """The file of the Brazilian exchange, whose cells stand at fixed places and whose prices are in hundredths."""
    if not filled[0].startswith("00COTAHIST"):
        return None
    text = [",".join(_COTAHIST)]
    for line in data.decode(encoding).splitlines():
        cells = [line[first:end].strip() for first, end in _COTAHIST.values()] if line.startswith("01") else []
        text.append(",".join([*cells[:2], *(f"{cell[:-2]}.{cell[-2:]}" for cell in cells[2:6]), *cells[6:]]))
    return Plainer("\n".join(text).encode(), ",", ("COTAHIST of B3, prices in hundredths",))


def _unquoted(data: bytes, filled: Sequence[str], encoding: str, _: str) -> Plainer | None:
    if not _are_quoted(filled):
        return None
    text = "\n".join(map(_unwrapped, data.decode(encoding).splitlines()))
    return Plainer(text.encode(), "", ("whole lines in quotes",))


def _are_quoted(lines: Sequence[str]) -> bool:
    wrapped = [line for line in lines if _cells_in_one(line)]
    return len(wrapped) > _MOST * len(lines)


def _cells_in_one(line: str) -> bool:
    """Whether a line is one quoted cell that holds delimiters."""
    line = line.rstrip(",;")
    if not (line.startswith('"') and line.endswith('"')):
        return False
    parted = next(csv.reader([line]), [])
    return len(parted) == 1 and any(delimiter in parted[0] for delimiter in _DELIMITERS)


def _unwrapped(line: str) -> str:
    return next(csv.reader(io.StringIO(line)), [""])[0] if _cells_in_one(line.strip()) else line


def _spaced(data: bytes, filled: Sequence[str], encoding: str, _: str) -> Plainer | None:
    """Columns of blanks, as `DataFrame.to_string` writes them, become tabs."""
    if any(delimiter in line for line in filled for delimiter in _DELIMITERS):
        return None
    for gap in (_WIDE, _BLANKS):
        rows = [gap.split(line) for line in filled]
        widths = {len(row) for row in rows[1:]}
        if len(widths) != 1 or (width := widths.pop()) < _FEWEST_CELLS or width - len(rows[0]) not in (0, 1):
            continue
        names = rows[0] if width == len(rows[0]) else _with_one_more(rows)
        body = (TAB.join(gap.split(line.strip())) for line in data.decode(encoding).splitlines()[1:])
        return Plainer("\n".join((TAB.join(names), *body)).encode(), TAB, ("columns parted by blanks",))
    return None


def _with_one_more(rows: Sequence[Sequence[str]]) -> list[str]:
    """The name that a clock beside a date, or the count of rows before it, goes without."""
    names = list(rows[0])
    if all(_CLOCK.fullmatch(row[1]) for row in rows[1:]):
        return ["date", "time", *names[1:]]
    if all(_COUNT.fullmatch(row[0]) and _CLOCK.fullmatch(row[2]) is None for row in rows[1:]):
        return ["", *names]
    return ["date", *names]
