"""The base of every error this product raises on purpose."""

from collections.abc import Iterable


class DeskError(Exception):
    """Base of all errors a caller may want to catch; the text says what happened and what to do."""


def listed(items: Iterable[object], *, most: int = 8) -> str:
    names = [str(item) for item in items]
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
