"""Recognising which columns of a table are the time, the prices and the volume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from ensemble_desk.errors import SeveralTickersError, UploadError
from ensemble_desk.market import bars, spellings
from ensemble_desk.market.spellings import ADJUSTED, CURRENCY, DAY, TICKER, TIME
from ensemble_desk.sources.upload.cells import texts, time_forms
from ensemble_desk.sources.upload.cells.table import Column, Typed, quoted

_CLOCK = r"(\d{1,2}:\d{2}.*|\d{1,6})"
_THREE = ("year", "month", "day")
_NAMELESS = ("Unnamed: ", "__index_level_")
_COUNT = "[0-9]{1,15}"
_MIDNIGHT = r"[ T]0?0:00(:00)?(\.0+)?$"


@dataclass(frozen=True, slots=True)
class Found:
    """Which column holds what.

    Attributes
    ----------
    fields : the column of each of our fields that is there: `TIME`, perhaps `DAY`, prices, volume, `ADJUSTED`.
    ticker : the column that says whose bar a row is.
    currency : the column that says in which money prices are.
    volumes : columns that stand in for the volume where the first one is 0 throughout, the first one first.
    in_parts : two columns that together are the volume.
    twins : further columns of the same name as a field's column; they must hold the same values.
    left_out : columns that are none of ours.
    in_three : the columns of year, month and day, where a date stands in three of them.
    notes : what was told by numbers or by a person instead of by names.
    """

    fields: Mapping[str, Column]
    ticker: Column | None
    twins: Mapping[str, tuple[Column, ...]]
    left_out: tuple[Column, ...]
    currency: Column | None = None
    volumes: tuple[Column, ...] = ()
    in_parts: tuple[Column, ...] = ()
    in_three: tuple[Column, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def numeric(self) -> tuple[str, ...]:
        return tuple(name for name in (*bars.COLUMNS, ADJUSTED) if name in self.fields)


def recognise(columns: Sequence[Column], sample: pd.DataFrame, mapped: Mapping[str, Column] | None = None) -> Found:
    """Tell the columns by their names; the first of our spellings wins, and what a person mapped goes before.

    When a ``date`` and a ``time`` column stand side by side and the latter holds clocks, the date is given as `DAY` and
    the clock as `TIME`. A unit in brackets, and a word that all four prices begin or end with, do not count.
    """
    said = mapped or {}
    own = _by_name(columns)
    if "t" in own and "time" not in own and not _hold_times(sample[own["t"][0].label]):
        del own["t"]
    fields, twins = {}, {}
    for ours, known in spellings.OF.items():
        if match := next((own[spelling] for spelling in known if spelling in own), None):
            fields[ours] = match[0]
            twins[ours] = tuple(match[1:])
    if TIME in fields and fields[TIME].name.startswith(_NAMELESS) and _are_counted(sample[fields[TIME].label]):
        del fields[TIME]
    three = TIME not in said and "date" not in own and all(name in own for name in _THREE)
    in_three = tuple(own[name][0] for name in _THREE) if three else ()
    clock = _clock_of(own, sample)
    days = [] if three else [own[name][0] for name in spellings.OF[TIME] if name in own and own[name][0] != clock]
    if days and clock is not None and not _are_clocks(sample[days[0].label]) | _tell_clocks(sample[days[0].label]):
        fields = {TIME: clock, DAY: days[0]} | {name: one for name, one in fields.items() if name != TIME}
    if in_three:
        fields[TIME] = in_three[-1] if clock is None else clock
    if TIME in said:
        fields.pop(DAY, None)
    fields |= said
    twins = {name: others for name, others in twins.items() if name not in said}
    ticker, currency = fields.pop(TICKER, None), fields.pop(CURRENCY, None)
    twins = {name: others for name, others in twins.items() if others and name in fields}
    ours_too = {column.label for column in (*fields.values(), *sum(twins.values(), ()))}
    rest = [column for column in columns if column.label not in ours_too and column != ticker]
    rest = [column for column in rest if column not in in_three]
    notes = tuple(f"{ours} is {column.shown}, as mapped" for ours, column in said.items())
    return Found(fields, ticker, twins, tuple(rest), currency, in_three=in_three, notes=notes)


def _by_name(columns: Sequence[Column]) -> dict[str, list[Column]]:
    """Columns by their plain names; those that only match without a unit or an affix come after."""
    own: dict[str, list[Column]] = {}
    for column in columns:
        share = "_percent" if "%" in column.name else ""
        own.setdefault(f"{spellings.plain(column.name)}{share}", []).append(column)
    known = {spelling for spelled in spellings.OF.values() for spelling in spelled}
    others: dict[str, list[Column]] = {}
    for column in columns:
        forms = (spellings.without_unit(column.name), spellings.without_price(column.name))
        bare = next((form for form in forms if form in known), "")
        if bare and spellings.plain(column.name) not in known and bare not in own:
            others.setdefault(bare, []).append(column)
    own |= {bare: held for bare, held in others.items() if len(held) == 1}
    return own | _without_affix(own)


def _without_affix(own: Mapping[str, list[Column]]) -> dict[str, list[Column]]:
    """``AAPL.Open`` to ``AAPL.Close``, or ``bid_o`` to ``bid_c``: the same word before or after all four prices."""
    if all(any(one in own for one in spellings.OF[price]) for price in bars.PRICES):
        return {}
    for name in own:
        for affix in _affixes(name):
            bare = {rest: held for one, held in own.items() if (rest := _parted(one, affix))}
            if all(any(one in bare for one in spellings.OF[price]) for price in bars.PRICES):
                return {rest: held for rest, held in bare.items() if rest not in own}
    return {}


def _affixes(name: str) -> tuple[tuple[str, str], ...]:
    before, _, last = name.rpartition("_")
    first, _, after = name.partition("_")
    found = []
    if last in spellings.OF["open"]:
        found.append((f"{before}_", ""))
    if first in spellings.OF["open"]:
        found.append(("", f"_{after}"))
    return tuple(found)


def _parted(name: str, affix: tuple[str, str]) -> str:
    start, end = affix
    return name[len(start) : len(name) - len(end)] if name.startswith(start) and name.endswith(end) else ""


def is_header(names: Sequence[str], mapped: Mapping[str, str] | None = None) -> bool:
    """Whether names are those of a price table, or hold all that a person mapped: a time and at least two prices."""
    few = 2
    if len(names) <= few:
        return False
    known = {
        form(name) for name in names for form in (spellings.plain, spellings.without_unit, spellings.without_price)
    }
    has = {field for field, spelled in spellings.OF.items() if not known.isdisjoint(spelled)}
    said = mapped or {}
    if said and all(not name or spellings.plain(name) in known for name in said.values()):
        has |= {field for field, name in said.items() if name}
    return TIME in has and len(has.intersection(bars.PRICES)) >= few


def of_ticker(columns: Sequence[Column], *, wanted: str | None, file_name: str) -> tuple[tuple[Column, ...], str]:
    """The columns of one ticker where a second line of names says whose each is, and that ticker."""
    tickers = list(dict.fromkeys(column.ticker for column in columns if column.ticker))
    if not tickers:
        return tuple(columns), ""
    chosen = choose(tickers, wanted=wanted, file_name=file_name)
    return tuple(column for column in columns if column.ticker in ("", chosen)), chosen


def choose(tickers: Sequence[str], *, wanted: str | None, file_name: str, can_join: bool = False) -> str:
    """The ticker that was asked for, or the only one; raises SeveralTickersError with the list of them.

    ``can_join`` tells that they follow one another, as the names of a renamed company do.
    """
    if wanted:
        match = next((ticker for ticker in tickers if ticker.casefold() == wanted.strip().casefold()), None)
        if match is None:
            raise SeveralTickersError(file_name, tickers, wanted=wanted)
        return match
    if len(tickers) > 1:
        raise SeveralTickersError(file_name, tickers, can_join=can_join)
    return tickers[0]


def check_twins(found: Found, frame: pd.DataFrame, *, file_name: str) -> None:
    """Raise UploadError when two columns of one name hold different values."""
    for name, others in found.twins.items():
        first = found.fields[name]
        if any(not frame[first.label].equals(frame[other.label]) for other in others):
            problem = f"column {quoted(first.shown)} occurs more than once with different values"
            raise UploadError(file_name, [f"{problem}. Keep the one that counts."])


def time_column(frame: pd.DataFrame, found: Found) -> pd.Series:
    """The column of times, a date and a clock in two columns put together."""
    column = frame[found.fields[TIME].label]
    if found.in_three:
        year, month, day = (frame[one.label].astype("str").str.strip() for one in found.in_three)
        written: pd.Series = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
        return written if found.fields[TIME] == found.in_three[-1] else written + " " + _clocks(column)
    if DAY not in found.fields:
        return column
    joined: pd.Series = _days(frame[found.fields[DAY].label]) + " " + _clocks(column)
    return joined


def plainly_typed(sample: pd.DataFrame, found: Found, *, iso: bool) -> Typed:
    """The columns of ours that hold times in ISO or whole numbers, as far as one sees, each in a column of its own."""
    typed: dict[str, Literal["time", "count"]] = {}
    for name, column in found.fields.items():
        cells = sample[column.label]
        if cells.dtype != "str" or name in found.twins or name == DAY:
            continue
        if name != TIME:
            typed |= {column.label: "count"} if texts.match(cells, _COUNT).all() else {}
        elif iso and DAY not in found.fields and not found.in_three and texts.iso(cells) is not None:
            typed[column.label] = "time"
    return typed


def _hold_times(column: pd.Series) -> bool:
    """Whether a column under a name as short as ``t`` holds times."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return True
    numbers = pd.to_numeric(column, errors="coerce").dropna()
    if len(numbers) * 2 > len(column) and not (numbers.is_monotonic_increasing or numbers.is_monotonic_decreasing):
        return False
    held = [cell for cell in column.astype("str").tolist() if cell.strip()]
    return bool(held) and sum(map(time_forms.looks_like_time, held)) * 2 > len(held)


def _clock_of(own: Mapping[str, list[Column]], sample: pd.DataFrame) -> Column | None:
    """The column of times of the day, which stands beside one of dates."""
    named = (own[name][0] for name in spellings.CLOCKS if name in own)
    return next((column for column in named if _are_clocks(sample[column.label])), None)


def _tell_clocks(column: pd.Series) -> bool:
    """Whether dates tell a time of the day themselves that is not midnight."""
    text = column.astype("str").str.strip()
    return bool((texts.contain(text, r"[0-9]:[0-9]{2}") & ~texts.contain(text, _MIDNIGHT)).any())


def _are_counted(column: pd.Series) -> bool:
    """Whether a column without a name only numbers the rows."""
    return bool(texts.match(column.astype("str"), "[0-9]{1,7}").all())


def _are_clocks(column: pd.Series) -> bool:
    return bool(texts.match(column.astype("str").str.strip(), _CLOCK).mean() > 1 / 2)


def _days(column: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        days: pd.Series = column.dt.strftime("%Y-%m-%d").astype("str")
        return days
    return texts.replace(column.astype("str").str.strip(), _MIDNIGHT, "")


def _clocks(column: pd.Series) -> pd.Series:
    """``93000`` and ``0930`` become ``09:30:00`` and ``09:30``; other clocks stay as they are."""
    text = column.astype("str").str.strip()
    bare = texts.match(text, "[0-9]{1,6}")
    if not bare.any():
        return text
    has_seconds = int(text[bare].str.len().max()) > len("0930")
    padded = text.str.zfill(len("093000" if has_seconds else "0930"))
    parted = padded.str.slice(0, 2) + ":" + padded.str.slice(2, 4)
    if has_seconds:
        parted = parted + ":" + padded.str.slice(4, 6)
    return text.where(~bare, parted)
