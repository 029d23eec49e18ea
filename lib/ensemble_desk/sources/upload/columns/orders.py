"""Which column is which in a file without names, told by its numbers: highs above, lows below, closes before opens."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import Choice, Guess, UnknownColumnsError, UploadQuestionError
from ensemble_desk.market.spellings import DAY, TIME
from ensemble_desk.sources.upload.cells import numerals, time_forms, times
from ensemble_desk.sources.upload.cells.numerals import Style
from ensemble_desk.sources.upload.cells.table import Column, Table
from ensemble_desk.sources.upload.columns import likeness
from ensemble_desk.sources.upload.columns.meanings import Found

_FEWEST = 4
_MOST_NUMERIC = 12
_SHARE = 0.99  # of the rows in which a high is highest
_SAME_SIZE = 2.0  # prices of one bar are of one size
_CLEARLY = 0.85  # closes lie so much nearer to the next opens than any other pair
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):?[0-5]\d(?::?[0-5]\d(?:\.\d+)?)?|0")
_ROWS_SHOWN = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Numbers:
    """The numeric columns of a sample, shape (n, k), and which columns they are."""

    columns: tuple[Column, ...]
    table: Floats


def holds_values(row: Sequence[str]) -> bool:
    """Whether a row holds a time and numbers rather than names."""
    return holds_numbers(row) and any(time_forms.looks_like_time(cell.strip()) for cell in row)


def holds_numbers(row: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in row if cell.strip()]
    numbers = sum(numerals.is_number(cell) for cell in cells)
    return numbers >= _FEWEST and numbers >= len(cells) - 3


def tell(table: Table, *, written: Style) -> Found:
    """Derive the order of the columns.

    Raises
    ------
    UploadQuestionError
        When two orders are possible.
    UnknownColumnsError
        When the numbers do not tell.
    """
    sample, columns = table.sample, table.columns
    when = _times(sample, columns)
    others = [column for column in columns if column not in when]
    numbers = _numeric(sample, others, written)
    orders = _prices(numbers, newest_first=_runs_down(sample, when))
    if not when or not orders:
        raise unknown(table, missing=("time", "open", "high", "low", "close"), guesses=(), has_names=False)
    order = _chosen(orders, table, when, numbers)
    prices = {name: numbers.columns[at] for name, at in order.items()}
    rest = [column for column in numbers.columns if column not in prices.values()]
    volume = _volume(table, rest, numbers, when=when, prices=prices)
    fields = _dated(when) | prices | ({} if volume is None else {"volume": volume})
    left_out = tuple(column for column in columns if column not in fields.values())
    said = ", ".join(f"{name} {column.name.removeprefix('column ')}" for name, column in fields.items())
    volumes = () if volume is None else (volume,)
    return Found(fields, None, {}, left_out, volumes=volumes, notes=(f"no column names: by the numbers, {said}",))


def guessed(table: Table, found: Found, *, written: Style) -> tuple[Guess, ...]:
    """The best guess for every field, by name where that is known, else by the numbers."""
    sample = table.sample
    rest = [column for column in table.columns if column not in found.fields.values()]
    guesses = {name: Guess(name, column.name, "by its name") for name, column in found.fields.items()}
    when = () if TIME in found.fields else _times(sample, rest)
    if when:
        guesses[TIME] = Guess(TIME, when[0].name, "it holds dates")
    numbers = _numeric(sample, [column for column in rest if column not in when], written)
    known = {name: column for name, column in found.fields.items() if name in ("open", "high", "low", "close")}
    if not known:
        orders = _prices(numbers, newest_first=_runs_down(sample, when))
        for name, at in (orders[0] if orders else {}).items():
            why = {"high": "it is the highest of the row", "low": "it is the lowest of the row"}
            guesses[name] = Guess(name, numbers.columns[at].name, why.get(name, "closes are near the next opens"))
    else:
        guesses |= _beside(numbers, known, sample, written)
    taken = {guess.column for guess in guesses.values()}
    large = [column for column in numbers.columns if column.name not in taken]
    if "volume" not in guesses and large:
        sizes = {column: float(np.nanmedian(numbers.table[:, numbers.columns.index(column)])) for column in large}
        best = max(large, key=lambda column: sizes[column])
        guesses["volume"] = Guess("volume", best.name, "it holds the largest numbers")
    return tuple(guesses.values())


def unknown(table: Table, *, missing: Sequence[str], guesses: Sequence[Guess], has_names: bool) -> UnknownColumnsError:
    """The error that asks which column is which, with the first rows."""
    shown = [column.label for column in table.columns]
    rows = [
        tuple(str(cell)[:40] for cell in row) for row in table.sample[shown].head(_ROWS_SHOWN).itertuples(index=False)
    ]
    names = [column.shown for column in table.columns]
    return UnknownColumnsError(
        table.file_name, missing=missing, columns=names, rows=rows, guesses=guesses, has_names=has_names
    )


def _times(sample: pd.DataFrame, columns: Sequence[Column]) -> tuple[Column, ...]:
    """The column of times, and the clock beside it where the first holds only days."""
    for at, column in enumerate(columns):
        cells = _cells(sample, column)
        if not cells or np.mean([time_forms.looks_like_time(cell) for cell in cells]) < _SHARE:
            continue
        after = columns[at + 1] if at + 1 < len(columns) else None
        has_clock = any(":" in cell or " " in cell for cell in cells)
        if after is not None and not has_clock and _are_clocks(_cells(sample, after)):
            return (column, after)
        return (column,)
    return ()


def _cells(sample: pd.DataFrame, column: Column) -> list[str]:
    return [cell for cell in sample[column.label].astype("str").str.strip().tolist() if cell]


def _are_clocks(cells: Sequence[str]) -> bool:
    if not cells or not all(map(_CLOCK.fullmatch, cells)):
        return False
    return (
        any(":" in cell for cell in cells)
        or len({len(cell) for cell in cells} - {3, 4, 5, 6}) == 0
        or set(cells) == {"0"}
    )


def _dated(when: Sequence[Column]) -> dict[str, Column]:
    both = 2
    return {DAY: when[0], TIME: when[1]} if len(when) == both else {TIME: when[0]}


def _runs_down(sample: pd.DataFrame, when: Sequence[Column]) -> bool:
    if not when:
        return False
    read = times.parse(sample[when[0].label]).utc
    known = read.dropna() if pd.api.types.is_datetime64_any_dtype(read.dtype) else pd.Series(dtype="datetime64[us]")
    return len(known) > 1 and bool(known.iloc[0] > known.iloc[-1])


def _numeric(sample: pd.DataFrame, columns: Sequence[Column], written: Style) -> _Numbers:
    held, values = [], []
    for column in columns:
        read, wrong = numerals.read(sample[column.label], written=written, short=True)
        if not wrong.any() and np.isfinite(read).mean() > _SHARE:
            held.append(column)
            values.append(read)
    few = held[:_MOST_NUMERIC]
    return _Numbers(tuple(few), np.column_stack(values[: len(few)]) if few else np.empty((len(sample), 0)))


def _prices(numbers: _Numbers, *, newest_first: bool) -> list[dict[str, int]]:
    """The orders of prices that fit, the best first; further ones only where they are nearly as good."""
    values = numbers.table[np.isfinite(numbers.table).all(axis=1)]
    values = values[::-1] if newest_first else values
    if not len(values):
        return []
    found, apart = {}, set()
    for four in itertools.combinations(range(values.shape[1]), 4):
        part = values[:, four]
        if (part <= 0).any() or np.median(part.max(axis=1) - _SAME_SIZE * part.min(axis=1)) > 0:
            continue
        tops = [at for at in four if np.mean(values[:, at] >= part.max(axis=1) - 1e-12) >= _SHARE]
        bottoms = [at for at in four if np.mean(values[:, at] <= part.min(axis=1) + 1e-12) >= _SHARE]
        for high, low in itertools.product(tops, bottoms):
            rest = [at for at in four if at not in (high, low)]
            for opened, closed in itertools.permutations(rest, 2) if high != low else ():
                gaps = np.abs(values[1:, opened] - values[:-1, closed]).sum()
                width = -float((part.max(axis=1) - part.min(axis=1)).sum())
                found[opened, high, low, closed] = (width, float(gaps))
                apart |= {(opened, high, low, closed)} if likeness.part_ways(part) else set()
    found = {order: fit for order, fit in found.items() if order not in apart} or found
    if not found:
        return []
    widest = min(width for width, _ in found.values())
    widest_only = {order: gaps for order, (width, gaps) in found.items() if width <= widest * _SHARE}
    ranked = sorted(widest_only, key=lambda order: (widest_only[order], order))
    best = ranked[0]
    near = [
        order
        for order in ranked[1:]
        if widest_only[best] > _CLEARLY * widest_only[order] and _differ(values, best, order)
    ]
    return [dict(zip(("open", "high", "low", "close"), order, strict=True)) for order in (best, *near)]


def _differ(values: Floats, one: Sequence[int], other: Sequence[int]) -> bool:
    return not np.array_equal(values[:, list(one)], values[:, list(other)])


def _chosen(
    orders: Sequence[dict[str, int]], table: Table, when: Sequence[Column], numbers: _Numbers
) -> dict[str, int]:
    if len(orders) == 1:
        return orders[0]
    usual = [order for order in orders if list(order.values()) == sorted(order.values())]
    if len(usual) == 1 and len(table.sample) < _FEWEST:
        return usual[0]
    choices = []
    for order in (*usual, *(order for order in orders if order not in usual)):
        named = _dated(when) | {name: numbers.columns[at] for name, at in order.items()}
        names = _names(table, named)
        choices.append(Choice(names, f"open is {named['open'].name}, close is {named['close'].name}", _option(names)))
    raise UploadQuestionError(
        table.file_name, "columns", "its columns have no names, and their numbers fit more than one order.", choices[:4]
    )


def _volume(
    table: Table,
    rest: Sequence[Column],
    numbers: _Numbers,
    *,
    when: Sequence[Column],
    prices: dict[str, Column],
) -> Column | None:
    """Shares rather than money or counts of trades; two that could each be it are asked about."""
    values = {column: numbers.table[:, numbers.columns.index(column)] for column in rest}
    could = [column for column in rest if (values[column][np.isfinite(values[column])] >= 0).all()]
    closes = numbers.table[:, numbers.columns.index(prices["close"])]
    could = [column for column in could if not likeness.is_price(values[column], closes)] or could[:1]
    moving = [column for column in could if np.ptp(values[column]) > 0]
    could = moving or could
    money = {
        one
        for one in could
        for other in could
        if one != other and likeness.is_product(values[one], values[other], closes)
    }
    could = [column for column in could if column not in money]
    if len(could) <= 1:
        return could[0] if could else None
    whole = {column: bool((values[column] == np.round(values[column])).all()) for column in could}
    broken = [column for column in could if not whole[column]]
    if len(broken) == 1:
        return broken[0]
    above = [
        column
        for column in could
        if all((values[column] >= 2 * values[other]).mean() > _SHARE for other in could if other != column)
    ]
    if len(above) == 1:
        return above[0]
    choices = []
    for column in could:
        names = _names(table, _dated(when) | prices | {"volume": column})
        choices.append(Choice(names, f"the volume is {column.name}", _option(names)))
    raise UploadQuestionError(
        table.file_name, "columns", "its columns have no names, and several could be the volume.", choices
    )


def _beside(numbers: _Numbers, known: dict[str, Column], sample: pd.DataFrame, written: Style) -> dict[str, Guess]:
    """Prices under unknown names beside one that is known."""
    values = {name: numerals.read(sample[column.label], written=written)[0] for name, column in known.items()}
    size = next(iter(values.values()))
    like = [column for at, column in enumerate(numbers.columns) if likeness.is_price(numbers.table[:, at], size)]
    missing = [name for name in ("open", "high", "low", "close") if name not in known]
    return {
        name: Guess(name, column.name, "it holds numbers of the size of the other prices")
        for name, column in zip(missing, like, strict=False)
    }


def _names(table: Table, fields: dict[str, Column]) -> tuple[str, ...]:
    by_label = {column.label: name for name, column in fields.items()}
    day_too = DAY in fields
    said = {"day": "date", "time": "time"} if day_too else {}
    return tuple(
        said.get(by_label[column.label], by_label[column.label]) if column.label in by_label else "-"
        for column in table.columns
    )


def _option(names: Sequence[str]) -> str:
    return f"--columns {','.join(names)}"
