"""Errors of what people tell of versions."""

from collections.abc import Mapping

from ensemble_desk.errors.base import DeskError, listed


class InvalidDescriptionError(DeskError):
    """What was told cannot be a description of any version."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"This describes no version: {problem}. Nothing was kept.")


class NothingDescribedError(DeskError):
    """A pattern fits no version."""

    def __init__(self, scope: str) -> None:
        super().__init__(
            f"{scope} fits no version. Write SYMBOL/TIMEFRAME such as AAPL/d1, with /VERSION for one version, or a "
            "pattern such as */d1 or AAPL/*; see: desk registry list"
        )


class ContradictedDescriptionError(DeskError):
    """A description says something else than the files of versions it is about."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        told = listed((f"{name}: {problem}" for name, problem in problems.items()), most=4)
        super().__init__(
            f"The description contradicts what files tell ({told}). Nothing was kept. Correct it, or narrow it."
        )


class NoTrainingWindowError(DeskError):
    """No version of a key tells which bars it was trained on, so none can be replayed honestly."""

    def __init__(self, key: object) -> None:
        self.key = key
        super().__init__(
            f"No version of {key} tells up to which day it was trained, and it must not be asked about bars it has "
            f"learnt. Tell it once: desk registry describe '{key}' --trained-until version"
        )


class UntoldLabelError(DeskError):
    """Something needs to know what a version forecasts, and nobody has told it."""

    def __init__(self, key: object, version: str) -> None:
        self.key, self.version = key, version
        super().__init__(
            f"Nobody has told the horizon and label of {key} {version}, so nothing can score it. Tell them once: "
            f"desk registry describe '{key}' --horizon BARS --threshold RETURN"
        )


class ExpiredVersionError(DeskError):
    """The version in production is older than the settings allow."""

    def __init__(self, key: object, version: str, *, limit: str) -> None:
        self.key, self.version = key, version
        symbol, _, timeframe = str(key).rpartition("/")
        super().__init__(
            f"{key} {version} has expired: DESK_MAX_AGE allows {limit}, and DESK_EXPIRED says to refuse older ones. "
            f"Train a newer one: desk train --symbol {symbol} --timeframe {timeframe}"
        )
