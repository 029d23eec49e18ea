"""What a person tells of versions whose files do not tell it, how it lies over their content, what contradicts it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime, time
from typing import Any

from ensemble_desk.ensemble.members import classes as member_classes
from ensemble_desk.errors import FeatureSetError, InvalidDescriptionError
from ensemble_desk.market import aims, feature_sets, timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec

OF_NAME = "version"
"""In place of a day: the day that names each version."""
_TWO = 2


@dataclass(frozen=True, slots=True)
class Description:
    """What was told; None and empty where nothing was.

    Attributes
    ----------
    horizon_bars : how many bars ahead the versions forecast.
    threshold : the log return beyond which a move is BEARISH or BULLISH.
    multiplier : the same limit as a multiple of the trailing volatility; one of the two at most.
    classes : BEARISH, NEUTRAL or BULLISH by the estimators' own class label, in upper case.
    features : name of the feature set they read.
    trained_from, trained_until : first and last day of the training window, as ISO texts, or ``version``.
    """

    horizon_bars: int | None = None
    threshold: float | None = None
    multiplier: float | None = None
    classes: Mapping[str, str] | None = None
    features: str | None = None
    trained_from: str | None = None
    trained_until: str | None = None

    def __post_init__(self) -> None:
        problem = next(_problems(self), None)
        if problem is not None:
            raise InvalidDescriptionError(problem)

    def to_dict(self) -> dict[str, Any]:
        """Give what was told, and only that."""
        told = asdict(self)
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> "Description":
        return cls(**{one.name: stored[one.name] for one in fields(cls) if one.name in stored})

    def over(self, earlier: "Description") -> "Description":
        """Lie over what was told earlier or more generally: what this one tells counts."""
        before = earlier.to_dict()
        if self.threshold is not None or self.multiplier is not None:
            before.pop("threshold", None)
            before.pop("multiplier", None)
        return Description.from_dict(before | self.to_dict())

    @property
    def in_words(self) -> str:
        """Say what was told in one line."""
        parts = []
        for name, value in self.to_dict().items():
            shown = ", ".join(f"{own}={name}" for own, name in value.items()) if isinstance(value, Mapping) else value
            parts.append(f"{name.replace('_', ' ')} {shown}")
        return "; ".join(parts)


def lay_over(content: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a version's content with what people told of it; what the file itself tells stays."""
    if not described:
        return content
    window = {**described.get("data_window", {}), **_mapping(content.get("data_window"))}
    added = {name: value for name, value in described.items() if not content.get(name)}
    return {**content, **added, **({"data_window": window} if window else {})}


def effective(told: Description, content: Mapping[str, Any], *, key: Key, version: str) -> dict[str, Any]:
    """Say what a description adds to a version: label, horizon, class_meaning, feature_set and data_window.

    What the content tells itself is left out, and so is what contradicts it. A version whose estimators all know two
    classes, and of which only the horizon was told, is scored by the sign of the move.
    """
    found: dict[str, Any] = {}
    own = aims.of_content(content, timeframe=key.timeframe)
    n_bars = told.horizon_bars or own.horizon_bars
    if own.label is None and n_bars is not None and own.horizon_bars in (None, n_bars):
        label = _label(told, n_bars, two=_know_two(content))
        found["horizon"] = aims.name_of(n_bars, timeframe=key.timeframe)
        if label is not None:
            found["label"] = label.to_dict()
    if told.classes and "schema_version" not in content and not list(_foreign_classes(told, content)):
        found["class_meaning"] = dict(told.classes)
    if told.features:
        found["feature_set"] = {"name": told.features, "digest": _digest_of_features(told.features)}
    window = {
        name: _moment(day, key.timeframe, version, last=name == "last_bar").isoformat()
        for name, day in (("first_bar", told.trained_from), ("last_bar", told.trained_until))
        if day is not None and not _mapping(content.get("data_window")).get(name)
    }
    return found | ({"data_window": window} if window else {})


def contradictions(told: Description, content: Mapping[str, Any], *, key: Key) -> tuple[str, ...]:
    """Say where a description contradicts what the file of a version tells; empty when nowhere."""
    return tuple(_contradictions(told, content, key=key))


def _contradictions(told: Description, content: Mapping[str, Any], *, key: Key) -> Iterator[str]:
    own = aims.of_content(content, timeframe=key.timeframe)
    if told.horizon_bars is not None and own.horizon_bars not in (None, told.horizon_bars):
        yield f"its file says that the horizon is {own.horizon}, not {told.horizon_bars} bars"
    if own.label is not None and (told.threshold is not None or told.multiplier is not None):
        label = _label(told, own.label.horizon_bars, two=False)
        if label != own.label:
            yield "its file defines another threshold"
    if told.classes and "schema_version" in content:
        yield "its file says what its classes are"
    elif told.classes:
        yield from _foreign_classes(told, content)
    window = _mapping(content.get("data_window"))
    for name, day in (("first_bar", told.trained_from), ("last_bar", told.trained_until)):
        if day is not None and day != OF_NAME and window.get(name) and str(window[name])[:10] != day[:10]:
            yield f"its file says that its {name.replace('_', ' ')} is {str(window[name])[:10]}"


def _digest_of_features(name: str) -> str:
    """What the features are now, so that others are noticed later; empty where there are none of that name."""
    try:
        return feature_sets.get(name).digest
    except FeatureSetError:
        return ""


def _foreign_classes(told: Description, content: Mapping[str, Any]) -> Iterator[str]:
    """Members whose estimators do not have just the classes that were told, or whose names say something else."""
    meaning = told.classes or {}
    for member, labels in _mapping(content.get("member_classes")).items():
        known = [member_classes.spelled(label) for label in labels]
        if not set(known) <= set(meaning):
            yield f"{member} has the classes {', '.join(known)}, and only {', '.join(meaning)} were told"
        elif set(meaning) - set(known):
            yield f"{member} has no class {', '.join(sorted(set(meaning) - set(known)))}"
        named = {name: meaning.get(name) for name in known if name in CLASSES}
        for name, word in _mapping(content.get(member_classes.CLASS_NAMES)).items():
            if name in known and word in CLASSES and meaning.get(name) not in (None, word):
                yield f"its file says that the class {name} of {member} is {word}, not {meaning[name]}"
        other = {name: said for name, said in named.items() if said != name}
        yield from (f"{member} names its class {name}, which is not {said}" for name, said in other.items())


def _label(told: Description, n_bars: int, *, two: bool) -> LabelSpec | None:
    if told.threshold is not None:
        return LabelSpec(n_bars, "fixed", fixed_threshold=told.threshold)
    if told.multiplier is not None:
        return LabelSpec(n_bars, multiplier=told.multiplier)
    return LabelSpec(n_bars, "fixed") if two else None


def _know_two(content: Mapping[str, Any]) -> bool:
    known = _mapping(content.get("member_classes")).values()
    return bool(known) and all(len(labels) == _TWO for labels in known)


def _moment(day: str, timeframe: str, version: str, *, last: bool) -> datetime:
    told = date.fromisoformat(version[:8] if day == OF_NAME else day[:10])
    whole = last and timeframe not in timeframes.OF_SESSIONS  # the last bar of that day, whenever it was
    return datetime.combine(told, time(23, 59, 59) if whole else time(0), tzinfo=UTC)


def _problems(told: Description) -> Iterator[str]:
    if not told.to_dict():
        yield "nothing was told"
    if told.horizon_bars is not None and aims.bars_of(told.horizon_bars, timeframe="d1") is None:
        yield f"a horizon of {told.horizon_bars} bars is none; say a whole number of bars from 1 to 10000"
    if told.threshold is not None and not aims.is_limit(told.threshold):
        yield f"a threshold of {told.threshold} is none; say a log return such as 0.009"
    if told.multiplier is not None and not 0 < told.multiplier < 100:  # noqa: PLR2004 - sigmas
        yield f"a multiplier of {told.multiplier} is none; say one such as 0.5"
    if told.threshold is not None and told.multiplier is not None:
        yield "a threshold and a multiplier exclude each other; say one of them"
    days = (told.trained_from, told.trained_until)
    for day in (day for day in days if day is not None and day != OF_NAME and not _is_day(day)):
        yield f"{day!r} is no day; write it as 2025-01-31, or {OF_NAME} for the day that names each version"
    if told.classes is not None:
        yield from _class_problems(list(told.classes.values()))


def _class_problems(meant: list[str]) -> Iterator[str]:
    wrong = [name for name in meant if name not in CLASSES]
    if wrong:
        yield f"{wrong[0]} is no class; say {', '.join(CLASSES)}"
    elif len(set(meant)) != len(meant):
        yield "two classes were told to mean the same"
    elif len(meant) < _TWO:
        yield "a model has two or three classes; say all of them"


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
