"""File names of versions: ``SYMBOL_TIMEFRAME_YYYYMMDD.pkl``, read from the right and percent-encoded where needed.

A version that was exported without its pickle ends in ``.safetensors``.
"""

import datetime as dt
import re
from collections.abc import Iterable
from urllib.parse import quote, unquote

from ensemble_desk.errors import ArtifactNameError, DeskError, PublishError
from ensemble_desk.market.keys import Key

ARTIFACT_SUFFIX = ".pkl"
MANIFEST_SUFFIX = ".json"
FORM_FOLDER = "serving"
FORM_SUFFIX = ".safetensors"
MOST_VERSIONS_A_DAY = 99

_KEPT = "^=&+._-"  # what a ticker may hold, every file system can, and the guide's glob must find unencoded
_ENCODED_SYMBOL = re.compile(r"(?:[A-Za-z0-9^=&+._-]|%[0-9A-F]{2})+")
_VERSION = re.compile(r"([0-9]{8})(?:r([0-9]{2})|T(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){2})?")


def file_name(key: Key, version: str) -> str:
    """Name the artifact of a version, for example ``BTC%2FUSD_d1_20250121.pkl``."""
    name = f"{quote(key.symbol, safe=_KEPT)}_{key.timeframe}_{version}{ARTIFACT_SUFFIX}"
    _check_version(version, name)
    return name


def is_artifact(file_name: str) -> bool:
    """Tell whether a file in the models folder may be a version: a pickle, or a serving form that stands alone."""
    return file_name.endswith((ARTIFACT_SUFFIX, FORM_SUFFIX))


def is_form_alone(file_name: str) -> bool:
    """Tell the artifact of a version that was exported without its pickle: its serving form itself."""
    return file_name.endswith(FORM_SUFFIX)


def stem(file_name: str) -> str:
    """Give the name of an artifact without what tells its kind."""
    return file_name.removesuffix(ARTIFACT_SUFFIX).removesuffix(FORM_SUFFIX)


def form_alone_name(key: Key, version: str) -> str:
    """Name the artifact of a version that has a serving form alone, for example ``AAPL_d1_20250121.safetensors``."""
    return stem(file_name(key, version)) + FORM_SUFFIX


def parse(file_name: str) -> tuple[Key, str]:
    """Read key and version out of a file name; only the exact name that `file_name` writes is understood.

    Raises
    ------
    ArtifactNameError
        With the reason, for every other name.
    """
    if not is_artifact(file_name):
        raise ArtifactNameError(file_name, f"it does not end in {ARTIFACT_SUFFIX} or {FORM_SUFFIX}")
    parts = stem(file_name).rsplit("_", 2)
    if len(parts) != 3:  # noqa: PLR2004 - symbol, timeframe, version
        raise ArtifactNameError(file_name, "symbol, timeframe and date are not all there")
    encoded, timeframe, version = parts
    _check_version(version, file_name)
    if not _ENCODED_SYMBOL.fullmatch(encoded):
        raise ArtifactNameError(file_name, "the symbol holds a character that must be percent-encoded")
    symbol = unquote(encoded, errors="replace")
    if quote(symbol, safe=_KEPT) != encoded:
        raise ArtifactNameError(file_name, "the symbol is not encoded the one way that is written")
    try:
        key = Key(symbol, timeframe)
    except DeskError as error:
        raise ArtifactNameError(file_name, str(error).rstrip(".")) from error
    if key.timeframe != timeframe:
        raise ArtifactNameError(file_name, f"the timeframe is written {key.timeframe}")
    return key, version


def manifest_name(file_name: str) -> str:
    """Name the sidecar manifest of an artifact: the same stem with ``.json``; only names of ours have one."""
    return stem(file_name) + MANIFEST_SUFFIX if is_artifact(file_name) else file_name


def form_name(file_name: str) -> str:
    """Name the serving form of an artifact, relative to its folder: the artifact itself where it is one.

    No two artifacts share one.
    """
    if is_form_alone(file_name):
        return file_name
    is_plain = "/" not in file_name and file_name.endswith(ARTIFACT_SUFFIX)
    return f"{FORM_FOLDER}/{stem(file_name) if is_plain else quote(file_name, safe=_KEPT)}{FORM_SUFFIX}"


def next_version(date: dt.date, existing: Iterable[str]) -> str:
    """Name the next version of a day: ``20250121``, then ``20250121r02`` up to ``r99``, after all that exist."""
    stamp = date.strftime("%Y%m%d")
    taken = [revision(version) for version in existing if timestamp(version) == stamp]
    number = max(taken, default=0) + 1
    if number > MOST_VERSIONS_A_DAY:
        raise PublishError(stamp, f"{MOST_VERSIONS_A_DAY} versions of this day exist already")
    return stamp if number == 1 else f"{stamp}r{number:02d}"


def timestamp(version: str) -> str:
    """Give the day of a version as the guide writes it: ``20250121`` also for ``20250121r02`` and other times."""
    return _check_version(version, version)[0]


def revision(version: str) -> int:
    """Give which version of its day this is, counted from 1."""
    return _check_version(version, version)[1]


def date(version: str) -> dt.date:
    """Give the day of a version."""
    return dt.datetime.strptime(timestamp(version), "%Y%m%d").replace(tzinfo=dt.UTC).date()


def _check_version(version: str, name: str) -> tuple[str, int]:
    matched = _VERSION.fullmatch(version)
    if not matched:
        raise ArtifactNameError(name, f"{version!r} is not a date such as 20250121, 20250121r02 or 20250121T153000")
    stamp, number = matched[1], matched[2]
    try:
        dt.date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:]))
    except ValueError as error:
        raise ArtifactNameError(name, f"{stamp} is not a day of the calendar") from error
    if number is not None and int(number) < 2:  # noqa: PLR2004 - the first of a day has no number
        raise ArtifactNameError(name, f"r{number} is never written; the second version of a day is r02")
    return stamp, int(number or 1)
