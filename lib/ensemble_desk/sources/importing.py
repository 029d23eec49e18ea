"""Files of bars brought into the database: one, all of a folder by their names, or all symbols of a long table."""

import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from ensemble_desk.database.opening import Database
from ensemble_desk.errors import DeskError, UploadError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import kept_mappings
from ensemble_desk.sources.database import ImportReport
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.bar_tables import Calendar
from ensemble_desk.sources.upload.recognition import Recognised

MOST_RESTATED = 20
"""So many bars may change without anybody being asked."""

_ENDINGS = (".csv", ".txt", ".tsv", ".gz", ".zip", ".parquet", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".feather")

Progress = Callable[[int, int, str], None]


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


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """What became of one file or one symbol of a file; `problem` is empty when its bars are in the database."""

    name: str
    key: Key | None
    report: ImportReport | None
    recognised: Recognised | None
    problem: str = ""


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
    return Imported(file_name, key, report, found)


def folder(
    database: Database, place: Path, *, timeframe: str | None, rules: Rules, progress: Progress
) -> tuple[Imported, ...]:
    """Import every file of a folder under the key that its name says, such as ``AAPL_d1.csv``; others are listed.

    One file that cannot be read stops no other.
    """
    files = sorted(file for file in place.iterdir() if file.is_file() and file.suffix.lower() in _ENDINGS)
    done = []
    for number, file in enumerate(files):
        progress(number, len(files), file.name)
        done.append(_tried(database, file.name, file.read_bytes, key_of(file.name, timeframe), rules))
    progress(len(files), len(files), "")
    return tuple(done)


def long_table(
    database: Database, content: bytes, *, file_name: str, timeframe: str, rules: Rules, progress: Progress
) -> tuple[Imported, ...]:
    """Import every symbol of a table in long format, its rows parted on disk so that they are never held at once.

    Raises
    ------
    UploadError
        When the file is no table, or does not say whose each row is.
    """
    with tempfile.TemporaryDirectory(prefix="desk-import-") as folder_name:
        parts = list(_parted(content, file_name, Path(folder_name), rules))
        done = []
        for number, (symbol, part) in enumerate(parts):
            progress(number, len(parts), symbol)
            key = key_of(f"{symbol}.csv", timeframe)
            of_one = replace(rules, answers=replace(rules.answers, ticker=None, skip_lines=None))
            name = f"{file_name}, {symbol}"
            done.append(_tried(database, name, part.read_bytes, key, of_one))
        progress(len(parts), len(parts), "")
    return tuple(done)


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


def _tried(database: Database, name: str, read: Callable[[], bytes], key: Key | None, rules: Rules) -> Imported:
    if key is None:
        problem = "its name says no symbol and timeframe, as AAPL_d1.csv does. Rename it, or give --timeframe"
        return Imported(name, None, None, None, problem)
    try:
        return replace(one(database, key, read(), file_name=name, rules=rules), name=name)
    except DeskError as error:  # told in the summary: the other files go on
        return Imported(name, key, None, None, str(error))
    except OSError as error:
        return Imported(name, key, None, None, f"it cannot be read ({error.strerror})")


def _parted(content: bytes, file_name: str, place: Path, rules: Rules) -> Iterator[tuple[str, Path]]:
    """Write the rows of each symbol to a file of its own."""
    columns, parts = reading.by_ticker(content, file_name=file_name, max_bytes=rules.max_bytes, answers=rules.answers)
    files: dict[str, Path] = {}
    for ticker, frame in parts:
        known = ticker in files
        part = files.setdefault(ticker, place / f"{len(files)}.csv")
        _append(part, frame, columns if not known else ())
    if not files:
        raise UploadError(file_name, ["none of its rows says whose it is."])
    yield from files.items()


def _append(file: Path, frame: pd.DataFrame, names: Sequence[str]) -> None:
    with file.open("a", encoding="utf-8", newline="") as opened:
        if names:
            pd.DataFrame(columns=list(names)).to_csv(opened, index=False, lineterminator=os.linesep)
        frame.to_csv(opened, index=False, header=False, lineterminator=os.linesep)
