"""A missing number is filled by a pipeline that fills it, and by nobody else."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import InvalidFeaturesError

NAMES = ["rsi", "score", "own"]
TABLE = pd.DataFrame(np.random.default_rng(3).standard_normal((120, 3)), columns=NAMES)
CLASSES = np.resize(["BEARISH", "NEUTRAL", "BULLISH"], 120)
GAP = TABLE.assign(score=TABLE["score"].where(TABLE.index % 7 != 0, np.nan), own=TABLE["own"].where(TABLE.index != 119))


def forecaster(**models):
    made = EnhancedEnsembleForecaster("1D", "AAPL")
    fitted = {name: model.fit(GAP.fillna(0.0), CLASSES) for name, model in models.items()}
    made.inject({"timeframe": "d1", "models": fitted, "weights": dict.fromkeys(fitted, 1.0)}, version="20250121")
    return made, fitted


def test_the_pipeline_s_own_imputer_fills_a_gap():
    made, fitted = forecaster(m=make_pipeline(StandardScaler(), SimpleImputer(), LogisticRegression()))
    told = made.predict(GAP)
    expected = dict(zip(fitted["m"].classes_, fitted["m"].predict_proba(GAP.tail(1))[0], strict=True))
    assert told["probabilities"] == pytest.approx(expected, abs=1e-12)
    assert made.predict_batch(GAP)["confidence"].notna().all()


def test_a_row_that_lacks_everything_abstains():
    made, _ = forecaster(m=make_pipeline(SimpleImputer(), LogisticRegression()))
    empty = GAP.copy()
    empty.iloc[5] = np.nan
    assert made.predict_batch(empty)["confidence"].isna().sum() == 1
    with pytest.raises(InvalidFeaturesError, match="own"):
        made.predict(GAP.assign(own=np.inf))


@pytest.mark.parametrize(
    "models",
    [
        {"m": make_pipeline(PCA(2), SimpleImputer(), LogisticRegression())},
        {"m": LogisticRegression()},
        {"m": make_pipeline(SimpleImputer(), LogisticRegression()), "other": LogisticRegression()},
    ],
)
def test_where_nobody_fills_it_a_gap_is_refused_by_name(models):
    made, _ = forecaster(**models)
    with pytest.raises(InvalidFeaturesError, match="lacks a finite number in score, own"):
        made.predict(GAP)
