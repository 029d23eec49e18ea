"""Estimators of XGBoost, LightGBM and CatBoost in the allow-list: each becomes the trees that its state holds.

Of an estimator's state only the booster's bytes, its labels and its best round are looked at; nothing else of it is
kept, and no library of theirs is needed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ensemble_desk.artifacts.safe_loading.allow_list.boosters import catboost, lightgbm, xgboost
from ensemble_desk.artifacts.safe_loading.allow_list.recipes import (
    Builder,
    MalformedError,
    Recipe,
    RefusedError,
    Sealed,
    UnfitError,
    expect,
    state_of,
)
from ensemble_desk.ensemble.flat.forest import FlatForest

_XGBOOST, _LIGHTGBM = "xgboost.core.Booster", "lightgbm.basic.Booster"
_CATBOOST = "__model"
_LABELS = frozenset({bool, int, float, str})


def names() -> Iterator[tuple[str, str, Callable[[Builder, Recipe], Any]]]:
    """Give every name with the function that makes it."""
    yield "xgboost.core", "Booster", _xgboost_booster
    yield "xgboost.sklearn", "XGBClassifier", _xgboost_classifier
    yield "lightgbm.basic", "Booster", _lightgbm_booster
    yield "lightgbm.sklearn", "LGBMClassifier", _lightgbm_classifier
    yield "catboost.core", "CatBoostClassifier", _catboost_classifier


@dataclass(frozen=True, slots=True)
class NotFitted:
    """Stands for a classifier that was not fitted, as one made of others keeps it."""

    fit = FlatForest.fit
    __sklearn_tags__ = FlatForest.__sklearn_tags__


def _xgboost_booster(builder: Builder, given: Recipe) -> FlatForest:
    return _told_by_xgboost(builder, given, best_only=False)


def _xgboost_classifier(builder: Builder, given: Recipe) -> FlatForest | NotFitted:
    """A classifier of XGBoost counts its classes from 0; it predicts with the rounds up to its best one."""
    state = _state(given)
    if state.get("_Booster") is None:
        return NotFitted()
    missing = builder.value(state.get("missing"))
    if missing is not None and not (type(missing) is float and np.isnan(missing)):
        raise UnfitError(problem=f"its XGBClassifier takes {missing!r} for a missing value; train it on gaps")
    booster = _nested(state, "_Booster", _XGBOOST)
    made = _told_by_xgboost(builder, booster, best_only=True)
    return _labelled(made, _xgboost_labels(builder, state))


def _xgboost_labels(builder: Builder, state: Mapping[str, Any]) -> list[Any] | None:
    """Its labels, which releases up to 1.7 may have stored."""
    stored = state.get("classes_")
    return None if stored is None else _list(builder.value(stored))


def _told_by_xgboost(builder: Builder, given: Recipe, *, best_only: bool) -> FlatForest:
    handle = builder.value(_state(given).get("handle"))
    if type(handle) is not bytes:
        raise MalformedError(problem="an XGBoost booster has no content")
    builder.copying(len(handle))
    return _guarded(lambda: xgboost.forest(handle, best_only=best_only))


def _lightgbm_booster(builder: Builder, given: Recipe) -> FlatForest:
    return _told_by_lightgbm(builder, given)


def _lightgbm_classifier(builder: Builder, given: Recipe) -> FlatForest | NotFitted:
    state = _state(given)
    if state.get("_Booster") is None:
        return NotFitted()
    made = _told_by_lightgbm(builder, _nested(state, "_Booster", _LIGHTGBM))
    return _labelled(made, _list(builder.value(state.get("_classes"))))


def _told_by_lightgbm(builder: Builder, given: Recipe) -> FlatForest:
    state = _state(given)
    text = state.get("_handle", state.get("handle"))  # the name until LightGBM 4
    best = builder.value(state.get("best_iteration"))
    if type(text) is not str:
        raise MalformedError(problem="a LightGBM booster has no content")
    builder.copying(len(text))
    best_iteration = int(best) if isinstance(best, int | np.integer) else 0
    return _guarded(lambda: lightgbm.forest(text, best_iteration=best_iteration))


def _catboost_classifier(builder: Builder, given: Recipe) -> FlatForest | NotFitted:
    data = builder.value(_state(given).get(_CATBOOST))
    if data is None:
        return NotFitted()
    expect(type(data) is bytes, "a CatBoost classifier")
    builder.copying(len(data))
    return _guarded(lambda: catboost.forest(data))


def _guarded(read: Callable[[], FlatForest]) -> FlatForest:
    """Read a booster; whatever its bytes make a reader raise says that they contradict themselves."""
    try:
        return read()
    except (MalformedError, UnfitError):
        raise
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, AttributeError, RecursionError) as error:
        raise MalformedError(problem=f"a booster cannot be read ({type(error).__name__})") from error


def _state(given: Recipe) -> Mapping[str, Any]:
    """Give the state of an estimator as it was noted down, nothing of it made yet."""
    state = state_of(given)
    expect(type(state) is dict and all(type(name) is str for name in state), "an estimator", "state")
    return state  # type: ignore[no-any-return]


def _nested(state: Mapping[str, Any], name: str, asked_for: str) -> Recipe:
    found: Any = state.get(name)
    if type(type(found)) is not Sealed or found.asked_for != asked_for:
        raise RefusedError(asked_for=f"an estimator whose {name} is none, or another's")
    return found  # type: ignore[no-any-return]


def _list(labels: Any) -> list[Any]:
    expect(type(labels) is np.ndarray and labels.ndim == 1, "an estimator", "classes")
    return labels.tolist()  # type: ignore[no-any-return]


def _labelled(made: FlatForest, labels: list[Any] | None) -> FlatForest:
    """Give a booster the labels of the classifier around it."""
    if labels is None:
        return made
    fits = len(labels) == len(set(labels)) == len(made.classes) and _LABELS.issuperset(map(type, labels))
    expect(fits, "an estimator", "classes")
    return replace(made, classes=tuple(labels))
