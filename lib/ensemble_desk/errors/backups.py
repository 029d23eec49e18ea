"""Errors of backups, and of taking the log out into files."""

from collections.abc import Sequence

from ensemble_desk.errors.base import DeskError, listed


class BackupError(DeskError):
    """A backup cannot be made or used."""

    def __init__(self, folder: str, problem: str, *, advice: str) -> None:
        self.folder, self.problem = folder, problem
        super().__init__(f"The backup {folder} {problem}. {advice}")


class BackupDamagedError(BackupError):
    """Parts of a backup are gone or hold other bytes."""

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self.names = tuple(names)
        advice = "Nothing changed. Restore another one, with --at, or from another place."
        super().__init__(folder, f"is damaged: {listed(self.names)}", advice=advice)


class RestoreRefusedError(DeskError):
    """There is something where a backup should be restored to."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}. Nothing changed, and nothing is overwritten: move it away, or name an empty place in "
            "DESK_MODELS_URL and DESK_DATABASE_URL, then retry."
        )


class LogExportError(DeskError):
    """The log cannot be written to files, or not be taken out of the database."""

    def __init__(self, place: str, problem: str, *, advice: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"{place}: {problem}. Nothing of it was deleted. {advice}")
