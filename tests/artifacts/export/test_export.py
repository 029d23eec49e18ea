"""A team's file becomes plain data that answers as the original does, or nothing is written and the error says why."""

import datetime as dt
import gzip
import pickle

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from tests.artifacts.export.conftest import CLASSES, FEATURES, NAME, onnx_of, rows, write

from ensemble_desk.artifacts.export import exporting, writing
from ensemble_desk.artifacts.safe_loading import audit, loading
from ensemble_desk.ensemble import attribution
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import ExportError, IncompatibleArtifactError, UntrustedFileError

NOW = dt.datetime(2025, 1, 21, 22, tzinfo=dt.UTC)


def stored(found, folder):
    return writing.write(found, folder, created_at=NOW, max_bytes=2**24)


def test_every_member_answers_as_its_original_did(team, sample, tmp_path):
    file = write(team.home, {**team.models, "own": team.momentum})
    graphs = {"own": team.graph.read_bytes()}
    found = exporting.export(file, trusted=True, sample=sample, graphs=graphs)
    assert found.forms == {"rf": "trees", "et": "trees", "gb": "trees", "lr": "onnx", "ada": "onnx", "own": "onnx"}
    written = stored(found, tmp_path / "out")
    data = written.artifact.read_bytes()
    content = loading.load(data, name=written.artifact.name, max_bytes=2**24)
    features, _ = rows()
    for name, original in {**team.models, "own": team.momentum}.items():
        served = content["models"][name].predict_proba(features.to_numpy())
        assert np.abs(served - original.predict_proba(features)).max() < 1e-6
        assert found.differences[name] < 1e-6
    assert audit.code_surface(data) == ()
    assert content["weights"] == dict.fromkeys(content["models"], 1 / 6)


def test_trees_that_were_exported_are_explained_as_their_estimators_are(team, sample, tmp_path):
    models = {name: team.models[name] for name in ("rf", "gb")}
    found = exporting.export(write(team.home, models), trusted=True, sample=sample)
    data = stored(found, tmp_path).artifact.read_bytes()
    frame = rows()[0][-1:]
    told = []
    for content in (loading.load(data, name="x", max_bytes=2**24), {"models": models, "weights": {"rf": 1, "gb": 1}}):
        ensemble = EnhancedEnsembleForecaster("1D", "AAPL")
        ensemble.inject(content)
        weights = ensemble.predict(frame)["weights_used"]
        told.append(attribution.explain(ensemble, frame, weights_used=weights).by_member)
    for name in models:
        assert told[0][name].prior == pytest.approx(told[1][name].prior, abs=1e-12)
        assert told[0][name].contributions == pytest.approx(told[1][name].contributions, abs=1e-12)


def test_a_file_that_nobody_vouched_for_is_not_opened(team, sample):
    file = write(team.home, {"rf": team.models["rf"]})
    file.write_bytes(b"cos\nsystem\n(S'echo run > /tmp/never'\ntR.")
    with pytest.raises(UntrustedFileError, match="--trust"):
        exporting.export(file, trusted=False, sample=sample)


def test_a_class_of_ones_own_without_a_graph_says_what_to_do(team, sample):
    file = write(team.home, {"own": team.momentum})
    with pytest.raises(ExportError, match=r"teams_own_models\.Momentum has no plain form.*--onnx own=FILE\.onnx"):
        exporting.export(file, trusted=True, sample=sample)


def test_a_graph_of_another_model_is_refused(team, sample):
    file = write(team.home, {"own": team.momentum})
    graphs = {"own": onnx_of(np.eye(3))}
    with pytest.raises(ExportError, match="own answers otherwise than its original"):
        exporting.export(file, trusted=True, sample=sample, graphs=graphs)


def test_a_graph_for_a_member_that_is_not_there_is_refused(team, sample):
    file = write(team.home, {"own": team.momentum})
    with pytest.raises(ExportError, match="it has no member mine"):
        exporting.export(file, trusted=True, sample=sample, graphs={"mine": b""})


def test_a_module_that_is_not_installed_is_named(team, sample, monkeypatch):
    file = write(team.home, {"own": team.momentum})
    monkeypatch.delitem(__import__("sys").modules, "teams_own_models")
    (team.home / "teams_own_models.py").unlink()
    with pytest.raises(ExportError, match="it needs teams_own_models, which is not installed here"):
        exporting.export(file, trusted=True, sample=sample)


def test_a_model_that_tells_no_classes_needs_them(team, sample):
    del team.own.Momentum.classes_
    file, graphs = write(team.home, {"own": team.momentum}), {"own": team.graph.read_bytes()}
    with pytest.raises(ExportError, match="--classes"):
        exporting.export(file, trusted=True, sample=sample, graphs=graphs)
    found = exporting.export(file, trusted=True, sample=sample, graphs=graphs, classes=tuple(CLASSES))
    assert found.content["models"]["own"].classes == tuple(CLASSES)


def test_rows_to_compare_on_are_needed(team, sample):
    file = write(team.home, {"rf": team.models["rf"]})
    with pytest.raises(ExportError, match="--sample"):
        exporting.export(file, trusted=True)
    with pytest.raises(ExportError, match="no column macd"):
        exporting.export(file, trusted=True, sample=sample[["rsi"]])
    with pytest.raises(ExportError, match="rows with gaps"):
        exporting.export(file, trusted=True, sample=sample.replace(sample.iloc[3, 1], np.nan))
    kept = write(team.home, {"rf": team.models["rf"]}, feature_names=FEATURES, sample_features=sample.to_numpy())
    assert exporting.export(kept, trusted=True).differences["rf"] < 1e-12


def test_more_columns_in_another_order_are_chosen_by_name(team, sample):
    file = write(team.home, {"rf": team.models["rf"]})
    wide = sample[FEATURES[::-1]].assign(close=1.0, note="x")
    assert exporting.export(file, trusted=True, sample=wide).differences["rf"] < 1e-12


def test_compressed_and_joblib_files_are_opened(team, sample):
    content = {"models": {"rf": team.models["rf"]}, "weights": {"rf": 1.0}}
    joblib.dump(content, team.home / "MSFT_d1_20250121.pkl", compress=3)
    (team.home / "IBM_d1_20250121.pkl.gz").write_bytes(gzip.compress(pickle.dumps(content)))
    for symbol, name in (("MSFT", "MSFT_d1_20250121.pkl"), ("IBM", "IBM_d1_20250121.pkl.gz")):
        assert exporting.export(team.home / name, trusted=True, sample=sample).key.symbol == symbol


def test_what_is_no_artifact_is_refused(team, sample):
    nothing = team.home / NAME
    nothing.write_bytes(b"no pickle")
    with pytest.raises(ExportError, match="cannot load it"):
        exporting.export(nothing, trusted=True, sample=sample)
    nothing.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(ExportError, match="no dict with models"):
        exporting.export(nothing, trusted=True, sample=sample)
    with pytest.raises(ExportError, match="cannot be read"):
        exporting.export(team.home / "absent_d1_20250121.pkl", trusted=True, sample=sample)
    unnamed = write(team.home, {"rf": team.models["rf"]}, name="model.pkl", timestamp="")
    with pytest.raises(ExportError, match="SYMBOL_TIMEFRAME_YYYYMMDD"):
        exporting.export(unnamed, trusted=True, sample=sample)
    unfitted = write(team.home, {"rf": RandomForestClassifier()})
    with pytest.raises(ExportError, match="it is not fitted"):
        exporting.export(unfitted, trusted=True, sample=sample)


def test_a_file_under_another_symbol_is_refused(team, sample):
    file = write(team.home, {"rf": team.models["rf"]}, name="MSFT_d1_20250121.pkl")
    with pytest.raises(ExportError, match="it says that it is AAPL/d1, unlike its name"):
        exporting.export(file, trusted=True, sample=sample)


def test_values_without_a_plain_form_are_left_out_and_told(team, sample):
    file = write(team.home, {"rf": team.models["rf"]}, trainer=team.momentum, note="kept")
    found = exporting.export(file, trusted=True, sample=sample)
    assert found.dropped == ("trainer",)
    assert found.content["note"] == "kept"


def test_nothing_is_overwritten(team, sample, tmp_path):
    found = exporting.export(write(team.home, {"rf": team.models["rf"]}), trusted=True, sample=sample)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).write_bytes(b"the pickle itself")
    names = [stored(found, tmp_path / "out").artifact.name for _ in range(2)]
    assert names == ["AAPL_d1_20250121r02.safetensors", "AAPL_d1_20250121r03.safetensors"]
    assert (tmp_path / "out" / NAME).read_bytes() == b"the pickle itself"


def test_a_version_whose_members_were_exchanged_is_refused(team, sample, tmp_path):
    found = exporting.export(write(team.home, {"rf": team.models["rf"]}), trusted=True, sample=sample)
    other = exporting.export(write(team.home, {"rf": team.models["et"]}), trusted=True, sample=sample)
    mixed = exporting.renamed(found, "20250122")
    mixed.content["models"] = other.content["models"]
    with pytest.raises(IncompatibleArtifactError, match="rf answers otherwise than the original did"):
        stored(mixed, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    del mixed.content["export"]
    with pytest.raises(IncompatibleArtifactError, match="desk export"):
        stored(mixed, tmp_path / "out")
