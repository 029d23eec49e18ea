"""What was recognised in an upload, as values that a page can show."""

from dataclasses import dataclass

from ensemble_desk.market.bars import Bars

PLACES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class ColumnUse:
    """A column of theirs and the field of ours that it became; `ours` is empty for one that was left out."""

    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Rows that are no bars: why, how many, and where the first of them stand (``line 7``)."""

    reason: str
    count: int
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was recognised."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that does not look right.

    Attributes
    ----------
    what : the sentence.
    days : the dates of the bars it is about, the first of them.
    answer : the field of `Answers` that mends it, empty when there is none; ``value`` is what it takes.
    offer : what that does, in words; ``option`` is how the command line says it.
    """

    what: str
    days: tuple[str, ...] = ()
    answer: str = ""
    value: object = None
    offer: str = ""
    option: str = ""

    @property
    def told(self) -> str:
        """The sentence with its dates."""
        days = f" ({', '.join(self.days)})" if self.days else ""
        return f"{self.what}{days}."

    @property
    def said(self) -> str:
        """The same with what to do on the command line."""
        return f"{self.told} {self.offer} ({self.option})." if self.offer else self.told


@dataclass(frozen=True, slots=True, eq=False)
class Recognised:
    """Checked bars, and what was understood on the way.

    Attributes
    ----------
    bars : the bars, as every source gives them.
    notes : one phrase for each thing that was recognised or put right.
    columns : what each column of the file became, the used ones first.
    dropped : rows left out, by reason.
    ticker : whose bars they are according to the file; empty when it does not say.
    timeframe : what the spacing of the file's bars is, None when it is none of ours or there are too few to tell.
    step : that spacing in words, empty when there are too few bars to tell.
    time_zone : how the times were read.
    prices : whether they are adjusted for splits and dividends, as far as the file tells.
    warnings : what does not look right in these bars.
    """

    bars: Bars
    notes: tuple[str, ...]
    columns: tuple[ColumnUse, ...]
    dropped: tuple[Dropped, ...]
    ticker: str
    timeframe: str | None
    step: str
    time_zone: str
    prices: str
    warnings: tuple[Warned, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """The whole of it as a table of two columns; first what is not in the bars."""
        spacing = f"{self.timeframe or 'other'} (bars are {self.step} apart)" if self.step else "too few bars to tell"
        left_out = [use.theirs for use in self.columns if not use.ours]
        return (
            *(Fact("warning", warned.said) for warned in self.warnings),
            *(Fact("rows left out", self._said(dropped)) for dropped in self.dropped),
            *(Fact(use.ours, use.theirs) for use in self.columns if use.ours),
            *((Fact("columns left out", ", ".join(left_out)),) if left_out else ()),
            *((Fact("ticker in the file", self.ticker),) if self.ticker else ()),
            Fact("time zone", self.time_zone),
            Fact("timeframe", spacing),
            Fact("prices", self.prices),
            Fact("bars", f"{len(self.bars):,}, {self.bars.first:%Y-%m-%d} to {self.bars.last:%Y-%m-%d}"),
            *(Fact("note", note) for note in self.notes),
        )

    @staticmethod
    def _said(dropped: Dropped) -> str:
        rest = dropped.count - len(dropped.places)
        more = f" and {rest:,} more" if rest > 0 else ""
        return f"{dropped.count:,}: {dropped.reason} ({', '.join(dropped.places)}{more})"
