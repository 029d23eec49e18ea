"""The serving form answers as the estimators do, is read without scikit-learn, and refuses what it cannot hold."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from tests.artifacts.conftest import rows

from ensemble_desk.artifacts import serving_form
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.errors import ArtifactCorruptError, IncompatibleArtifactError

NAME = "AAPL_d1_20250121.pkl"
READ = """
import sys
from pathlib import Path
from ensemble_desk.artifacts import serving_form
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
served = EnhancedEnsembleForecaster("1D", "AAPL")
served.inject(serving_form.read(Path(sys.argv[1]).read_bytes(), name="x"))
import pandas as pd
frame = pd.DataFrame([[0.1, 0.2, 0.3, 0.4]], columns=["return_1", "rsi", "atr", "range"])
print(served.predict(frame)["label"], "sklearn" in sys.modules, "pickle" in sys.modules and "joblib" in sys.modules)
"""


def test_every_member_comes_back(content):
    content["models"]["arima_garch"] |= {"nested": {"start": np.float64(2.5), "lags": [1, 2], "none": None}}
    read = serving_form.read(serving_form.write(content, name=NAME), name=NAME)
    assert {name: read[name] for name in ("weights", "label", "temperature", "horizon", "feature_names")} == {
        name: content[name] for name in ("weights", "label", "temperature", "horizon", "feature_names")
    }
    features, _ = rows()
    for name in ("rf", "gb"):
        forest, estimator = read["models"][name], content["models"][name]
        assert isinstance(forest, FlatForest)
        np.testing.assert_allclose(
            forest.predict_proba(features), estimator.predict_proba(features), rtol=0, atol=1e-12
        )
        assert list(forest.feature_names_in_) == list(estimator.feature_names_in_)
    state = read["models"]["arima_garch"]
    assert np.array_equal(state["parameters"], [0.1, 0.2])
    assert state["nested"] == {"start": 2.5, "lags": [1, 2], "none": None}


def test_the_same_content_gives_the_same_bytes(content):
    assert serving_form.write(content, name=NAME) == serving_form.write(content, name=NAME)


def test_it_is_read_and_asked_without_scikit_learn(content, tmp_path):
    del content["models"]["arima_garch"], content["weights"]["arima_garch"]
    file = tmp_path / "form"
    file.write_bytes(serving_form.write(content | {"schema_version": 1}, name=NAME))
    told = subprocess.run([sys.executable, "-c", READ, str(file)], capture_output=True, text=True, check=True).stdout
    assert told.split()[1:] == ["False", "False"]


def test_a_plain_artifact_has_one_when_its_classes_can_be_told(plain):
    assert serving_form.read(serving_form.write(plain, name=NAME), name=NAME)["models"]["rf"].classes == (0, 1, 2)


@pytest.mark.parametrize("estimator", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=3)])
def test_a_member_without_trees_of_its_own_is_served_from_its_estimator(plain, estimator):
    features, classes = rows()
    plain["models"]["other"] = estimator.fit(features, classes)
    assert serving_form.write(plain, name=NAME) is None


def test_an_answer_that_differs_is_not_served(plain, monkeypatch):
    monkeypatch.setattr(serving_form, "parity", lambda *_, **__: 1e-9)
    assert serving_form.write(plain, name=NAME) is None


@pytest.mark.parametrize("state", [{1: 2}, {"$array": "rf"}, {"when": object()}, {"words": np.array(["a", object()])}])
def test_a_state_without_a_plain_form_is_served_from_its_artifact(content, state):
    content["models"]["arima_garch"] = state
    assert serving_form.write(content, name=NAME) is None


def test_damage_is_told(content):
    whole = serving_form.write(content, name=NAME)
    for data in (
        b"",
        whole[:7],
        whole[:200],
        whole[:-1],
        whole.replace(b'\\"format\\": 1', b'\\"format\\": x'),
        b"{}" * 99,
    ):
        with pytest.raises(ArtifactCorruptError):
            serving_form.read(data, name=NAME)
    with pytest.raises(IncompatibleArtifactError, match="format"):
        serving_form.read(whole.replace(b'\\"format\\": 1', b'\\"format\\": 2'), name=NAME)


def test_one_array_for_two_members_is_refused(content):
    """A few that are shared could stand for more than memory holds."""
    written = serving_form.write(content, name=NAME)
    shared = written.replace(rb"\"gb/threshold\"}", rb"\"rf/threshold\"}")
    assert len(shared) == len(written) != 0
    assert shared != written
    with pytest.raises(ArtifactCorruptError, match="serving form"):
        serving_form.read(shared, name=NAME)
