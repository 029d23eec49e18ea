"""One file of bars brought into the database, and the key that a file is named after."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from ensemble_desk.database.opening import Database
from ensemble_desk.errors import DeskError
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import kept_mappings
from ensemble_desk.sources.database import ImportReport
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.bar_tables import Calendar
from ensemble_desk.sources.upload.recognition import Fact, Recognised, Warned

ENDINGS = (".csv", ".txt", ".tsv", ".gz", ".zip", ".parquet", ".xlsx", ".xls", ".ods", ".json", ".jsonl", ".feather")
"""Of files of bars; a name may have several, one after the other."""

_ENDING = re.compile(rf"({'|'.join(map(re.escape, ENDINGS))})+$", re.IGNORECASE)

MOST_RESTATED = 20
"""So many bars may change without anybody being asked."""


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

    @property
    def most_restated(self) -> int | None:
        return None if self.may_restate else MOST_RESTATED


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


def one(database: Database, key: Key, content: bytes, *, file_name: str, rules: Rules) -> Imported:
    """Import the bars of one key; a mapping kept for files of this shape answers what nobody said.

    Raises
    ------
    UploadError, InvalidBarsError, SourceError, DatabaseError
    ManyRestatedError
        When many bars would change and ``rules`` do not allow it.
    """
    found = recognised(database, key, content, file_name=file_name, rules=rules)
    report = stored.import_bars(database, key, found.bars, at=rules.now, most_restated=rules.most_restated)
    return Imported(file_name, key, report, found.facts, found.warnings)


def recognised(database: Database, key: Key, content: bytes, *, file_name: str, rules: Rules) -> Recognised:
    """Read the bars of one key, and write nothing; raises as `one` does."""
    table = reading.opened(content, file_name=file_name, max_bytes=rules.max_bytes)
    kept = kept_mappings.fitting(database, reading.shape_of(table))
    found = reading.recognise_bars(
        content,
        file_name=file_name,
        key=key,
        max_bytes=rules.max_bytes,
        answers=rules.answers if kept is None else kept.answers.beneath(rules.answers),
        now=rules.now,
        calendar=rules.calendar,
        table=table,
    )
    if kept is not None:
        found = replace(found, notes=(*found.notes, f"read with the kept mapping {kept.name}"))
    return found


def key_of(file_name: str, timeframe: str | None) -> Key | None:
    """The key that a file is named after: ``AAPL_d1.csv``, ``aapl-daily.csv``, or ``AAPL.csv`` with a timeframe."""
    stem = _ENDING.sub("", file_name)
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
