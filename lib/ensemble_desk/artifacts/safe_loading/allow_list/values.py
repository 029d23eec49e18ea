"""Plain values in the allow-list that older pickle protocols write as calls: bytes, sets, dates."""

import datetime as dt
from typing import Any

from ensemble_desk.artifacts.safe_loading.allow_list.recipes import Builder, MalformedError, Recipe, expect, stateless
from ensemble_desk.artifacts.safe_loading.allow_list.unhashed import FrozenMembers, Members

_MEMBER_BYTES = 2  # the shortest way to write one that is shared


def encoded(builder: Builder, given: Recipe) -> bytes:
    """Make bytes from a text of the same numbers, the only use that pickles have for ``_codecs.encode``."""
    args = stateless(given)
    expect(len(args) == 2 and type(args[0]) is str and args[1] in ("latin1", "latin-1"), "bytes")  # noqa: PLR2004
    return _latin1(builder, args[0])


def raw_bytes(builder: Builder, given: Recipe) -> bytes:
    """Make bytes or a bytearray from nothing, bytes, or a text of the same numbers."""
    args = stateless(given)
    if not args:
        return b""
    inner = builder.value(args[0])
    if type(inner) is str:
        expect(args[1:] in (("latin1",), ("latin-1",)), "bytes")
        return _latin1(builder, inner)
    expect(len(args) == 1 and type(inner) is bytes, "bytes")
    return inner  # type: ignore[no-any-return]


def collection(kind: type[Members] | type[FrozenMembers]) -> Any:
    """Give the function that makes a set from a list."""

    def build(builder: Builder, given: Recipe) -> Any:
        args = stateless(given)
        expect(len(args) == 1 and type(args[0]) is list, "a set")
        builder.copying(_MEMBER_BYTES * len(args[0]))
        return builder.value(kind(args[0]))

    return build


def moment(builder: Builder, given: Recipe) -> dt.datetime:
    """Make a date with time from its ten bytes, and a zone when it has one."""
    args = stateless(given)
    expect(len(args) in (1, 2), "a date")
    packed = _packed(builder, args[0], 10)
    offset = builder.value(args[1]) if len(args) == 2 else None  # noqa: PLR2004 - the zone comes second
    expect(offset is None or type(offset) is dt.timezone, "a date", "zone")
    month = packed[2] & 127  # the highest bit marks the second of two equal hours
    year, fraction = int.from_bytes(packed[:2]), int.from_bytes(packed[7:])
    day, hour, minute, second = packed[3:7]
    return dt.datetime(year, month, day, hour, minute, second, fraction, tzinfo=offset)


def day(builder: Builder, given: Recipe) -> dt.date:
    """Make a date from its four bytes."""
    args = stateless(given)
    expect(len(args) == 1, "a date")
    packed = _packed(builder, args[0], 4)
    return dt.date(int.from_bytes(packed[:2]), packed[2], packed[3])


def span(_builder: Builder, given: Recipe) -> dt.timedelta:
    """Make a length of time from days, seconds and microseconds."""
    args = stateless(given)
    expect(len(args) <= 3 and all(type(part) is int for part in args), "a length of time")  # noqa: PLR2004
    return dt.timedelta(*args)


def zone(builder: Builder, given: Recipe) -> dt.timezone:
    """Make a time zone from its offset."""
    args = stateless(given)
    offset = builder.value(args[0]) if len(args) == 1 else None
    expect(type(offset) is dt.timedelta, "a time zone")
    return dt.timezone(offset)  # type: ignore[arg-type]


def zone_of_pytz(_builder: Builder, given: Recipe) -> dt.timezone:
    """Make of a zone of pytz the offset that it has at its moment: UTC, or a name, an offset in seconds and more."""
    args = stateless(given)
    if not args:
        return dt.UTC
    expect(len(args) == 4 and type(args[1]) is int and abs(args[1]) < 86_400, "a time zone")  # noqa: PLR2004 - a day
    return dt.timezone(dt.timedelta(seconds=args[1]))


def _packed(builder: Builder, given: Any, size: int) -> bytes:
    made = builder.value(given)
    if type(made) is not bytes or len(made) != size:
        raise MalformedError(problem="a date is not made of bytes")
    return made


def _latin1(builder: Builder, text: str) -> bytes:
    builder.copying(len(text))
    expect(text.isascii() or max(text) <= "\xff", "bytes")
    return text.encode("latin1")
