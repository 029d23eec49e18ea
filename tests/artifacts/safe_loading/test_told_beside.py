"""What a plain artifact tells beside its models is followed, or the file is refused: never passed over in silence."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.safe_loading import checks, told_beside
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import DeskError, IncompatibleArtifactError

NAMES = ["macd", "rsi", "volatility_20"]
WORDS = ("BEARISH", "BULLISH", "NEUTRAL")  # by number, as a LabelEncoder counts them
FRAME = pd.DataFrame(np.random.default_rng(3).standard_normal((90, 3)), columns=NAMES)
SCORE = FRAME["macd"] + FRAME["rsi"] / 3
NUMBERS = np.where(SCORE < -0.5, 0, np.where(SCORE > 0.5, 1, 2))
NAME = "AAPL_d1_20250121.pkl"


def plain(labels=NUMBERS, rows=FRAME, model=None, **more):
    forest = RandomForestClassifier(4, max_depth=3, random_state=1) if model is None else model
    return {"models": {"rf": forest.fit(rows, labels)}, "weights": {"rf": 1.0}, **more}


def ask(content, frame=FRAME):
    settled = told_beside.settled(content, name=NAME)
    checks.structure(settled, name=NAME)
    form = serving_form.write(settled, name=NAME)
    told = []
    for one in (settled, *([] if form is None else [serving_form.read_beside(form, name=NAME)])):
        ensemble = EnhancedEnsembleForecaster("1D", "AAPL")
        ensemble.inject(one)
        told.append(ensemble.predict(frame[-1:])["probabilities"])
    assert told[-1] == pytest.approx(told[0], abs=1e-12)
    return told[0]


def refusal(content):
    with pytest.raises(DeskError) as caught:
        ask(content)
    return str(caught.value)


@pytest.mark.parametrize(
    "told",
    [
        {"label_map": dict(enumerate(WORDS))},
        {"label_mapping": {word.title(): number for number, word in enumerate(WORDS)}},
        {"class_names": list(WORDS)},
        {"classes": np.array(WORDS)},
        {"config": {"labels": {str(number): word for number, word in enumerate(WORDS)}}},
        {"label_map": {-1: 0, 0: 2, 1: 1}},
        {"le_classes": (-1, 1, 0)},
    ],
)
def test_the_meaning_of_classes_is_that_which_the_file_tells(told):
    probabilities = ask(plain(**told))
    own = plain()["models"]["rf"].predict_proba(FRAME[-1:])[0]
    assert probabilities == pytest.approx(dict(zip(WORDS, own, strict=True)))
    assert refusal(plain(**told, target_names=["BEARISH", "NEUTRAL", "BULLISH"])).count("different meanings") == 1


def test_words_that_nobody_knows_and_labels_without_one_are_asked_for():
    short = refusal(plain(label_map={0: "SHORT", 1: "LONG", 2: "FLAT"}))
    assert "(0 SHORT, 1 LONG, 2 FLAT)" in short
    assert "desk registry describe KEY --classes 0=…,1=…,2=…" in short
    assert "tell it once" in refusal(plain(label_map={0: "BEARISH", 1: "BULLISH"}))


def test_what_only_people_and_forms_say_is_not_taken_from_a_file():
    swapped = {"0": "BULLISH", "1": "NEUTRAL", "2": "BEARISH"}
    told = {"classes_in_file": swapped, "classes_are_numbers": True}
    assert ask(plain(**told)) == ask(plain())
    assert "tell it once" in refusal(plain(NUMBERS % 2, classes_are_numbers=True))


@pytest.mark.parametrize(
    "told",
    [
        {"feature_names": NAMES},
        {"feature_names": np.array(NAMES)},
        {"features": tuple(NAMES)},
        {"config": {"feature_cols": NAMES}},
        {"feature_names": {"rf": NAMES}},
    ],
)
def test_a_model_without_names_reads_its_columns_in_the_order_that_the_file_tells(told):
    nameless = plain(rows=FRAME.to_numpy(), model=GradientBoostingClassifier(n_estimators=3, random_state=1), **told)
    turned = FRAME[NAMES[::-1]].assign(other=1.0)
    own = nameless["models"]["rf"].predict_proba(FRAME[-1:].to_numpy())[0]
    assert list(ask(nameless, turned).values()) == pytest.approx(own)
    assert "different columns" in refusal(nameless | {"selected_features": NAMES[::-1]})


def test_names_of_the_file_and_of_the_models_must_not_contradict_each_other():
    assert ask(plain(feature_names=[*NAMES, "of_another"])) == ask(plain())
    assert "reads 'macd'" in refusal(plain(feature_names=["a", "b", "c"]))


@pytest.mark.parametrize(
    "told",
    [
        {"scaler_params": {"mean": [0.1, 0.2, 0.3]}},
        {"feature_means": np.zeros(3)},
        {"preprocessing": {"type": "zscore"}},
        {"scaler_path": "scalers/aapl.pkl"},
        {"config": {"normalize": True}},
    ],
)
def test_rows_that_were_prepared_outside_of_the_models_are_refused(told):
    assert "Put it into a Pipeline" in refusal(plain(**told))
    assert ask(plain(model=make_pipeline(StandardScaler(), RandomForestClassifier(4)), **told))


def test_what_prepares_nothing_is_left_alone():
    told = {"scaler": None, "config": {"scaling": "none"}, "normalize_weights": True, "label_encoder": {}}
    assert ask(plain(**told)) == ask(plain())


def test_models_and_weights_that_count_nothing_are_left_out():
    whole = plain()
    whole["models"]["lstm"] = None
    for weights in ({"rf": 1.0}, {"rf": 1.0, "lstm": 0.0}, {"rf": 1.0, "lstm": None, "prophet": 0}):
        assert ask(whole | {"weights": weights}) == ask(plain())
    with pytest.raises(IncompatibleArtifactError, match="lstm is a NoneType"):
        ask(whole | {"weights": {"rf": 0.5, "lstm": 0.5}})
    assert "its weights are a list" in refusal(plain() | {"weights": [1.0]})
