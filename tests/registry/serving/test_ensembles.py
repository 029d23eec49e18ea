"""Serving: what is loaded is what was registered, what serves is what production says, and memory stays bounded."""

import subprocess
import sys
import threading

import pytest

from ensemble_desk.artifacts import naming, serving_form
from ensemble_desk.artifacts.safe_loading import loading
from ensemble_desk.ensemble.flat.forest import FlatForest
from ensemble_desk.ensemble.forecaster import EnhancedEnsembleForecaster
from ensemble_desk.errors import (
    ArtifactMissingError,
    NotTrainedError,
    TamperedArtifactError,
    UnknownKeyError,
    UnknownVersionError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.artifact_cache import ArtifactCache
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import audit, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.registry.serving import verified
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"


@pytest.fixture(scope="module")
def bars():
    return SampleSource().bars(AAPL).tail(600).frame


@pytest.fixture
def two(desk):
    desk.publish_all(OLD, NEW)
    return desk


@pytest.fixture
def loads(monkeypatch):
    """Versions that were really read and loaded, in order."""
    done = []

    def watched(load):
        return lambda registry, entry: (done.append(entry.version), load(registry, entry))[1]

    for name in ("load", "load_form"):
        monkeypatch.setattr(verified, name, watched(getattr(verified, name)))
    return done


def test_the_ensemble_serves_production_and_follows_each_move(two, bars):
    ensemble = serving.ensemble(two.registry, AAPL)
    assert ensemble.is_trained
    assert ensemble.training_stats["loaded_from"] == f"AAPL_d1_{NEW}"
    assert ensemble.predict(bars)["version"] == NEW
    moves.promote(two.registry, AAPL, to=OLD, expected=2, actor=two.operator, reason="move")
    assert ensemble.predict_horizon(bars, horizon="1W", horizon_bars=5)["version"] == OLD
    assert (ensemble.version, ensemble.revision) == (OLD, 3)
    assert ensemble.predict_batch(bars)["label"].notna().all()


def test_a_key_without_versions_is_not_trained_until_it_has_one(desk, bars):
    ensemble = serving.ensemble(desk.registry, AAPL)
    assert not ensemble.is_trained
    with pytest.raises(NotTrainedError, match="train --symbol AAPL"):
        ensemble.predict(bars)
    desk.publish(OLD)
    assert ensemble.predict(bars)["version"] == OLD
    quarantine.quarantine(desk.registry, AAPL, OLD, actor=desk.operator, reason="bad")
    with pytest.raises(NotTrainedError):
        ensemble.predict(bars)
    assert ensemble.models == {}


def test_a_version_that_is_marked_as_tampered_is_refused_also_by_who_holds_it(two, bars):
    ensemble = serving.ensemble(two.registry, AAPL)
    two.flip_a_byte(NEW)
    with pytest.raises(TamperedArtifactError), opening.open_registry(two.registry.settings) as other:
        serving.load(other, AAPL, NEW)
    with pytest.raises(TamperedArtifactError):
        ensemble.predict(bars)


def test_a_tampered_version_serves_again_once_its_file_is_back(two, bars):
    file = two.file(NEW)
    honest = file.read_bytes()
    two.flip_a_byte(NEW)
    with pytest.raises(TamperedArtifactError):
        serving.load(two.registry, AAPL, NEW)
    file.write_bytes(honest)
    assert serving.ensemble(two.registry, AAPL).predict(bars)["version"] == NEW
    assert versions.get(two.registry, AAPL, NEW).state is State.IN_PRODUCTION
    assert production.read(two.registry, AAPL).revision == 2


def test_a_version_is_loaded_once(two, bars, loads):
    ensembles = [serving.ensemble(two.registry, AAPL) for _ in range(3)]
    for ensemble in ensembles:
        ensemble.predict(bars)
    serving.ensemble_of(two.registry, AAPL, OLD)
    assert loads == [NEW, OLD]


def test_what_a_caller_does_to_its_copy_stays_there(two):
    mine = serving.load(two.registry, AAPL, NEW)
    mine["weights"]["rf"] = 99
    mine["models"].clear()
    assert serving.load(two.registry, AAPL, NEW)["models"].keys() == {"rf", "arima_garch"}
    assert serving.load(two.registry, AAPL, NEW)["weights"] == versions.get(two.registry, AAPL, NEW).weights


def test_what_is_not_there_is_named(two):
    with pytest.raises(UnknownVersionError, match=NEW):
        serving.load(two.registry, AAPL, "20200101")
    with pytest.raises(UnknownKeyError):
        serving.load(two.registry, Key("IBM", "d1"), NEW)
    two.file(OLD).unlink()
    with pytest.raises(ArtifactMissingError):
        serving.load(two.registry, AAPL, OLD)


def test_threads_that_ask_at_once_load_once_and_agree(two, bars, loads):
    ensemble = serving.ensemble(two.registry, AAPL)
    two.registry.cache.clear()
    loads.clear()
    answers, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        answers.append((serving.load(two.registry, AAPL, NEW)["timestamp"], ensemble.predict(bars)["confidence"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert len(answers) == 8
    assert loads == [NEW]


def test_the_cache_keeps_within_its_bound_and_drops_the_least_used():
    cache = ArtifactCache(max_bytes=100)
    done = []

    def get(name, file_bytes=15):
        return cache.get(name, lambda: (done.append(name), (file_bytes, {"name": name}))[1])

    for name in ("a", "b", "c", "a", "d", "a", "b"):
        assert get(name) == {"name": name}
    assert done == ["a", "b", "c", "d", "b"]
    get("huge", 1000)
    get("huge", 1000)
    assert done.count("huge") == 2
    get("a")
    assert done.count("a") == 1
    cache.forget("a")
    get("a")
    assert done.count("a") == 2


def test_a_failed_load_is_tried_again():
    cache = ArtifactCache(max_bytes=100)

    def fail():
        raise ArtifactMissingError(NEW)

    with pytest.raises(ArtifactMissingError):
        cache.get("a", fail)
    assert cache.get("a", lambda: (1, {"ok": True})) == {"ok": True}


LIGHT = """
import sys
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors, opening
from ensemble_desk.registry.folder import audit, freshness, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion, quarantine, rollback
from ensemble_desk.registry.serving import ensembles, proof
from ensemble_desk.settings import Settings
key = Key("AAPL", "d1")
with opening.open_registry(Settings(models_url=sys.argv[1], database_url=sys.argv[2])) as registry:
    assert versions.listing(registry).total == 2
    versions.get(registry, key, "20250110"), versions.manifest(registry, key, "20250110"), versions.names(registry)
    production.fleet(registry), history.deployments(registry), audit.verify(registry)
    assert freshness.if_folder_changed(registry) is None or sync.synchronise(registry).added == ()
heavy = {"sklearn", "scipy", "streamlit", "plotly", "prophet", "arch", "torch", "statsmodels", "talib", "alembic"}
print(sorted(heavy & set(sys.modules)))
"""


def test_reading_the_registry_imports_nothing_heavy(two):
    settings: Settings = two.registry.settings
    told = subprocess.run(
        [sys.executable, "-c", LIGHT, settings.models_url, settings.database_url],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def form_of(bench, version):
    return bench.folder / naming.form_name(naming.file_name(AAPL, version))


def test_production_runs_from_the_serving_form_and_answers_the_same(two, bars, monkeypatch):
    monkeypatch.setattr(loading, "load", lambda *_, **__: pytest.fail("the pickle was opened"))
    served = serving.ensemble(two.registry, AAPL)
    answer = served.predict(bars)
    monkeypatch.undo()
    by_hand = EnhancedEnsembleForecaster("1D", "AAPL")
    by_hand.inject(serving.load(two.registry, AAPL, NEW), version=NEW)
    assert isinstance(served.models["rf"], FlatForest)
    assert answer["probabilities"] == pytest.approx(by_hand.predict(bars)["probabilities"], abs=1e-12, rel=0)


def test_a_changed_serving_form_is_refused_until_it_is_made_anew(two, bars):
    path = form_of(two, NEW)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for _ in range(2):
        with pytest.raises(TamperedArtifactError, match="serving"):
            serving.ensemble(two.registry, AAPL)
    assert versions.get(two.registry, AAPL, NEW).state is State.TAMPERED
    assert {finding.kind for finding in audit.verify(two.registry)} == {audit.CHANGED}
    failed = [step.name for step in preflight.run(two.registry, AAPL, NEW).steps if step.outcome == "failed"]
    assert failed == ["digest"]
    sync.synchronise(two.registry, force=True)
    assert audit.verify(two.registry) == ()
    assert serving.ensemble(two.registry, AAPL).predict(bars)["version"] == NEW


def test_a_lost_serving_form_is_no_reason_to_stop(two, bars):
    form_of(two, NEW).unlink()
    assert {finding.kind for finding in audit.verify(two.registry)} == {audit.MISSING}
    assert serving.ensemble(two.registry, AAPL).predict(bars)["version"] == NEW
    sync.synchronise(two.registry, force=True)
    assert form_of(two, NEW).is_file()
    assert audit.verify(two.registry) == ()


def test_a_changed_pickle_is_refused_though_its_serving_form_is_whole(two):
    path = two.file(NEW)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(TamperedArtifactError):
        serving.ensemble(two.registry, AAPL)


def test_a_serving_form_that_answers_otherwise_fails_the_preflight(two, monkeypatch):
    monkeypatch.setattr(serving_form, "parity", lambda *_, **__: 1e-6)
    report = preflight.run(two.registry, AAPL, NEW)
    golden = next(step for step in report.steps if step.name == "golden sample")
    assert golden.outcome == "failed"
    assert "serving form" in golden.detail
    assert not report.passed
