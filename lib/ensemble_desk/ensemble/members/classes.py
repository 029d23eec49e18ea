"""What the class labels of a foreign estimator mean in terms of BEARISH, NEUTRAL, BULLISH."""

from collections.abc import Iterable
from numbers import Real
from typing import Any

from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market.labels import CLASSES

_SIGNED = {-1, 0, 1}
_NUMBERED = {0, 1, 2}


def class_numbers(member: str, labels: Iterable[Any], *, numbered: bool = False) -> tuple[int, ...]:
    """Translate ``classes_`` to class numbers, in the estimator's own order.

    Understood are the three names in any case, the numbers 0, 1, 2, and -1, 0, 1; classes may be missing.
    ``numbered`` says that the labels are known to be class numbers (our own versions), which settles the pairs that
    both conventions contain.

    Raises
    ------
    IncompatibleArtifactError
        For any other labels, and for 0 and 1 alone, which could mean either (or down and up).
    """
    found = list(labels)
    if found and all(isinstance(label, str) for label in found):
        numbers = [_by_name(member, label, found) for label in found]
    elif found and all(_is_whole(label) for label in found):
        numbers = _by_number(member, [int(label) for label in found], numbered=numbered)
    else:
        raise _unknown(member, found)
    if len(set(numbers)) != len(numbers):
        raise _unknown(member, found)
    return tuple(numbers)


def _by_name(member: str, label: str, found: list[Any]) -> int:
    name = label.strip().upper()
    if name not in CLASSES:
        raise _unknown(member, found)
    return CLASSES.index(name)


def _by_number(member: str, found: list[int], *, numbered: bool) -> list[int]:
    present = set(found)
    if present <= _NUMBERED and (numbered or 2 in present):  # noqa: PLR2004 - the class number of BULLISH
        return found
    if present <= _SIGNED and -1 in present:
        return [number + 1 for number in found]
    raise _unknown(member, found)


def _is_whole(label: Any) -> bool:
    # a numpy bool is no Real, a Python bool is one: True must not pass for the number 1
    return type(label) is not bool and isinstance(label, Real) and float(label).is_integer()


def _unknown(member: str, found: list[Any]) -> IncompatibleArtifactError:
    shown = [label.item() if hasattr(label, "item") else label for label in found[:6]]
    return IncompatibleArtifactError(
        member, f"its classes {shown} cannot be told apart as {', '.join(CLASSES)} (names), 0, 1, 2 or -1, 0, 1"
    )
