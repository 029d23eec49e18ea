"""Boosters of XGBoost, LightGBM and CatBoost, as their releases pickle them, are served and explained without them."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.ensemble import attribution
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import IncompatibleArtifactError

sys.path.insert(0, str(Path(__file__).parent))
import write_booster_fixtures as fixtures

FILES = sorted(fixtures.FOLDER.glob("*/*.pkl"))
BOOSTERS = pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
TWO_CLASSES = {"two", "two_free"}


def content_of(file):
    return loading.load(file.read_bytes(), name=file.name, max_bytes=2**20)


def expected(file):
    return np.array(json.loads((file.parent / "expected.json").read_text("utf-8"))[file.stem])


def rows():
    return fixtures.rows()[0][: fixtures.N_ASKED]


def test_no_library_of_theirs_is_installed():
    assert not any(importlib.util.find_spec(name) for name in ("xgboost", "lightgbm", "catboost"))


def test_there_are_files_of_each_library():
    assert {file.parent.name.partition("-")[0] for file in FILES} == {"xgboost", "lightgbm", "catboost"}


@BOOSTERS
def test_a_booster_says_what_its_library_said(file):
    model = content_of(file)["models"][file.stem]
    assert np.abs(model.predict_proba(rows()) - expected(file)).max() < 1e-6
    one_by_one = np.vstack([model.predict_proba(rows()[at : at + 1]) for at in range(fixtures.N_ASKED)])
    assert np.array_equal(one_by_one, model.predict_proba(rows()))
    assert list(model.feature_names_in_) == fixtures.FEATURES


@BOOSTERS
def test_a_booster_is_served_from_its_serving_form(file):
    if file.stem in TWO_CLASSES:
        return
    form = serving_form.write(content_of(file), name=file.name)
    served = serving_form.read(form, name=file.name)["models"][file.stem]
    order = np.argsort(served.classes)
    assert served.classes_[order].tolist() == [0, 1, 2]
    assert np.abs(served.predict_proba(rows()) - expected(file)).max() < 1e-6


@BOOSTERS
def test_a_booster_is_explained(file):
    if file.stem in TWO_CLASSES:
        return
    content = content_of(file) | {"schema_version": 1}  # class numbers are known to be such
    ensemble = EnhancedEnsembleForecaster("1D", "AAPL")
    ensemble.inject(content)
    frame = rows().dropna()[:1]
    frame.index = pd.DatetimeIndex(["2025-01-21"], tz="UTC")
    told = ensemble.predict(frame)
    one = attribution.explain(ensemble, frame, weights_used=told["weights_used"]).by_member[file.stem]
    said = list(told["component_predictions"][file.stem]["probabilities"].values())
    assert one.probabilities == pytest.approx(said, abs=1e-6)
    assert one.contributions.sum(axis=1) == pytest.approx(0, abs=1e-9)
    assert np.abs(one.contributions).max() > 0.01


def test_labels_in_words_are_those_of_the_library():
    for file in (file for file in FILES if file.stem == "named"):
        assert content_of(file)["models"]["named"].classes == ("BEARISH", "BULLISH", "NEUTRAL")


def test_nought_and_one_of_a_booster_are_told_apart_by_a_person_only():
    content = content_of(next(file for file in FILES if "xgboost-3" in str(file) and file.stem == "two"))
    ensemble = EnhancedEnsembleForecaster("1D", "AAPL")
    with pytest.raises(IncompatibleArtifactError, match="tell it once"):
        ensemble.inject(content)
    ensemble.inject({**content, "class_meaning": {"0": "BEARISH", "1": "BULLISH"}})
    assert ensemble.predict(rows().dropna()[:1])["probabilities"]["NEUTRAL"] == 0
