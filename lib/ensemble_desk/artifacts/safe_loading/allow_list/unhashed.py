"""Dicts and sets as a pickle lists them: nothing of it is hashed or compared before it is known to be an atom.

The hash of tuples within tuples can end the process (too deep) or never end (shared without bound), and a hash or an
equality can be code. So while a file is read there are no dicts and no sets, only these lists.
"""

from collections.abc import Sequence
from typing import Any

KEYS = frozenset({type(None), bool, int, float, str})


class Pairs(list[Any]):
    """A dict: key, value, key, value …; an item that was set alone is a `Pair`."""

    __slots__ = ()


class Pair(tuple[Any, Any]):
    """A key with its value."""

    __slots__ = ()


class Members(list[Any]):
    """A set."""

    __slots__ = ()


class FrozenMembers(list[Any]):
    """A frozenset."""

    __slots__ = ()


class NotAtomsError(Exception):
    """A key or member is neither a number nor a text, or a key has no value."""


def split(pairs: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """Give keys and values of a dict, as many of each; raises NotAtomsError when a key has no value."""
    keys = pairs[::2]
    if len(pairs) % 2 or Pair in map(type, keys):
        pairs = _flat(pairs)
        keys = pairs[::2]
    if len(pairs) % 2:
        raise NotAtomsError
    return keys, pairs[1::2]


def as_dict(pairs: Sequence[Any]) -> dict[Any, Any]:
    """Make the dict, its values as they are; raises NotAtomsError unless every key is an atom."""
    keys, values = split(pairs)
    if not KEYS.issuperset(map(type, keys)):
        raise NotAtomsError
    return dict(zip(keys, values, strict=True))


def _flat(pairs: Sequence[Any]) -> list[Any]:
    flat: list[Any] = []
    for part in pairs:
        if type(part) is not Pair:
            flat.append(part)
        elif len(flat) % 2:  # where a value belongs
            raise NotAtomsError
        else:
            flat.extend(part)
    return flat
