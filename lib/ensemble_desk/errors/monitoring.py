"""Errors of live accuracy and drift."""

from ensemble_desk.errors.base import DeskError


class LabelIsFixedError(DeskError):
    """Somebody named a label for forecasts that have their own."""

    def __init__(self, key: object, version: str) -> None:
        super().__init__(
            f"{key} {version} defines its own label, and nothing else may score it. Leave the label out; one can only "
            "be named for a version that defines none."
        )


class LabelNeedsVersionError(DeskError):
    """A label was named for a key as a whole."""

    def __init__(self, key: object) -> None:
        super().__init__(f"A label can only be named for one version of {key}. Say the version as well.")
