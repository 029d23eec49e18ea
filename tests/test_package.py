"""The package as others install it: into an empty environment, beside a ``lib`` of their own; checkout and wheel."""

import json
import os
import pickle
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ensemble_desk.errors import extras

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ABSENT = {"streamlit", "plotly", "prophet", "arch", "torch", "sklearn", "scipy", "statsmodels", "pyarrow"}
MOST_BYTES = 320 * 2**20

GUIDE = """
import json, sys
import numpy as np, pandas as pd
from ensemble_desk.loader import EnsembleLoader, get_production_ensemble_with_trained_weights
import lib.own

available = EnsembleLoader.list_available_models()
info = EnsembleLoader.get_model_info("AAPL", "d1")
ensemble = get_production_ensemble_with_trained_weights("AAPL", "d1")
bars = pd.read_csv(sys.argv[1], float_precision="round_trip")
result = ensemble.predict(bars)
try:
    EnsembleLoader.load_latest_model("AAPL", "d1")
    missing = ""
except ImportError as error:
    missing = str(error)
print(json.dumps({
    "available": available["AAPL_d1"], "info": info["timestamp"], "trained": ensemble.is_trained,
    "label": result["label"], "probabilities": result["probabilities"], "missing": missing,
}))
"""


def uv(*arguments: str | Path) -> None:
    command = [str(Path(sys.executable).parent / "uv"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, text=True)


@pytest.fixture(scope="module", params=["checkout", "wheel"])
def project(request, tmp_path_factory):
    """Another project: a folder with a ``lib`` of its own, and an environment with nothing but this package."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "lib").mkdir()
    (folder / "lib" / "own.py").write_text("")
    source = ROOT
    if request.param == "wheel":
        uv("build", "--quiet", "--wheel", "--out-dir", folder / "dist", ROOT)
        (source,) = (folder / "dist").glob("*.whl")
    uv("venv", "--quiet", "--python", sys.executable, folder / ".venv")
    uv("pip", "install", "--quiet", "--python", folder / ".venv" / "bin" / "python", source)
    return folder


@pytest.fixture
def models(project, trained_folder):
    shutil.copytree(trained_folder, project / "trained_models", dirs_exist_ok=True)
    yield project / "trained_models"
    shutil.rmtree(project / "trained_models")


def run(project, *command, **more):
    known = {name: value for name, value in os.environ.items() if not name.startswith(("DESK_", "PYTHON"))}
    program = [project / ".venv" / "bin" / command[0], *command[1:]]
    return subprocess.run(program, cwd=project, env=known, capture_output=True, text=True, check=False, **more)


def installed(project):
    (packages,) = (project / ".venv" / "lib").glob("python*/site-packages")
    return packages


def test_it_is_small_and_brings_nothing_it_does_not_serve_with(project):
    packages = installed(project)
    assert ABSENT.isdisjoint(path.name for path in packages.iterdir())
    assert sum(file.stat().st_size for file in packages.rglob("*") if file.is_file()) < MOST_BYTES
    assert (packages / "ensemble_desk" / "py.typed").exists()


def test_the_guides_scripts_serve_what_the_full_installation_serves(project, models, trained_folder):
    from ensemble_desk.market.keys import Key
    from ensemble_desk.registry import opening
    from ensemble_desk.registry.serving import ensembles
    from ensemble_desk.settings import Settings
    from ensemble_desk.sources.sample import SampleSource

    bars = SampleSource().bars(Key("AAPL", "d1")).frame
    with opening.open_registry(Settings(models_url=str(trained_folder))) as registry:
        expected = ensembles.ensemble(registry, Key("AAPL", "d1")).predict(bars)
    bars.to_csv(project / "bars.csv", index_label="ts")
    done = run(project, "python", "-c", GUIDE, "bars.csv")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["trained"]
    assert told["info"] == told["available"][0]
    assert told["label"] == expected["label"]
    assert told["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-9)
    assert 'pip install "ensemble-desk[train]"' in told["missing"]


def test_the_command_works_and_names_the_extra_it_lacks(project, models):
    version = run(project, "desk", "--version")
    assert version.stdout.split() == ["ensemble-desk", PROJECT["version"]]
    assert run(project, "python", "-m", "ensemble_desk", "--version").stdout == version.stdout
    listed = json.loads(run(project, "desk", "registry", "list", "--json").stdout)
    assert {one["symbol"] for one in listed} == {"AAPL", "IBM", "^GSPC"}
    assert run(project, "desk", "registry", "verify").returncode == 0
    (project / "bars.csv").write_text("date,open,high,low,close,volume\n2024-01-02,1,1,1,1,1\n")
    for command, extra in (
        (("predict", "AAPL", "d1", "--file", "bars.csv"), "files"),
        (("predict", "AAPL", "d1"), "demo"),
        (("report", "AAPL", "d1", "--out", "x.html"), "dashboard"),
    ):
        done = run(project, "desk", *command)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert f'pip install "ensemble-desk[{extra}]"' in done.stderr


def test_a_file_that_only_another_installation_can_read_is_left_to_it(project, models):
    from sklearn.ensemble import RandomForestClassifier

    rf = RandomForestClassifier(3, random_state=1).fit(
        [[0.0], [1.0], [2.0]] * 20, ["BEARISH", "NEUTRAL", "BULLISH"] * 20
    )
    plain = {"symbol": "AAPL", "timeframe": "d1", "timestamp": "20250121", "models": {"rf": rf}, "weights": {"rf": 1.0}}
    (models / "AAPL_d1_20250121.pkl").write_bytes(pickle.dumps(plain))
    done = run(project, "desk", "registry", "sync")
    assert done.returncode == 1
    assert "needs sklearn" in done.stdout
    told = run(project, "desk", "registry", "production", "AAPL", "d1", "--json")
    assert json.loads(told.stdout)["version"] == "20121231"
    from ensemble_desk.registry import opening
    from ensemble_desk.registry.folder import freshness
    from ensemble_desk.settings import Settings

    with opening.open_registry(Settings(models_url=str(models))) as registry:
        assert freshness.if_folder_changed(registry).added == ("AAPL_d1_20250121.pkl",)


def test_nothing_is_written_into_the_installed_package(project, models):
    before = {path for path in (installed(project) / "ensemble_desk").rglob("*") if path.suffix != ".pyc"}
    assert run(project, "desk", "registry", "list").returncode == 0
    after = {path for path in (installed(project) / "ensemble_desk").rglob("*") if path.suffix != ".pyc"}
    assert {path for path in after - before if path.name != "__pycache__"} == set()


def wanted(*extra: str) -> set[str]:
    """The requirements of the base and of some extras, those they contain included."""
    found = set(PROJECT["dependencies"])
    for name in extra:
        for one in PROJECT["optional-dependencies"][name]:
            inner = one.removeprefix("ensemble-desk[").removesuffix("]") if one.startswith("ensemble-desk[") else ""
            found |= wanted(*inner.split(",")) if inner else {one}
    return found


def test_the_requirements_of_the_dashboard_are_those_of_the_extras():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert named[-1] == "-e ."
    assert sorted(named[:-1]) == sorted(wanted("dashboard", "postgres", "yahoo", "demo"))


def test_every_library_that_errors_know_is_in_the_extra_they_name():
    names = {
        "sklearn": "scikit-learn",
        "python_calamine": "python-calamine",
        "charset_normalizer": "charset-normalizer",
        "prometheus_client": "prometheus-client",
        "exchange_calendars": "exchange-calendars",
        "bokeh_sampledata": "bokeh-sampledata",
    }
    for library, extra in extras.EXTRA_OF.items():
        listed = {one.split("~")[0].split("=")[0].split(">")[0].split("[")[0] for one in wanted(extra)}
        assert names.get(library, library) in listed
