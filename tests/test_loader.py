"""The names that forecast jobs import, with the guide's three scripts, on a trained key and on plain pickles."""

import copy
import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import joblib
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

from ensemble_desk import loader
from ensemble_desk.errors import (
    ArtifactMissingError,
    InvalidBarsError,
    InvalidSymbolError,
    InvalidTimeframeError,
    MissingFeaturesError,
    NotTrainedError,
    TamperedArtifactError,
    UnknownVersionError,
)
from ensemble_desk.loader import (
    TIMEFRAME_HORIZONS,
    EnhancedEnsembleForecaster,
    EnsembleLoader,
    generate_multi_horizon_forecasts,
    get_production_ensemble_with_trained_weights,
)
from ensemble_desk.market import features, labels
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors, opening
from ensemble_desk.registry.folder import freshness
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting, job

ROOT = Path(__file__).resolve().parent.parent
AAPL = Key("AAPL", "d1")
OLDER, NEWER = datetime(2002, 8, 30, tzinfo=UTC), datetime(2002, 9, 30, tzinfo=UTC)
HEAVY = ("sklearn", "scipy", "streamlit", "plotly", "prophet", "arch", "torch", "talib", "statsmodels")
INFO_KEYS = {"symbol", "timeframe", "timestamp", "ensemble_accuracy", "weights", "file_size_mb", "file_path"}


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(AAPL).frame


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory):
    """Two versions of AAPL/d1, trained for these tests."""
    folder = tmp_path_factory.mktemp("trained")
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        for as_of in (OLDER, NEWER):
            assert job.train(registry, AAPL, as_of=as_of, actor="ann").status == "completed"
    return folder


@pytest.fixture(scope="module")
def plain_folder(tmp_path_factory, bars):
    """What another program drops: pickled dicts with the guide's keys, no manifest, no database."""
    folder = tmp_path_factory.mktemp("plain")
    table = features.compute(bars)[["rsi_14", "macd", "volatility_20"]].iloc[:-1]
    names = [
        labels.CLASSES[int(number)] for number in labels.label(bars, fitting.default_label("d1")).reindex(table.index)
    ]
    models = {
        "rf": RandomForestClassifier(n_estimators=10, max_depth=3, random_state=1).fit(table, names),
        "gb": GradientBoostingClassifier(n_estimators=5, random_state=1).fit(table, names),
    }
    told = {"train_accuracy": 0.6, "valid_accuracy": 0.4, "precision": 0.4, "recall": 0.4, "f1": 0.4, "n_features": 3}
    for day in ("20250114", "20250121"):
        artifact = {
            "symbol": "AAPL",
            "timeframe": "d1",
            "timestamp": day,
            "models": models,
            "weights": {"rf": 0.473, "gb": 0.527},
            "ensemble_accuracy": 0.41,
            "performances": {"rf": told, "gb": told},
            "model_predictions_sample": {
                name: model.predict_proba(table[:3]).tolist() for name, model in models.items()
            },
        }
        (folder / f"AAPL_d1_{day}.pkl").write_bytes(pickle.dumps(artifact))
    return folder


@pytest.fixture
def desk():
    """Reads a folder through the loader for one test."""

    def use(folder):
        settings = Settings(models_url=str(folder))
        loader.use(settings)
        return settings

    yield use
    loader.use(None)


@pytest.fixture(params=["trained_folder", "plain_folder"])
def folder(request, desk):
    found = request.getfixturevalue(request.param)
    desk(found)
    return found


def copied(folder, target):
    """A folder of its own, so that a test may move production or damage files; the registry moves with it."""
    return Path(shutil.copytree(folder, target, dirs_exist_ok=True))


def test_the_guides_first_script_finds_models(folder):
    available = EnsembleLoader.list_available_models()
    assert list(available) == ["AAPL_d1"]
    assert available["AAPL_d1"] == sorted(available["AAPL_d1"], reverse=True)
    assert len(available["AAPL_d1"]) == 2

    model_info = EnsembleLoader.get_model_info("AAPL", "d1")
    assert model_info
    assert model_info["timestamp"] == available["AAPL_d1"][0]
    assert f"Accuracy: {model_info['ensemble_accuracy']:.1%}".startswith("Accuracy: ")
    assert sum(model_info["weights"].values()) == pytest.approx(1)


def test_the_guides_second_script_finds_a_trained_ensemble(folder):
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    assert isinstance(ensemble, EnhancedEnsembleForecaster)
    assert ensemble.is_trained
    assert ensemble.ensemble_manager.ensemble.weights == EnsembleLoader.get_model_info("AAPL", "d1")["weights"]
    assert ensemble.models is ensemble.ensemble_manager.ensemble.models


def test_the_guides_third_script_predicts(folder, bars):
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    assert ensemble.is_trained
    result = ensemble.predict(bars.loc[:NEWER])
    assert result["label"] in labels.CLASSES
    told = f"Confidence: {result['confidence']:.1%} Agreement: {result['agreement']:.1%}"
    assert told.count("%") == 2
    assert result["confidence"] == max(result["probabilities"].values())
    assert 0 <= result["agreement"] <= 1


def test_the_guides_troubleshooting_reads_the_number_of_features(folder):
    artifact = EnsembleLoader.load_latest_model("AAPL", "d1")
    assert artifact["performances"]["rf"]["n_features"] == artifact["models"]["rf"].n_features_in_


def test_the_artifact_is_the_one_in_production(folder):
    artifact = EnsembleLoader.load_latest_model("AAPL", "d1")
    newest = EnsembleLoader.list_available_models()["AAPL_d1"][0]
    with (folder / f"AAPL_d1_{newest}.pkl").open("rb") as opened:
        assert set(pickle.load(opened)) <= set(artifact)
    assert (artifact["symbol"], artifact["timeframe"], artifact["timestamp"]) == ("AAPL", "d1", newest)
    artifact["weights"]["rf"] = 9
    assert EnsembleLoader.load_latest_model("AAPL", "d1")["weights"]["rf"] < 1


def test_any_version_is_loaded_by_its_name(folder):
    names = EnsembleLoader.list_available_models()["AAPL_d1"]
    assert [loader.load_model("aapl", "d1", version=name)["timestamp"] for name in names] == names
    assert EnsembleLoader.load_model("AAPL", "d1")["timestamp"] == names[0]
    with pytest.raises(UnknownVersionError):
        loader.load_model("AAPL", "d1", version="19990101")


def test_without_a_version_loading_by_key_is_a_runtime_error(desk, tmp_path):
    desk(tmp_path)
    with pytest.raises(RuntimeError, match="desk train --symbol AAPL --timeframe d1"):
        loader.load_model("AAPL", "d1")


def test_a_version_older_than_asked_for_is_none_and_logged(folder, caplog):
    with caplog.at_level(logging.WARNING):
        assert EnsembleLoader.load_latest_model("AAPL", "d1", max_age_days=30) is None
    assert "days old, more than the 30 allowed. Train a newer one: desk train --symbol AAPL" in caplog.text
    assert EnsembleLoader.load_latest_model("AAPL", "d1", max_age_days=36_500) is not None


def _forecast(ensemble, bars):
    return ensemble.predict(bars), ensemble.revision


def test_an_ensemble_can_be_handed_to_other_processes(folder, bars):
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    expected = _forecast(ensemble, bars)
    assert _forecast(copy.deepcopy(ensemble), bars) == expected
    assert _forecast(pickle.loads(pickle.dumps(ensemble)), bars) == expected
    jobs = (joblib.delayed(_forecast)(ensemble, bars.iloc[:n]) for n in (600, len(bars)))
    assert joblib.Parallel(n_jobs=2)(jobs)[1] == expected


def test_a_copy_follows_production_as_the_first_one_does(desk, trained_folder, tmp_path, bars):
    settings = desk(copied(trained_folder, tmp_path / "models"))
    held = pickle.loads(pickle.dumps(get_production_ensemble_with_trained_weights("AAPL", "d1")))
    assert held.predict(bars)["version"] == "20020930"
    with opening.open_registry(settings) as registry:
        rollback.roll_back(registry, AAPL, expected=None, actor=actors.local(settings), reason="a test")
    assert held.predict(bars)["version"] == "20020830"


def test_frames_of_jobs_are_read_as_uploads_are(folder, bars):
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    expected = ensemble.predict(bars)
    given = bars.tz_localize(None).reset_index(names="ts").assign(sector="tech", rank=range(len(bars)))
    assert ensemble.predict(given) == expected
    assert ensemble.predict(given.set_index(given["rank"] % 7)) == expected


def test_model_info_has_the_guides_keys(folder):
    info = EnsembleLoader.get_model_info("aapl", "D1")
    assert set(info) == INFO_KEYS
    file = Path(info["file_path"])
    assert file.parent == folder
    assert file.stat().st_size == pytest.approx(info["file_size_mb"] * 2**20)


def test_ready_features_are_enough(folder, bars):
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    table = features.compute(bars.loc[:NEWER])
    assert ensemble.predict(table)["label"] in labels.CLASSES
    with pytest.raises(MissingFeaturesError, match="rsi_14"):
        ensemble.predict(table.drop(columns="rsi_14"))


def test_every_horizon_of_the_timeframe_is_forecast(desk, trained_folder, bars):
    desk(trained_folder)
    found = generate_multi_horizon_forecasts("AAPL", "d1", bars.loc[:NEWER])
    assert list(found.forecasts) == list(TIMEFRAME_HORIZONS["d1"]["horizons"])
    assert (found.version, found.as_of) == ("20020930", bars.loc[:NEWER].index[-1])


def test_without_a_version_there_is_a_hint_and_none(desk, tmp_path, caplog, bars):
    desk(tmp_path)
    command = "desk train --symbol AAPL --timeframe d1"
    with caplog.at_level(logging.WARNING, "ensemble_desk.loader"):
        assert EnsembleLoader.load_latest_model("AAPL", "d1") is None
        assert EnsembleLoader.get_model_info("AAPL", "d1") is None
        assert EnsembleLoader.list_available_models() == {}
        ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    assert not ensemble.is_trained
    assert [command in record.getMessage() for record in caplog.records] == [True] * 3
    with pytest.raises(NotTrainedError):
        ensemble.predict(bars)
    with caplog.at_level(logging.ERROR, "ensemble_desk.loader"):
        assert generate_multi_horizon_forecasts("AAPL", "d1", bars) is None
    assert caplog.records[-1].levelname == "ERROR"
    assert command in caplog.records[-1].getMessage()


def test_other_keys_are_not_taken_for_it(desk, trained_folder):
    desk(trained_folder)
    assert EnsembleLoader.load_latest_model("AAP", "d1") is None
    assert EnsembleLoader.load_latest_model("AAPL", "w1") is None


@pytest.mark.parametrize("symbol", ["../../etc", "", "A B", "a/../b"])
def test_hostile_symbols_are_refused(desk, tmp_path, symbol):
    desk(tmp_path)
    with pytest.raises(InvalidSymbolError):
        EnsembleLoader.load_latest_model(symbol, "d1")


def test_unknown_timeframes_are_refused(desk, tmp_path):
    desk(tmp_path)
    with pytest.raises(InvalidTimeframeError):
        get_production_ensemble_with_trained_weights("AAPL", "d2")


def test_data_that_cannot_be_used_is_told(desk, trained_folder, bars):
    desk(trained_folder)
    broken = bars.copy()
    broken.iloc[-1, broken.columns.get_loc("high")] = 0.01
    with pytest.raises(InvalidBarsError):
        generate_multi_horizon_forecasts("AAPL", "d1", broken)


def test_a_held_ensemble_follows_a_rollback_made_elsewhere(desk, trained_folder, tmp_path, bars):
    settings = desk(copied(trained_folder, tmp_path))
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    frame = bars.loc[:NEWER]
    assert ensemble.predict(frame)["version"] == "20020930"
    with opening.open_registry(settings) as elsewhere:
        rollback.roll_back(elsewhere, AAPL, expected=None, actor=actors.local(settings), reason="test")
    assert ensemble.predict(frame)["version"] == "20020830"
    assert EnsembleLoader.load_latest_model("AAPL", "d1")["timestamp"] == "20020830"
    assert EnsembleLoader.get_model_info("AAPL", "d1")["timestamp"] == "20020830"
    assert EnsembleLoader.list_available_models() == {"AAPL_d1": ["20020930", "20020830"]}


def test_a_first_version_reaches_an_ensemble_held_before(desk, plain_folder, tmp_path, bars):
    desk(tmp_path)
    ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
    assert not ensemble.is_trained
    for file in plain_folder.glob("AAPL_*.pkl"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert EnsembleLoader.list_available_models() == {"AAPL_d1": ["20250121", "20250114"]}
    assert ensemble.predict(bars)["version"] == "20250121"


def test_a_file_dropped_into_the_folder_appears_at_the_next_call(desk, plain_folder, tmp_path):
    desk(tmp_path)
    assert EnsembleLoader.load_latest_model("AAPL", "d1") is None
    source = plain_folder / "AAPL_d1_20250121.pkl"
    (tmp_path / source.name).write_bytes(source.read_bytes())
    assert EnsembleLoader.load_latest_model("AAPL", "d1")["timestamp"] == "20250121"


def test_a_tampered_production_version_is_an_error_not_none_and_not_an_older_one(desk, trained_folder, tmp_path, bars):
    desk(copied(trained_folder, tmp_path))
    assert EnsembleLoader.get_model_info("AAPL", "d1")["timestamp"] == "20020930"
    file = tmp_path / "AAPL_d1_20020930.pkl"
    file.write_bytes(file.read_bytes().replace(b"n_eff", b"n_efg"))
    for call in (EnsembleLoader.load_latest_model, get_production_ensemble_with_trained_weights):
        with pytest.raises(TamperedArtifactError, match="TAMPERED"):
            call("AAPL", "d1")
    with pytest.raises(TamperedArtifactError):
        generate_multi_horizon_forecasts("AAPL", "d1", bars)


def test_a_pinned_version_whose_file_is_gone_is_an_error(desk, trained_folder, tmp_path):
    settings = desk(copied(trained_folder, tmp_path))
    with opening.open_registry(settings) as elsewhere:
        moves.promote(elsewhere, AAPL, to="20020930", expected=None, actor=actors.local(settings), reason="test")
    (tmp_path / "AAPL_d1_20020930.pkl").unlink()
    assert EnsembleLoader.list_available_models() == {"AAPL_d1": ["20020830"]}
    with pytest.raises(ArtifactMissingError, match="AAPL_d1_20020930"):
        EnsembleLoader.load_latest_model("AAPL", "d1")


def test_threads_share_one_registry(desk, trained_folder):
    desk(trained_folder)
    found = []
    threads = [threading.Thread(target=lambda: found.append(EnsembleLoader.list_available_models())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [{"AAPL_d1": ["20020930", "20020830"]}] * 8


def test_a_forked_child_opens_its_own(trained_folder):
    script = """
import multiprocessing
from ensemble_desk.loader import EnsembleLoader

def child(queue):
    queue.put(EnsembleLoader.get_model_info("AAPL", "d1")["timestamp"])

before = EnsembleLoader.get_model_info("AAPL", "d1")["timestamp"]
context = multiprocessing.get_context("fork")
queue = context.SimpleQueue()
process = context.Process(target=child, args=(queue,))
process.start()
process.join(60)
print(before, queue.get(), EnsembleLoader.get_model_info("AAPL", "d1")["timestamp"])
"""
    assert run(script, trained_folder).split() == ["20020930"] * 3


def test_the_folder_is_the_settings_one(desk, tmp_path):
    desk(tmp_path)
    assert tmp_path == loader.MODELS_DIR
    with pytest.raises(AttributeError, match="NO_SUCH_NAME"):
        _ = loader.NO_SUCH_NAME


def test_the_environment_names_folder_and_database(trained_folder):
    script = """
from ensemble_desk.loader import MODELS_DIR, EnsembleLoader
print(MODELS_DIR)
print(EnsembleLoader.list_available_models())
"""
    assert run(script, trained_folder).splitlines() == [str(trained_folder), "{'AAPL_d1': ['20020930', '20020830']}"]


def test_looking_loads_no_heavy_library(trained_folder):
    script = f"""
import json, sys
from ensemble_desk.loader import EnsembleLoader
assert EnsembleLoader.list_available_models()
assert EnsembleLoader.get_model_info("AAPL", "d1")
print(json.dumps([name for name in {HEAVY} if name in sys.modules]))
"""
    assert json.loads(run(script, trained_folder)) == []


def test_a_forecast_of_what_is_registered_needs_neither_sqlalchemy_nor_scikit_learn(plain_folder, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(plain_folder, folder)
    with opening.open_registry(Settings(models_url=str(folder))) as registry:
        freshness.if_folder_changed(registry)  # makes a folder for serving forms
        os.utime(folder, (1e9, 1e9))  # long ago, so that it counts as settled
        assert freshness.if_folder_changed(registry) is not None
    script = f"""
import sys
import pandas as pd
from ensemble_desk.loader import get_production_ensemble_with_trained_weights
rows = pd.DataFrame({{"rsi_14": [50.0], "macd": [0.1], "volatility_20": [0.2]}})
print(get_production_ensemble_with_trained_weights("AAPL", "d1").predict(rows)["label"])
print([name for name in ("sqlalchemy", *{HEAVY}) if name in sys.modules])
"""
    label, imported = run(script, folder).splitlines()
    assert label in labels.CLASSES
    assert imported == "[]"


def run(script, folder):
    env = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_DATABASE_URL": ""}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_frames_of_five_rows_are_told_what_is_missing(folder):
    rows = pd.DataFrame({"close": [100, 101, 102, 103, 104], "rsi": [50, 55, 60, 65, 70]})
    with pytest.raises(MissingFeaturesError, match="rsi_14"):
        get_production_ensemble_with_trained_weights("AAPL", "d1").predict(rows)
