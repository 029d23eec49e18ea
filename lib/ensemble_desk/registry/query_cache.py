"""QueryCache of the database that stay good until somebody writes to it, kept for as long as that."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.sqlite_driver import Mark

T = TypeVar("T")

_MOST = 20_000


class QueryCache:
    """Keeps what was read, by question; safe to share between threads.

    An answer is kept under the mark seen before it was read, so it is never older than its mark. Where the database
    cannot tell cheaply whether it changed (PostgreSQL), every answer is read anew.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: dict[Hashable, tuple[Mark, Any]] = {}

    def get(self, question: Hashable, read: Callable[[], T]) -> T:
        """Give the kept answer when nothing was written since, else read it."""
        mark = self._database.changes()
        if mark is None:
            return read()
        kept = self._kept.get(question)
        if kept is not None and kept[0] == mark:
            answer: T = kept[1]
            return answer
        answer = read()
        if len(self._kept) >= _MOST:
            self._kept.clear()
        self._kept[question] = (mark, answer)
        return answer
