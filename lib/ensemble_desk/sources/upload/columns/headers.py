"""Finding the column names at the top of a table: below titles, in two lines, or not there at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ensemble_desk.errors import UploadError
from ensemble_desk.market import spellings
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import numerals, time_forms
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Column
from ensemble_desk.sources.upload.columns import meanings as columns
from ensemble_desk.sources.upload.columns import orders

LOOKED_AT = 40
"""How many rows at the top may be titles and names."""

_KLINES = (
    *("open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "trades"),
    *("taker_buy_volume", "taker_buy_quote_volume", "ignore"),
)
_EPOCH = re.compile(r"\d{13}(\d{3})?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PAIR = re.compile(r"""\(['"](.*)['"], ['"](.*)['"]\)""")

_AS_SAID = ("column names as said",)

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Header:
    """The columns, the position of the first row of values, and whether there are names, and those of a price table."""

    columns: tuple[Column, ...]
    first_row: int
    certain: bool
    notes: tuple[str, ...] = ()
    has_names: bool = True


def find(rows: Sequence[Row], answers: Answers = Answers()) -> Header:
    """Look for the names of a price table in the first rows; else for the row above the first values, if there is one.

    Two levels of names (yfinance) give each column its ticker. Titles above the names are passed over. Names and the
    lines to pass over may be said by a person.
    """
    skipped = answers.skip_lines or 0
    if skipped:
        below = find(rows[skipped:], replace(answers, skip_lines=None))
        notes = (f"{skipped} lines at the top passed over, as said", *below.notes)
        return replace(below, first_row=below.first_row + skipped, notes=notes)
    first = next((position for position, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    values = next((at for at, row in enumerate(rows[:LOOKED_AT]) if at >= first and orders.holds_values(row)), None)
    if answers.columns:
        named = [name if name.strip("- ") else f"column {at + 1}" for at, name in enumerate(answers.columns)]
        filled = (at for at, row in enumerate(rows[:LOOKED_AT]) if at >= first and orders.holds_numbers(row))
        return Header(cells.labelled(named), next(filled, first), certain=True, notes=_AS_SAID)
    known = _known(rows, first, answers)
    if known is not None:
        return known
    if values is None:
        return Header(cells.labelled(rows[first] if rows else ()), first + 1, certain=False)
    return _above(rows, first, values)


def _known(rows: Sequence[Row], first: int, answers: Answers) -> Header | None:
    """The names of a price table, where some row holds them."""
    if rows and _are_klines(rows[first]):
        return Header(cells.labelled(_KLINES), first, certain=True, notes=("Binance klines without column names",))
    for position, row in enumerate(rows[:LOOKED_AT]):
        stacked = _stacked(rows[position : position + 3])
        if stacked is not None:
            return Header(stacked, position + 3, certain=True, notes=("two lines of column names",))
        if columns.is_header(row, answers.mapped):
            notes = (f"{position - first} lines above the column names left out",) if position > first else ()
            return Header(paired(row), position + 1, certain=True, notes=notes)
    return None


def _above(rows: Sequence[Row], first: int, values: int) -> Header:
    """The row above the first values gives unknown names where it has as many cells; else there are none.

    Rows with gaps, as features have them at the beginning, may stand between the names and the first whole row.
    """
    n_cells = len(rows[values])
    above = next((at for at in range(values - 1, first - 1, -1) if _are_names(rows[at], n_cells)), None)
    if above is None:
        above = next((at for at in range(values - 1, first - 1, -1) if any(cell.strip() for cell in rows[at])), None)
    if above is None or len(rows[above]) < n_cells or not all(cell.strip() for cell in rows[above][: n_cells - 1]):
        notes = (f"{values - first} lines above the numbers left out",) if values > first else ()
        return Header(cells.numbered(n_cells), values, certain=False, notes=notes, has_names=False)
    notes = (f"{above - first} lines above the column names left out",) if above > first else ()
    return Header(cells.labelled(rows[above]), above + 1, certain=False, notes=notes)


def _are_names(row: Row, n_cells: int) -> bool:
    """Whether a row of as many cells holds nothing but words."""
    held = [cell.strip() for cell in row]
    if len(held) < n_cells or not all(held[: n_cells - 1]):
        return False
    return not any(numerals.is_number(cell) or time_forms.looks_like_time(cell) for cell in held if cell)


def check(header: Header, name: str) -> None:
    """Raise UploadError when these cannot be the columns of a table."""
    names = [column.name for column in header.columns]
    if len(names) < cells.FEWEST_COLUMNS:
        raise UploadError(name, ["its first line has no comma, semicolon or tab between column names."])
    if len(names) > cells.MOST_COLUMNS:
        raise cells.too_many_columns(name, len(names))
    if not header.certain and header.has_names and len(names) > 1 and all(map(_is_value, names[1:])):
        problem = "its first line holds numbers instead of column names"
        raise UploadError(
            name,
            [f"{problem}. Name them with --columns, or add a header line such as time,open,high,low,close,volume."],
        )


def paired(names: Row) -> tuple[Column, ...]:
    """Columns of one line of names; ``('Close', 'AAPL')``, as pandas writes two levels, is parted again."""
    parted = [_PAIR.fullmatch(name.strip()) for name in names]
    if not any(parted):
        return cells.labelled(names)
    levels = [(match[1], match[2]) if match else (name, "") for match, name in zip(parted, names, strict=True)]
    return _levels([level[0] for level in levels], [level[1] for level in levels])


def _stacked(rows: Sequence[Row]) -> tuple[Column, ...] | None:
    """The columns of fields over tickers (or the reverse) over the name of the index, as yfinance writes them."""
    depth = 3
    if len(rows) < depth or len({len(row) for row in rows}) != 1 or len(rows[0]) < cells.FEWEST_COLUMNS:
        return None
    above, below, index = ([cell.strip() for cell in row] for row in rows)
    if any(index[1:]) or spellings.plain(index[0]) not in spellings.OF[spellings.TIME]:
        return None
    return _levels([index[0], *above[1:]], ["", *below[1:]])


def _levels(above: list[str], below: list[str]) -> tuple[Column, ...]:
    fields = {spelling for known in spellings.OF.values() for spelling in known}
    score_above, score_below = (sum(spellings.plain(name) in fields for name in level) for level in (above, below))
    if score_below > score_above:
        names = [lower or upper for upper, lower in zip(above, below, strict=True)]
        owners = [upper if lower else "" for upper, lower in zip(above, below, strict=True)]
        return cells.labelled(names, owners)
    return cells.labelled(above, below)


def _are_klines(row: Row) -> bool:
    cells_ = [cell.strip() for cell in row]
    times = (0, 6)
    if len(cells_) != len(_KLINES) or not all(map(_NUMBER.fullmatch, cells_)):
        return False
    opened, closed = (cells_[position] for position in times)
    return bool(_EPOCH.fullmatch(opened) and _EPOCH.fullmatch(closed) and int(opened) < int(closed))


def _is_value(name: str) -> bool:
    return not name.strip() or name.startswith("Unnamed: ") or _NUMBER.fullmatch(name.strip()) is not None
