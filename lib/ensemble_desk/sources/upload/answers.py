"""What a person said about an upload that leaves questions open."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

Keep = Literal["", "first", "last"]
Decimal = Literal["", "point", "comma"]


_OF_THE_SHAPE = (
    *("day_first", "time_zone", "shift_days", "time_format", "stamped_end", "week"),
    *("decimal", "price_scale", "columns", "mapping", "skip_lines"),
)


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers so far; what nobody said is left as it is here.

    Attributes
    ----------
    ticker : which of several tickers in the file to take.
    join : take the rows of all tickers as one, for a company that was renamed.
    day_first : whether dates such as 03/04/2024 begin with the day.
    time_zone : of times that carry none, and of daily bars that are written as moments.
    shift_days : by how many days the dates of daily bars are moved; None while nobody was asked.
    time_format : how times are written, in the letters of `datetime.strptime`.
    stamped_end : whether intraday bars carry the time they end.
    week : whether weekly bars carry the day their week begins or ends; empty to tell by the days.
    decimal : which mark parts decimals; empty to tell by the numbers.
    price_scale : what prices are to be divided by; None while nobody was asked.
    columns : names of the columns in order, for a file without any.
    mapping : pairs of a field of ours and the name of its column; an empty name stands for none.
    skip_lines : how many lines at the top are passed over; None to tell by looking.
    resample : put finer bars together to those of the key instead of refusing them.
    leave_out : go on without rows that are no bar or give one once more.
    keep : which row of several with one time and different numbers counts.
    sort : put the rows in order of their times.
    adjust_splits : adjust older prices for splits that the prices show.
    rescale : bring prices that are a hundred times the others, or a hundredth of them, to the scale of the most.
    """

    ticker: str | None = None
    join: bool = False
    day_first: bool | None = None
    time_zone: str | None = None
    shift_days: int | None = None
    time_format: str = ""
    stamped_end: bool = False
    week: Literal["", "begins", "ends"] = ""
    decimal: Decimal = ""
    price_scale: float | None = None
    columns: tuple[str, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()
    skip_lines: int | None = None
    resample: bool = False
    leave_out: bool = False
    keep: Keep = ""
    sort: bool = False
    adjust_splits: bool = False
    rescale: bool = False

    def beneath(self, said: "Answers") -> "Answers":
        """These answers wherever ``said`` has none."""
        return of({**self.said(), **said.said()})

    def of_the_shape(self) -> "Answers":
        """Only what holds for every file of one kind, not for this one alone."""
        return of({name: value for name, value in self.said().items() if name in _OF_THE_SHAPE})

    @property
    def mapped(self) -> Mapping[str, str]:
        return dict(self.mapping)

    def said(self) -> dict[str, Any]:
        """Only what was said, as JSON holds it."""
        held = ((field, getattr(self, field.name)) for field in fields(self))
        return {field.name: value for field, value in held if value != field.default}


def of(said: Mapping[str, Any]) -> Answers:
    """Read what `Answers.said` gave; what this release does not know is passed over."""
    known = {field.name for field in fields(Answers)}
    held = {name: value for name, value in said.items() if name in known}
    if "mapping" in held:
        held["mapping"] = tuple((str(ours), str(theirs)) for ours, theirs in held["mapping"])
    if "columns" in held:
        held["columns"] = tuple(map(str, held["columns"]))
    return Answers(**held)
