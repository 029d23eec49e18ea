"""What a benchmark found: one row with ours, the reference, the figure, the target, and whether it was reached."""

from dataclasses import dataclass
from typing import Literal

from benchmarks.timing import Sample

ANEW = "each time after a write to the database"

Bound = Literal["at least", "at most"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what, reference : what was measured, and against what; ``reference`` is empty for a time on its own.
    figure, unit : the measured figure, a ratio (``×``), a time (``ms``, ``s``) or a share (``%``).
    bound, target : what the figure must reach; ``target`` None for a row that only informs.
    ours, theirs : the times behind the figure.
    same : how both sides were shown to give the same result.
    reason : what the row itself can say about a target that was not reached.
    subject : the name it is asked for by.
    """

    what: str
    reference: str
    figure: float
    unit: str
    bound: Bound
    target: float | None
    ours: Sample | None = None
    theirs: Sample | None = None
    same: str = ""
    reason: str = ""
    subject: str = ""

    @property
    def reached(self) -> bool | None:
        if self.target is None:
            return None
        return self.figure >= self.target if self.bound == "at least" else self.figure <= self.target


def faster(what: str, reference: str, ours: Sample, theirs: Sample, *, target: float | None, same: str) -> Row:
    """How many times as long the reference takes."""
    return Row(what, reference, theirs.median / ours.median, "×", "at least", target, ours, theirs, same)


def no_slower(what: str, reference: str, ours: Sample, theirs: Sample, *, target: float | None, same: str) -> Row:
    """How many times as long as the reference ours takes."""
    return Row(what, reference, ours.median / theirs.median, "×", "at most", target, ours, theirs, same)


def within(what: str, ours: Sample, *, target: float | None, figure: float | None = None) -> Row:
    """A time on its own in seconds: the median, or another ``figure`` of the sample."""
    value = ours.median if figure is None else figure
    return Row(what, "", value * 1_000, "ms", "at most", None if target is None else target * 1_000, ours)


def duration(seconds: float) -> str:
    """Seconds in the unit that people would use."""
    for least, factor, unit in ((1.0, 1.0, "s"), (1e-3, 1e3, "ms"), (0.0, 1e6, "µs")):
        if seconds >= least:
            return f"{seconds * factor:.3g} {unit}"
    raise AssertionError


def sampled(sample: Sample | None) -> str:
    """Median, spread and number of samples."""
    if sample is None:
        return ""
    low, high = sample.spread
    return f"{duration(sample.median)} [{duration(low)}–{duration(high)}], n {len(sample.seconds)}"


def figure(row: Row) -> str:
    return _number(row.figure, row.unit)


def target(row: Row) -> str:
    if row.target is None:
        return "–"
    return f"{'≥' if row.bound == 'at least' else '≤'} {_number(row.target, row.unit)}"


def verdict(row: Row) -> str:
    return {True: "reached", False: "NOT reached", None: "for information"}[row.reached]


def _number(value: float, unit: str) -> str:
    digits = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{digits} {unit}"
