"""Values of the standard library that files hold beside their models: read as texts and plain numbers."""

import datetime as dt
import re
import uuid
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    dict_of,
    expect,
    is_token,
    state_of,
    stateless,
)
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import Pairs

INDEX = "pandas.core.indexes.base"
_LONGEST = 4_096
_NUMBER = re.compile(
    r"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:e[+-]?\d{1,6})?|[+-]?(?:nan|inf(?:inity)?)", re.IGNORECASE
)
_RATIO = re.compile(r"([+-]?\d{1,300})(?:/(\d{1,300}))?")
_UUID_BITS = 128
_UNITS = {7: 1, 8: 10**3, 9: 10**6, 10: 10**9}  # numpy's numbers of seconds, milli-, micro- and nanoseconds, per second
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def path(*, windows: bool) -> Any:
    """Give the function that makes the text of a path from its parts; nothing is looked up on a disk."""
    kind = PureWindowsPath if windows else PurePosixPath

    def build(builder: Builder, given: Recipe) -> str:
        parts = _texts(stateless(given), "a path")
        builder.copying(sum(map(len, parts)))
        return str(kind(*parts))

    return build


def identifier(_builder: Builder, given: Recipe) -> str:
    """Make the text of a UUID from its number."""
    state = state_of(given)
    held = dict_of(state) if type(state) is Pairs else state
    number = held.get("int") if type(held) is dict else None
    expect(type(number) is int and 0 <= number < 1 << _UUID_BITS, "a UUID")
    return str(uuid.UUID(int=number))


def decimal(_builder: Builder, given: Recipe) -> float:
    """Make a plain number from the text of a ``Decimal``."""
    (text,) = _one(stateless(given), "a decimal number")
    expect(_NUMBER.fullmatch(text), "a decimal number")
    return float(text)


def fraction(_builder: Builder, given: Recipe) -> float:
    """Make a plain number from the text of a ``Fraction``, or from its two numbers."""
    args = stateless(given)
    if len(args) == 2 and all(type(one) is int for one in args):  # noqa: PLR2004 - numerator and denominator
        above, below = args
    else:
        (text,) = _one(args, "a fraction")
        found = _RATIO.fullmatch(text)
        if found is None:
            raise MalformedError(problem="a fraction contradicts itself")
        above, below = int(found[1]), int(found[2] or 1)
    expect(below != 0, "a fraction")
    try:
        return float(above / below)
    except OverflowError as error:
        raise MalformedError(problem="a fraction contradicts itself") from error


def timestamp(builder: Builder, given: Recipe) -> dt.datetime:
    """Make a date with time from a ``pandas.Timestamp``: a count of its unit since 1970, and a zone when it has one."""
    args = stateless(given)
    expect(len(args) in (3, 4) and type(args[0]) is int and args[1] is None, "a pandas.Timestamp")
    unit = _UNITS.get(args[3] if len(args) == 4 and type(args[3]) is int else 10)  # noqa: PLR2004 - nanoseconds before 2.0
    offset = builder.value(args[2])
    expect(unit is not None and (offset is None or type(offset) is dt.timezone), "a pandas.Timestamp")
    seconds, rest = divmod(args[0], unit or 1)
    try:
        moment = _EPOCH + dt.timedelta(seconds=seconds, microseconds=rest * 10**6 // (unit or 1))
    except OverflowError as error:
        raise MalformedError(problem="a pandas.Timestamp contradicts itself") from error
    return moment.replace(tzinfo=None) if offset is None else moment.astimezone(offset)


def index(builder: Builder, given: Recipe) -> list[str]:
    """Make the list of texts that a ``pandas.Index`` holds, such as the columns of a frame."""
    args = stateless(given)
    expect(len(args) == 2 and is_token(args[0], f"{INDEX}.Index"), "a pandas.Index")  # noqa: PLR2004 - class and content
    told = dict_of(args[1]) if type(args[1]) is Pairs else args[1]
    held = builder.value(told.get("data")) if type(told) is dict else None
    names: list[str] = held.tolist() if isinstance(held, np.ndarray) and held.ndim == 1 else []
    expect(names and all(type(name) is str for name in names), "a pandas.Index", "other values than texts")
    return names


def _one(args: tuple[Any, ...], subject: str) -> list[str]:
    texts = _texts(args, subject)
    expect(len(texts) == 1, subject)
    return texts


def _texts(args: tuple[Any, ...], subject: str) -> list[str]:
    expect(all(type(one) is str for one in args) and sum(map(len, args)) <= _LONGEST, subject)
    return list(args)
