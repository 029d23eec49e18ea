"""A table of cells as it stands in a file, before anybody asks what its columns mean."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

import pandas as pd

from ensemble_desk.errors import UploadError

FEWEST_COLUMNS, MOST_COLUMNS = 2, 1_000
MOST_ROWS = 2_000_000
MOST_CELLS = 50_000_000
SAMPLE_ROWS = 1_000
LONGEST_SHOWN = 40
_CHUNK_CELLS, _FEWEST_CHUNK_ROWS = 1_000_000, 1_000

Kind = Literal["CSV", "Parquet", "Feather", "Excel", "OpenDocument", "JSON"]
Typed = Mapping[str, Literal["time", "count"]]
"""By labels: columns of times as ISO writes them, and of whole numbers in bare digits."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file.

    Attributes
    ----------
    label : how frames of the table call it; no two are the same.
    name : its name in the file.
    ticker : whose values it holds, where the file has a second line of names that says so.
    """

    label: str
    name: str
    ticker: str = ""

    @property
    def shown(self) -> str:
        return f"{self.name} ({self.ticker})" if self.ticker else self.name


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Cells as they stand in a file, read a part at a time.

    Attributes
    ----------
    file_name : the bare name, safe to show.
    kind : what sort of file it is.
    columns : in the file's order.
    sample : its first thousand rows.
    unit : what the index of frames counts, ``line`` of the file or ``row``.
    separator : what parts the cells of a text, empty for other kinds.
    has_names : whether the file names its columns; else they are called ``column 1`` and so on.
    notes : what was recognised, one phrase each.
    opened : reads the file from its beginning in frames of so many rows. Columns are labels; text from CSV, typed
        values from the others; the index counts lines or rows from 1.
    typed : the same with some columns as times or whole numbers, in the parts whose cells all are written so; None
        where that is no quicker.
    """

    file_name: str
    kind: Kind
    columns: tuple[Column, ...]
    sample: pd.DataFrame
    unit: Literal["line", "row"]
    separator: str
    has_names: bool
    notes: tuple[str, ...]
    opened: Callable[[int], Iterator[pd.DataFrame]]
    typed: Callable[[int, Typed], Iterator[pd.DataFrame]] | None = None

    def chunks(self, *, most_rows: int | None = None, typed: Typed | None = None) -> Iterator[pd.DataFrame]:
        """All of its rows in parts that fit into memory; raises UploadError past the limit of rows."""
        rows = max(_CHUNK_CELLS // len(self.columns), _FEWEST_CHUNK_ROWS)
        n_rows = 0
        for chunk in self.opened(rows) if self.typed is None or not typed else self.typed(rows, typed):
            n_rows += len(chunk)
            if n_rows > (MOST_ROWS if most_rows is None else most_rows):
                raise too_many_rows(self.file_name, most_rows=most_rows)
            yield chunk


def table(
    name: str,
    kind: Kind,
    columns: Iterable[Column],
    opened: Callable[[int], Iterator[pd.DataFrame]],
    *,
    separator: str = "",
    has_names: bool = True,
    notes: tuple[str, ...],
    typed: Callable[[int, Typed], Iterator[pd.DataFrame]] | None = None,
) -> Table:
    """Put a table together and look at its first rows; raises UploadError when there are none.

    A file of no more rows than that is not read again.
    """
    parts = opened(SAMPLE_ROWS)
    sample = next((chunk for chunk in parts if len(chunk)), None)
    if sample is None:
        raise UploadError(name, ["it has column names but no rows."])
    is_all = len(sample) < SAMPLE_ROWS and next(parts, None) is None
    unit: Literal["line", "row"] = "line" if kind == "CSV" else "row"
    again = (lambda _: iter((sample,))) if is_all else opened
    quicker = None if is_all else typed
    return Table(name, kind, tuple(columns), sample, unit, separator, has_names, notes, again, quicker)


def labelled(names: Iterable[str], tickers: Iterable[str] | None = None) -> tuple[Column, ...]:
    """Columns with labels of their own: the second ``Plot`` is called ``Plot.1``, one without a name ``Unnamed: 3``."""
    shown = [name.strip() or f"Unnamed: {position}" for position, name in enumerate(names)]
    owners = list(tickers) if tickers is not None else [""] * len(shown)
    taken: set[str] = set()
    found = []
    for name, ticker in zip(shown, owners, strict=True):
        label, times = name, 0
        while label in taken:
            times += 1
            label = f"{name}.{times}"
        taken.add(label)
        found.append(Column(label, name, ticker))
    return tuple(found)


def numbered(n_columns: int) -> tuple[Column, ...]:
    """Columns of a file that does not name them."""
    return labelled(f"column {position + 1}" for position in range(n_columns))


def joined(parts: Sequence[pd.Series]) -> pd.Series:
    """One column of all parts; where some are typed and others text, all become text."""
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    texts = len({str(part.dtype) for part in parts}) > 1
    return pd.concat([part.astype("str") for part in parts] if texts else list(parts), ignore_index=True)


def too_many_rows(name: str, n_rows: int | None = None, *, most_rows: int | None = None) -> UploadError:
    most = MOST_ROWS if most_rows is None else most_rows
    has = f"{n_rows:,}" if n_rows is not None else f"more than {most:,}"
    return UploadError(name, [f"it holds {has} rows; at most {most:,} are read. Upload fewer rows."])


def too_many_columns(name: str, n_columns: int) -> UploadError:
    problem = f"it has {n_columns:,} columns; at most {MOST_COLUMNS:,} are read. Keep the columns that are needed"
    return UploadError(name, [f"{problem}."])


def too_large(name: str, *, limit_bytes: int, what: str = "it has") -> UploadError:
    problem = f"{what} more than the limit of {limit_bytes / 2**20:,.1f} MiB"
    return UploadError(name, [f"{problem}. Upload fewer rows, or raise DESK_MAX_UPLOAD_MB."])


def bare(file_name: str) -> str:
    """The last part of a file name without anything that could disturb a message, 80 characters at most."""
    last = PurePath(file_name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[:80] or "upload"


def quoted(text: object) -> str:
    """A cell of the file as it may stand in a message: one line, 40 characters at most."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    return f"'{shown[:LONGEST_SHOWN]}…'" if len(shown) > LONGEST_SHOWN else f"'{shown}'"
