"""What must hold of an artifact's content before anything is predicted with it: ours, or a plain one."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from ensemble_desk.artifacts import naming, other_names
from ensemble_desk.artifacts.format import KNOWN_SCHEMA_VERSIONS, SCHEMA_VERSION
from ensemble_desk.artifacts.safe_loading import plainness
from ensemble_desk.artifacts.safe_loading.allow_list.families import composition, estimators
from ensemble_desk.errors import ArtifactNameError, IncompatibleArtifactError
from ensemble_desk.errors.base import cut, shown
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec

_MOST_MODELS = 64
_AS_DICT = ": save a dict that has under 'models' each fitted classifier itself by its name"
_MOST_NAME_LETTERS = 200
_MOST_TOLD = 1_000_000  # values beside the models; they go into the manifest
_TEXTS = ("symbol", "timeframe", "timestamp", "horizon", "code_revision", "bars_source", "feature_zone")
_TABLES = ("performances", "model_predictions_sample", "label", "data_window", "evaluation", "libraries")


def validate(content: Any, *, key: Key, version: str, name: str | None = None) -> None:
    """Check the content of a version that is about to serve.

    Raises
    ------
    IncompatibleArtifactError
        With the first thing that is missing, contradictory, or of a format newer than this code.
    """
    name = name or naming.file_name(key, version)
    structure(content, name=name)
    _check_identity(content, key, version, name)


def structure(content: Any, *, name: str) -> None:
    """Check like `validate`, but for the identity when `name` is not the name of a version."""
    problem = _problem(content)
    if problem:
        raise IncompatibleArtifactError(name, problem)
    try:
        key, version = naming.parse(name)
    except ArtifactNameError:
        return
    _check_identity(content, key, version, name)


def is_ours(content: Mapping[str, Any]) -> bool:
    """Tell a version of ours from a plain artifact with the guide's keys only."""
    return "schema_version" in content


def _problem(content: Any) -> str:
    if type(content) is not dict or not all(type(key) is str for key in content):
        return f"it holds a {type(content).__name__}, not the dict of a version"
    for check in (_schema, _models, _weights, _plain, _meaning):
        problem = check(content)
        if problem:
            return problem
    return ""


def _schema(content: dict[str, Any]) -> str:
    if not is_ours(content):
        return ""
    number = content["schema_version"]
    if type(number) is int and number > SCHEMA_VERSION:
        return f"it is of format {number}, this program knows up to {SCHEMA_VERSION}; upgrade the program"
    return "" if type(number) is int and number in KNOWN_SCHEMA_VERSIONS else f"format {shown(number)} is unknown"


def _models(content: dict[str, Any]) -> str:
    models = content.get("models")
    if type(models) is not dict or not 0 < len(models) <= _MOST_MODELS:
        return f"it has {len(models):,} models" if type(models) is dict and models else f"it has no models{_AS_DICT}"
    walk = plainness.Walk()
    for name, model in models.items():
        if type(name) is not str or not 0 < len(name) <= _MOST_NAME_LETTERS:
            return "a model has no name in letters, or one that is too long"
        if type(model) is dict:
            problem = walk.problem(model)
            if problem:
                inside = any(hasattr(part, "predict_proba") for part in model.values())
                return f"the state of {name} holds {problem}{_AS_DICT if inside else ''}"
        elif not composition.is_member(model):
            return f"{name} is a {type(model).__name__}{_why_none(model)}"
    return "its models share trees" if estimators.share_trees(models.values()) else ""


def _why_none(model: Any) -> str:
    if hasattr(model, "classes_") and not hasattr(model, "predict_proba"):
        return ", which gives no probabilities: calibrate it with CalibratedClassifierCV and save it again"
    return ", not a fitted classifier"


def _weights(content: dict[str, Any]) -> str:
    weights = content.get("weights")
    if weights is None or (isinstance(weights, dict | list | tuple) and not weights):
        return "it has no weights: save it with a dict of a number for the name of each model"
    if type(weights) is not dict:
        return f"its weights are a {type(weights).__name__}, not a dict of a number for the name of each model"
    strangers = weights.keys() - content["models"].keys()
    if strangers:
        return f"it has a weight for {shown(next(iter(strangers)))}, but no such model"
    if not all(plainness.is_number(weight) and math.isfinite(weight) and weight >= 0 for weight in weights.values()):
        return "a weight is negative or no number"
    return "" if sum(weights.values()) > 0 else "all weights are zero"


def _plain(content: dict[str, Any]) -> str:
    walk = plainness.Walk(most_values=_MOST_TOLD)
    problem = walk.problem({key: value for key, value in content.items() if key != "models"})
    return f"beside its models it holds {problem}" if problem else ""


def _meaning(content: dict[str, Any]) -> str:
    for name in _TABLES:
        if content.get(name) is not None and type(content[name]) is not dict:
            return f"{name} is no dict"
    if is_ours(content):
        for name in _TEXTS:
            if not isinstance(content.get(name, ""), str):
                return f"{name} is no text"
    accuracy = content.get("ensemble_accuracy")
    if accuracy is not None and not plainness.is_number(accuracy):
        return "ensemble_accuracy is no number"
    temperature = content.get("temperature", 1.0)
    if not (plainness.is_number(temperature) and math.isfinite(temperature) and temperature > 0):
        return "temperature is no positive number"
    if list(content.get("classes", CLASSES)) != list(CLASSES):
        return f"its classes are not {', '.join(CLASSES)}"
    return _feature_names(content) or _label(content)


def _feature_names(content: dict[str, Any]) -> str:
    names = content.get("feature_names")
    if names is None:
        return ""
    if type(names) is not list or not all(type(name) is str for name in names) or len(set(names)) != len(names):
        return "feature_names is no list of different texts"
    for member, model in content["models"].items():
        wanted, own = getattr(model, "n_features_in_", len(names)), getattr(model, "feature_names_in_", None)
        if type(model) is dict:
            continue
        if wanted != len(names) and (own is None or is_ours(content)):
            return f"{member} wants {wanted} features, feature_names has {len(names)}"
        if own is not None and (others := [str(name) for name in own if str(name) not in set(names)]):
            return f"{member} reads {shown(others[0])}, which is not among its feature_names"
    return ""


def _label(content: dict[str, Any]) -> str:
    stored = content.get("label")
    if stored is None:
        return ""
    try:
        label = LabelSpec.from_dict(stored)
    except TypeError:
        return "its label definition cannot be read"
    numbers = (label.horizon_bars, label.multiplier, label.sigma_window, label.fixed_threshold)
    if not all(plainness.is_number(number) and math.isfinite(number) and number >= 0 for number in numbers):
        return "its label definition has a number that is none"
    known = label.rule in ("volatility", "fixed") and label.price in ("open", "high", "low", "close")
    return "" if known and label.horizon_bars >= 1 else "its label definition is none that this program knows"


def _check_identity(content: dict[str, Any], key: Key, version: str, name: str) -> None:
    """Refuse a file that says it is another version; a plain one may write its day in another way or not at all."""
    names = {"symbol": key.symbol, "timeframe": key.timeframe, "timestamp": version}
    told = [default if content.get(part) is None else content[part] for part, default in names.items()]
    if any(isinstance(part, list | tuple | dict | set | frozenset | np.ndarray) for part in told):
        raise IncompatibleArtifactError(name, "its symbol, timeframe or timestamp is no text")
    symbol, timeframe, timestamp = (cut(str(part), most=_MOST_NAME_LETTERS) for part in told)
    if is_ours(content):
        fits = (symbol, timeframe, timestamp) == (key.symbol, key.timeframe, version)
    else:
        days = other_names.days_of(timestamp)
        same_key = _letters(symbol) == _letters(key.symbol) and timeframes.named(timeframe) == key.timeframe
        fits = same_key and (not days or naming.timestamp(version) in days)
    if not fits:
        problem = f"it says that it is {symbol}/{timeframe} {timestamp}, unlike its name"
        raise IncompatibleArtifactError(name, problem)


def _letters(symbol: str) -> str:
    """A symbol without what file names replace: BTC/USDT is BTC_USDT there."""
    return re.sub(r"[/_:-]", "", symbol).upper()
