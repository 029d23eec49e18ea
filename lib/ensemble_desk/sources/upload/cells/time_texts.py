"""Times brought into a form that can be read: zones parted from the clock, months in words, digits without marks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import reduce
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd

from ensemble_desk.market import spellings
from ensemble_desk.sources.upload.cells import texts
from ensemble_desk.sources.upload.cells.months import ENGLISH, MARKED, english_month

_OFFSET = r"(?:UTC|GMT|utc|gmt)?\s?[+-]\d{1,2}(?::?\d{2})?(?::?00)?"
_WORD = r"[A-Z]{3,5}|ET|CT|MT|PT|Z|z|utc|gmt"
_AREA = r"[A-Z][A-Za-z]+/[A-Za-z_]+(?:/[A-Za-z_]+)?"
_CLOCKED = r"(?:[0-9]:[0-9]{2}(?:[.,][0-9]+)?|[ T-][0-9]{4,6}|[T:][0-9]{2,6}(?:\.[0-9]+)?|[AaPp]\.?[Mm]\.?)"
_ZONED = rf"^(.*{_CLOCKED})\s*\(?({_OFFSET}|{_WORD}|{_AREA})\)?$"
_HOURS = {  # words that stand for one distance from UTC
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "WEST": 1,
    "CET": 1,
    "CEST": 2,
    "MEZ": 1,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "TRT": 3,
    "GST": 4,
    "PKT": 5,
    "WIB": 7,
    "HKT": 8,
    "SGT": 8,
    "AWST": 8,
    "JST": 9,
    "KST": 9,
    "AEST": 10,
    "AEDT": 11,
    "NZST": 12,
    "NZDT": 13,
    "BRT": -3,
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "SAST": 2,
    "BST": 1,
    "CST": -6,
    "IST": 5.5,
}
_DOUBTFUL = {"BST": "British Summer Time", "CST": "US Central Standard Time", "IST": "India Standard Time"}
_ZONES = {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
_MOST_ZONES = 50
_DATE_WORDS = r"[^\d\W_]{2,}"
_BUDDHIST_YEARS = 543
_BUDDHIST = re.compile(r"(?<!\d)2[45]\d\d(?=(?:[01]\d[0-3]\d)?(?!\d))")
_BUDDHIST_CELL = r"(?:^|[^0-9])2[45][0-9]{2}(?:[01][0-9][0-3][0-9])?(?:$|[^0-9])"
_AM_PM = {"am": "AM", "pm": "PM"}
_KEPT = ("t", "gmt", "utc")


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """Times without their zones.

    Attributes
    ----------
    wall : the clock as written, one text each.
    zones : the zone of each cell by number, -1 where none is written, shape (n,).
    names, found : those zones as written and as they are understood; None for a word that is none.
    notes : what was understood of words that have several meanings.
    """

    wall: pd.Series
    zones: np.ndarray[tuple[int], np.dtype[np.int64]]
    names: tuple[str, ...]
    found: tuple[tzinfo | None, ...]
    notes: tuple[str, ...]


def part(text: pd.Series, given: ZoneInfo | None) -> Parted:
    """Part the zones from the times; ``given`` settles words that have several meanings."""
    n_cells = len(text)
    none = Parted(text, np.full(n_cells, -1, np.int64), (), (), ())
    zoned = texts.match(text, _ZONED)
    if not zoned.any():
        return none
    ends = texts.replace(text.where(zoned, ""), _ZONED, r"\2")
    codes, names = pd.factorize(ends)
    shown = [str(name) for name in names]
    if len(shown) > _MOST_ZONES:
        return none
    found = [_zone(name, given) if name else None for name in shown]
    if any(name and zone is None for name, zone in zip(shown, found, strict=True)):
        return none
    numbers = np.where(zoned, codes, -1).astype(np.int64)
    wall = texts.replace(text, _ZONED, r"\1").where(zoned, text)
    doubtful = [name for name in shown if name in _DOUBTFUL and given is None]
    notes = tuple(f"{name} taken as {_DOUBTFUL[name]}" for name in doubtful)
    return Parted(wall.str.strip(), numbers, tuple(shown), tuple(found), notes)


def _zone(name: str, given: ZoneInfo | None) -> tzinfo | None:
    word = name.strip()
    if word in _DOUBTFUL and given is not None:
        return given
    if word.upper() in _HOURS:
        return timezone(timedelta(hours=_HOURS[word.upper()]))
    if match := re.fullmatch(r"(?:UTC|GMT)?\s?([+-])(\d{1,2}):?(\d{2})?(?::?00)?", word, re.IGNORECASE):
        sign = -1 if match[1] == "-" else 1
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        within = 24 * 60
        return timezone(sign * timedelta(minutes=minutes)) if minutes < within else None
    try:
        return ZoneInfo(_ZONES.get(word, word)) if word in _ZONES or "/" in word else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def plainly_written(text: pd.Series) -> pd.Series:
    """Dates in East Asian marks, in bare digits and with months in words, as ISO or English would have them."""
    done = _of_other_calendars(text)
    sample = " ".join(done.head(200).tolist())
    if re.search(r"(?i)\d\s*(?:uhr|hrs?|hs)\.?(?:\s|$)", sample):
        done = texts.replace(done, r"(?i)([0-9])\s*(?:uhr|hrs?|hs)\.?$", r"\1")
    if re.search(r"\s\s", sample):
        done = texts.replace(done, r"\s+", " ")
    if re.search(r"(?i)[ap]\.\s?m", sample):
        done = texts.replace(done, r"(?i)\s*([ap])\.\s?m\.?", r" \1m")
    if re.search(r"[年月日년월일]|\d\.\s\d", sample):
        done = texts.replace(done, r"^(\d{4})\s*[年년.]\s*(\d{1,2})\s*[月월.]\s*(\d{1,2})\s*[日일.]?\s*", r"\1-\2-\3 ")
    if re.search(r"\b\d{8}[ T-]\d|\b\d{12}(?:\d\d)?\b", sample):
        done = texts.replace(done, r"^(\d{4})(\d{2})(\d{2})(?:[ T-]|(\d{4,6}$))", r"\1-\2-\3 \4")
    if re.search(r"[ T-]\d{4,6}(?:\s|$)", sample):
        done = texts.replace(done, r"^(\d{4}-\d{2}-\d{2}) (\d{2})(\d{2})(\d{2})$", r"\1 \2:\3:\4")
        done = texts.replace(done, r"^(\d{4}-\d{2}-\d{2}) (\d{2})(\d{2})$", r"\1 \2:\3")
        done = texts.replace(done, r"^(\d{4}-\d{2}-\d{2}) (\d)(\d{2})(\d{2})$", r"\1 0\2:\3:\4")
        done = texts.replace(done, r"^(\d{1,4}[./-]\d{1,2}[./-]\d{1,4}) (\d{2})(\d{2})(\d{2})$", r"\1 \2:\3:\4")
    if re.search(r"\d{4}[./]\d{1,2}[./]\d{1,2}", sample):
        done = texts.replace(done, r"^(\d{4})[./](\d{1,2})[./](\d{1,2})", r"\1-\2-\3")
    if re.search(_DATE_WORDS, re.sub(r"(?i)\b(?:T|Z|am|pm)\b", "", sample)):
        done = _in_english(done)
    return done.str.strip()


def _of_other_calendars(text: pd.Series) -> pd.Series:
    """Years as Taiwan and Thailand count them, and months in scripts that no pattern of words takes, as English has."""
    sample = " ".join(text.head(200).tolist())
    done = _of_the_republic(text, sample)
    if texts.contain(text.head(200), _BUDDHIST_CELL).all():
        done = _each(done, lambda cell: _BUDDHIST.sub(lambda year: str(int(year[0]) - _BUDDHIST_YEARS), cell))
    if any(word in sample for word in MARKED):
        done = _each(done, lambda cell: reduce(lambda put, word: put.replace(word, f" {MARKED[word]} "), MARKED, cell))
    return done


def _of_the_republic(text: pd.Series, sample: str) -> pd.Series:
    """``102/03/01``, as Taiwan counts years, is 2013-03-01; so are the two digits of earlier years beside such ones."""
    if not re.search(r"(?:^|\s|民國)1\d{2}[/.年-]\d{1,2}[/.月-]\d{1,2}", sample):
        return text
    pattern = re.compile(r"^(?:民國)?\s*(\d{2,3})[/.年-](\d{1,2})[/.月-](\d{1,2})日?")
    return _each(
        text, lambda cell: pattern.sub(lambda found: f"{int(found[1]) + 1911}-{found[2]:0>2}-{found[3]:0>2}", cell)
    )


def _each(text: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """The same change made to every cell, once for those that are equal."""
    return text.map({cell: change(cell) for cell in text.unique().tolist()}).astype("str")


def _in_english(text: pd.Series) -> pd.Series:
    """Months as ``Jan``, days of the week and filling words left out, am and pm as ``AM`` and ``PM``."""
    words = {
        word for cell in text.unique().tolist()[:5_000] for word in re.findall(r"[^\d\W_]+(?:\.[mM]\.?)?\.?", cell)
    }
    put = {}
    for word in words:
        plain = spellings.plain(word).replace("_", "")
        if plain in _AM_PM:
            put[word] = f" {_AM_PM[plain]}"
        elif plain in _KEPT:
            continue
        else:
            put[word] = english_month(plain)
    months = {value.strip() for value in put.values()} & set(ENGLISH)
    if not months and not any(value.strip() in _AM_PM.values() for value in put.values()):
        return text
    pattern = re.compile(
        "|".join(rf"(?<![^\W\d_]){re.escape(word)}(?![^\W\d_])" for word in sorted(put, key=len, reverse=True))
    )

    def written(cell: str) -> str:
        english = pattern.sub(lambda match: put[match[0]], cell)
        english = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", english)
        return re.sub(r"\s+", " ", re.sub(r"(?<=\d)\.(?=\s|[A-Z]|$)|^[\s,]+", " ", english)).strip(" ,")

    return _each(text, written)
