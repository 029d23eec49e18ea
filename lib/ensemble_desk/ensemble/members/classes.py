"""What the class labels of a foreign estimator mean in terms of BEARISH, NEUTRAL, BULLISH."""

from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.errors.base import listed
from ensemble_desk.market.labels import CLASSES

NUMBERED = "classes_are_numbers"
"""Set in the content of a form beside an artifact: its forests hold class numbers, not the artifact's labels."""
CLASS_NAMES = "classes_in_file"
"""In the content of a plain artifact: what its file says that its labels mean, by their spelling."""
MEANING = "class_meaning"
"""In the content: what a person told of them, which counts before that."""
_SIGNED = {-1, 0, 1}
_NUMBERED = {0, 1, 2}
_NAMED = {name: number for number, name in enumerate(CLASSES)}
_TWO_WAYS = {"DOWN": 0, "UP": 2}  # a model of two classes knows no NEUTRAL


def class_numbers(
    member: str, labels: Iterable[Any], *, numbered: bool = False, meaning: Mapping[str, str] | None = None
) -> tuple[int, ...]:
    """Translate ``classes_`` to class numbers, in the estimator's own order.

    Understood are the three names in any case, the numbers 0, 1, 2, and -1, 0, 1; classes may be missing. Two classes
    are understood as BEARISH and BULLISH when they are down and up, -1 and 1, or False and True.

    Parameters
    ----------
    numbered : the labels are known to be class numbers (our own versions), which settles the pairs that both
        conventions contain.
    meaning : the name of the class by label, as :func:`spelled`, where a person has told it; then only that counts.

    Raises
    ------
    IncompatibleArtifactError
        For any other labels, and for 0 and 1, or 1 and 2, alone, which could mean either (or down and up).
    """
    found = list(labels)
    if meaning:
        numbers = [_NAMED.get(meaning.get(spelled(label), ""), -1) for label in found]
    elif found and all(isinstance(label, str) for label in found):
        numbers = _by_name(found)
    elif found and all(_is_whole(label) for label in found):
        numbers = _by_number([int(label) for label in found], numbered=numbered)
    elif len(found) == 2 and {_flag(label) for label in found} == {False, True}:  # noqa: PLR2004 - down and up
        numbers = [2 * int(bool(_flag(label))) for label in found]
    else:
        raise _unknown(member, found)
    if not numbers or -1 in numbers or len(set(numbers)) != len(numbers):
        raise _unknown(member, found, meaning or {})
    return tuple(numbers)


def meaning_of(content: Mapping[str, Any]) -> Mapping[str, str] | None:
    """Say what the labels of a version's estimators mean, as a person told it, or its file; None where nobody did."""
    told = content.get(MEANING) or (None if "schema_version" in content else content.get(CLASS_NAMES))
    return told if isinstance(told, Mapping) else None


def spelled(label: Any) -> str:
    """Write a class label the way descriptions name it: numbers without a fraction, texts in upper case."""
    if _is_whole(label):
        return str(int(label))
    return str(label).strip().upper()


def _by_name(found: list[str]) -> list[int]:
    names = [label.strip().upper() for label in found]
    known = _TWO_WAYS if set(names) == set(_TWO_WAYS) else _NAMED
    return [known.get(name, -1) for name in names]


def _by_number(found: list[int], *, numbered: bool) -> list[int]:
    present = set(found)
    if present <= _NUMBERED and (numbered or {0, 2} <= present):
        return found
    if present <= _SIGNED and -1 in present:
        return [number + 1 for number in found]
    return []


def _flag(label: Any) -> bool | None:
    plain = label.item() if hasattr(label, "item") else label
    return plain if isinstance(plain, bool) else None


def _is_whole(label: Any) -> bool:
    # a numpy bool is no Real, a Python bool is one: True must not pass for the number 1
    return type(label) is not bool and isinstance(label, Real) and float(label).is_integer()


def _unknown(member: str, found: list[Any], meaning: Mapping[str, str] | None = None) -> IncompatibleArtifactError:
    shown = [label.item() if hasattr(label, "item") else label for label in found[:6]]
    called = [f"{name} {word}" for name, word in (meaning or {}).items() if word not in (name, "?")][:6]
    named = f" ({listed(called)})" if called else ""
    told = ",".join(f"{spelled(label)}=…" for label in found[:3])
    return IncompatibleArtifactError(
        member,
        f"its classes {shown}{named} cannot be told apart as {', '.join(CLASSES)} (names), 0, 1, 2, -1, 0, 1 "
        f"or down and up; tell it once: desk registry describe KEY --classes {told}",
    )
