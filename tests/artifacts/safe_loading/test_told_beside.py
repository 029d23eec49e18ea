"""What a plain artifact tells beside its models is followed, or the file is refused: never passed over in silence."""

import base64
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ensemble_desk.artifacts import serving_form
from ensemble_desk.artifacts.safe_loading import checks, loading, told_beside
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


def load(content, name=NAME):
    return loading.load(content if type(content) is bytes else pickle.dumps(content), name=name, max_bytes=2**22)


@pytest.mark.parametrize(
    "told",
    [
        {"timestamp": "01/21/2025"},
        {"timestamp": 1737473400000},
        {"timestamp": None, "timeframe": None, "symbol": None},
        {"timestamp": "21 Jan 2025, 10:00"},
    ],
)
def test_the_day_of_a_file_may_be_written_in_any_way(told):
    assert load({"symbol": "AAPL", "timeframe": "d1", **plain(), **told})["weights"] == {"rf": 1.0}


@pytest.mark.parametrize("day", ["01/22/2025", "2025-01-20", 1737300000, "22.01.2025"])
def test_another_day_is_told(day):
    with pytest.raises(IncompatibleArtifactError, match="unlike its name"):
        load(plain(timestamp=day))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "git lfs pull"),
        (b"<!DOCTYPE html><html></html>", "a page of the web"),
        (b'{"models": {}}', "JSON"),
        (base64.b64encode(pickle.dumps({"models": {}})), "base64"),
    ],
)
def test_what_is_something_else_is_called_so(data, problem):
    with pytest.raises(DeskError, match=problem):
        load(data)


def frozen():
    return FrozenEstimator(plain()["models"]["rf"])


@pytest.mark.parametrize(
    "model",
    [
        CalibratedClassifierCV(frozen()),
        frozen(),
        make_pipeline(
            ColumnTransformer(
                [("some", StandardScaler(), make_column_selector(pattern="r", dtype_include=np.number))],
                remainder="passthrough",
            ),
            RandomForestClassifier(4, random_state=1),
        ),
    ],
)
def test_models_as_newer_releases_wrap_them_answer_as_they_do(model):
    content = plain(model=model)
    given = load(content)["models"]["rf"].predict_proba(FRAME)
    assert np.array_equal(given, content["models"]["rf"].predict_proba(FRAME))
    assert list(ask(load(content)).values()) == pytest.approx(list(given[-1]))


def calls(module, name, *args):
    """Write by hand what another release pickles as a call."""
    parts = "".join(f"I{one}\n" if type(one) is int else f"V{one}\n" for one in args)
    return f"c{module}\n{name}\n({parts}tR".encode()


def beside(told):
    """Pickle a plain artifact with one value more, written by hand."""
    whole = pickle.dumps(plain(), protocol=2)
    return whole.removesuffix(b".") + b"X\x04\x00\x00\x00more" + told + b"s."


OFFSETS = [((), "+00:00"), (("America/New_York", -18000, 0, "EST"), "-05:00")]


@pytest.mark.parametrize(("args", "offset"), OFFSETS)
def test_a_moment_in_a_zone_of_pytz_keeps_its_offset(args, offset):
    zone = calls("pytz", "_p" if args else "_UTC", *args)
    stamp = b"cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n(I1737473400000000000\nN" + zone + b"I10\ntR"
    assert load(beside(stamp))["more"].isoformat().endswith(offset)


@pytest.mark.parametrize("args", [("Mars", 10**6, 0, "X"), ("Mars",), (1, "a", 0, "X")])
def test_a_zone_of_pytz_that_is_none_is_refused(args):
    with pytest.raises(DeskError, match="time zone"):
        load(beside(calls("pytz", "_p", *args)))


def index(*values):
    items = "".join(f"I{one}\n" if type(one) is int else f"V{one}\n" for one in values).encode()
    raw = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR"
    dtype = b"cnumpy\ndtype\n(VO8\nI00\nI01\ntR(I3\nV|\nNNNI-1\nI-1\nI63\ntb"
    array = raw + b"(I1\n(I%d\nt" % len(values) + dtype + b"I00\n(" + items + b"ltb"
    head = b"cpandas.core.indexes.base\n_new_Index\n(cpandas.core.indexes.base\nIndex\n(dVdata\n"
    return head + array + b"sVname\nNstR"


def test_the_columns_of_a_frame_are_a_list_of_texts():
    assert load(beside(index("a", "b")))["more"] == ["a", "b"]
    with pytest.raises(DeskError, match=r"pandas\.Index"):
        load(beside(index(1, 2)))
