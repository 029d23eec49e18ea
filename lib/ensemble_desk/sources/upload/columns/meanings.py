"""Recognising which columns of a table are the time, the prices and the volume."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ensemble_desk.errors import SeveralTickersError, UploadError
from ensemble_desk.market import bars, spellings
from ensemble_desk.market.spellings import ADJUSTED, DAY, TICKER, TIME
from ensemble_desk.sources.upload.cells import texts
from ensemble_desk.sources.upload.cells.table import Column, quoted

_CLOCK = r"(\d{1,2}:\d{2}.*|\d{1,6})"
_NAMELESS = ("Unnamed: ", "__index_level_")
_MIDNIGHT = r"[ T]0?0:00(:00)?(\.0+)?$"


@dataclass(frozen=True, slots=True)
class Found:
    """Which column holds what.

    Attributes
    ----------
    fields : the column of each of our fields that is there: `TIME`, perhaps `DAY`, prices, volume, `ADJUSTED`.
    ticker : the column that says whose bar a row is.
    twins : further columns of the same name as a field's column; they must hold the same values.
    left_out : columns that are none of ours.
    """

    fields: Mapping[str, Column]
    ticker: Column | None
    twins: Mapping[str, tuple[Column, ...]]
    left_out: tuple[Column, ...]

    @property
    def numeric(self) -> tuple[str, ...]:
        return tuple(name for name in (*bars.COLUMNS, ADJUSTED) if name in self.fields)


def recognise(columns: Sequence[Column], sample: pd.DataFrame) -> Found:
    """Tell the columns by their names; the first of our spellings wins.

    When a ``date`` and a ``time`` column stand side by side and the latter holds clocks, the date is given as `DAY` and
    the clock as `TIME`.
    """
    own: dict[str, list[Column]] = {}
    for column in columns:
        own.setdefault(spellings.plain(column.name), []).append(column)
    fields, twins = {}, {}
    for ours, known in spellings.OF.items():
        if match := next((own[spelling] for spelling in known if spelling in own), None):
            fields[ours] = match[0]
            twins[ours] = tuple(match[1:])
    if "volume" not in fields and (unit := _unit_of_volume(own, fields.get(TICKER), sample)):
        fields["volume"] = unit
    if TIME in fields and fields[TIME].name.startswith(_NAMELESS) and _are_counted(sample[fields[TIME].label]):
        del fields[TIME]
    if "date" in own and "time" in own and _are_clocks(sample[own["time"][0].label]):
        fields = {TIME: fields[TIME], DAY: own["date"][0]} | fields
    ticker = fields.pop(TICKER, None)
    twins = {name: others for name, others in twins.items() if others and name in fields}
    ours_too = {column.label for column in (*fields.values(), *sum(twins.values(), ()))}
    rest = [column for column in columns if column.label not in ours_too and column != ticker]
    return Found(fields, ticker, twins, tuple(rest))


def is_header(names: Sequence[str]) -> bool:
    """Whether names are those of a price table: a time and at least two prices."""
    known = {spellings.plain(name) for name in names}
    has = {field for field, spelled in spellings.OF.items() if not known.isdisjoint(spelled)}
    few = 2
    return TIME in has and len(has.intersection(bars.PRICES)) >= few


def of_ticker(columns: Sequence[Column], *, wanted: str | None, file_name: str) -> tuple[tuple[Column, ...], str]:
    """The columns of one ticker where a second line of names says whose each is, and that ticker."""
    tickers = list(dict.fromkeys(column.ticker for column in columns if column.ticker))
    if not tickers:
        return tuple(columns), ""
    chosen = choose(tickers, wanted=wanted, file_name=file_name)
    return tuple(column for column in columns if column.ticker in ("", chosen)), chosen


def choose(tickers: Sequence[str], *, wanted: str | None, file_name: str) -> str:
    """The ticker that was asked for, or the only one; raises SeveralTickersError with the list of them."""
    if wanted:
        match = next((ticker for ticker in tickers if ticker.casefold() == wanted.strip().casefold()), None)
        if match is None:
            raise SeveralTickersError(file_name, tickers, wanted=wanted)
        return match
    if len(tickers) > 1:
        raise SeveralTickersError(file_name, tickers)
    return tickers[0]


def require(found: Found, columns: Sequence[Column], *, file_name: str) -> None:
    """Raise UploadError when the time or a price has no column; a volume may be missing altogether."""
    missing = [name for name in (TIME, *bars.COLUMNS) if name not in found.fields]
    if missing and missing != ["volume"]:
        has = ", ".join(quoted(column.shown) for column in columns[:12])
        raise UploadError(file_name, [f"there is no column for {', '.join(missing)}; it has {has}."])
    units = [column for column in found.left_out if _names_unit(spellings.plain(column.name))]
    if missing and units:
        both = " and ".join(quoted(column.shown) for column in units)
        raise UploadError(file_name, [f"columns {both} could each be the volume. Name the right one 'Volume'."])


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
    if DAY not in found.fields:
        return column
    joined: pd.Series = _days(frame[found.fields[DAY].label]) + " " + _clocks(column)
    return joined


def _unit_of_volume(own: Mapping[str, Sequence[Column]], ticker: Column | None, sample: pd.DataFrame) -> Column | None:
    """The one volume with a unit, such as ``Volume BTC``; of two the one in what is traded, not in what is paid."""
    units = {name.removeprefix(spellings.UNIT_OF_VOLUME): held[0] for name, held in own.items() if _names_unit(name)}
    if len(units) > 1 and ticker is not None:
        pair = spellings.plain(sample[ticker.label].iloc[0])
        units = {unit: column for unit, column in units.items() if pair.startswith(unit)}
    return next(iter(units.values())) if len(units) == 1 else None


def _names_unit(name: str) -> bool:
    return name.startswith(spellings.UNIT_OF_VOLUME)


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
