"""Reading numbers as people and programs write them: decimal comma, thousands separators, currency signs, 1.2M."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import extras
from ensemble_desk.sources.upload.cells import texts

BLANK = ("", "nan", "na", "n/a", "#n/a", "null", "none", "nat", "-", "--", "—", "<na>")
_SIGN, _MONEY = r"[+-]?", r"[$€£¥₹]?"
_GAPS = "'’ \u00a0\u2009\u202f"  # apostrophes and spaces of several widths part thousands too
_PARTS = {  # decimal comma -> groups of thousands (of hundreds in India), and what follows the decimal mark
    False: rf"(?:[0-9]{{1,3}}(?:[,{_GAPS}][0-9]{{2,3}})*[,{_GAPS}][0-9]{{3}}|[0-9]+)?(?:\.[0-9]*)?",
    True: rf"(?:[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{2,3}})*[.{_GAPS}][0-9]{{3}}|[0-9]+)?(?:,[0-9]*)?",
}
_POWERS = {"k": "e3", "m": "e6", "b": "e9", "t": "e12"}
_POINT, _COMMA = (  # what can only be written with a decimal point, and what only with a decimal comma
    re.compile(
        rf"(?:\d+|0)?\{mark}(?!\d{{3}}$)\d+|0\{mark}\d+|\d{{4,}}\{mark}\d+"
        rf"|\d{{1,3}}(?:[{other}{_GAPS}]\d{{2,3}})+\{mark}\d*|\d{{1,3}}(?:\{other}\d{{3}}){{2,}}"
    )
    for mark, other in (".,", ",.")
)
_EITHER = re.compile(r"\d{1,3}([.,])\d{3}")
_TRIMMED = re.compile(rf"^{_SIGN}\s*{_MONEY}\s*|\s*[kKmMbBtT%]?\s*{_MONEY}$")


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its numbers."""

    decimal_comma: bool = False
    said: tuple[str, ...] = ()


def style(samples: Iterable[pd.Series], *, comma_separated: bool) -> Style:
    """Tell decimal comma from decimal point by the cells that can only be one of them; prices come before the volume.

    Cells such as ``1,234`` can be both. A point is then a decimal point, and a comma is one of thousands where commas
    part the cells, else a decimal comma.
    """
    held = [cell for column in samples if column.dtype == "str" for cell in map(_trimmed, column.unique().tolist())]
    point, comma = (sum(mark.fullmatch(cell) is not None for cell in held) for mark in (_POINT, _COMMA))
    either = next((match[1] for cell in held if (match := _EITHER.fullmatch(cell))), "")
    decimal_comma = comma > point if point or comma else either == "," and not comma_separated
    mark, thousands = (",", ".") if decimal_comma else (".", ",")
    grouped = any(re.fullmatch(rf"\d{{1,3}}(?:[{thousands}{_GAPS}]\d{{2,3}})+(?:[{mark}]\d*)?", cell) for cell in held)
    said = (("decimal comma",) if decimal_comma else ()) + (("thousands separators",) if grouped else ())
    return Style(decimal_comma, said)


def read(column: pd.Series, *, written: Style, short: bool = False) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read a column as floats, and tell which cells hold something that is no number; blank cells become NaN.

    ``short`` allows 1.2K, 1.2M and 1.2B.
    """
    none_wrong = np.zeros(len(column), np.bool_)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
        return np.full(len(column), np.nan), ~none_wrong
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(np.float64, na_value=np.nan), none_wrong
    text = column.astype("str")
    if not written.decimal_comma and (exact := _all_plain(text)) is not None:
        return exact, none_wrong
    text = text.str.strip()
    values = np.full(len(text), np.nan) if written.decimal_comma else _plain(text)
    left = np.isnan(values) & ~text.str.lower().isin(BLANK).to_numpy(np.bool_)
    if left.any():
        values[left] = _written(text[left], written, short=short)
    return values, left & np.isnan(values)


def _all_plain(text: pd.Series) -> NDArray[np.float64] | None:
    """The quick way for cells that are all plain numbers."""
    with extras.needed():
        import pyarrow as pa  # type: ignore[import-untyped]  # ships no types
        from pyarrow import compute

    try:
        cast = compute.cast(pa.array(text, pa.large_string()), pa.float64())
    except pa.ArrowInvalid:
        return None
    values: NDArray[np.float64] = cast.to_numpy(zero_copy_only=False).copy()
    return values


def _plain(text: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(text, errors="coerce").to_numpy(np.float64, na_value=np.nan).copy()


def _written(text: pd.Series, written: Style, *, short: bool) -> NDArray[np.float64]:
    power = "[kKmMbBtT]?" if short else ""
    number = _PARTS[written.decimal_comma]
    form = rf"{_SIGN}\s*{_MONEY}\s*{_SIGN}{number}(?:[eE][+-]?\d+)?\s*{power}\s*{_MONEY}"
    bare = texts.replace(text.where(texts.match(text, form), ""), rf"[$€£¥₹{_GAPS}]", "")
    thousands, mark = (".", ",") if written.decimal_comma else (",", ".")
    bare = bare.str.replace(thousands, "", regex=False).str.replace(mark, ".", regex=False).str.lower()
    for letter, tens in _POWERS.items() if short else ():
        bare = bare.str.replace(letter, tens, regex=False)
    return _plain(bare)


def _trimmed(cell: str) -> str:
    return _TRIMMED.sub("", cell.strip())
