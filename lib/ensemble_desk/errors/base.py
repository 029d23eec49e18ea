"""The base of every error this product raises on purpose."""

from collections.abc import Iterable, Mapping
from typing import Any


class DeskError(Exception):
    """Base of all errors a caller may want to catch; the text says what happened and what to do.

    An error made in another process arrives with its text and what it knows: pickled, it is not made anew out of
    what its constructor asks for.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _arrived, (type(self), self.args, vars(self))


def _arrived(kind: type[DeskError], args: tuple[Any, ...], known: Mapping[str, Any]) -> DeskError:
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(known)
    return error


def listed(items: Iterable[object], *, most: int = 8) -> str:
    names = [str(item) for item in items]
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def shortened(text: str, *, most: int = 300) -> str:
    """Give a text that comes from outside, shortened where it is long."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def cut(text: str, *, most: int = 300) -> str:
    """Give a text that comes from outside, shortened where it is long, what a terminal would obey spelt out."""
    return spelt_out(shortened(text, most=most))


def spelt_out(text: str) -> str:
    """Give a text in letters that can be seen: ends of lines, marks of direction and the like as their numbers."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def shown(value: object) -> str:
    """Name a value that comes from outside, for a message: a short text or number as it is, of all else the kind.

    The repr of a few shared lists can be longer than memory; it is never asked for.
    """
    if type(value) is str:
        return repr(shortened(value, most=100))
    if value is None or type(value) in (bool, float) or (type(value) is int and value.bit_length() <= 256):  # noqa: PLR2004 - 77 digits
        return repr(value)
    return f"a {type(value).__name__}"
