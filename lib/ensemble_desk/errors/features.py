"""Errors of a team's own features."""

from ensemble_desk.errors.base import DeskError


class FeatureSetError(DeskError):
    """A named feature set is not there, or its function cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        self.name, self.problem = name, problem
        advice = "Correct the function, or DESK_FEATURES, which names it"
        super().__init__(
            f"The feature set {name!r} cannot be used: {problem}. {advice}; list them with: desk features list"
        )
