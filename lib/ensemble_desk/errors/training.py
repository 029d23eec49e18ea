"""Errors of training runs."""

from datetime import date, datetime

from ensemble_desk.errors.base import DeskError


class FutureDateError(DeskError):
    """A training was asked for as of a day that has not come yet."""

    def __init__(self, as_of: datetime, *, today: date) -> None:
        self.as_of = as_of
        super().__init__(f"{as_of:%Y-%m-%d} has not come yet (today is {today}). Choose an as-of date up to today.")


class UnknownRunError(DeskError):
    """No training run has this number."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        super().__init__(f"There is no training run {run_id}. Look at the list of runs for the numbers there are.")


class InvalidLabelError(DeskError):
    """The label that was asked of a training cannot be."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The label cannot be: {problem}. Give a horizon with a threshold or a multiplier.")
