"""Which column is the volume: shares rather than money, and ticks only where nothing better is told."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_desk.errors import Choice, UploadQuestionError
from ensemble_desk.market import spellings
from ensemble_desk.sources.upload.cells import numerals, texts
from ensemble_desk.sources.upload.cells.numerals import Style
from ensemble_desk.sources.upload.cells.table import Column, quoted
from ensemble_desk.sources.upload.columns.meanings import Found

_NEAR = 0.1  # money over shares is a price of that bar
_WHOLE, _LARGE = 0.95, 100.0
_VOLUME = "volume"
_CURRENCIES = "USD|EUR|GBP|CHF|JPY|CNY|RMB|HKD|INR|KRW|BRL|PLN|SEK|NOK|DKK"
_MONEY = re.compile(rf"[(\[（]\s*(?:in\s+)?(?:{_CURRENCIES}|[$€£¥₹₩元円원])")
_PAID_IN = re.compile(rf"(?:{_CURRENCIES})[TC]?|BUSD|TUSD|DAI", re.IGNORECASE)  # also coins that stand for money
_UNITS = {
    word: size
    for words, size in (
        ("100 手", 1e2),
        ("000 1000 k thouand tauend td ty тыс тысяч mile milhare migliaia millier bin ezer ti 千 천 אלפי", 1e3),
        ("万 萬 만", 1e4),
        ("lakh lac", 1e5),
        ("000000 1000000 m mm mn mio mln million millionen milione millione milioner milyon млн 百万 百萬 백만", 1e6),
        ("crore cr", 1e7),
        ("亿 億 억", 1e8),
        ("bn mrd mld billion млрд", 1e9),
    )
    for word in words.split()
}
"""Sizes by words, plain and without any s."""
_WORDS = (
    r"1[,.]?000[,.]?000|000,?000|1[,.]?000s?|'?000'?s?|100|thousands?|tausend|tsd|tys|тысяч|тыс|miles|milhares|migliaia"
    r"|milliers|bin|ezer|tis|lakhs?|lacs?|millionen|millions?|milioner|milyon|mio|mln|mm|mn|млн|crores?|cr|bn|mrd|mld"
    r"|billions?|млрд|k|m"
)
_CHARACTERS = "百万|百萬|백만|千|천|万|萬|만|亿|億|억|手|אלפי"
_UNIT = re.compile(
    rf"[(\[（]\s*(?:in\s+|x\s*)?(?:({_WORDS})(?![^\W_]|\.\w)|({_CHARACTERS}))|\b(?:in\s+|x\s*)({_WORDS})$|\s('?000'?s?)$",
    re.IGNORECASE,
)

Floats = NDArray[np.float64]


def decide(
    found: Found, columns: Sequence[Column], sample: pd.DataFrame, *, written: Style, file_name: str, said: bool
) -> Found:
    """Add the volume to what was found, and what stands in for it where it is 0 throughout.

    ``said`` tells that a person named the volume, or that there is none.

    Raises
    ------
    UploadQuestionError
        When several columns could each be the volume.
    """
    if said:
        return found
    if _VOLUME in found.fields and _MONEY.search(found.fields[_VOLUME].name):
        fields = {name: column for name, column in found.fields.items() if name != _VOLUME}
        found = replace(found, fields=fields, left_out=(*found.left_out, found.fields[_VOLUME]))
        return _unnamed(found, sample, written, file_name)
    if _VOLUME in found.fields:
        return _with_stand_ins(_shares(found, sample, written), columns)
    own = {spellings.plain(column.name): column for column in reversed(columns)}
    parts = [next((own[one] for one in known if one in own), None) for known in spellings.UP_AND_DOWN]
    if parts[0] is not None and parts[1] is not None:
        note = f"volume is {parts[0].shown} and {parts[1].shown} together"
        return replace(found, in_parts=(parts[0], parts[1]), notes=(*found.notes, note))
    units = [column for column in found.left_out if _names_unit(column)]
    if units:
        return _of_units(found, units, sample, written, file_name)
    return _unnamed(found, sample, written, file_name)


def decided(held: Sequence[tuple[Column, Floats]]) -> tuple[int, str]:
    """Which of the candidates is the volume, by all of its numbers, and what to say of it."""
    first = held[0][0]
    for number, (column, values) in enumerate(held):
        if ((values > 0) | (values < 0)).any():
            note = f"volume is {column.shown}, for {first.shown} is 0 throughout" if number else ""
            return number, note
    return 0, "the volume is 0 in every bar" if np.isfinite(held[0][1]).any() else ""


def count_in_pieces(numbers: pd.DataFrame, column: Column, sample: pd.DataFrame) -> str:
    """Multiply the volume by the unit that the name of its column tells, such as ``Volume (000)``, and say so.

    Cells that tell a unit themselves, such as 1.2M, are read with it already.
    """
    found = _UNIT.search(column.name)
    if found is None or texts.contain(sample[column.label].astype("str"), r"[^\d.,'’\s\x{a0}+-]").any():
        return ""
    unit = _UNITS[re.sub(r"[\s'’.,s]+", "", found[found.lastindex or 0].casefold())]
    numbers["volume"] = (numbers["volume"] * unit).round(4)
    return f"volume times {unit:,.0f}, as {column.shown} says"


def _with_stand_ins(found: Found, columns: Sequence[Column]) -> Found:
    own = {spellings.plain(column.name): column for column in reversed(columns)}
    others = [own[one] for one in spellings.FURTHER_VOLUMES if one in own]
    first = found.fields[_VOLUME]
    rest = tuple(column for column in dict.fromkeys(others) if column.label != first.label)
    return replace(found, volumes=(first, *rest))


def _shares(found: Found, sample: pd.DataFrame, written: Style) -> Found:
    """Where the volume is the money that a further column's shares cost, those shares are the volume."""
    if not found.left_out:
        return found
    volume, close = _numbers(sample, found.fields[_VOLUME], written), _close(found, sample, written)
    for column in found.left_out:
        shares = _numbers(sample, column, written)
        if _is_money(volume, shares, close):
            fields = {**found.fields, _VOLUME: column}
            rest = tuple(found.fields[_VOLUME] if one == column else one for one in found.left_out)
            note = f"volume is {column.shown}; {found.fields[_VOLUME].shown} is the money paid for it"
            return replace(found, fields=fields, left_out=rest, notes=(*found.notes, note))
    return found


def _of_units(found: Found, units: Sequence[Column], sample: pd.DataFrame, written: Style, file_name: str) -> Found:
    """One volume with a unit, such as ``Volume BTC``; of two the one in what is traded, not in what is paid."""
    pair = "" if found.ticker is None else spellings.plain(sample[found.ticker.label].iloc[0])
    traded = [column for column in units if pair.startswith(_unit(column))]
    if len(traded) == 1:
        units = traded
    elif len(units) == 1 and _PAID_IN.fullmatch(_unit(units[0])):
        raise _asked(units, file_name, none_too=True)
    close = _close(found, sample, written)
    numbers = {column: _numbers(sample, column, written) for column in units}
    for column in units:
        if len(units) > 1 and all(_is_money(numbers[one], numbers[column], close) for one in units if one != column):
            units = [column]
            break
    if len(units) > 1:
        raise _asked(units, file_name)
    return _named(found, units[0], "")


def _unnamed(found: Found, sample: pd.DataFrame, written: Style, file_name: str) -> Found:
    """Columns of large whole numbers under an unknown name could be the volume: one is asked for."""
    could = [column for column in found.left_out if _could_be(column, sample, written)]
    if not could:
        return found
    raise _asked(could, file_name, none_too=True)


def _asked(columns: Sequence[Column], file_name: str, *, none_too: bool = False) -> UploadQuestionError:
    def option(name: str) -> str:
        return f'--map volume="{name}"'

    choices = [Choice(column.name, f"the volume is {column.shown}", option(column.name)) for column in columns]
    if none_too:
        choices.append(Choice("", "the file has no volume", option("")))
    both = " and ".join(quoted(column.shown) for column in columns)
    question = f"columns {both} could each be the volume" if len(columns) > 1 else f"column {both} could be the volume"
    return UploadQuestionError(file_name, "volume", f"{question}.", choices)


def _named(found: Found, column: Column, note: str) -> Found:
    rest = tuple(one for one in found.left_out if one != column)
    notes = (*found.notes, note) if note else found.notes
    return replace(found, fields={**found.fields, _VOLUME: column}, left_out=rest, volumes=(column,), notes=notes)


def _names_unit(column: Column) -> bool:
    return spellings.plain(column.name).startswith(spellings.UNIT_OF_VOLUME)


def _unit(column: Column) -> str:
    return spellings.plain(column.name).removeprefix(spellings.UNIT_OF_VOLUME)


def _close(found: Found, sample: pd.DataFrame, written: Style) -> Floats:
    return _numbers(sample, found.fields["close"], written) if "close" in found.fields else np.full(len(sample), np.nan)


def _numbers(sample: pd.DataFrame, column: Column, written: Style) -> Floats:
    return numerals.read(sample[column.label], written=written, short=True)[0]


def _is_money(money: Floats, shares: Floats, close: Floats) -> bool:
    with np.errstate(all="ignore"):
        ratio = money / (shares * close)
    known = ratio[np.isfinite(ratio) & (shares > 0)]
    few = 5
    return len(known) >= few and bool(np.mean(np.abs(known - 1) < _NEAR) > _WHOLE)


def _could_be(column: Column, sample: pd.DataFrame, written: Style) -> bool:
    if spellings.plain(column.name) in spellings.OTHERS or spellings.without_unit(column.name) in spellings.OTHERS:
        return False
    values = _numbers(sample, column, written)
    known = values[np.isfinite(values)]
    few = 5
    if len(known) < few or np.mean(np.isfinite(values)) < _WHOLE or (known < 0).any():
        return False
    whole = np.mean(known == np.round(known)) > _WHOLE
    counts_on = bool((np.diff(known) >= 0).all() or (np.diff(known) <= 0).all())
    return bool(whole and np.median(known) >= _LARGE and not counts_on)
