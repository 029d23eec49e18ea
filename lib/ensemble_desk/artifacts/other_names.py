"""File names as other programs write them: other cases, dates, times and suffixes, in folders by symbol or not.

A file keeps the name it has; only key and version are read out of it. What this cannot read is named with the reason.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from ensemble_desk.artifacts import naming
from ensemble_desk.errors import ArtifactNameError, DeskError
from ensemble_desk.errors.base import listed
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key

DEEPEST = 3
"""Folders below the models folder that are looked into, as in ``stocks/AAPL/d1/20250121.pkl``."""

_SUFFIX = re.compile(r"\.(?:pkl|pickle|joblib|sav|p|pck|dill)(?:\.(?:gz|bz2|xz|lzma|z|lz4))?$", re.IGNORECASE)
_ANY_SUFFIX = re.compile(r"\.[a-z0-9]{1,12}$|~$", re.IGNORECASE)
_MOST_SUFFIXES = 3
_COPIES = frozenset(("~", ".bak", ".backup", ".old", ".orig", ".prev", ".save", ".copy", ".tmp", ".temp", ".part"))
_BESIDE = re.compile(  # what lies beside models, and is none
    r"\.(?:json|csv|tsv|txt|md|log|html|yaml|yml|toml|xml|ini|py|ipynb|png|svg|jpg|jpeg|pdf|xlsx|parquet|feather|arrow|db"
    r"|sha256|sha512|md5|sig|asc|lock)"
)
_FEW = 3
_DAY = r"(?P<year>[0-9]{4})(?P<dash>[-_.]?)(?P<month>[0-9]{2})(?P=dash)(?P<day>[0-9]{2})"
_TIME = r"(?:[T_ -]?(?P<hour>[0-9]{2})[-:]?(?P<minute>[0-9]{2})(?:[-:]?(?P<second>[0-9]{2}))?Z?)?"
_WHEN = re.compile(_DAY + _TIME)
_COPY = re.compile(r" ?\([0-9]{1,3}\)$")
_READ = ".pkl, .pickle, .joblib, .sav, .p, .pck and .dill, packed or not"
_TAKE_IN = "take it in with: desk registry import FILE --as KEY/VERSION"
_EPOCH = re.compile(r"(1[0-9]{9})(?:[0-9]{3}|\.[0-9]+)?")
_DIGITS = 8  # of a day


class Named(NamedTuple):
    """What a file name says it holds."""

    key: Key
    version: str


def is_artifact(file_name: str) -> bool:
    """Tell by its suffix whether a file may be an artifact."""
    return naming.is_artifact(file_name) or _SUFFIX.search(file_name) is not None


@functools.lru_cache(maxsize=4096)  # each verb about a file asks anew
def recognise(file_name: str) -> Named:
    """Read key and version out of a name relative to the models folder, ours or another program's.

    Raises
    ------
    ArtifactNameError
        With the reason.
    """
    with suppress(ArtifactNameError):  # it may be another program's
        return Named(*naming.parse(file_name))
    parts = _parts(file_name)
    stem = _SUFFIX.sub("", parts[-1])
    problem: ArtifactNameError | None = None
    for n_folders in range(len(parts)):
        told = "_".join([*parts[len(parts) - 1 - n_folders : -1], stem])
        try:
            return _read(told, file_name)
        except ArtifactNameError as error:
            problem = problem or error
    raise problem or ArtifactNameError(file_name, "it has no name")


def is_passed_over(file_name: str) -> bool:
    """Tell whether a file that is no artifact by its suffix has the name of a version otherwise."""
    if is_artifact(file_name) or _BESIDE.fullmatch(_suffix_of(file_name)):
        return False
    stem = file_name
    for _ in range(_MOST_SUFFIXES):
        try:
            recognise(stem if is_artifact(stem) else f"{stem}.pkl")
        except ArtifactNameError:
            stem = _ANY_SUFFIX.sub("", stem)
        else:
            return True
    return False


def passed_over(file_names: Iterable[str]) -> dict[str, str]:
    """Say of files that are passed over why, and what to do: of a few each by its name, of many together."""
    found: dict[str, list[str]] = {}
    for name in sorted(file_names):
        found.setdefault(_suffix_of(name), []).append(name)
    told: dict[str, str] = {}
    for suffix, names in sorted(found.items()):
        ends = f"ends in {suffix}" if suffix else "has no suffix"
        why = f"it {ends}, a copy by its name" if suffix in _COPIES else f"it {ends}, and what is read ends in {_READ}"
        if len(names) <= _FEW:
            told |= dict.fromkeys(names, f"{why}; {_TAKE_IN}")
        else:
            told[f"*{suffix}"] = f"{listed(names, most=_FEW)}: {why.replace('it', 'each', 1)}; {_TAKE_IN}"
    return told


def _suffix_of(file_name: str) -> str:
    found = _ANY_SUFFIX.search(file_name)
    return found[0].lower() if found and version_of(file_name.rpartition("_")[2]) is None else ""


def _parts(file_name: str) -> list[str]:
    parts = file_name.split("/")
    if not is_artifact(parts[-1]):
        raise ArtifactNameError(file_name, f"it ends in none of {_READ}")
    hidden = any(not part or part.startswith(".") or "\\" in part or not part.isprintable() for part in parts)
    if hidden or len(parts) > DEEPEST + 1:
        raise ArtifactNameError(file_name, f"it is hidden, or more than {DEEPEST} folders deep")
    return parts


def _read(told: str, file_name: str) -> Named:
    cuts = [match.start() for match in re.finditer(r"[_-]", told)]
    for before, after in pairwise(cuts):
        timeframe, version = timeframes.named(told[before + 1 : after]), version_of(told[after + 1 :])
        if timeframe is None or version is None:
            continue
        try:
            return Named(Key(unquote(told[:before], errors="replace").upper(), timeframe), version)
        except DeskError as error:
            raise ArtifactNameError(file_name, f"{str(error).rstrip('.')}; {_TAKE_IN}") from error
    days = [told[cut + 1 :] for cut in cuts if version_of(told[cut + 1 :])]
    inside = [one[0] for one in re.finditer(_DAY, told) if version_of(one[0])]
    if _COPY.search(told):
        lacking = "a number in brackets marks it as a copy of another file"
    elif days:
        lacking = "no timeframe such as d1 or 1h stands before its day"
    elif inside:
        lacking = f"its day {inside[-1]} is not its end, behind symbol and timeframe"
    else:
        lacking = "it names no day of the calendar such as 20250121"
    raise ArtifactNameError(file_name, f"{lacking}; {_TAKE_IN}")


def version_of(when: str) -> str | None:
    """The version that a time in a file name stands for; None when it is no time."""
    if seconds := _EPOCH.fullmatch(when):
        return f"{dt.datetime.fromtimestamp(int(seconds[1]), dt.UTC):%Y%m%dT%H%M%S}"
    found = _WHEN.fullmatch(when)
    if not found:
        return None
    try:
        day = dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
        if found["hour"] is None:
            return f"{day:%Y%m%d}"
        time = dt.time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return None
    return f"{day:%Y%m%d}T{time:%H%M%S}"


def days_of(when: str) -> frozenset[str]:
    """Which days a text may mean that a file keeps as its time, also with the day or the month first; empty when none.

    A text without the digits of a day calls a version anything else.
    """
    if version := version_of(when):
        return frozenset({version[:_DIGITS]})
    digits = re.sub(r"[^0-9]", "", when)[:_DIGITS]
    readings = digits, digits[4:] + digits[2:4] + digits[:2], digits[4:] + digits[:4]
    return frozenset(day for day in readings if version_of(day))
