"""Texts whose cells are not parted by a delimiter yet: lines in quotes, a line that names it, columns of blanks."""

import csv
import io
import re
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
    if match := _SEP.match(filled[0].lstrip("\ufeff")):
        return _without_separator_line(data, encoding, match[1], name)
    if _are_quoted(filled):
        text = "\n".join(map(_unwrapped, data.decode(encoding).splitlines()))
        return Plainer(text.encode(), "", ("whole lines in quotes",))
    if not any(delimiter in line for line in filled for delimiter in _DELIMITERS):
        return _spaced(data, filled, encoding)
    return None


def _without_separator_line(data: bytes, encoding: str, delimiter: str, name: str) -> Plainer:
    if delimiter not in _DELIMITERS:
        raise UploadError(
            name, [f"its first line names {delimiter!r} as separator. Use a comma, semicolon, tab or bar."]
        )
    first, rest = data.decode(encoding).split("\n", 1) if b"\n" in data else (data.decode(encoding), "")
    del first
    return Plainer(("\n" + rest).encode(), delimiter, ("separator as its first line says",))


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


def _spaced(data: bytes, filled: Sequence[str], encoding: str) -> Plainer | None:
    """Columns of blanks, as `DataFrame.to_string` writes them, become tabs."""
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
