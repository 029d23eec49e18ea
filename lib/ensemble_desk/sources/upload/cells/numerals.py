"""Reading numbers as people and programs write them: decimal comma, thousands separators, currency signs, 1.2M."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import extras
from ensemble_desk.sources.upload.cells import texts

BLANK = ("", "nan", "na", "n/a", "#n/a", "null", "none", "nat", "-", "--", "—", "<na>")
_SIGN, _MONEY = r"[+-]?", r"[$€£¥₹₩￥]?"
_GAPS = "'’ \u00a0\u2009\u202f"  # apostrophes and spaces of several widths part thousands too
_PARTS = {  # decimal comma -> groups of thousands (of hundreds in India), and what follows the decimal mark
    False: rf"(?:[0-9]{{1,3}}(?:[,{_GAPS}][0-9]{{2,3}})*[,{_GAPS}][0-9]{{3}}|[0-9]+)?(?:\.[0-9]*)?",
    True: rf"(?:[0-9]{{1,3}}(?:[.{_GAPS}][0-9]{{2,3}})*[.{_GAPS}][0-9]{{3}}|[0-9]+)?(?:,[0-9]*)?",
}
_POWERS = {"k": "e3", "m": "e6", "b": "e9", "t": "e12"}
_WORDS = {  # of thousands and more in other languages
    "mio": "e6",
    "mln": "e6",
    "mn": "e6",
    "mrd": "e9",
    "mld": "e9",
    "bn": "e9",
    "tys": "e3",
    "tsd": "e3",
    "тыс": "e3",
    "млн": "e6",
    "млрд": "e9",
    "lakh": "e5",
    "crore": "e7",
    "cr": "e7",
    "万": "e4",
    "萬": "e4",
    "만": "e4",
    "百万": "e6",
    "百萬": "e6",
    "亿": "e8",
    "億": "e8",
    "억": "e8",
}
_SPELLED = "|".join(sorted(_WORDS, key=len, reverse=True))
_CODE = r"(?:USD|EUR|GBP|CHF|JPY|CNY|HKD|INR|KRW|BRL|PLN|SEK|NOK|DKK|CZK|CAD|AUD|zł|kr\.?|Kč|元|円|원|руб\.?)"
_POINT, _COMMA = (  # what can only be written with a decimal point, and what only with a decimal comma
    re.compile(
        rf"(?:\d+|0)?\{mark}(?!\d{{3}}$)\d+|0\{mark}\d+|\d{{4,}}\{mark}\d+"
        rf"|\d{{1,3}}(?:[{other}{_GAPS}]\d{{2,3}})+\{mark}\d*|\d{{1,3}}(?:\{other}\d{{3}}){{2,}}"
    )
    for mark, other in (".,", ",.")
)
_FRACTION = re.compile(r"(\d+)(?:['’-](?:([0-7])(\+)?|([0-2]\d|3[01])([0257+])?)|\s(\d{1,3})/(2|4|8|16|32|64|128|256))")
_QUARTERS = {None: 0.0, "0": 0.0, "2": 0.25, "5": 0.5, "+": 0.5, "7": 0.75}  # of a 32nd, by the digit behind it
_THOUSANDS_OR_32NDS = re.compile(r"\d{1,3}['’]\d{3}")
_ENOUGH = 5  # of a thousand endings 128 are of 32nds: five different ones are by chance 1 in 29,000
_PIECES = "szt|ks|kpl|db|шт|stk|stück|shs|shares|pcs|股|株|주"
_DIGITS = "0123456789"
_EITHER = re.compile(r"\d{1,3}([.,])\d{3}")
_NEARER = 0.5  # a reading is taken when its neighbours lie so much nearer to one another
_ANY_NUMBER = re.compile(
    rf"{_SIGN}\s*{_MONEY}\s*{_SIGN}[\d.,{_GAPS}]*\d[.,]?(?:[eE][+-]?\d+)?\s*(?:[kKmMbBtT%]|(?:{_SPELLED})\.?|{_CODE})?\s*{_MONEY}",
    re.IGNORECASE,
)
_TRIMMED = re.compile(
    rf"^{_SIGN}\s*(?:{_MONEY}|{_CODE})\s*|\s*(?:[kKmMbBtT%]|(?:{_SPELLED})\.?|{_CODE})?\s*{_MONEY}$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Style:
    """How a file writes its numbers.

    Attributes
    ----------
    decimal_comma : whether the comma is the decimal mark.
    said : what was recognised.
    certain : whether some cell, or what its neighbours are, told so.
    example : a cell that could as well be read the other way; empty when none stands there.
    in_32nds : whether ``110'085`` is 110 and 8.5 32nds rather than 110 thousand.
    """

    decimal_comma: bool = False
    said: tuple[str, ...] = ()
    certain: bool = False
    example: str = ""
    in_32nds: bool = False


def is_number(cell: str) -> bool:
    """Whether a cell holds a number in any of the known ways."""
    return bool(_ANY_NUMBER.fullmatch(cell.strip()))


def has_decimal_point(cell: str) -> bool:
    """Whether the point in a cell can only mark decimals."""
    return _POINT.fullmatch(cell) is not None


def style(
    samples: Iterable[pd.Series],
    *,
    separator: str,
    others: Iterable[pd.Series] = (),
    decimal: str = "",
) -> Style:
    """Tell decimal comma from decimal point.

    Cells that can only be one of them tell, those of the prices before those of other columns. Cells such as ``1,234``
    can be both: then the neighbours tell, for 998 stands beside 1,002 and not beside 1.002. Where these fit both ways
    as well, a point is a decimal point, unless semicolons part the cells, as where commas mark decimals; else the style
    is left open.

    Parameters
    ----------
    samples : the prices.
    separator : what parts the cells, empty where a file needs none.
    others : further columns, asked where the prices do not tell.
    decimal : ``point`` or ``comma`` where a person said so.
    """
    prices = [list(map(_trimmed, column.dropna().tolist())) for column in samples if column.dtype == "str"]
    held = list(dict.fromkeys(cell for column in prices for cell in column))
    decimal_comma, certain, example = _decimal_comma(prices, held, separator, others, decimal)
    mark, thousands = (",", ".") if decimal_comma else (".", ",")
    grouped = any(re.fullmatch(rf"\d{{1,3}}(?:[{thousands}{_GAPS}]\d{{2,3}})+(?:[{mark}]\d*)?", cell) for cell in held)
    said = (("decimal comma",) if decimal_comma else ()) + (("thousands separators",) if grouped else ())
    in_32nds = _are_32nds(held)
    said = () if in_32nds else said
    fraction = next(
        (cell for cell in held if not np.isnan(_fraction(cell)) and (in_32nds or not _is_grouped(cell))), ""
    )
    said += (f"fractions: {fraction} is {_fraction(fraction):.10g}",) if fraction else ()
    return Style(decimal_comma, said, certain, example, in_32nds)


def _are_32nds(prices: Sequence[str]) -> bool:
    """Whether every price is a fraction, and too many end as 32nds do for thousands."""
    open_ones = sum(map(_is_grouped, prices))
    return open_ones >= _ENOUGH and all(not np.isnan(_fraction(cell)) for cell in prices)


def _is_grouped(cell: str) -> bool:
    return _THOUSANDS_OR_32NDS.fullmatch(cell) is not None


def _decimal_comma(
    prices: Sequence[Sequence[str]],
    held: Sequence[str],
    separator: str,
    others: Iterable[pd.Series],
    decimal: str,
) -> tuple[bool, bool, str]:
    """Whether the comma is the decimal mark, whether that is certain, and a cell that leaves it open."""
    if decimal:
        return decimal == "comma", True, ""
    point, comma = _counts(held)
    if point or comma:
        return comma > point, True, ""
    example = next((cell for cell in held if _EITHER.fullmatch(cell)), "")
    if not example:
        point, comma = _counts(
            [_trimmed(cell) for column in others if column.dtype == "str" for cell in column.dropna().unique().tolist()]
        )
        return comma > point and not any("." in cell for cell in held), False, ""
    either = "," if "," in example else "."
    if (nearer := _by_neighbours(prices, either)) is not None:
        return nearer, True, ""
    beside = {
        _trimmed(cell) for column in others if column.dtype == "str" for cell in column.dropna().unique().tolist()
    }
    point, comma = _counts(list(beside))
    if point or comma:
        return comma > point, True, ""
    return either == "," and separator != ",", False, example if either == "," or separator == ";" else ""


def _counts(cells: Sequence[str]) -> tuple[int, int]:
    """How many cells can only be written with a decimal point, and how many only with a decimal comma."""
    return sum(_POINT.fullmatch(cell) is not None for cell in cells), sum(
        _COMMA.fullmatch(cell) is not None for cell in cells
    )


def _by_neighbours(prices: Sequence[Sequence[str]], mark: str) -> bool | None:
    """Whether the mark reads better as decimal comma; None where both readings give equally near neighbours.

    Only cells such as ``1,002`` and whole numbers are left here, so one reading is a thousand times the other where
    the mark stands.
    """
    thousands = _travel(prices, mark, "")
    decimals = _travel(prices, mark, ".")
    if thousands == decimals or min(thousands, decimals) > _NEARER * max(thousands, decimals):
        return None
    return (decimals < thousands) == (mark == ",")


def _travel(prices: Sequence[Sequence[str]], mark: str, put: str) -> float:
    """How far the logarithms of neighbours lie apart altogether, down the columns."""
    total = 0.0
    for column in prices:
        values = pd.to_numeric(pd.Series(column, dtype="str").str.replace(mark, put, regex=False), errors="coerce")
        known = values[values > 0].to_numpy(np.float64)
        total += float(np.abs(np.diff(np.log(known))).sum())
    return total


def read(column: pd.Series, *, written: Style, short: bool = False) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Read a column as floats, and tell which cells hold something that is no number; blank cells become NaN.

    ``short`` allows 1.2K, 1.2M and 1.2B.
    """
    none_wrong = np.zeros(len(column), np.bool_)
    text = column
    if not isinstance(column.dtype, pd.StringDtype):
        if column.dtype == np.float64:
            return column.to_numpy(), none_wrong
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
    if left.any() and not (written.in_32nds and not short):
        values[left] = _written(text[left], written, short=short)
    if not short and (broken := left & np.isnan(values)).any():
        values[broken] = text[broken].map({cell: _fraction(cell) for cell in text[broken].unique().tolist()})
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
    text = texts.replace(text, rf"(?i)^{_CODE}\s*|\s*{_CODE}$", "")
    text = texts.replace(text, rf"(?i)\s*(?:{_PIECES})\.?$", "") if short else text
    if short and texts.contain(text, rf"(?i)(?:{_SPELLED})\.?$").any():
        for word in sorted(_WORDS, key=len, reverse=True):
            text = texts.replace(text, rf"(?i)\s*{word}\.?$", _WORDS[word])
    number = _PARTS[written.decimal_comma]
    form = rf"{_SIGN}\s*{_MONEY}\s*{_SIGN}{number}(?:[eE][+-]?\d+)?\s*{power}\s*{_MONEY}"
    bare = texts.replace(text.where(texts.match(text, form), ""), rf"[$€£¥₹₩￥{_GAPS}]", "")
    thousands, mark = (".", ",") if written.decimal_comma else (",", ".")
    bare = bare.str.replace(thousands, "", regex=False).str.replace(mark, ".", regex=False).str.lower()
    for letter, tens in _POWERS.items() if short else ():
        bare = bare.str.replace(letter, tens, regex=False)
    return _plain(bare)


def _fraction(cell: str) -> float:
    """``101'16``, ``101-16+`` and ``101-165``, as bonds are quoted in 32nds, ``350'2`` in eighths; NaN for others."""
    match = _FRACTION.fullmatch(cell)
    if match is None:
        return np.nan
    whole, eighths, half, parts, quarter, above, below = match.groups()
    if above:
        return int(whole) + int(above) / int(below)
    if eighths:
        return int(whole) + (int(eighths) + _QUARTERS[half]) / 8
    return int(whole) + (int(parts) + _QUARTERS[quarter]) / 32


def _trimmed(cell: str) -> str:
    bare = cell.strip()
    return bare if bare[:1] in _DIGITS and bare[-1:] in _DIGITS else _TRIMMED.sub("", bare)
