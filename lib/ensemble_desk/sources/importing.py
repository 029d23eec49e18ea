"""Files of bars brought into the database: one, or the parts of many, which are read where the work is done."""

import os
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_desk.database import failures
from ensemble_desk.database.opening import Database
from ensemble_desk.errors import DatabaseError, DeskError, UploadError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import kept_mappings
from ensemble_desk.sources.database import ImportReport
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.bar_tables import Calendar
from ensemble_desk.sources.upload.recognition import Fact, Warned

MOST_RESTATED = 20
"""So many bars may change without anybody being asked."""

_ENDINGS = (".csv", ".txt", ".tsv", ".gz", ".zip", ".parquet", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".feather")
_PATIENCE_SECONDS = 600.0  # for the others that write into one file at the same time


@dataclass(frozen=True, slots=True)
class Rules:
    """How files are read and written.

    Attributes
    ----------
    answers : what was said about all of them.
    max_bytes : the largest file.
    now : the moment of the import.
    calendar : the sessions of the exchange.
    may_restate : whether many bars may change.
    """

    answers: Answers
    max_bytes: int
    now: datetime
    calendar: Calendar | None
    may_restate: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one file or one symbol of a file; `problem` is empty when its bars are in the database.

    Attributes
    ----------
    facts, warnings : what was recognised, and what does not look right.
    """

    name: str
    key: Key | None
    report: ImportReport | None = None
    facts: tuple[Fact, ...] = ()
    warnings: tuple[Warned, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A file that is to be imported with many others.

    Attributes
    ----------
    name : what the summary calls it.
    key : whose bars it holds; None when nothing says so.
    file : where it is.
    most_bytes : the largest file.
    goes_along : whether its bytes are sent with it, to where the file is not.
    content : the bytes that came along.
    """

    name: str
    key: Key | None
    file: Path
    most_bytes: int
    goes_along: bool = False
    content: bytes | None = None

    def read(self) -> bytes:
        """Read the file, one byte past the limit at most; raises OSError."""
        if self.content is not None:
            return self.content
        with self.file.open("rb") as opened:
            return opened.read(self.most_bytes + 1)

    def __reduce__(self) -> tuple[Any, ...]:
        content = self.content
        if self.goes_along:
            with suppress(OSError):  # whoever reads it then tells that it is gone
                content = self.read()
        return Part, (self.name, self.key, self.file, self.most_bytes, self.goes_along, content)


def one(database: Database, key: Key, content: bytes, *, file_name: str, rules: Rules) -> Imported:
    """Import the bars of one key; a mapping kept for files of this shape answers what nobody said.

    Raises
    ------
    UploadError, InvalidBarsError, SourceError, DatabaseError
    ManyRestatedError
        When many bars would change and ``rules`` do not allow it.
    """
    kept = kept_mappings.fitting(database, reading.shape_of(content, file_name=file_name, max_bytes=rules.max_bytes))
    found = reading.recognise_bars(
        content,
        file_name=file_name,
        key=key,
        max_bytes=rules.max_bytes,
        answers=rules.answers if kept is None else kept.answers.beneath(rules.answers),
        now=rules.now,
        calendar=rules.calendar,
    )
    if kept is not None:
        found = replace(found, notes=(*found.notes, f"read with the kept mapping {kept.name}"))
    most = None if rules.may_restate else MOST_RESTATED
    report = stored.import_bars(database, key, found.bars, at=rules.now, most_restated=most)
    return Imported(file_name, key, report, found.facts, found.warnings)


def tried(database: Database, part: Part, rules: Rules) -> Imported:
    """Import one of many files and tell what was wrong with it, if anything; others that write are waited for.

    It is safe to repeat: bars that are there already are counted as unchanged.
    """
    if part.key is None:
        problem = "its name says no symbol and timeframe, as AAPL_d1.csv does. Rename it, or give --timeframe"
        return Imported(part.name, None, problem=problem)
    last = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return one(database, part.key, part.read(), file_name=part.name, rules=rules)
        except DeskError as error:  # told in the summary: the other files go on
            waits = isinstance(error, DatabaseError) and failures.is_locked(error)
            if not waits or time.monotonic() > last:
                return Imported(part.name, part.key, problem=str(error))
        except OSError as error:
            return Imported(part.name, part.key, problem=f"it cannot be read ({error.strerror})")


def of_folder(place: Path, *, timeframe: str | None, rules: Rules) -> tuple[Part, ...]:
    """List every file of a folder with the key that its name says, such as ``AAPL_d1.csv``."""
    files = sorted(file for file in place.iterdir() if file.is_file() and file.suffix.lower() in _ENDINGS)
    return tuple(Part(file.name, key_of(file.name, timeframe), file, rules.max_bytes) for file in files)


def of_long_table(
    content: bytes, *, file_name: str, timeframe: str, rules: Rules, place: Path
) -> tuple[tuple[Part, ...], Rules]:
    """Part the rows of a table in long format by their symbols, into files that are never held at once.

    Gives the parts, and how they are to be read.

    Raises
    ------
    UploadError
        When the file is no table, or does not say whose each row is.
    """
    found = _parted(content, file_name, place, rules)
    parts = tuple(
        Part(f"{file_name}, {symbol}", key_of(f"{symbol}.csv", timeframe), part, rules.max_bytes)
        for symbol, part in found.items()
    )
    return parts, replace(rules, answers=replace(rules.answers, ticker=None, skip_lines=None))


def key_of(file_name: str, timeframe: str | None) -> Key | None:
    """The key that a file is named after: ``AAPL_d1.csv``, ``aapl-daily.csv``, or ``AAPL.csv`` with a timeframe."""
    stem = re.sub(r"(?i)(\.(csv|txt|tsv|gz|zip|parquet|xlsx|xls|ods|json|jsonl|feather))+$", "", file_name)
    words = {
        "daily": "d1",
        "day": "d1",
        "1d": "d1",
        "weekly": "w1",
        "1w": "w1",
        "hourly": "h1",
        "1h": "h1",
        "60min": "h1",
    }
    words |= {
        "4h": "h4",
        "240min": "h4",
        "15min": "m15",
        "15m": "m15",
        **{name: name for name in timeframes.TIMEFRAMES},
    }
    symbol, mark, last = re.sub(r"[ _-]+$", "", stem), "", ""
    if match := re.fullmatch(r"(.+?)([ _-])([A-Za-z0-9]+)", stem):
        symbol, mark, last = match[1], match[2], match[3].lower()
    found = words.get(last)
    if mark and found is None:
        symbol = stem
    chosen = found or timeframe
    if chosen is None or (timeframe is not None and chosen != timeframe):
        return None
    try:
        return Key(symbol.upper(), chosen)
    except DeskError:
        return None


def _parted(content: bytes, file_name: str, place: Path, rules: Rules) -> dict[str, Path]:
    """Write the rows of each symbol to a file of its own."""
    columns, parts = reading.by_ticker(content, file_name=file_name, max_bytes=rules.max_bytes, answers=rules.answers)
    files: dict[str, Path] = {}
    for ticker, frame in parts:
        known = ticker in files
        part = files.setdefault(ticker, place / f"{len(files)}.csv")
        _append(part, frame, columns if not known else ())
    if not files:
        raise UploadError(file_name, ["none of its rows says whose it is."])
    return files


def _append(file: Path, frame: pd.DataFrame, names: Sequence[str]) -> None:
    with file.open("a", encoding="utf-8", newline="") as opened:
        if names:
            pd.DataFrame(columns=list(names)).to_csv(opened, index=False, lineterminator=os.linesep)
        frame.to_csv(opened, index=False, header=False, lineterminator=os.linesep)
