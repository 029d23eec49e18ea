"""Errors of backups."""

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
