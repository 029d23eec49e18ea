"""A registry whose artifacts are in a bucket, on a real server: trained, served, moved, pruned, backed up as ever."""

import io
import logging

import pytest
from tests.registry.conftest import AAPL, Clock, Desk, lean

from ensemble_desk import loader
from ensemble_desk.artifacts.store import bucket
from ensemble_desk.artifacts.store.bucket import Bucket
from ensemble_desk.errors import (
    FolderGoneError,
    LedgerError,
    RegistryLostError,
    StoreUnreachableError,
    TamperedArtifactError,
)
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.backup import making, rebuilding, restoring
from ensemble_desk.registry.folder import audit, freshness, importing, retention, sync
from ensemble_desk.registry.index import entries, versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.serving import ensembles, proof, verified
from ensemble_desk.settings import Settings

ADMIN = Actor("ada", Role.ADMIN)
NAMES = ("20250103", "20250110", "20250131")


def settings_of(url, folder, database):
    database = f"sqlite:///{folder / database}"
    return Settings(models_url=url, database_url=database, models_cache=str(folder / "cache"))


@pytest.fixture
def desk(bucket_url, tmp_path, content):
    clock = Clock()
    with opening.open_registry(settings_of(bucket_url, tmp_path, "registry.db"), clock=clock) as registry:
        yield Desk(registry, lean(content), clock)


def entry_of(desk, version):
    return entries.look_up(desk.registry.database, AAPL, version)


def test_versions_are_published_served_moved_verified_and_pruned(desk):
    desk.publish_all(*NAMES)
    registry = desk.registry
    assert production.read(registry, AAPL).version == NAMES[2]
    assert sync.synchronise(registry).added == ()
    assert freshness.if_folder_changed(registry) is None  # listed once, then the registry says what is new
    rollback.roll_back(registry, AAPL, expected=3, actor=desk.operator, reason="drift")
    assert production.read(registry, AAPL).version == NAMES[1]
    assert proof.prove(registry, AAPL).matches
    assert ensembles.ensemble(registry, AAPL).is_trained
    assert audit.verify(registry) == ()
    fates = retention.prune(registry, keep=1, actor=ADMIN, reason="room")
    gone = [fate.version for fate in fates if fate.goes]
    left = {one.name for one in registry.store.bucket.all()}
    assert not [name for name in left if any(version in name for version in gone)]
    assert f"AAPL_d1_{NAMES[1]}.pkl" in left
    assert audit.verify(registry) == ()


def test_an_empty_registry_beside_published_versions_is_named_as_lost(desk, tmp_path):
    desk.publish_all(*NAMES[:1])
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with (
        opening.open_registry(settings_of(desk.registry.store.place, elsewhere, "new.db"), clock=desk.clock) as other,
        pytest.raises(RegistryLostError, match="s3://"),
    ):
        sync.synchronise(other)


def test_a_file_of_others_is_taken_in_and_an_emptied_bucket_is_no_deletion(desk, tmp_path):
    desk.publish_all(NAMES[0])
    data = desk.registry.store.read(f"AAPL_d1_{NAMES[0]}.pkl")
    for one in list(desk.registry.store.bucket.all()):
        desk.registry.store.bucket.delete(one.name)
    with pytest.raises(FolderGoneError, match="DESK_MODELS_URL"):
        sync.synchronise(desk.registry)
    assert versions.get(desk.registry, AAPL, NAMES[0]).version == NAMES[0]
    desk.registry.store.bucket.create(f"AAPL_d1_{NAMES[0]}.pkl", data)
    sync.synchronise(desk.registry, force=True)
    assert desk.registry.store.form(f"AAPL_d1_{NAMES[0]}.pkl")  # made anew from the registered bytes
    with pytest.raises(Exception, match="already"):
        importing.take_in(desk.registry, data, source=tmp_path / "x.pkl", key=AAPL, version=NAMES[0])


def test_other_bytes_under_a_registered_name_are_never_served(desk):
    desk.publish_all(*NAMES[:2])
    name = f"AAPL_d1_{NAMES[1]}.pkl"
    data = bytearray(desk.registry.store.read(name))
    data[len(data) // 2] ^= 1
    desk.registry.store.bucket.write(name, bytes(data))
    (found,) = audit.verify(desk.registry)
    assert name in found.detail
    with pytest.raises(TamperedArtifactError):
        verified.read(desk.registry, entry_of(desk, NAMES[1]), nearby=False)
    sync.synchronise(desk.registry)
    assert versions.get(desk.registry, AAPL, NAMES[1]).state.value == "tampered"


def test_a_server_that_is_away_marks_nothing_and_production_is_served_on(desk, monkeypatch):
    desk.publish_all(*NAMES[:2])
    registry = desk.registry
    assert ensembles.ensemble(registry, AAPL).is_trained
    verified.read(registry, entry_of(desk, NAMES[1]))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    bucket._client.cache_clear()
    registry.cache.clear()
    assert verified.load_form(registry, entry_of(desk, NAMES[1]))[0] > 0
    for ask in (lambda: sync.synchronise(registry, force=True), lambda: audit.verify(registry)):
        with pytest.raises(StoreUnreachableError):
            ask()
    told = {record.state.value for record in versions.of_key(registry, AAPL)}
    assert not told & {"tampered", "missing"}


def test_a_backup_of_a_bucket_is_restored_into_another(desk, bucket_server, tmp_path):
    desk.publish_all(*NAMES)
    rollback.roll_back(desk.registry, AAPL, expected=3, actor=desk.operator, reason="drift")
    made = making.back_up(desk.registry, tmp_path / "backup")
    assert (made.n_versions, made.n_files, made.missing) == (3, 9, ())
    assert making.back_up(desk.registry, tmp_path / "backup").n_new == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    settings = settings_of(bucket_server.new_bucket(), elsewhere, "registry.db")
    restoring.restore(settings, tmp_path / "backup", actor=ADMIN)
    with opening.open_registry(settings, clock=desk.clock) as registry:
        assert audit.verify(registry) == ()
        assert production.read(registry, AAPL) == production.read(desk.registry, AAPL)


def test_the_loader_tells_the_address_and_no_key_stands_in_any_log(desk, caplog):
    caplog.set_level(logging.DEBUG)
    desk.publish_all(NAMES[0])
    loader.use(desk.registry.settings)
    try:
        info = loader.EnsembleLoader.get_model_info("AAPL", "d1")
        assert info["file_path"] == f"{desk.registry.store.place}/AAPL_d1_{NAMES[0]}.pkl"
        assert loader.load_model("AAPL", "d1")["timestamp"] == NAMES[0]
    finally:
        loader.use(None)
    told = io.StringIO()
    for record in caplog.records:
        told.write(record.getMessage())
    assert "secret-0123456789" not in told.getvalue()
    assert "desk-key" not in told.getvalue()
    assert "desk-secret-0123456789" in desk.registry.settings.secrets


def test_the_bucket_is_asked_by_its_own_name(desk):
    assert desk.registry.store.bucket == Bucket(desk.registry.store.place)


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_a_lost_registry_is_noticed_beside_nothing_but_files_of_others(kind, desk, tmp_path):
    desk.publish_all(NAMES[0])
    data = desk.registry.store.read(f"AAPL_d1_{NAMES[0]}.pkl")
    url = str(tmp_path / "models") if kind == "folder" else f"{desk.registry.store.place}-of-others"
    for name, lost in (("first", False), ("second", True)):
        (tmp_path / name).mkdir()
        with opening.open_registry(settings_of(url, tmp_path / name, "registry.db"), clock=desk.clock) as registry:
            if not lost:
                registry.store.take_in(f"AAPL_d1_{NAMES[0]}.pkl", data)
                assert sync.synchronise(registry).added == (f"AAPL_d1_{NAMES[0]}.pkl",)
                continue
            with pytest.raises(RegistryLostError, match="1 versions"):
                sync.synchronise(registry)
            assert sync.synchronise(registry, take_over=True).added


@pytest.mark.usefixtures("bucket_url")
def test_a_copy_of_the_ledger_in_a_locked_bucket_brings_history_back(bucket_server, content, tmp_path):
    at = bucket_server.new_bucket(locked=True) + "/ledger"
    settings = Settings(models_url=str(tmp_path / "models"), ledger_copy=at)
    (tmp_path / "models").mkdir()
    with opening.open_registry(settings, clock=Clock()) as registry:
        desk = Desk(registry, lean(content), registry.clock)
        desk.publish_all(*NAMES[:2])
        rollback.roll_back(registry, AAPL, expected=2, actor=desk.operator, reason="drift")
        assert audit.verify(registry) == ()
        pointer, clock = production.read(registry, AAPL), registry.clock
        names = [one.name for one in Bucket(at).all()]
        assert len(names) >= 3
        first = Bucket(at).read(names[0])
        Bucket(at).write(names[0], first.replace(b"trainer", b"nobody!"))
        assert "is another one than" in audit.verify(registry)[0].detail
        Bucket(at).write(names[0], first)
    for file in (tmp_path / "models" / "registry").iterdir():  # the disk is lost, the bucket is not
        file.unlink()
    with opening.open_registry(settings, clock=clock) as registry:
        with pytest.raises(RegistryLostError):
            sync.synchronise(registry)
        rebuilding.from_ledger(registry, actor=ADMIN, reason="disk lost")
        assert production.read(registry, AAPL) == pointer
        assert audit.verify(registry) == ()


def test_a_move_that_the_ledgers_bucket_does_not_take_is_not_made(bucket_url, content, tmp_path, monkeypatch):
    settings = Settings(models_url=str(tmp_path / "models"), ledger_copy=f"{bucket_url}/ledger")
    (tmp_path / "models").mkdir()
    with opening.open_registry(settings, clock=Clock()) as registry:
        desk = Desk(registry, lean(content), registry.clock)
        desk.publish_all(*NAMES[:2])
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        bucket._client.cache_clear()
        with pytest.raises(LedgerError, match="does not answer"):
            rollback.roll_back(registry, AAPL, expected=2, actor=desk.operator, reason="drift")
        assert production.read(registry, AAPL).version == NAMES[1]
