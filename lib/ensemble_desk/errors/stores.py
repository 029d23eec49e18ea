"""Errors of a bucket that holds artifacts: they say nothing of any file, so none is refused because of them."""

from ensemble_desk.errors.base import DeskError


class StoreError(DeskError):
    """A bucket does not do what was asked of it; `place` is its address, `problem` what it said."""

    def __init__(self, place: str, problem: str, *, advice: str) -> None:
        self.place, self.problem = place, problem
        super().__init__(f"The bucket {place} {problem}. Nothing changed. {advice}")


class StoreUnreachableError(StoreError):
    """The bucket's server does not answer."""

    def __init__(self, place: str) -> None:
        advice = (
            "Check the network, the address (AWS_ENDPOINT_URL for a server of your own) and that credentials are in "
            "the environment; what is in the local cache is served on."
        )
        super().__init__(place, "does not answer", advice=advice)


class StoreForbiddenError(StoreError):
    """The credentials do not allow what was asked."""

    def __init__(self, place: str, *, action: str, known: bool) -> None:
        problem = f"does not let these credentials {action}" if known else "does not know these credentials"
        rights = "reading, listing, writing and deleting below this address"
        advice = f"Give them the right of {rights}." if known else "Correct them in the environment."
        super().__init__(place, problem, advice=advice)


class ClockSkewError(StoreError):
    """The clocks of this machine and of the bucket differ by more than a version's time may be wrong."""

    def __init__(self, place: str, *, seconds: float | None = None) -> None:
        by = "" if seconds is None else f" by {abs(seconds) / 60:.0f} minutes ({'ahead' if seconds > 0 else 'behind'})"
        problem = f"tells another time than the clock of this machine{by}"
        super().__init__(place, problem, advice="Set the clock (timedatectl set-ntp true), then retry.")
