"""Errors of the database, of buckets and of sources of bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ensemble_desk.errors.base import DeskError, listed


class DatabaseError(DeskError):
    """The database cannot answer."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem = problem
        super().__init__(f"The database {problem}. Nothing changed. {advice}")


class SourceError(DeskError):
    """Bars could not be had from a source."""

    def __init__(self, source: str, problem: str) -> None:
        self.source = source
        super().__init__(f"Bars from {source}: {problem}")


class UploadError(DeskError):
    """An uploaded file cannot be understood; `problems` holds one sentence each."""

    def __init__(self, file_name: str, problems: Sequence[str]) -> None:
        self.file_name, self.problems = file_name, tuple(problems)
        super().__init__(f"{file_name}: {'; '.join(self.problems)}")


class SeveralTickersError(UploadError):
    """A file holds bars of several tickers and nobody said which to take; `tickers` lists them all.

    `can_join` tells that one follows the other, as the names of a renamed company do.
    """

    def __init__(self, file_name: str, tickers: Sequence[str], *, wanted: str = "", can_join: bool = False) -> None:
        self.tickers, self.wanted, self.can_join = tuple(tickers), wanted, can_join
        missing = f"there is no ticker {wanted!r} in it; " if wanted else ""
        has = f"it holds {len(self.tickers):,} tickers ({listed(self.tickers, most=12)})"
        join = " They follow one another: if they are one renamed symbol, join them (--join)." if can_join else ""
        super().__init__(file_name, [f"{missing}{has}. Choose one of them.{join}"])


@dataclass(frozen=True, slots=True)
class DateReading:
    """One way to read dates whose day and month could be swapped, and the span of time it gives."""

    day_first: bool
    first: date
    last: date


class AmbiguousDatesError(UploadError):
    """Day and month can be read either way; `readings` holds both, so that a person can be asked."""

    def __init__(self, file_name: str, *, example: str, readings: tuple[DateReading, DateReading]) -> None:
        self.example, self.readings = example, readings
        spans = [f"{'day' if one.day_first else 'month'} first: {one.first} to {one.last}" for one in readings]
        problem = f"its dates, such as {example}, can be read with day and month either way ({'; '.join(spans)})"
        super().__init__(file_name, [f"{problem}. Say which comes first, or write them as YYYY-MM-DD."])


class OtherTimeframeError(UploadError):
    """The bars are of another timeframe than asked for; `can_resample` tells whether they may be put together."""

    def __init__(
        self, file_name: str, *, step: str, found: str | None, wanted: str, title: str, can_resample: bool
    ) -> None:
        self.found, self.wanted, self.can_resample = found, wanted, can_resample
        choose = f", or choose {found}" if found else ""
        advice = f"Resample them up to {wanted}" if can_resample else f"Upload {wanted} bars or finer ones"
        super().__init__(file_name, [f"its bars are {step} apart; {wanted} is {title}. {advice}{choose}."])


class UnwritableFileError(DeskError):
    """A file could not be written."""

    def __init__(self, file_name: str, problem: str) -> None:
        self.file_name = file_name
        super().__init__(f"{file_name} cannot be written ({problem}). Choose another place, then retry.")


class StoreError(DeskError):
    """A bucket does not do what was asked of it, which says nothing of any file in it.

    `place` is its address, `problem` what it said.
    """

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
