"""Errors of exporting a team's file into a version without a pickle."""

from ensemble_desk.errors.base import DeskError


class ExportError(DeskError):
    """A file could not be exported; nothing was written."""

    def __init__(self, name: str, problem: str, *, remedy: str) -> None:
        self.name, self.problem = name, problem
        super().__init__(f"{name} could not be exported: {problem}. {remedy}")


class UntrustedFileError(ExportError):
    """Exporting runs the file, which nobody said is to be trusted."""

    def __init__(self, name: str) -> None:
        super().__init__(
            name,
            "to export it, it is unpickled, which runs whatever code it holds",
            remedy="Add --trust if your own team wrote this file and nobody else could change it since.",
        )
