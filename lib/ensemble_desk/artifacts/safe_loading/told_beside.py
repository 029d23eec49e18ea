"""What a plain artifact tells beside its models, under the names that teams use: columns, classes, scaling, weights.

It is brought under one name each: ``feature_names`` and ``classes_in_file``. What would change the answers and cannot
be followed is refused: without it the models would answer with other numbers than where they were trained.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.plainness import is_number
from ensemble_desk.ensemble.members.classes import CLASS_NAMES, MEANING, NUMBERED, spelled
from ensemble_desk.errors import IncompatibleArtifactError
from ensemble_desk.market.labels import CLASSES

_INNER = frozenset({"config", "configuration", "info", "meta", "metadata", "params", "preprocessing", "training"})
_COLUMNS = re.compile(
    r"featurenames|features|featurecols|featurecolumns|featurelist|featureorder|featurenamesin|"
    r"selectedfeatures|columns|cols|inputfeatures|inputcolumns|modelfeatures|usedfeatures|"
    r"trainingfeatures|traincolumns|trainingcolumns|xcols|xcolumns|predictors"
)
_NAMES = re.compile(
    r"classes|classlabels|classmap|classmapping|classmeaning|classnames|encoderclasses|id2label|"
    r"idtolabel|idx2label|inttolabel|inverselabelmap|inverselabelmapping|labelclasses|labelencoder|"
    r"labelencoderclasses|labelencoding|labelmap|labelmapping|labelnames|labels|label2id|label2idx|"
    r"labeltoid|leclasses|mapping|reverselabelmap|reverselabelmapping|targetmap|targetmapping|"
    r"targetnames"
)
_PREPARED = re.compile(
    r"scal(?:er|ing)|standardi[sz]|normali[sz]|pre_?process|z_?score|imput|(?:^|_)pca(?:$|_)|winsor|transformer"
    r"|feature_?(?:mean|std|mu|sigma)"
)
_OF_ANSWERS = re.compile(r"weight|label|target|class|prob|output|loss|temperature")
_SIGNS = {"-1": CLASSES[0], "0": CLASSES[1], "1": CLASSES[2]}
_WAYS = {"DOWN": CLASSES[0], "UP": CLASSES[2]}
_NOT_ITS_OWN = frozenset({MEANING, CLASS_NAMES, NUMBERED})  # said by people and by forms alone
_UNTOLD = "?"
_MOST_LETTERS = 60
_Found = Iterator[tuple[str, Any]]


def settled(content: Any, *, name: str) -> Any:
    """Give the content of a plain artifact with what it tells under one name each; any other as it is.

    Raises
    ------
    IncompatibleArtifactError
        When rows were prepared in a way that the models do not hold, or two parts of the file contradict each other.
    """
    if type(content) is not dict or "schema_version" in content or type(content.get("models")) is not dict:
        return content
    if not all(type(key) is str for key in content):
        return content
    found = {key: value for key, value in content.items() if key not in _NOT_ITS_OWN} | _counted(content)
    if problem := _prepared(found):
        raise IncompatibleArtifactError(name, problem)
    for told in (_columns(found), _names(found)):
        if isinstance(told, str):
            raise IncompatibleArtifactError(name, told)
        found |= told
    if not _is_canonical(found.get("classes")):
        found.pop("classes", None)
    return found


def _is_canonical(told: Any) -> bool:
    return isinstance(told, list | tuple) and list(told) == list(CLASSES)


def _counted(content: dict[str, Any]) -> dict[str, Any]:
    """Leave out models that are None and weights of none, where they count nothing."""
    models, weights = content["models"], content.get("weights")
    if type(weights) is not dict:
        return {}
    counts = {key for key, weight in weights.items() if not (weight is None or (is_number(weight) and weight == 0))}
    kept = {key: model for key, model in models.items() if model is not None or key in counts}
    return {"models": kept, "weights": {key: one for key, one in weights.items() if key in kept or key in counts}}


def _prepared(content: dict[str, Any]) -> str:
    if all(type(model).__name__ == "Pipeline" for model in _readers(content).values()):
        return ""
    for key, value in _told(content):
        if _PREPARED.search(key.lower()) and not _OF_ANSWERS.search(key.lower()) and not _is_nothing(value):
            return (
                f"beside its models it holds {key!r}, and nothing says how their rows are made with it. Put it into a "
                "Pipeline with each model and save it again; without it, if the features are made so already"
            )
    return ""


def _is_nothing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in {"", "none", "no", "false", "off"}
    return value is None or value is False or (isinstance(value, dict | list | tuple) and not value)


def _columns(content: dict[str, Any]) -> dict[str, Any] | str:
    """Give the columns that models without names of their own read, in the order of training."""
    told = {
        key: names
        for key, value in _told(content)
        if (names := _texts(_agreed(value))) and _COLUMNS.fullmatch(_plain(key))
    }
    own = content.get("feature_names")
    settled_own = {"feature_names": told["feature_names"]} if "feature_names" in told else {}
    nameless = {
        model.n_features_in_
        for model in _readers(content).values()
        if getattr(model, "feature_names_in_", None) is None and isinstance(getattr(model, "n_features_in_", None), int)
    }
    if not nameless:
        return settled_own
    fitting = {key: names for key, names in told.items() if {len(names)} == nameless}
    if len({tuple(names) for names in fitting.values()}) > 1:
        return f"{' and '.join(sorted(fitting)[:2])} tell different columns, and its models do not name theirs"
    if fitting:
        return {"feature_names": next(iter(fitting.values()))}
    if isinstance(own, Mapping):
        return "its models read different columns, and do not name theirs: fit them with frames and save it again"
    return settled_own


def _agreed(value: Any) -> Any:
    """Of columns told for each model, those that all of them read."""
    if not isinstance(value, Mapping) or not value:
        return value
    each = [_texts(one) for one in value.values()]
    return each[0] if all(one and one == each[0] for one in each) else None


def _texts(value: Any) -> list[str]:
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        return []
    return [str(one) for one in value] if len(set(value)) == len(value) else []


def _names(content: dict[str, Any]) -> dict[str, Any] | str:
    """Give what the file says that the labels of its models' classes mean; nothing where it does not say it."""
    labels = {spelled(one) for model in _readers(content).values() for one in _labels(model)}
    known = {label: label for label in labels if label in CLASSES}
    unknown = labels - known.keys()
    told = {
        key: names
        for key, value in _told(content)
        if _NAMES.fullmatch(_plain(key)) and (names := _meant(value, unknown))
    }
    if len({tuple(sorted(names.items())) for names in told.values()}) > 1:
        return f"{' and '.join(sorted(told)[:2])} tell different meanings of its classes"
    if not told:
        return {}
    names = next(iter(told.values()))
    ways = _WAYS if set(names.values()) == set(_WAYS) else {}
    return {CLASS_NAMES: known | {label: ways.get(word, word) for label, word in names.items()}}


def _labels(model: Any) -> list[Any]:
    own = getattr(model, "classes_", None)
    return own.tolist() if isinstance(own, np.ndarray) and own.ndim == 1 else []


def _meant(value: Any, labels: set[str]) -> dict[str, str]:
    """Read a table of labels, either way round, or a list by number; empty when it says nothing about these labels."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        numbered = labels == {str(number) for number in range(len(value))}
        value = dict(enumerate(value)) if numbered else {}
    if not isinstance(value, Mapping) or not labels or not all(map(_is_word, (*value, *value.values()))):
        return {}
    pairs = {spelled(key): spelled(word) for key, word in value.items()}
    for table in (pairs, {word: key for key, word in pairs.items()} if len(set(pairs.values())) == len(pairs) else {}):
        words = _words(set(table.values()))
        if labels & table.keys() and words is not None:
            return {label: words.get(table.get(label, _UNTOLD), _UNTOLD) for label in sorted(labels)}
    return {}


def _words(told: set[str]) -> dict[str, str] | None:
    """What the other side of a table says: signs, or words; None for other numbers, which say nothing."""
    if told <= _SIGNS.keys() and "-1" in told:
        return _SIGNS
    return None if any(re.fullmatch(r"[-+]?[0-9.]+", word) for word in told) else {word: word for word in told}


def _is_word(value: Any) -> bool:
    return (isinstance(value, str) and len(value) <= _MOST_LETTERS) or is_number(value)


def _readers(content: dict[str, Any]) -> dict[str, Any]:
    return {key: model for key, model in content["models"].items() if not isinstance(model, Mapping | None)}


def _told(content: dict[str, Any]) -> _Found:
    """What stands beside the models, and one level below in tables of settings."""
    for key, value in content.items():
        if key not in ("models", "weights"):
            yield key, value
        if isinstance(value, Mapping) and _plain(key) in _INNER:
            yield from ((inner, one) for inner, one in value.items() if type(inner) is str)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())
