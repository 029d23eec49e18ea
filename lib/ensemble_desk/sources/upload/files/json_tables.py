"""Tables in JSON: records, columns, rows without names, and lines of records, wherever in the document they stand."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ensemble_desk.errors import UploadError
from ensemble_desk.market import spellings
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.sources.upload.cells import table as cells
from ensemble_desk.sources.upload.cells.table import Table
from ensemble_desk.sources.upload.columns import headers, meanings

_DEEPEST = 6
_FEWEST_COLUMNS = 4
_SCALARS = (str, int, float, bool, type(None))

Rows = list[list[Any]]


def is_json(start: bytes) -> bool:
    return start.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def read(data: bytes, name: str, *, answers: Answers, notes: tuple[str, ...]) -> Table:
    """Read the largest table that a JSON document holds.

    Raises
    ------
    UploadError
        When it is no JSON, or holds no table.
    """
    document = _document(data, name)
    found = max(_tables(document, 0), key=_worth, default=None)
    if found is None or not found[1]:
        raise UploadError(name, ["it is JSON without a table of records. Export the table as CSV."])
    names, rows = found
    if len(rows) > cells.MOST_ROWS:
        raise cells.too_many_rows(name, len(rows))
    if max(len(row) for row in rows) > cells.MOST_COLUMNS:
        raise cells.too_many_columns(name, max(len(row) for row in rows))
    header = headers.find(
        [[_text(cell) for cell in row] for row in ([names] if names else []) + rows[: headers.LOOKED_AT]], answers
    )
    columns = cells.labelled(names) if names and header.has_names and not answers.columns else header.columns
    body = rows if names else rows[header.first_row :]
    labels = [column.label for column in columns]

    def opened(size: int) -> Iterator[pd.DataFrame]:
        for start in range(0, len(body), size):
            part = [[*row[: len(labels)], *[None] * (len(labels) - len(row))] for row in body[start : start + size]]
            texts = {label: [_text(row[at]) for row in part] for at, label in enumerate(labels)}
            index = pd.RangeIndex(start + 1, start + 1 + len(part), name="row")
            yield pd.DataFrame(texts, index=index, dtype="str")

    return cells.table(
        name, "JSON", columns, opened, separator=",", has_names=bool(names) or header.has_names, notes=(*notes, "JSON")
    )


def _document(data: bytes, name: str) -> Any:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UploadError(name, ["it is no JSON in UTF-8. Export the table as CSV."]) from error
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError) as error:
        raise UploadError(name, ["it is JSON that cannot be read. Export the table as CSV."]) from error


def _worth(found: tuple[list[str], Rows]) -> tuple[bool, int]:
    """Tables whose columns are called as those of prices go before larger ones."""
    names, rows = found
    return bool(rows) and meanings.is_header(names), len(rows) * len(rows[0]) if rows else 0


def _tables(value: Any, depth: int) -> Iterator[tuple[list[str], Rows]]:
    """Every table in a document: names, empty where there are none, and rows."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        yield from _of_mapping(value)
        yield from _of_scattered(value)
        for inner in value.values():
            if isinstance(inner, Mapping | list):
                yield from _tables(inner, depth + 1)
    elif isinstance(value, list) and value:
        if all(isinstance(row, Mapping) for row in value):
            yield _of_records(value)
        elif all(isinstance(row, list) and len(row) >= _FEWEST_COLUMNS for row in value):
            yield [], [list(row) for row in value]
        else:
            for inner in value[:100]:
                if isinstance(inner, Mapping | list):
                    yield from _tables(inner, depth + 1)


def _of_records(records: Sequence[Mapping[str, Any]]) -> tuple[list[str], Rows]:
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat[:1_000] for name in record))
    return names, [[record.get(name) for name in names] for record in flat]


def _flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """``{"time": …, "mid": {"o": …}}`` becomes ``time`` and ``mid_o``; lists inside are left out."""
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}_{inner}": one for inner, one in value.items() if isinstance(one, _SCALARS)}
        elif isinstance(value, _SCALARS):
            flat[str(name)] = value
    return flat


def _of_mapping(value: Mapping[str, Any]) -> Iterator[tuple[list[str], Rows]]:
    """Columns as lists, columns by their index, records by their time, and pandas' ``split`` form."""
    lists = {name: held for name, held in value.items() if isinstance(held, list) and held}
    lengths = {len(held) for held in lists.values()}
    columns, rows = value.get("columns"), value.get("data")
    if isinstance(columns, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        index = value.get("index")
        if isinstance(index, list) and len(index) == len(rows) and not _has_time(columns):
            yield ["time", *map(str, columns)], [[at, *row] for at, row in zip(index, rows, strict=True)]
        else:
            yield [str(name) for name in columns], [list(row) for row in rows]
    elif len(lists) >= _FEWEST_COLUMNS and len(lengths) == 1:
        scalar = {name: held for name, held in lists.items() if all(isinstance(one, _SCALARS) for one in held)}
        yield list(scalar), [list(row) for row in zip(*scalar.values(), strict=True)]
    elif len(value) > 1 and all(isinstance(one, Mapping) for one in value.values()):
        yield from _of_nested(value)


def _of_scattered(value: Mapping[str, Any]) -> Iterator[tuple[list[str], Rows]]:
    """Columns as lists of one length on several levels, such as times above and prices below ``quote``."""
    lists: dict[str, list[Any]] = {}
    for name, held in _lists(value, 0):
        lists.setdefault(name, held)
    lengths = [len(held) for held in lists.values()]
    length = max(set(lengths), key=lambda one: (lengths.count(one), one), default=0)
    columns = {name: held for name, held in lists.items() if len(held) == length}
    if length and len(columns) >= _FEWEST_COLUMNS and not columns.keys() <= value.keys():
        yield list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def _lists(value: Any, depth: int) -> Iterator[tuple[str, list[Any]]]:
    inside = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(inside, Mapping) and depth <= _DEEPEST:
        for name, held in inside.items():
            if isinstance(held, list) and held and all(isinstance(one, _SCALARS) for one in held):
                yield str(name), held
            else:
                yield from _lists(held, depth + 1)


def _of_nested(value: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[list[str], Rows]]:
    names = [str(name) for name in value]
    known = {one for spelled in spellings.OF.values() for one in spelled}
    if sum(spellings.plain(name) in known for name in names) >= _FEWEST_COLUMNS:  # pandas: column, then index
        index = list(dict.fromkeys(at for column in value.values() for at in column))
        rows = [[at, *(value[name].get(at) for name in value)] for at in index]
        yield ([*names], [row[1:] for row in rows]) if _has_time(names) else (["time", *names], rows)
        return
    inner, rows = _of_records(list(value.values()))
    yield ["time", *inner], [[at, *row] for at, row in zip(names, rows, strict=True)]


def _has_time(names: Sequence[Any]) -> bool:
    return any(spellings.plain(name) in spellings.OF[spellings.TIME] for name in names)


def _text(value: object) -> str:
    if value is None:
        return ""
    return format(value, ".15g") if isinstance(value, float) else str(value)
