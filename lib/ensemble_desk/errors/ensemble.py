"""Errors of members and forecasts."""

from collections.abc import Sequence

from ensemble_desk.errors.base import DeskError, listed


class NotTrainedError(DeskError, RuntimeError):
    """A forecast was asked of an ensemble without models; a RuntimeError too, which the guide's callers catch.

    ``why`` says what keeps the versions that there are from serving.
    """

    def __init__(self, key: object, why: str = "") -> None:
        symbol, _, timeframe = str(key).rpartition("/")
        self.key, self.why = key, why
        one = f"--symbol {symbol or key} --timeframe {timeframe or 'd1'}"
        told = f"has no version that can serve: {why.rstrip('.')}. See them with: desk registry list {one}"
        super().__init__(f"The ensemble for {key} {told if why else f'is not trained. Run: desk train {one}'}")


class AllMembersAbstainedError(DeskError):
    """No member could give a probability, so there is no forecast (and no NEUTRAL by default)."""

    def __init__(self, reasons: dict[str, str]) -> None:
        self.reasons = dict(reasons)
        told = "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items())
        super().__init__(f"Every member abstained, so there is no forecast ({told}). Provide more or cleaner data.")


class UnknownMemberError(DeskError):
    """A name stands for no member that this code can build."""

    def __init__(self, member: str, *, known: Sequence[str]) -> None:
        self.member = member
        super().__init__(f"{member!r} is not a member. Use one of {listed(known)}.")
