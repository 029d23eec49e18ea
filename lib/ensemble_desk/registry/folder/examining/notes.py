"""Notes of which file is under examination, written before it is opened: so that none is opened again and again.

An examiner that ends tells its program, which refuses the file. When the program ended with it (the system was short of
memory, the machine went down), the note is what is left. Such a file gets one more look, in case that was chance.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from ensemble_desk.artifacts.examiner import limits
from ensemble_desk.artifacts.store.scanning import FileEntry
from ensemble_desk.errors import ExaminerEndedError
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.stored import Rejected
from ensemble_desk.registry.opening import Registry

FIRST, SECOND = "it is under examination", "it is under examination for the second time"
NEVER_AGAIN = "It is not opened again"
_SLACK = timedelta(seconds=60)


def is_note(before: Rejected | None) -> bool:
    """Tell a note from a refusal."""
    return before is not None and before.reason in (FIRST, SECOND)


def is_final(before: Rejected | None) -> bool:
    """Tell whether a file ended what examined it; it has to be written anew before anybody opens it."""
    return before is not None and NEVER_AGAIN in before.reason


@dataclass(slots=True)
class Notes(AbstractContextManager["Notes"]):
    """The notes of one look at the folder; at its end none is left.

    Attributes
    ----------
    written : names of files that had a note during this look, whatever stood of them before.
    """

    registry: Registry
    written: set[str] = field(default_factory=set)
    _open: set[str] = field(default_factory=set)

    def begin(self, file: FileEntry, before: Rejected | None) -> None:
        """Write that a file is about to be opened; raises ExaminerEndedError when that was written twice before."""
        known = before if before is not None and is_note(before) and before.is_of(file) else None
        reason = FIRST
        if known is not None and not self._may_be_alive(known, file):
            if known.reason == SECOND:
                raise ExaminerEndedError(file.file_name, how="twice, with the whole program")
            reason = SECOND
        elif known is not None:
            reason = known.reason
        at = known.seen_at if known is not None and known.seen_at and reason == known.reason else self.registry.clock()
        self._write({file: reason}, at=at, done=list(self._open))

    def begin_all(self, files: Iterable[FileEntry], *, done: Iterable[str]) -> None:
        """Write that files are about to be opened, none of which had a note before; those ``done`` lose theirs."""
        self._write(dict.fromkeys(files, FIRST), at=self.registry.clock(), done=done)

    def _write(self, reasons: Mapping[FileEntry, str], *, at: datetime, done: Iterable[str]) -> None:
        done = sorted(done)
        with self.registry.database.writing() as connection:
            index.forget_rejected(connection, done)
            for file, reason in reasons.items():
                index.note(connection, file.file_name, Rejected(file.size_bytes, file.mtime_ns, reason), at=at)
        self._open.difference_update(done)
        self._open.update(file.file_name for file in reasons)
        self.written.update(file.file_name for file in reasons)

    def _may_be_alive(self, known: Rejected, file: FileEntry) -> bool:
        """Tell whether another program may be examining the file right now."""
        if known.seen_at is None:
            return False
        longest = timedelta(seconds=limits.of(file.size_bytes).wall_seconds) + _SLACK
        return timedelta(0) <= self.registry.clock() - known.seen_at <= longest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None, /
    ) -> None:
        if self._open:
            self._write({}, at=self.registry.clock(), done=list(self._open))
