"""Errors of work on many keys: which keys are meant, and where the work is done."""

from datetime import datetime

from ensemble_desk.errors.base import DeskError, cut, listed


class InvalidShardError(DeskError):
    """A part of the keys was asked for that there is not."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{cut(text, most=40)!r} is no part of the keys. Write NUMBER/COUNT with a number from 1 to the count, "
            "such as 3/8."
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

    def __reduce__(self) -> tuple[object, ...]:
        return (_anew, (self.args[0],))


def _anew(told: str) -> OtherReleaseError:
    error = OtherReleaseError.__new__(OtherReleaseError)
    DeskError.__init__(error, told)
    return error


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
