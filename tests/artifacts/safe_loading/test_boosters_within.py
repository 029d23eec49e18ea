"""Boosters of other libraries within pipelines, votes, stacks and calibrations: trees again, or the true reason."""

import json
import pickle
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tests.artifacts.conftest import rows
from tests.artifacts.safe_loading.damaging import fit_quietly, load, refused
from tests.artifacts.safe_loading.test_hostile_boosters import MODEL, TEXT

from ensemble_desk.artifacts.safe_loading.allow_list.boosters import lightgbm, xgboost
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.errors import IncompatibleArtifactError, UnsafeArtifactError


class Booster:
    """What a library's booster holds: its trees as bytes or as a text."""

    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)


class OfOneTree(ClassifierMixin, BaseEstimator):
    """Pickles as a library's classifier does, and answers from the same trees."""

    def fit(self, X: Any, y: Any) -> "OfOneTree":
        self.n_features_in_, self._classes = np.shape(X)[1], np.unique(y)
        self._Booster = self.booster()
        return self

    @property
    def classes_(self) -> Any:
        return self._classes

    def predict_proba(self, X: Any) -> Any:
        return self.forest().predict_proba(X)

    def predict(self, X: Any) -> Any:
        return self._classes[self.predict_proba(X).argmax(axis=1)]


class XGBClassifier(OfOneTree):
    __module__ = "xgboost.sklearn"

    def booster(self) -> Any:
        return XGBooster(handle=json.dumps(MODEL).encode())

    def forest(self) -> FlatForest:
        return xgboost.forest(json.dumps(MODEL).encode())

    @property
    def feature_importances_(self) -> Any:
        return np.array([1.0, 0.0])


class LGBMClassifier(OfOneTree):
    __module__ = "lightgbm.sklearn"

    def booster(self) -> Any:
        return LGBMBooster(_handle=TEXT, best_iteration=-1)

    def forest(self) -> FlatForest:
        return lightgbm.forest(TEXT)


class XGBooster(Booster):
    __module__, __qualname__ = "xgboost.core", "Booster"


class LGBMBooster(Booster):
    __module__, __qualname__ = "lightgbm.basic", "Booster"


@pytest.fixture(autouse=True)
def _libraries(monkeypatch):
    """Let the classes above be found where the libraries have theirs."""
    for kind in (XGBClassifier, XGBooster, LGBMClassifier, LGBMBooster):
        for part in (kind.__module__.partition(".")[0], kind.__module__):
            if part not in sys.modules:
                monkeypatch.setitem(sys.modules, part, types.ModuleType(part))
        monkeypatch.setattr(sys.modules[kind.__module__], kind.__qualname__, kind, raising=False)


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(2, max_depth=2, random_state=1)


AROUND: dict[str, Callable[[Any], Any]] = {
    "pipeline": lambda made: make_pipeline(StandardScaler(), made),
    "vote": lambda made: VotingClassifier([("rf", forest()), ("b", made)], voting="soft"),
    "stack": lambda made: StackingClassifier([("rf", forest()), ("b", made)], cv=2),
    "last of a stack": lambda made: StackingClassifier([("rf", forest()), ("lr", LogisticRegression())], made, cv=2),
    "bag": lambda made: BaggingClassifier(made, n_estimators=2, random_state=1),
    "rest": OneVsRestClassifier,
    "search": lambda made: GridSearchCV(make_pipeline(StandardScaler(), made), {}, cv=2),
}
CALIBRATED: dict[str, Callable[[Any], Any]] = {
    "calibration": lambda made: CalibratedClassifierCV(made, cv=2),
    "isotonic": lambda made: CalibratedClassifierCV(make_pipeline(StandardScaler(), made), cv=2, method="isotonic"),
}


def fitted(model: Any) -> tuple[Any, Any]:
    features, classes = rows()
    asked = features[["rsi", "atr"]]
    return fit_quietly(model, asked, (classes > 0).astype(int)), asked


@pytest.mark.parametrize("name", AROUND)
@pytest.mark.parametrize("made", [XGBClassifier, LGBMClassifier])
def test_a_booster_within_another_estimator_answers_as_before(name, made):
    model, asked = fitted(AROUND[name](made()))
    loaded = load(model)
    assert np.allclose(loaded.predict_proba(asked), model.predict_proba(asked), rtol=0, atol=1e-12)
    assert loaded.predict(asked).tolist() == model.predict(asked).tolist()


@pytest.mark.parametrize("name", CALIBRATED)
def test_a_calibration_over_a_booster_answers_as_before_unless_nobody_knows_over_what(name):
    model, asked = fitted(CALIBRATED[name](XGBClassifier()))
    assert np.allclose(load(model).predict_proba(asked), model.predict_proba(asked), rtol=0, atol=1e-12)
    model, _ = fitted(CALIBRATED[name](LGBMClassifier()))
    error = refused(model)
    assert isinstance(error, IncompatibleArtifactError)
    assert "its calibration is over LightGBM" in str(error)


@pytest.mark.parametrize("made", [XGBClassifier, LGBMClassifier])
def test_a_booster_that_was_not_fitted_is_no_attack(made):
    error = refused(made())
    assert isinstance(error, IncompatibleArtifactError)
    assert "not a fitted classifier" in str(error)


def test_a_selection_by_a_booster_says_why():
    error = refused(fitted(make_pipeline(SelectFromModel(XGBClassifier()), LogisticRegression()))[0])
    assert "weights that are not read" in str(error)


@pytest.mark.parametrize("other", ["a text", LogisticRegression(), LGBMBooster(_handle=TEXT)])
def test_a_booster_of_something_else_is_refused(other):
    model, _ = fitted(make_pipeline(StandardScaler(), XGBClassifier()))
    model.steps[-1][1]._Booster = other
    with pytest.raises(UnsafeArtifactError, match="whose _Booster is none, or another's"):
        load(model)


def test_a_booster_reads_as_many_columns_as_it_is_given():
    model, _ = fitted(make_pipeline(PCA(1), LogisticRegression()))
    model.steps[-1] = ("b", fitted(XGBClassifier())[0])
    assert "(width)" in str(refused(model))


def test_one_booster_does_not_stand_for_several():
    model, _ = fitted(AROUND["vote"](XGBClassifier()))
    model.estimators_ = model.estimators_[1:] * 2
    assert "stands for several" in str(refused(model))


def test_a_booster_of_other_classes_than_the_vote_around_it_is_refused():
    model, _ = fitted(AROUND["vote"](XGBClassifier()))
    model.classes_, model.estimators_[0].classes_ = np.arange(3), np.arange(3)
    refused(model)


def test_what_was_loaded_can_be_kept_as_a_pickle_of_ours():
    model, asked = fitted(AROUND["vote"](XGBClassifier()))
    again = pickle.loads(pickle.dumps(load(model)))
    assert np.array_equal(again.predict_proba(asked), load(model).predict_proba(asked))
