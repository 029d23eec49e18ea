"""Telling the columns of a table: by their names, by what a person mapped, or by the numbers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import Choice, UploadError, UploadQuestionError
from ensemble_desk.market import bars, spellings
from ensemble_desk.market.spellings import ADJUSTED, CURRENCY, TICKER, TIME
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import numerals, texts, time_forms
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.numerals import Style
from ensemble_desk.sources.upload.cells.table import Column, Table
from ensemble_desk.sources.upload.columns import meanings, orders, volumes
from ensemble_desk.sources.upload.columns.meanings import Found

FIELDS = (TIME, *bars.COLUMNS, ADJUSTED, TICKER, CURRENCY)
"""What a column can be mapped to."""

_SCALE, _LEAST_SCALED, _LEAST_UNIT = 10_000.0, 10_000.0, 100.0
_SMALL_SCALE, _LEAST_SMALL_SCALED = 1e9, 1e8  # what databases write to keep prices whole


def find(table: Table, answers: Answers) -> tuple[Found, Style, str]:
    """Which column holds what, how numbers are written, and whose they are where a line of names says so.

    Raises
    ------
    UploadQuestionError
        When the volume, the order of columns without names or the decimal mark can be one or the other.
    UnknownColumnsError
        When names do not tell all that bars need.
    UploadError
        When a mapping names a column that is not there, or one twice.
    """
    name = table.file_name
    chosen, owner = meanings.of_ticker(table.columns, wanted=answers.ticker, file_name=name)
    mapped = _mapped(chosen, answers.mapped, name)
    if not table.has_names and not {TIME, *bars.PRICES} <= set(mapped):
        numbers = [column for column in chosen if not _holds_times(table, column)]
        written = _written(table, numbers, (), answers)
        return orders.tell(table, written=written), written, owner
    found = meanings.recognise(chosen, table.sample, mapped)
    meanings.check_twins(found, table.sample, file_name=name)
    prices = [found.fields[field] for field in (*bars.PRICES, ADJUSTED) if field in found.fields]
    times_too = {found.fields[field].label for field in (TIME, spellings.DAY) if field in found.fields}
    others = [column for column in chosen if column not in prices and column.label not in times_too]
    missing = [field for field in (TIME, *bars.PRICES) if field not in found.fields]
    of_rows = _of_sample if missing else _written
    written = of_rows(table, prices, others, answers)
    if missing:
        missing += [] if "volume" in found.fields else ["volume"]
        guesses = orders.guessed(table, found, written=written)
        raise orders.unknown(table, missing=missing, guesses=guesses, has_names=table.has_names)
    said = "volume" in answers.mapped
    found = volumes.decide(found, chosen, table.sample, written=written, file_name=name, said=said)
    if answers.ticker and not owner and found.ticker is None:
        raise UploadError(name, ["it does not say whose bars they are. Leave the ticker out."])
    return found, written, owner


def ask_for_scale(table: Table, values: NDArray[np.float64]) -> None:
    """Ask whether prices, shape (n, 4), are parts of the real ones, where they are large whole hundreds.

    Without names of columns they may be ten-thousandths, as LEAN writes them; beyond all prices they may be billionths.

    Raises
    ------
    UploadQuestionError
    """
    if not np.fmax.reduce(values[:, -1], initial=0.0) >= _LEAST_SCALED:  # as nearly all prices are
        return
    known = values[np.isfinite(values).all(axis=1)]
    size = float(np.median(known)) if len(known) else 0.0
    tiny = size >= _LEAST_SMALL_SCALED
    if size < _LEAST_SCALED or not (tiny or not table.has_names) or (known % _LEAST_UNIT).any():
        return
    example = float(known[0, -1])
    scale, said = (_SMALL_SCALE, "billionths") if tiny else (_SCALE, "ten-thousandths")
    question = f"its prices, such as {example:,.0f}, are all whole hundreds, as those in {said} are."
    raise UploadQuestionError(
        table.file_name,
        "price_scale",
        question,
        [
            Choice(scale, f"divide prices by {scale:,.0f}: {example / scale:,.2f}", f"--price-scale {scale:.0f}"),
            Choice(1.0, f"take them as written: {example:,.0f}", "--price-scale 1"),
        ],
    )


def _mapped(columns: Sequence[Column], mapping: Mapping[str, str], file_name: str) -> Mapping[str, Column]:
    """The columns that a person named, by their names or, as ``#3``, by their place."""
    unknown = [field for field in mapping if field not in FIELDS]
    if unknown:
        known = ", ".join(FIELDS)
        raise UploadError(file_name, [f"nothing is called {cells.quoted(unknown[0])} here. Map one of {known}."])
    found: dict[str, Column] = {}
    for field, name in mapping.items():
        if not name:
            continue
        column = _called(columns, name)
        if column is None:
            has = ", ".join(cells.quoted(one.shown) for one in columns[:12])
            problem = f"the mapping fits no more: there is no column {cells.quoted(name)} for {field}; it has {has}"
            raise UploadError(file_name, [f"{problem}. Map it anew."])
        if column in found.values():
            other = next(ours for ours, one in found.items() if one == column)
            problem = f"column {cells.quoted(name)} cannot be both {other} and {field}"
            raise UploadError(file_name, [f"{problem}. Map each to a column of its own."])
        found[field] = column
    return found


def _called(columns: Sequence[Column], name: str) -> Column | None:
    if name.startswith("#") and name[1:].isdecimal() and 0 < int(name[1:]) <= len(columns):
        return columns[int(name[1:]) - 1]
    exact = next((one for one in columns if name in (one.name, one.label, one.shown)), None)
    plain = spellings.plain(name)
    return exact or next((one for one in columns if plain and spellings.plain(one.name) == plain), None)


def _holds_times(table: Table, column: Column) -> bool:
    held = [cell for cell in table.sample[column.label].astype("str").tolist() if cell.strip()]
    return bool(held) and all(map(time_forms.looks_like_time, held))


def _of_sample(table: Table, prices: Sequence[Column], others: Sequence[Column], answers: Answers) -> Style:
    return numerals.style(
        [table.sample[column.label] for column in prices],
        separator=table.separator,
        others=[table.sample[column.label] for column in others],
        decimal=answers.decimal,
    )


def _written(table: Table, prices: Sequence[Column], others: Sequence[Column], answers: Answers) -> Style:
    """How numbers are written, by all rows where the first ones do not tell; asked where both ways fit."""
    written = _of_sample(table, prices, others, answers)
    if not written.certain and len(table.sample) >= cells.SAMPLE_ROWS:
        whole = _whole_columns(table, prices)
        if whole:
            held = [table.sample[column.label] for column in others]
            written = numerals.style(whole, separator=table.separator, others=held, decimal=answers.decimal)
    if not written.example:
        return written
    mark = "," if "," in written.example else "."
    as_thousands = float(written.example.replace(mark, ""))
    as_decimals = float(written.example.replace(mark, "."))
    comma, point = (as_decimals, as_thousands) if mark == "," else (as_thousands, as_decimals)
    raise UploadQuestionError(
        table.file_name,
        "decimal",
        f"its prices, such as {cells.quoted(written.example)}, can be read in two ways.",
        [
            Choice("comma", f"the comma marks decimals: {comma:,.10g}", "--decimal comma"),
            Choice("point", f"the point marks decimals: {point:,.10g}", "--decimal point"),
        ],
    )


def _whole_columns(table: Table, prices: Sequence[Column]) -> list[pd.Series]:
    """The prices of all rows as texts, where some of them have a mark; else nothing."""
    held: dict[str, list[pd.Series]] = {column.label: [] for column in prices}
    marked = False
    for chunk in table.chunks():
        for label, parts in held.items():
            text = chunk[label]
            if text.dtype != "str":
                return []
            parts.append(text)
            marked = marked or bool(texts.contain(text, "[.,]").any())
    return [cells.joined(parts) for parts in held.values()] if marked else []
