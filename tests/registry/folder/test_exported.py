"""Versions that have a serving form alone are taken in, served, watched and removed like any other."""

import shutil

import pandas as pd
import pytest
from tests.registry.conftest import AAPL

from ensemble_desk.artifacts.export import exporting, writing
from ensemble_desk.errors import TamperedArtifactError
from ensemble_desk.market.features import FEATURE_NAMES
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import audit, retention, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.preflight import steps
from ensemble_desk.registry.serving import ensembles, proof

NAME = "AAPL_d1_20250204.safetensors"


@pytest.fixture
def exported(desk, tmp_path):
    """A version of ours, exported from its pickle and put into the folder under a day of its own."""
    desk.publish("20250203")
    file = tmp_path / "AAPL_d1_20250204.pkl"
    shutil.copy(desk.file("20250203"), file)
    sample = pd.DataFrame(desk.content["sample_features"], columns=list(FEATURE_NAMES))
    found = exporting.export(file, trusted=True, sample=sample)
    return writing.write(found, desk.folder, created_at=desk.clock(), max_bytes=2**26)


def test_it_is_registered_live_and_answers_as_the_pickle(desk, exported):
    report = sync.synchronise(desk.registry)
    assert (report.added, report.refused) == ((NAME,), {})
    record = versions.get(desk.registry, AAPL, "20250204")
    assert (record.state, record.file_name, record.sha256) == (State.IN_PRODUCTION, NAME, exported.sha256)
    frame = desk.registry.source.bars(AAPL).tail(400).frame
    told = [ensembles.ensemble_of(desk.registry, AAPL, one).predict(frame) for one in ("20250203", "20250204")]
    assert told[0]["probabilities"] == pytest.approx(told[1]["probabilities"], abs=1e-12)
    assert proof.prove(desk.registry, AAPL).matches
    assert audit.verify(desk.registry) == ()
    assert sync.synchronise(desk.registry, force=True).changed == ()


def test_it_serves_without_reading_anything_else(desk, exported):
    sync.synchronise(desk.registry)
    assert not (desk.folder / "serving" / NAME).exists()
    assert ensembles.load(desk.registry, AAPL, "20250204")["models"].keys() == desk.content["models"].keys()


def test_a_changed_byte_is_tampering(desk, exported):
    sync.synchronise(desk.registry)
    desk.flip_a_byte("20250204")
    assert sync.synchronise(desk.registry, force=True).changed == (NAME,)
    with pytest.raises(TamperedArtifactError):
        ensembles.load(desk.registry, AAPL, "20250204")


def test_a_pickle_of_the_same_name_does_not_touch_it(desk, exported):
    sync.synchronise(desk.registry)
    exported.manifest.unlink()
    shutil.copy(desk.file("20250203"), desk.folder / "AAPL_d1_20250204.pkl")
    report = sync.synchronise(desk.registry)
    assert "which AAPL_d1_20250204.safetensors is already" in report.refused["AAPL_d1_20250204.pkl"]
    assert versions.get(desk.registry, AAPL, "20250204").state is State.IN_PRODUCTION


def test_other_bytes_under_its_name_are_refused(desk):
    desk.publish("20250203")
    shutil.copy(desk.file("20250203"), desk.folder / NAME)
    report = sync.synchronise(desk.registry)
    assert "it is no serving form" in report.refused[NAME]


def test_a_serving_form_without_its_proof_is_listed_with_what_to_do(desk):
    desk.publish("20250203")
    shutil.copy(desk.folder / "serving" / "AAPL_d1_20250203.safetensors", desk.folder / NAME)
    sync.synchronise(desk.registry)
    record = versions.get(desk.registry, AAPL, "20250204")
    assert record.state is State.INCOMPATIBLE
    assert "desk export" in record.problem


def test_it_is_pruned_with_all_its_files(desk, exported):
    sync.synchronise(desk.registry)
    desk.publish_all("20250205", "20250206", "20250207")
    retention.prune(desk.registry, keep=1, actor=Actor("ada", Role.ADMIN), reason="disk is full")
    assert not exported.artifact.exists()
    assert not exported.manifest.exists()
    assert audit.verify(desk.registry) == ()


def test_its_preflight_is_that_of_a_pickle(desk, exported):
    sync.synchronise(desk.registry)
    desk.publish("20250205")
    report = steps.run(desk.registry, AAPL, "20250204")
    failed = {step.name: step.detail for step in report.steps if step.outcome == "failed"}
    assert failed == {}
    assert {step.name: step.detail for step in report.steps}["safe load"].startswith("members")
