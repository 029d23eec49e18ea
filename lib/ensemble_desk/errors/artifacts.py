"""Errors of artifact files."""

from datetime import date

from ensemble_desk.errors.base import DeskError, cut, shortened


class ArtifactError(DeskError):
    """Base: an artifact file cannot be used; `name` is the file or version."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        super().__init__(message)


class ArtifactNameError(ArtifactError):
    """A file name does not follow SYMBOL_TIMEFRAME_YYYYMMDD.pkl."""

    def __init__(self, name: str, problem: str) -> None:
        self.problem = problem = cut(problem)
        super().__init__(name, f"{shortened(name)!r} names no version: {problem}. Use SYMBOL_TIMEFRAME_YYYYMMDD.pkl.")


class FutureVersionError(ArtifactError):
    """A version carries a day that has not come yet: it would be the newest one until then."""

    def __init__(self, name: str, *, today: date) -> None:
        super().__init__(
            name,
            f"{name} carries a day that has not come yet (today is {today}). Name it by the day of its last bar, or, "
            "when that day has come, run: desk registry sync",
        )


class ArtifactMissingError(ArtifactError):
    """The index knows the version, but its file is gone."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} is not in the models folder. Restore the file, or choose another version.")


class ArtifactCorruptError(ArtifactError):
    """The bytes are no complete artifact."""

    def __init__(self, name: str, problem: str) -> None:
        self.problem = problem = cut(problem)
        super().__init__(name, f"{name} cannot be read: {problem}. Restore the file from a backup, or train again.")


class UnsafeArtifactError(ArtifactError):
    """The file asks for code outside the allow-list; nothing of it was run."""

    def __init__(self, name: str, asked_for: str) -> None:
        self.asked_for = asked_for = cut(asked_for)
        super().__init__(
            name,
            f"{name} asks for {asked_for}, which no artifact needs. It was refused and nothing in it was run.",
        )


class ArtifactTooLargeError(ArtifactError):
    """The file, or what it unpacks to, exceeds the limit."""

    def __init__(self, name: str, *, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            name,
            f"{name} is larger than the limit of {limit_bytes / 2**20:,.0f} MiB. "
            "Raise DESK_MAX_ARTIFACT_MB if the file is genuine.",
        )


class TamperedArtifactError(ArtifactError):
    """The bytes differ from those that were registered."""

    def __init__(self, name: str, *, expected: str, actual: str) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(
            name,
            f"{name} is TAMPERED: its SHA-256 is {actual[:12]}…, registered was {expected[:12]}…. "
            "It is refused everywhere. Restore the registered file, or roll back to another version.",
        )


class IncompatibleArtifactError(ArtifactError):
    """The file is safe to read but does not hold a version this code can serve."""

    def __init__(self, name: str, problem: str) -> None:
        self.problem = problem = cut(problem)
        super().__init__(name, f"{name} cannot be served: {problem}.")


class ExaminerEndedError(ArtifactError):
    """A file ended the process that examined it."""

    def __init__(self, name: str, *, how: str) -> None:
        self.how = how
        super().__init__(
            name,
            f"{name} ended the process that examined it ({how}). It is not opened again; nothing else was touched. "
            "If you trust where it comes from, copy it here anew.",
        )


class ExaminerMissingError(ArtifactError):
    """The process that examines new files cannot be started, which says nothing of any file."""

    def __init__(self, problem: str) -> None:
        super().__init__("examiner", f"New files cannot be examined here ({problem}). They are looked at again later.")


class PublishError(ArtifactError):
    """A version could not be written; nothing half-written is left."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(name, f"{name} could not be published: {problem}. Nothing was left behind; retry when solved.")


class FolderGoneError(ArtifactError):
    """The whole models folder is gone, which is no deletion of its versions."""

    def __init__(self, name: str, *, n_versions: int) -> None:
        super().__init__(
            name,
            f"The models folder {name} is not there, although {n_versions} versions are registered. Nothing changed. "
            "Mount or restore it, or correct DESK_MODELS_URL.",
        )
