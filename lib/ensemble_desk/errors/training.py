"""Errors of training runs, and of work on many keys: which are meant, and where it is done."""

from datetime import date, datetime

from ensemble_desk.errors.base import DeskError, listed, shortened


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


class InvalidShardError(DeskError):
    """A part of the keys was asked for that there is not."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{shortened(text, most=40)!r} is no part of the keys. Write NUMBER/COUNT with a number from 1 to the "
            "count, such as 3/8."
        )


class SymbolListError(DeskError):
    """A file of symbols cannot be used."""

    def __init__(self, file: object, problem: str) -> None:
        super().__init__(f"{file} is no list of symbols: {problem}. Write one symbol a line.")


class ClusterError(DeskError):
    """The cluster that was named cannot do the work."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"The cluster at {address} cannot be used: {problem}. Nothing was started.")


class OtherReleaseError(DeskError):
    """Workers of a cluster run another release than the program that asks."""

    def __init__(self, address: str, *, here: str, there: dict[str, str]) -> None:
        told = listed(f"{worker} has {release}" for worker, release in there.items())
        super().__init__(
            f"Workers of the cluster at {address} run another release than this program, {here}: {told}. Nothing was "
            "started. Install the same release on all of them and start them anew."
        )


class LostWorkError(DeskError):
    """Something could not be done for one key because the process that did it was lost."""

    def __init__(self, item: object, reason: str) -> None:
        super().__init__(f"{item}: {reason}.")


class RoundUnderWayError(DeskError):
    """The daily round was started while another one is at work."""

    def __init__(self, round_id: int, *, begun_at: datetime, actor: str, host: str) -> None:
        self.round_id = round_id
        super().__init__(
            f"The daily round is under way already: round {round_id}, begun {begun_at:%Y-%m-%d %H:%M} UTC by "
            f"{actor or 'nobody named'} on {host}. Nothing was started. Wait until it has ended."
        )
