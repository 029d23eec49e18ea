"""Errors of training runs."""

from datetime import date, datetime

from ensemble_desk.errors.base import DeskError


class FutureDateError(DeskError):
    """A training was asked for as of a day that has not come yet."""

    def __init__(self, as_of: datetime, *, today: date) -> None:
        self.as_of = as_of
        super().__init__(f"{as_of:%Y-%m-%d} has not come yet (today is {today}). Choose an as-of date up to today.")


class AlreadyTrainingError(DeskError):
    """A key is trained already, by whatever program; ``same`` says that it learns the same from the same."""

    def __init__(self, key: object, *, run_id: int | None, began: datetime, actor: str, same: bool = False) -> None:
        self.run_id, self.same = run_id, same
        which = "it has just been started" if run_id is None else f"run {run_id}, begun {began:%Y-%m-%d %H:%M} UTC"
        super().__init__(
            f"{key} is being trained already: {which} by {actor or 'nobody named'}. "
            "Nothing was started. Wait until it has ended, then retry if you still want to."
        )


class TrainingGivenUpError(DeskError):
    """A training was taken for dead while it was at work, so that it publishes nothing."""

    def __init__(self, key: object, *, run_id: int) -> None:
        super().__init__(
            f"Run {run_id} of {key} was taken for dead, since nothing was heard of it for a while. It has published "
            "nothing. Train again."
        )


class TooManyTrainingsError(DeskError):
    """As many trainings run in the background of a server as may."""

    def __init__(self, n_running: int) -> None:
        super().__init__(
            f"{n_running} trainings that were started here are still running. Nothing was started. Wait for one of "
            "them, or raise DESK_BACKGROUND_TRAININGS."
        )


class UnknownRunError(DeskError):
    """No training run has this number."""

    def __init__(self, run_id: int) -> None:
        self.run_id = run_id
        super().__init__(f"There is no training run {run_id}. Look at the list of runs for the numbers there are.")


class InvalidLabelError(DeskError):
    """The label that was asked of a training cannot be."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"The label cannot be: {problem}. Give a horizon with a threshold or a multiplier.")
