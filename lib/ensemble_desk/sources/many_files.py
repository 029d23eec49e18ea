"""Many files of bars: the parts of a folder or of a long table, read where the work is done, written some at once."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from ensemble_desk.database import failures
from ensemble_desk.database.opening import Database
from ensemble_desk.errors import DatabaseError, DeskError, UploadError
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import importing
from ensemble_desk.sources.importing import Imported, Rules
from ensemble_desk.sources.upload import reading
from ensemble_desk.sources.upload.recognition import Recognised

_PATIENCE_SECONDS = 600.0  # for the others that write into one file at the same time
_MOST_WAITING = 2**25  # bytes of lines that wait to be written
_MOST_TOGETHER, _MOST_BYTES = 16, 2**20  # of files whose bars are written in one transaction
_FEWEST_GROUPS = 64


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

    @property
    def n_bytes(self) -> int:
        try:
            return self.file.stat().st_size
        except OSError:  # it has just gone, which its import tells
            return 0

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


def of_folder(place: Path, *, timeframe: str | None, rules: Rules) -> tuple[Part, ...]:
    """List every file of a folder with the key that its name says, such as ``AAPL_d1.csv``."""
    files = sorted(file for file in place.iterdir() if file.is_file() and file.suffix.lower() in importing.ENDINGS)
    return tuple(Part(file.name, importing.key_of(file.name, timeframe), file, rules.max_bytes) for file in files)


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
        Part(f"{file_name}, {symbol}", importing.key_of(f"{symbol}.csv", timeframe), part, rules.max_bytes)
        for symbol, part in found.items()
    )
    return parts, replace(rules, answers=replace(rules.answers, ticker=None, skip_lines=None))


def groups(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """Put small files together, to be written in one transaction; those of one key are in one group, in their order."""
    by_key: dict[object, list[Part]] = {}
    for part in parts:
        by_key.setdefault(part.key or part.name, []).append(part)
    most = max(1, min(_MOST_TOGETHER, len(parts) // _FEWEST_GROUPS))
    found: list[list[Part]] = []
    n_bytes = 0
    for of_key in by_key.values():
        more = sum(part.n_bytes for part in of_key)
        if not found or len(found[-1]) + len(of_key) > most or n_bytes + more > _MOST_BYTES:
            found.append([])
            n_bytes = 0
        found[-1] += of_key
        n_bytes += more
    return [tuple(group) for group in found]


def tried(database: Database, parts: Sequence[Part], rules: Rules) -> tuple[Imported, ...]:
    """Import a group of files, and tell what was wrong with each, if anything; others that write are waited for.

    It is safe to repeat: bars that are there already are counted as unchanged.
    """
    if len(parts) == 1:
        return (_alone(database, parts[0], rules),)
    told = {at: _read(database, part, rules) for at, part in enumerate(parts)}
    good = {at: one for at, one in told.items() if isinstance(one, Recognised)}
    done: dict[int, Imported] = {at: one for at, one in told.items() if isinstance(one, Imported)}
    try:
        with database.writing() as connection:
            for at in sorted(good, key=lambda one: str(parts[one].key)):  # in the same order by all who write
                done[at] = _write(connection, parts[at], good[at], rules)
    except DatabaseError:  # which undoes all of them: each alone, so that it is told of those that it concerns
        done |= {at: _alone(database, parts[at], rules) for at in good}
    return tuple(done[at] for at in sorted(done))


def _alone(database: Database, part: Part, rules: Rules) -> Imported:
    last = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = _read(database, part, rules)
        if isinstance(found, Imported):
            return found
        try:
            with database.writing() as connection:
                return _write(connection, part, found, rules)
        except DatabaseError as error:
            if not failures.is_locked(error) or time.monotonic() > last:
                return Imported(part.name, part.key, problem=str(error))


def _read(database: Database, part: Part, rules: Rules) -> Recognised | Imported:
    """Read a file, or tell why that cannot be done: the other files go on."""
    if part.key is None:
        problem = "its name says no symbol and timeframe, as AAPL_d1.csv does. Rename it, or give --timeframe"
        return Imported(part.name, None, problem=problem)
    try:
        return importing.recognised(database, part.key, part.read(), file_name=part.name, rules=rules)
    except DeskError as error:
        return Imported(part.name, part.key, problem=str(error))
    except OSError as error:
        return Imported(part.name, part.key, problem=f"it cannot be read ({error.strerror})")


def _write(connection: Connection, part: Part, found: Recognised, rules: Rules) -> Imported:
    """Write the bars of one file; what is wrong with them undoes these alone."""
    try:
        with connection.begin_nested():
            report = stored.import_within(
                connection, found.bars.key, found.bars, at=rules.now, most_restated=rules.most_restated
            )
    except DeskError as error:
        return Imported(part.name, part.key, problem=str(error))
    return Imported(part.name, part.key, report, found.facts, found.warnings)


def _parted(content: bytes, file_name: str, place: Path, rules: Rules) -> dict[str, Path]:
    """Write the rows of each symbol to a file of its own; some are gathered first, so that few files are opened."""
    columns, parts = reading.by_ticker(content, file_name=file_name, max_bytes=rules.max_bytes, answers=rules.answers)
    head = pd.DataFrame(columns=list(columns)).to_csv(index=False, lineterminator="\n").encode()
    files: dict[str, Path] = {}
    waiting: dict[str, list[bytes]] = {}
    n_bytes = 0
    for ticker, lines in parts:
        files.setdefault(ticker, place / f"{len(files)}.csv")
        waiting.setdefault(ticker, []).append(lines)
        n_bytes += len(lines)
        if n_bytes > _MOST_WAITING:
            _append(files, waiting, head)
            n_bytes = 0
    _append(files, waiting, head)
    if not files:
        raise UploadError(file_name, ["none of its rows says whose it is."])
    return files


def _append(files: Mapping[str, Path], waiting: dict[str, list[bytes]], head: bytes) -> None:
    for ticker, lines in waiting.items():
        with files[ticker].open("ab") as opened:
            opened.writelines(lines if opened.tell() else [head, *lines])
    waiting.clear()
