"""Errors of the database and of sources of bars."""

from collections.abc import Sequence

from lib.errors.base import DeskError


class DatabaseError(DeskError):
    """The database cannot answer."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem = problem
        super().__init__(f"The database {problem}. Nothing changed. {advice}")


class SourceError(DeskError):
    """Bars could not be had from a source."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        super().__init__(f"Bars from {source}: {problem}")


class UploadError(DeskError):
    """An uploaded file cannot be understood; `problems` holds one sentence each."""

    def __init__(self, file_name: str, problems: Sequence[str]) -> None:
        self.file_name, self.problems = file_name, tuple(problems)
        super().__init__(f"{file_name}: {'; '.join(self.problems)}")
