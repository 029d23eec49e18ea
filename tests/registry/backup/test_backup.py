"""A backup made while everything runs, restored elsewhere, holds the same; a damaged one is refused before anything."""

import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.registry.conftest import lean

from ensemble_desk.database.tables.registry_tables import metadata
from ensemble_desk.errors import BackupDamagedError, BackupError, NotAllowedError, RestoreRefusedError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.backup import making, restoring
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion, rollback
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")
NAMES = ("20250103", "20250110", "20250131")
ADMIN = Actor("ada", Role.ADMIN)


@pytest.fixture
def lived(desk):
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    rollback.roll_back(desk.registry, AAPL, expected=3, actor=desk.operator, reason="drift")
    return desk


def rows(registry):
    with registry.database.reading() as connection:
        return {table.name: sorted(map(str, connection.execute(select(table)))) for table in metadata.sorted_tables}


def test_what_is_restored_is_what_was_there(lived, empty_database_url, tmp_path):
    if lived.registry.database.is_postgresql != empty_database_url.startswith("postgresql"):
        elsewhere = Settings(models_url=str(tmp_path / "elsewhere"), database_url=empty_database_url)
        making.back_up(lived.registry, tmp_path / "backup")
        with pytest.raises(BackupError, match="DESK_DATABASE_URL"):
            restoring.restore(elsewhere, tmp_path / "backup", actor=ADMIN)
        return
    made = making.back_up(lived.registry, tmp_path / "backup")
    assert (made.n_versions, made.missing) == (3, ())
    assert making.back_up(lived.registry, tmp_path / "backup").n_new == 0
    assert restoring.check(tmp_path / "backup").n_files == made.n_files == 9
    elsewhere = Settings(models_url=str(tmp_path / "elsewhere"), database_url=empty_database_url)
    restoring.restore(elsewhere, tmp_path / "backup", actor=ADMIN)
    with opening.open_registry(elsewhere, clock=lived.clock) as registry:
        assert audit.verify(registry) == ()
        assert rows(registry) == rows(lived.registry)
        assert production.read(registry, AAPL) == production.read(lived.registry, AAPL)
        promotion.follow_latest(registry, AAPL, expected=4, actor=ADMIN, reason="goes on")
        assert audit.verify(registry) == ()


def test_a_backup_that_is_made_while_production_moves_agrees_with_itself(lived, tmp_path):
    stop = threading.Event()

    def move():
        while not stop.is_set():
            promotion.promote(lived.registry, AAPL, to=NAMES[0], expected=None, actor=ADMIN, reason="there")
            promotion.promote(lived.registry, AAPL, to=NAMES[1], expected=None, actor=ADMIN, reason="back")

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for _ in range(3):
            making.back_up(lived.registry, tmp_path / "backup")
            restoring.check(tmp_path / "backup")
    finally:
        stop.set()
        mover.join()
    assert audit.verify(lived.registry) == ()


def test_after_a_lost_disk_the_ledger_tells_what_the_backup_does_not(sqlite_desk, tmp_path):
    desk = sqlite_desk
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    making.back_up(desk.registry, tmp_path / "backup")
    rollback.roll_back(desk.registry, AAPL, expected=3, actor=desk.operator, reason="drift")
    before = history.deployments(desk.registry, AAPL), production.read(desk.registry, AAPL)
    settings = desk.registry.settings
    desk.registry.close()
    with pytest.raises(RestoreRefusedError, match="There is"):
        restoring.restore(settings, tmp_path / "backup", actor=ADMIN)
    for rest in tmp_path.glob("registry.db*"):
        rest.unlink()
    shutil.rmtree(desk.folder)
    told = restoring.restore(settings, tmp_path / "backup", actor=ADMIN)
    assert told.from_ledger.n_rows == 1
    with opening.open_registry(settings, clock=desk.clock) as registry:
        assert audit.verify(registry) == ()
        assert (history.deployments(registry, AAPL), production.read(registry, AAPL)) == before


def test_a_damaged_backup_is_refused_and_named(sqlite_desk, tmp_path):
    sqlite_desk.content = lean(sqlite_desk.content)
    sqlite_desk.publish_all(*NAMES)
    making.back_up(sqlite_desk.registry, tmp_path / "backup")
    largest = max((tmp_path / "backup" / "objects").rglob("*"), key=lambda path: path.is_file() and path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[:-1])
    with pytest.raises(BackupDamagedError):
        restoring.check(tmp_path / "backup")
    elsewhere = Settings(models_url=str(tmp_path / "elsewhere"))
    with pytest.raises(BackupDamagedError):
        restoring.restore(elsewhere, tmp_path / "backup", actor=ADMIN)
    assert not (tmp_path / "elsewhere").exists()


def test_wrong_places_and_people_are_refused(sqlite_desk, tmp_path):
    with pytest.raises(BackupError, match="inside the models folder"):
        making.back_up(sqlite_desk.registry, sqlite_desk.folder / "backup")
    with pytest.raises(BackupError, match="holds no backup"):
        restoring.check(Path(tmp_path / "nowhere"))
    with pytest.raises(NotAllowedError):
        restoring.restore(sqlite_desk.registry.settings, tmp_path, actor=sqlite_desk.operator)
