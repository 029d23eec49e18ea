"""What the ledger tells, read from its first line to its last, and whether its lines are what they were."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ensemble_desk.database.self_check import Point
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.ledger import notes, people
from ensemble_desk.registry.ledger_file import ABANDONED, COMMITTED, NONE, TORN, Head, Line

Told = Mapping[str, Any]
_OF_KEYS = (notes.ROW, notes.POINTER, notes.VERSION, notes.TOMBSTONE, notes.QUARANTINE, notes.FIT)


@dataclass(slots=True)
class Story:
    """Everything that was committed, as the ledger tells it.

    Attributes
    ----------
    rows : rows of history by key and position.
    pointers, versions, tombstones, quarantines : the newest of each; versions by key and name, a reason or None.
    fit : whether a version passed the preflight that going live takes; None: it did once, and was restored since.
    people : roles, tokens, notes and the like by kind and what a row is known by.
    begun : how many times it was told of all of them, by the line that marks it.
    days : sums of the daily digests of days that are over, earliest first.
    points : up to where the digests of a kind, symbol and timeframe went on a day, as often as it was told.
    unknown : how many lines of each kind there are that this release does not know.
    problems : lines that are not what they were, in words.
    end : the newest committed line.
    """

    rows: dict[tuple[Key, int], Told] = field(default_factory=dict)
    pointers: dict[Key, Told] = field(default_factory=dict)
    versions: dict[tuple[Key, str], Told] = field(default_factory=dict)
    tombstones: dict[tuple[Key, str], Told] = field(default_factory=dict)
    quarantines: dict[tuple[Key, str], str | None] = field(default_factory=dict)
    fit: dict[tuple[Key, str], bool | None] = field(default_factory=dict)
    people: dict[tuple[str, Any], Told] = field(default_factory=dict)
    begun: Counter[str] = field(default_factory=Counter)
    days: list[Told] = field(default_factory=list)
    points: dict[tuple[str, str, str], list[Point]] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    end: Head = NONE

    def hear(self, line: Line) -> None:
        """Take in a line that was committed."""
        told, self.end = line.told, line.head
        if line.kind in _OF_KEYS:
            self._hear_of(Key(told["symbol"], told["timeframe"]), line.kind, told)
            return
        match line.kind:
            case notes.DIGESTS:
                self._hear_of_days(told)
            case notes.TODAY:
                self._hear_of_today(date.fromisoformat(told["day"]), told["kinds"])
            case kind if kind in people.MARKS:
                self.begun[kind] += 1
            case notes.RESTORED:
                self.fit = dict.fromkeys(self.fit)
                self.days, self.points = [], {}  # rows that only backups hold are not there any more
                self.people = {of: row for of, row in self.people.items() if of[0] != notes.EXPORT}  # told anew
            case kind if kind in people.TABLES:
                self.people[kind, people.key_of(kind, told)] = told
            case kind:  # of a later release
                self.unknown[kind] += 1

    def _hear_of_days(self, told: Told) -> None:
        """Keep the sums that stand: an earlier release told them too soon, and a clock may have been ahead."""
        while self.days and ("hours" not in self.days[-1] or self.days[-1]["before"] >= told["before"]):
            self.days.pop()
        self.days.append(told)

    def _hear_of_today(self, day: date, kinds: Mapping[str, Mapping[str, Sequence[Any]]]) -> None:
        for kind, by_key in kinds.items():
            for key, (last_id, n_rows, digest) in by_key.items():
                symbol, _, timeframe = key.rpartition("/")
                known = self.points.setdefault((kind, symbol, timeframe), [])
                if not known or known[-1][1:] != (last_id, n_rows, digest):
                    known.append(Point(day, last_id, n_rows, digest))

    def _hear_of(self, key: Key, kind: str, told: Told) -> None:
        match kind:
            case notes.ROW:
                self.rows[key, told["position"]] = told
            case notes.POINTER:
                self.pointers[key] = told
            case notes.VERSION:
                before = self.versions.get((key, told["version"]), {})
                self.versions[key, told["version"]] = {"has_manifest": before.get("has_manifest")} | dict(told)
            case notes.TOMBSTONE:
                self.tombstones[key, told["version"]] = told
                self.versions.pop((key, told["version"]), None)
                self.quarantines.pop((key, told["version"]), None)
            case notes.FIT:
                self.fit[key, told["version"]] = told["fit"]
            case notes.QUARANTINE:
                self.quarantines[key, told["version"]] = told["reason"]


def read(file: Path, *, known: Head, no_further: bool = False) -> Story:
    """Read a ledger; ``known`` is the newest line that the database has committed. Raises LedgerError.

    With ``no_further`` what comes after that line is not heard: it was decided since the database was looked at.
    """
    story, waiting = Story(), list[Line]()
    for line in _sound(file, story):
        if no_further and known == story.end:
            continue
        if line.kind == COMMITTED:
            for one in waiting:
                story.hear(one)
        if line.kind in (COMMITTED, ABANDONED):
            if waiting and waiting[-1].head != (line.told.get("number"), line.told.get("of")):
                story.problems.append(f"line {line.number} settles another line than the one before it")
            waiting = []
        elif line.kind != TORN:
            waiting.append(line)
    if waiting and waiting[-1].head == known:
        for one in waiting:
            story.hear(one)
    return story


def as_told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values as the ledger would tell them."""
    told: dict[str, Any] = json.loads(ledger_file.encoded(values))
    return told


def _sound(file: Path, story: Story) -> Iterator[Line]:
    """Give the lines that are whole, and note every break of the chain."""
    previous, cut = NONE, b""
    for place, raw in ledger_file.lines(file):
        if cut and not raw.endswith(b"\n"):
            break
        line = ledger_file.parsed(raw)
        if line is None:
            if cut:
                story.problems.append(f"line {place - 1} is not what its hash says")
            cut = raw
            continue
        if cut and not _explains(line, cut):
            story.problems.append(f"line {place - 1} is not what its hash says")
        elif line.number != previous.number + 1 or line.previous != previous.hash:
            story.problems.append(f"line {place} does not follow the one before it")
        previous, cut = line.head, b""
        yield line
    if cut.endswith(b"\n"):
        story.problems.append("the last line is not what its hash says")


def _explains(line: Line, cut: bytes) -> bool:
    return line.kind == TORN and line.told.get("sha256") == hashlib.sha256(cut.rstrip(b"\n")).hexdigest()
