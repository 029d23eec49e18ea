"""Collecting the numbers and times of a table part by part, and leaving out rows that are no bars."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import UploadError
from ensemble_desk.market import bars
from ensemble_desk.market.spellings import DAY, TIME
from ensemble_desk.sources.upload.cells import numerals
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.numerals import Style
from ensemble_desk.sources.upload.cells.stacks import Stack
from ensemble_desk.sources.upload.cells.table import Table, Typed, quoted
from ensemble_desk.sources.upload.columns import meanings as columns
from ensemble_desk.sources.upload.columns import volumes
from ensemble_desk.sources.upload.columns.meanings import Found
from ensemble_desk.sources.upload.recognition import PLACES_SHOWN, Dropped

_NO_PRICES = "no prices"
_PAYOUT = "a dividend or a split, no bar"
_OTHER_TICKER = "another ticker"
_HEADER = "the column names once more"
_PAYOUT_WORDS = re.compile(r"\b(?:dividend|split|distribution)s?\b", re.IGNORECASE)
_MOST_TICKERS = 100_000
_MOST_NAMES = 4  # of one company in one file

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The rows that should be bars.

    Attributes
    ----------
    times : one cell each, as it stands in the file, shape (n,).
    cells : the numbers, float64; a blank cell is NaN, shape (n, 5 or 6).
    wrong : where a cell holds something that is no number, same shape.
    texts : what stands in the first of those, by row and column name.
    places : line or row of the file, shape (n,).
    unit : what the places count.
    dropped : rows left out, by reason.
    ticker : whose bars they are according to the file.
    has_volume : whether the file holds a volume at all; else it is 0 throughout.
    notes : how the numbers are written, and which column the volume is.
    currencies : in which money prices are, as far as the file says.
    renamed : tickers of one company that follow one another, oldest first.
    """

    times: pd.Series
    cells: pd.DataFrame
    wrong: Flags
    texts: Mapping[tuple[int, str], str]
    places: NDArray[np.int64]
    unit: str
    dropped: tuple[Dropped, ...]
    ticker: str
    has_volume: bool
    notes: tuple[str, ...]
    currencies: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()

    def place(self, row: int) -> str:
        return f"{self.unit} {self.places[row]}"

    def without(self, leave_out: Flags, reason: str) -> "Gathered":
        """The other rows; those left out are counted among the dropped ones."""
        gone = np.flatnonzero(leave_out).tolist()
        if not gone:
            return self
        keep = ~leave_out
        at = {row: number for number, row in enumerate(np.flatnonzero(keep).tolist())} if self.texts else {}
        return replace(
            self,
            times=self.times[keep],
            cells=self.cells[keep],
            wrong=self.wrong[keep],
            texts={(at[row], name): text for (row, name), text in self.texts.items() if row in at},
            places=self.places[keep],
            dropped=(*self.dropped, Dropped(reason, len(gone), tuple(map(self.place, gone[:PLACES_SHOWN])))),
        )


def gather(
    table: Table, found: Found, *, written: Style, ticker: str | None, join: bool = False, iso: bool = True
) -> Gathered:
    """Read the recognised columns of every row; ``iso`` allows to read times as ISO writes them on the way.

    Raises
    ------
    UploadError
        When there are too many rows, none holds a price, or two columns of one name differ.
    SeveralTickersError
        When the rows are of several tickers and ``ticker`` names none of them. ``join`` takes them as one.
    """

    def taken(typed: Typed) -> _Gathering:
        work = _Gathering(table, found, written, ticker.strip() if ticker else "", join)
        for chunk in table.chunks(typed=typed):
            work.take(chunk)
        return work

    typed = columns.plainly_typed(table.sample, found, iso=iso)
    work = taken(typed)
    if typed and len({part.dtype for part in work.times}) > 1:  # some are written in another way: then all are texts
        work = taken({})
    return work.result()


def _blank(values: NDArray[np.float64], wrong: Flags) -> Flags:
    """Rows without any price."""
    missing: Flags = np.isnan(values[3])
    return missing & (np.isnan(values) & ~wrong)[:4].all(axis=0) if missing.any() else missing


@dataclass(slots=True, eq=False)
class _Gathering:
    table: Table
    found: Found
    written: Style
    wanted: str
    join: bool
    runs: list[str] = field(default_factory=list)
    currencies: dict[str, None] = field(default_factory=dict)
    stand_ins: list[NDArray[np.float64]] = field(default_factory=list)
    tickers: dict[str, None] = field(default_factory=dict)
    times: list[pd.Series] = field(default_factory=list)
    values: Stack[np.float64] = field(default_factory=Stack)
    wrong: list[tuple[int, Flags]] = field(default_factory=list)
    places: Stack[np.int64] = field(default_factory=Stack)
    texts: dict[tuple[int, str], str] = field(default_factory=dict)
    dropped: dict[str, Dropped] = field(default_factory=dict)
    n_rows: int = 0
    n_seen: int = 0

    def take(self, chunk: pd.DataFrame) -> None:
        self.n_seen += len(chunk)
        columns.check_twins(self.found, chunk, file_name=self.table.file_name)
        chunk = self._without(chunk, self._repeated_names(chunk), _HEADER)
        chunk = self._of_ticker(chunk)
        if chunk.empty or (len(self.tickers) > 1 and not self.wanted and not self.join):
            return
        self._take_currency(chunk)
        values, wrong = self._numbers(chunk)
        payout = self._payouts(chunk, values, wrong)
        blank = _blank(values, wrong)
        self._drop(chunk, payout, _PAYOUT)
        self._drop(chunk, blank, _NO_PRICES)
        left_out = payout | blank
        if left_out.any():
            chunk, values, wrong = chunk[~left_out], values[:, ~left_out], wrong[:, ~left_out]
        self._take_stand_ins(chunk)
        if wrong.any():
            self._remember_texts(chunk, wrong.T)
            self.wrong.append((self.n_rows, wrong.T))
        self.times.append(columns.time_column(chunk, self.found))
        self.values.add(values)
        self.places.add(chunk.index.to_numpy(np.int64))
        self.n_rows += len(chunk)

    def result(self) -> Gathered:
        name = self.table.file_name
        ticker = self._ticker()
        if not self.n_rows:
            raise UploadError(name, [f"none of its {self.n_seen:,} rows holds a price. Export the table again."])
        numbers = pd.DataFrame(self.values.whole().T, columns=list(self._names()), copy=False)
        wrong = np.zeros(numbers.shape, np.bool_)
        for start, flags in self.wrong:
            wrong[start : start + len(flags)] = flags
        volume = self._names().index("volume")
        has_volume = bool(numbers["volume"].notna().any() or wrong[:, volume].any())
        said = self._decided_volume(numbers, wrong, volume)
        if not has_volume:
            numbers["volume"] = 0.0
        return Gathered(
            times=cells.joined(self.times),
            cells=numbers,
            wrong=wrong,
            texts=self.texts,
            places=self.places.whole(),
            unit=self.table.unit,
            dropped=tuple(self.dropped.values()),
            ticker=ticker,
            has_volume=has_volume,
            notes=(*self.written.said, *self.found.notes, *said),
            currencies=tuple(self.currencies),
            renamed=tuple(self.runs) if self.join else (),
        )

    def _ticker(self) -> str:
        if not self.tickers:
            return ""
        if self.join and not self.wanted:
            return self.runs[-1]
        follow = len(self.runs) == len(self.tickers) and len(self.runs) <= _MOST_NAMES
        return columns.choose(tuple(self.tickers), wanted=self.wanted, file_name=self.table.file_name, can_join=follow)

    def _decided_volume(self, numbers: pd.DataFrame, wrong: Flags, at: int) -> tuple[str, ...]:
        """Put the column in that stands in for a volume of nothing, count it in pieces, and say so."""
        chosen, note = self.found.fields.get("volume"), ""
        if self.found.volumes and not wrong[:, at].any():
            others = np.concatenate(self.stand_ins) if self.stand_ins else np.empty((len(numbers), 0))
            held = [(self.found.volumes[0], numbers["volume"].to_numpy(np.float64))]
            held += [(column, others[:, i]) for i, column in enumerate(self.found.volumes[1:])]
            number, note = volumes.decided(held)
            chosen = held[number][0]
            if number:
                numbers["volume"] = held[number][1]
        times = "" if chosen is None else volumes.count_in_pieces(numbers, chosen, self.table.sample)
        return tuple(filter(None, (note, times)))

    def _take_stand_ins(self, chunk: pd.DataFrame) -> None:
        others = self.found.volumes[1:]
        if others:
            read = [numerals.read(chunk[one.label], written=self.written, short=True)[0] for one in others]
            self.stand_ins.append(np.column_stack(read))

    def _take_currency(self, chunk: pd.DataFrame) -> None:
        if self.found.currency is not None:
            held = chunk[self.found.currency.label].astype("str").str.strip().unique().tolist()
            self.currencies |= dict.fromkeys(one for one in held if one)

    def _names(self) -> tuple[str, ...]:
        return tuple(name for name in (*bars.COLUMNS, "adj_close") if name in self.found.fields or name == "volume")

    def _numbers(self, chunk: pd.DataFrame) -> tuple[NDArray[np.float64], Flags]:
        values = np.full((len(self._names()), len(chunk)), np.nan)
        wrong = np.zeros(values.shape, np.bool_)
        for i, name in enumerate(self._names()):
            if name in self.found.fields:
                column = chunk[self.found.fields[name].label]
                values[i], wrong[i] = numerals.read(column, written=self.written, short=name == "volume")
        if self.found.in_parts:
            parts = [numerals.read(chunk[one.label], written=self.written) for one in self.found.in_parts]
            at = self._names().index("volume")
            values[at] = np.sum([np.nan_to_num(read) for read, _ in parts], axis=0)
            wrong[at] = np.any([flags for _, flags in parts], axis=0)
        return values, wrong

    def _repeated_names(self, chunk: pd.DataFrame) -> Flags:
        """Rows that say the column names again, as files put together from several have them."""
        column = self.found.fields.get(DAY, self.found.fields[TIME])
        if chunk[column.label].dtype != "str":
            return np.zeros(len(chunk), np.bool_)
        return (chunk[column.label] == column.name).to_numpy(np.bool_)

    def _of_ticker(self, chunk: pd.DataFrame) -> pd.DataFrame:
        if self.found.ticker is None:
            return chunk
        owners = chunk[self.found.ticker.label].astype("str").str.strip()
        if len(self.tickers) < _MOST_TICKERS:
            priced = owners[chunk[self.found.fields["close"].label].astype("str").str.strip() != ""]
            self.tickers |= dict.fromkeys(owner for owner in priced.unique().tolist() if owner)
            self._take_runs(priced)
        if not self.wanted or self.join:
            return chunk
        others = (owners.str.casefold() != self.wanted.casefold()).to_numpy(np.bool_)
        return self._without(chunk, others, _OTHER_TICKER)

    def _take_runs(self, owners: pd.Series) -> None:
        """The tickers in the order of their rows, once for every stretch of rows."""
        if len(self.runs) <= _MOST_NAMES:
            changes = owners[(owners != owners.shift()) & (owners != "")].tolist()[: _MOST_NAMES + 2]
            self.runs += changes[1:] if self.runs and changes and changes[0] == self.runs[-1] else changes

    def _payouts(self, chunk: pd.DataFrame, values: NDArray[np.float64], wrong: Flags) -> Flags:
        """Rows of a page's table that tell of a dividend or split where the prices of a bar would stand."""
        if not wrong.any():
            return np.zeros(len(chunk), np.bool_)
        suspects: Flags = np.asarray(wrong[:4].any(axis=0) & np.isnan(values[:4]).all(axis=0))
        if suspects.any():
            texts = [" ".join(map(str, row)) for row in chunk[suspects].itertuples(index=False)]
            suspects[suspects] = [_PAYOUT_WORDS.search(text) is not None for text in texts]
        return suspects

    def _without(self, chunk: pd.DataFrame, leave_out: Flags, reason: str) -> pd.DataFrame:
        self._drop(chunk, leave_out, reason)
        return chunk[~leave_out] if leave_out.any() else chunk

    def _drop(self, chunk: pd.DataFrame, leave_out: Flags, reason: str) -> None:
        count = int(leave_out.sum())
        if count:
            known = self.dropped.get(reason, Dropped(reason, 0, ()))
            room = PLACES_SHOWN - len(known.places)
            places = [f"{self.table.unit} {place}" for place in chunk.index[leave_out][:room]]
            self.dropped[reason] = Dropped(reason, known.count + count, (*known.places, *places))

    def _remember_texts(self, chunk: pd.DataFrame, wrong: Flags) -> None:
        room = bars.MOST_PROBLEMS * wrong.shape[1] - len(self.texts)
        for row, i in np.argwhere(wrong)[: max(room, 0)].tolist():
            name = self._names()[i]
            column = self.found.fields.get(name, self.found.in_parts[0] if self.found.in_parts else None)
            if column is not None:
                self.texts[self.n_rows + row, name] = quoted(chunk[column.label].iloc[row])
