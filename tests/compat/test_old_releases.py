"""Artifacts of every release of scikit-learn load safely, and answer and serve as that release did, to 1e-12."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sklearn

from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.jobs import app

OLD = Path(__file__).parent / "files" / "old"
RELEASES = sorted(path.name for path in OLD.iterdir())
FAMILIES = (
    "AGAINST",
    "BEFORE",
    "BOOSTING",
    "CALIBRATED",
    "COMBINED",
    "HIST",
    "LINEAR",
    "MACHINES",
    "NEIGHBOURS",
    "PIPELINES",
    "SMOOTH",
    "TREES",
    "TWO",
    "TWO_B",
)
TOLERANCE = 1e-12


def told(release: str) -> dict[str, Any]:
    return json.loads((OLD / release / "expected.json").read_text())


def asked(expected: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(expected["rows"], columns=expected["columns"])


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("family", FAMILIES)
def test_an_old_release_s_members_answer_as_they_did(family, release):
    expected = told(release)
    name = f"{family}_d1_20250121.pkl"
    loaded = loading.load_with_notes((OLD / release / name).read_bytes(), name=name, max_bytes=2**20)
    assert loaded.warnings == (f"saved by scikit-learn {release}, read by {sklearn.__version__}",)
    models = loaded.content["models"]
    assert models.keys() == expected["files"][name].keys()
    for member, answer in expected["files"][name].items():
        assert models[member].classes_.tolist() == answer["classes"], member
        given = models[member].predict_proba(asked(expected))
        assert np.allclose(given, answer["probabilities"], rtol=0, atol=TOLERANCE), member


def test_every_release_wrote_every_family():
    assert RELEASES == ["1.1.3", "1.2.2", "1.3.2", "1.4.2", "1.5.2", "1.6.1", "1.7.2", "1.8.0"]
    for release in RELEASES:
        assert {name.removesuffix("_d1_20250121.pkl") for name in told(release)["files"]} == set(FAMILIES)


@pytest.mark.parametrize("release", RELEASES)
def test_an_old_release_s_files_are_served(release, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "models"
    folder.mkdir()
    for path in (OLD / release).glob("*.pkl"):
        shutil.copy(path, folder)
    monkeypatch.setenv("DESK_MODELS_URL", str(folder))
    assert app.main(["registry", "sync"]) == 0
    expected = told(release)
    rows = asked(expected).assign(time=pd.date_range("2024-01-01", periods=len(expected["rows"]), tz="UTC"))
    rows.to_csv(tmp_path / "rows.csv", index=False)
    capsys.readouterr()
    for family in FAMILIES:
        assert app.main(["predict", family, "d1", "--file", str(tmp_path / "rows.csv"), "--json"]) == 0
        served = json.loads(capsys.readouterr().out)["component_predictions"]
        answers = expected["files"][f"{family}_d1_20250121.pkl"]
        assert served.keys() == answers.keys()
        for member, answer in answers.items():
            given = served[member]["probabilities"]
            wanted = dict(zip(answer["classes"], answer["probabilities"][-1], strict=True))
            assert {name: given[name] for name in wanted} == pytest.approx(wanted, rel=0, abs=TOLERANCE), member
            assert sum(given.values()) == pytest.approx(1), member
