"""Synchronising: what the folder holds becomes what the index says, whatever lies there."""

import json
import os
import pickle
import shutil

import pytest

from ensemble_desk.errors import (
    ArtifactMissingError,
    FolderGoneError,
    FutureVersionError,
    PreflightFailedError,
    RegistryLostError,
    TamperedArtifactError,
    UnknownKeyError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.entities import Action, Mode, State, SyncReport
from ensemble_desk.registry.folder import audit, freshness, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")
OLD, MIDDLE, NEW = "20250110", "20250120", "20250131"


def plain(content, **changes):
    """What another program drops: a pickled dict with the guide's keys only."""
    kept = ("symbol", "timeframe", "weights", "ensemble_accuracy", "performances", "model_predictions_sample")
    models = {name: model for name, model in content["models"].items() if name == "rf"}
    return pickle.dumps(
        {name: content[name] for name in kept} | {"models": models, "weights": {"rf": 1.0}, "timestamp": NEW} | changes
    )


def drop(desk, name, data):
    (desk.folder / name).write_bytes(data)


@pytest.fixture
def three(desk):
    desk.publish_all(OLD, MIDDLE, NEW)
    sync.synchronise(desk.registry)
    return desk


def test_an_empty_folder_changes_nothing(desk):
    assert sync.synchronise(desk.registry) == SyncReport()
    assert versions.keys(desk.registry) == ()


def test_a_registered_folder_changes_nothing(three):
    rows = history.deployments(three.registry)
    assert sync.synchronise(three.registry) == SyncReport()
    assert history.deployments(three.registry) == rows


def test_a_plain_artifact_is_registered_served_and_shown(desk):
    drop(desk, f"AAPL_d1_{NEW}.pkl", plain(desk.content))
    report = sync.synchronise(desk.registry)
    assert (report.added, report.followed, report.refused) == ((f"AAPL_d1_{NEW}.pkl",), ("AAPL/d1",), {})
    record = versions.get(desk.registry, AAPL, NEW)
    assert record.state is State.IN_PRODUCTION
    assert record.ensemble_accuracy == pytest.approx(desk.content["ensemble_accuracy"])
    assert (record.weights, record.n_holdout, record.baseline_accuracy) == ({"rf": 1.0}, None, None)
    assert record.created_at.timestamp() == pytest.approx((desk.folder / record.file_name).stat().st_mtime, abs=1e-3)
    assert versions.manifest(desk.registry, AAPL, NEW)["globals"]
    assert serving.load(desk.registry, AAPL, NEW)["weights"] == {"rf": 1.0}
    assert audit.verify(desk.registry) == ()


@pytest.mark.parametrize("told", ['{"accuracy": 0.6, "symbol": "AAPL"}', "[1, 2]", '{"loss": NaN}'])
def test_json_that_another_program_keeps_beside_its_artifact_is_no_manifest(desk, told):
    drop(desk, f"AAPL_d1_{NEW}.pkl", plain(desk.content))
    (desk.folder / f"AAPL_d1_{NEW}.json").write_text(told)
    assert sync.synchronise(desk.registry).added == (f"AAPL_d1_{NEW}.pkl",)
    assert versions.get(desk.registry, AAPL, NEW).state is State.IN_PRODUCTION
    assert audit.verify(desk.registry) == ()


def test_a_plain_artifact_can_be_rolled_back_to(desk):
    drop(desk, f"AAPL_d1_{OLD}.pkl", plain(desk.content, timestamp=OLD))
    sync.synchronise(desk.registry)
    desk.publish(NEW)
    row = rollback.roll_back(desk.registry, AAPL, expected=2, actor=desk.operator, reason="drift")
    outcomes = {step["name"]: step["outcome"] for step in row.preflight}
    assert outcomes["golden sample"] == "skipped"
    assert outcomes["smoke forecast"] == "passed"
    assert production.read(desk.registry, AAPL).version == OLD


def test_a_whole_folder_moves_into_another_registry(three, empty_database_url, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(three.folder, moved)
    settings = Settings(models_url=str(moved), database_url=empty_database_url)
    with opening.open_registry(settings, clock=three.clock) as registry:
        with pytest.raises(RegistryLostError, match="3 versions in moved"):
            sync.synchronise(registry)
        assert versions.keys(registry) == ()
        report = sync.synchronise(registry, take_over=True)
        assert len(report.added) == 3
        assert production.read(registry, AAPL).version == NEW
        (row,) = history.deployments(registry, AAPL)
        assert (row.action, row.actor) == (Action.FOLLOW, "sync")
        for version in (OLD, MIDDLE, NEW):
            here, there = versions.get(registry, AAPL, version), versions.get(three.registry, AAPL, version)
            assert (here.sha256, here.ensemble_accuracy, here.weights, here.created_at, here.n_eff) == (
                there.sha256,
                there.ensemble_accuracy,
                there.weights,
                there.created_at,
                there.n_eff,
            )
            assert versions.manifest(registry, AAPL, version) == versions.manifest(three.registry, AAPL, version)
        assert audit.verify(registry) == ()


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_bad_files_are_refused_with_a_reason_and_hide_nothing(desk, tmp_path):
    whole = plain(desk.content)
    trap = tmp_path / "executed"
    drop(desk, f"AAPL_d1_{NEW}.pkl", whole)
    drop(desk, "IBM_d1_20250131.pkl", pickle.dumps({"models": Bomb(str(trap)), "weights": {}}))
    drop(desk, "GOOG_d1_20250131.pkl", whole[:-50])
    drop(desk, "MSFT_d1_20250131.pkl", whole)
    drop(desk, "AAPL_d1_20250115.pkl", whole)
    drop(desk, "notes.pkl", b"no version")
    drop(desk, "FB_d1_20250131.pkl", b"")
    drop(desk, "AAPL_d1_20251399.pkl", whole)
    report = sync.synchronise(desk.registry)
    assert not trap.exists()
    assert report.added == (f"AAPL_d1_{NEW}.pkl",)
    assert set(report.refused) == {
        "IBM_d1_20250131.pkl",
        "GOOG_d1_20250131.pkl",
        "MSFT_d1_20250131.pkl",
        "AAPL_d1_20250115.pkl",
        "notes.pkl",
        "FB_d1_20250131.pkl",
        "AAPL_d1_20251399.pkl",
    }
    assert "mkdir" in report.refused["IBM_d1_20250131.pkl"]
    assert "AAPL/d1" in report.refused["MSFT_d1_20250131.pkl"]
    assert versions.rejected(desk.registry) == report.refused
    assert versions.keys(desk.registry) == (AAPL,)


def test_a_file_of_any_year_and_a_manifest_out_of_the_calendar_stop_nothing(desk):
    for name in ("AAPL", "IBM", "MSFT"):
        drop(desk, f"{name}_d1_{NEW}.pkl", plain(desk.content, symbol=name))
    for name, second in (("AAPL", 13_569_465_600), ("IBM", -2_000_000_000)):  # the years 2400 and 1906
        os.utime(desk.folder / f"{name}_d1_{NEW}.pkl", (second, second))
    described = dict.fromkeys(("symbol", "timeframe", "timestamp", "sha256"), "")
    described |= {"size_bytes": 1, "globals": [], "members": [], "created_at": "9999-12-31T23:59:59-14:00"}
    drop(desk, f"MSFT_d1_{NEW}.json", json.dumps(described).encode())
    report = sync.synchronise(desk.registry, take_over=True)
    assert report.added == (f"AAPL_d1_{NEW}.pkl", f"IBM_d1_{NEW}.pkl")
    assert set(report.refused) == {f"MSFT_d1_{NEW}.pkl"}
    assert sync.synchronise(desk.registry).added == ()
    assert audit.verify(desk.registry) == ()


def test_refused_files_are_not_read_again_until_they_change(desk, monkeypatch):
    drop(desk, "GOOG_d1_20250131.pkl", b"rubbish")
    before = sync.synchronise(desk.registry)
    reads = []
    read = type(desk.registry.store).read
    monkeypatch.setattr(
        type(desk.registry.store), "read", lambda store, name: (reads.append(name), read(store, name))[1]
    )
    assert sync.synchronise(desk.registry).refused == before.refused
    assert reads == []
    drop(desk, "GOOG_d1_20250131.pkl", plain(desk.content, symbol="GOOG"))
    assert sync.synchronise(desk.registry).added == ("GOOG_d1_20250131.pkl",)
    assert versions.rejected(desk.registry) == {}


def test_one_part_of_the_keys_is_taken_in_and_the_rest_left_to_others(desk):
    drop(desk, f"AAPL_d1_{NEW}.pkl", plain(desk.content))
    drop(desk, f"GOOG_d1_{OLD}.pkl", plain(desk.content, symbol="GOOG", timestamp=OLD))
    drop(desk, f"GOOG_d1_{NEW}.pkl", b"rubbish")
    google = Key("GOOG", "d1").__eq__
    first = sync.synchronise(desk.registry, of_keys=google)
    assert (first.added, list(first.refused)) == ((f"GOOG_d1_{OLD}.pkl",), [f"GOOG_d1_{NEW}.pkl"])
    second = sync.synchronise(desk.registry, of_keys=lambda key: not google(key))
    assert (second.added, second.vanished, second.refused) == ((f"AAPL_d1_{NEW}.pkl",), (), {})
    assert list(versions.rejected(desk.registry)) == [f"GOOG_d1_{NEW}.pkl"]
    (desk.folder / f"GOOG_d1_{OLD}.pkl").unlink()
    assert sync.synchronise(desk.registry, of_keys=AAPL.__eq__) == SyncReport()
    assert sync.synchronise(desk.registry, of_keys=google).vanished == (f"GOOG_d1_{OLD}.pkl",)


def test_a_refused_file_that_is_deleted_is_forgotten(desk):
    drop(desk, "notes.pkl", b"no version")
    sync.synchronise(desk.registry)
    (desk.folder / "notes.pkl").unlink()
    assert sync.synchronise(desk.registry).refused == {}
    assert versions.rejected(desk.registry) == {}


def test_a_file_name_of_undecodable_bytes_stops_nothing(desk):
    with open(os.fsencode(desk.folder) + b"/\xff\xfe_d1_20250131.pkl", "wb") as file:  # noqa: PTH123 - no Path spells it
        file.write(b"x")
    assert list(sync.synchronise(desk.registry).refused) == ["\\udcff\\udcfe_d1_20250131.pkl"]


def test_a_version_of_a_day_that_has_not_come_is_refused_until_then(desk):
    desk.publish(OLD)
    drop(desk, "AAPL_d1_20991231.pkl", plain(desk.content, timestamp="20991231"))
    report = sync.synchronise(desk.registry)
    assert "has not come yet" in report.refused["AAPL_d1_20991231.pkl"]
    assert production.read(desk.registry, AAPL).version == OLD
    with pytest.raises(FutureVersionError):
        desk.publish("20991230")
    assert versions.of_key(desk.registry, AAPL)[0].version == OLD


def test_an_artifact_whose_manifest_names_another_digest_is_refused(desk):
    desk.registry.store.publish(desk.content, key=AAPL, date=desk.clock().date(), created_at=desk.clock())
    (file,) = desk.folder.glob("*.pkl")
    file.write_bytes(plain(desk.content, timestamp=file.stem[-8:]))
    report = sync.synchronise(desk.registry, take_over=True)
    assert "manifest" in report.refused[file.name]
    assert report.added == ()


def test_a_changed_file_is_tampered_everywhere_until_it_is_restored(three):
    file = three.file(OLD)
    honest = file.read_bytes()
    three.flip_a_byte(OLD)
    assert sync.synchronise(three.registry).changed == (file.name,)
    assert sync.synchronise(three.registry).changed == ()
    record = versions.get(three.registry, AAPL, OLD)
    assert record.state is State.TAMPERED
    assert record.sha256[:12] in record.problem
    with pytest.raises(TamperedArtifactError):
        serving.load(three.registry, AAPL, OLD)
    with pytest.raises(PreflightFailedError):
        moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="try")
    file.write_bytes(honest)
    assert sync.synchronise(three.registry).returned == (file.name,)
    assert versions.get(three.registry, AAPL, OLD).state is State.AVAILABLE
    assert serving.load(three.registry, AAPL, OLD)


def test_a_change_that_keeps_size_and_time_is_found_by_force_and_by_loading(three):
    file = three.file(OLD)
    status = file.stat()
    three.flip_a_byte(OLD)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert sync.synchronise(three.registry).changed == ()
    assert sync.synchronise(three.registry, force=True).changed == (file.name,)


def test_loading_a_changed_file_tells_the_index(three):
    three.flip_a_byte(OLD)
    with pytest.raises(TamperedArtifactError):
        serving.load(three.registry, AAPL, OLD)
    assert versions.get(three.registry, AAPL, OLD).state is State.TAMPERED


def test_a_tampered_latest_is_not_passed_over_when_following_again(three):
    moves.promote(three.registry, AAPL, to=MIDDLE, expected=3, actor=three.operator, reason="pin")
    three.flip_a_byte(NEW)
    sync.synchronise(three.registry)
    with pytest.raises(PreflightFailedError, match="TAMPERED"):
        moves.follow_latest(three.registry, AAPL, expected=4, actor=three.operator, reason="go on")
    live = production.read(three.registry, AAPL)
    assert (live.version, live.mode) == (MIDDLE, Mode.PINNED)


def test_a_tampered_live_version_gives_way_only_to_a_newer_one(three):
    three.flip_a_byte(NEW)
    sync.synchronise(three.registry)
    assert production.read(three.registry, AAPL).version == NEW
    three.publish("20250115")
    assert production.read(three.registry, AAPL).version == NEW
    three.publish("20250207")
    assert production.read(three.registry, AAPL).version == "20250207"


def test_a_vanished_live_version_gives_way_and_history_says_so(three):
    file = three.file(NEW)
    kept = file.rename(three.folder.parent / file.name)
    report = sync.synchronise(three.registry)
    assert (report.vanished, report.followed) == ((file.name,), ("AAPL/d1",))
    live = production.read(three.registry, AAPL)
    assert (live.version, live.actor) == (MIDDLE, "sync")
    assert NEW in live.reason
    assert "vanished" in live.reason
    assert versions.get(three.registry, AAPL, NEW).state is State.MISSING
    kept.rename(file)
    report = sync.synchronise(three.registry)
    assert (report.returned, report.followed) == ((file.name,), ("AAPL/d1",))
    assert production.read(three.registry, AAPL).version == NEW
    assert audit.verify(three.registry) == ()


def test_a_vanished_pinned_version_stays_and_is_refused(three):
    moves.promote(three.registry, AAPL, to=MIDDLE, expected=3, actor=three.operator, reason="pin")
    three.file(MIDDLE).unlink()
    report = sync.synchronise(three.registry)
    assert (len(report.vanished), report.followed) == (1, ())
    live = production.read(three.registry, AAPL)
    assert (live.version, live.mode, live.newer_waiting) == (MIDDLE, Mode.PINNED, NEW)
    with pytest.raises(ArtifactMissingError):
        serving.ensemble(three.registry, AAPL)


def test_several_newer_versions_are_one_move(desk):
    for version in (OLD, MIDDLE, NEW):
        drop(desk, f"AAPL_d1_{version}.pkl", plain(desk.content, timestamp=version))
    sync.synchronise(desk.registry)
    (row,) = history.deployments(desk.registry, AAPL)
    assert (row.to_version, row.from_version) == (NEW, None)


def test_a_folder_that_is_gone_is_no_deletion(three):
    away = three.folder.rename(three.folder.with_name("unmounted"))
    with pytest.raises(FolderGoneError):
        sync.synchronise(three.registry)
    assert production.read(three.registry, AAPL).version == NEW
    away.rename(three.folder)
    assert sync.synchronise(three.registry) == SyncReport()


def test_the_probe_looks_only_when_the_folder_changed(three):
    year = three.clock.now.replace(year=2100)
    three.clock.now = year  # the folder's own time is long ago
    assert freshness.if_folder_changed(three.registry) is not None
    assert freshness.if_folder_changed(three.registry) is None
    drop(three, "GOOG_d1_20250131.pkl", plain(three.content, symbol="GOOG"))
    assert freshness.if_folder_changed(three.registry).added == ("GOOG_d1_20250131.pkl",)
    assert freshness.if_folder_changed(three.registry) is None


def test_a_folder_that_changed_just_now_is_looked_at_again(three):
    assert freshness.if_folder_changed(three.registry) is not None
    assert freshness.if_folder_changed(three.registry) is not None


def test_a_version_of_a_newer_format_is_shown_as_incompatible(three):
    artifact = pickle.loads(three.file(NEW).read_bytes())
    drop(three, "AAPL_d1_20250301.pkl", pickle.dumps(artifact | {"schema_version": 99, "timestamp": "20250301"}))
    report = sync.synchronise(three.registry)
    assert report.added == ("AAPL_d1_20250301.pkl",)
    record = versions.get(three.registry, AAPL, "20250301")
    assert record.state is State.INCOMPATIBLE
    assert "99" in record.problem
    assert production.read(three.registry, AAPL).version == NEW
    with pytest.raises(PreflightFailedError, match="99"):
        moves.promote(three.registry, AAPL, to="20250301", expected=3, actor=three.operator, reason="try")


def test_a_key_of_refused_files_only_stays_unknown(desk):
    drop(desk, "GOOG_d1_20250131.pkl", b"rubbish")
    sync.synchronise(desk.registry)
    with pytest.raises(UnknownKeyError):
        production.read(desk.registry, Key("GOOG", "d1"))
