"""Files of every earlier format, and those of the guide's trainer, load and predict what they predicted then."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.format import KNOWN_SCHEMA_VERSIONS, SCHEMA_VERSION
from ensemble_desk.artifacts.safe_loading import checks, loading
from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.market.labels import LabelSpec

FILES = Path(__file__).parent / "files"
FEATURES = ["rsi", "macd", "volatility_20"]
FOLDERS = sorted(path.name for path in FILES.iterdir() if path.name.startswith(("format_", "plain")))


def rows() -> pd.DataFrame:
    random = np.random.default_rng(2025)
    return pd.DataFrame(random.normal(size=(240, 3)), columns=FEATURES)[:5]


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_old_file_predicts_what_it_did(folder):
    store = ArtifactStore(FILES / folder, max_bytes=2**20)
    (entry,) = store.scan()
    data, manifest = store.read(entry.file_name), store.manifest(entry.file_name)
    expected = manifest.sha256 if manifest else None
    artifact = loading.load(data, name=entry.file_name, max_bytes=2**20, expected_sha256=expected)
    checks.validate(artifact, key=entry.key, version=entry.version)
    for name, sample in artifact["model_predictions_sample"].items():
        assert np.allclose(artifact["models"][name].predict_proba(rows()), sample, rtol=0, atol=1e-12)


def test_every_known_format_has_a_file():
    numbers = {f"format_{number}" for number in KNOWN_SCHEMA_VERSIONS}
    assert set(FOLDERS) == numbers | {"plain"}
    assert max(KNOWN_SCHEMA_VERSIONS) == SCHEMA_VERSION


def test_a_plain_file_has_the_guide_s_keys_only():
    store = ArtifactStore(FILES / "plain", max_bytes=2**20)
    (entry,) = store.scan()
    assert not entry.has_manifest
    artifact = loading.load(store.read(entry.file_name), name=entry.file_name, max_bytes=2**20)
    assert sorted(artifact) == [
        "ensemble_accuracy",
        "model_predictions_sample",
        "models",
        "performances",
        "symbol",
        "timeframe",
        "timestamp",
        "weights",
    ]


def test_format_1_holds_what_its_readers_rely_on():
    store = ArtifactStore(FILES / "format_1", max_bytes=2**20)
    (entry,) = store.scan()
    assert entry.file_name == "BTC%2FUSD_d1_20250121.pkl"
    artifact = loading.load(store.read(entry.file_name), name=entry.file_name, max_bytes=2**20)
    assert artifact["schema_version"] == 1
    assert artifact["feature_names"] == FEATURES
    assert LabelSpec.from_dict(artifact["label"]) == LabelSpec(1)
    assert artifact["models"]["arima_garch"]["parameters"].tolist() == [0.05, -0.02, 0.1, 0.08, 0.9, 6.5]
    described = json.loads((store.folder / naming.manifest_name(entry.file_name)).read_text())
    assert described["members"] == ["arima_garch", "gb", "rf"]
    assert {name: described[name] for name in ("weights", "feature_names", "temperature")} == {
        name: artifact[name] for name in ("weights", "feature_names", "temperature")
    }
