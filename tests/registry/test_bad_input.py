"""Whatever is asked for or goes wrong: a clear refusal, and pointer and history as they were."""

import copy
import errno
import os
import pickle
import shutil
from contextlib import contextmanager
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from tests.registry.conftest import make_settings

from ensemble_desk.database import engines
from ensemble_desk.errors import (
    DatabaseError,
    NotAllowedError,
    PreflightFailedError,
    PublishError,
    SettingsError,
    UnknownVersionError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.access import identity, roles
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import audit, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import recording, rollback
from ensemble_desk.registry.preflight import steps as preflight

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"


@pytest.fixture
def two(desk):
    desk.publish_all(OLD, NEW)
    return desk


def roll_back(desk, *, actor=None, expected=2, reason="try"):
    return rollback.roll_back(
        desk.registry, AAPL, to=OLD, expected=expected, actor=actor or desk.operator, reason=reason
    )


@contextmanager
def nothing_moves(desk):
    before = production.read(desk.registry, AAPL)
    moved = [row for row in history.deployments(desk.registry, AAPL) if row.outcome == "moved"]
    yield
    assert production.read(desk.registry, AAPL) == before
    assert [row for row in history.deployments(desk.registry, AAPL) if row.outcome == "moved"] == moved
    wrong = [one for one in audit.verify(desk.registry) if one.kind not in (audit.CHANGED, audit.MISSING)]
    assert wrong == []


@pytest.mark.parametrize("other", ["symbol", "version"])
def test_a_target_replaced_by_another_one_s_file_is_refused(two, other):
    artifact = pickle.loads(two.file(OLD).read_bytes())
    told = {"symbol": "IBM"} if other == "symbol" else {"timestamp": NEW}
    two.file(OLD).write_bytes(pickle.dumps(artifact | told))
    with nothing_moves(two), pytest.raises(PreflightFailedError, match="digest"):
        roll_back(two)


def test_a_file_of_another_symbol_is_no_version_to_go_back_to(two):
    two.publish(OLD, key=Key("IBM", "d1"), symbol="IBM")
    shutil.copy(two.file(OLD, Key("IBM", "d1")), two.folder / "AAPL_d1_20250117.pkl")
    assert "IBM" in sync.synchronise(two.registry).refused["AAPL_d1_20250117.pkl"]
    with nothing_moves(two), pytest.raises(UnknownVersionError):
        rollback.roll_back(two.registry, AAPL, to="20250117", expected=2, actor=two.operator, reason="try")


def test_a_target_of_another_schema_is_refused(two):
    artifact = pickle.loads(two.file(OLD).read_bytes())
    file = two.folder / "AAPL_d1_20250103.pkl"
    file.write_bytes(pickle.dumps(artifact | {"schema_version": 99, "timestamp": "20250103"}))
    sync.synchronise(two.registry)
    with nothing_moves(two), pytest.raises(PreflightFailedError, match="99"):
        rollback.roll_back(two.registry, AAPL, to="20250103", expected=2, actor=two.operator, reason="try")


def test_a_target_whose_library_makes_it_answer_otherwise_is_refused(two):
    told = copy.deepcopy(two.content["model_predictions_sample"])
    told["rf"][0][0] += 0.01
    two.publish("20250103", model_predictions_sample=told, libraries={"scikit-learn": "0.24.0"})
    with nothing_moves(two), pytest.raises(PreflightFailedError, match="golden sample"):
        rollback.roll_back(two.registry, AAPL, to="20250103", expected=2, actor=two.operator, reason="try")
    steps = {step["name"]: step for step in history.deployments(two.registry, AAPL, limit=1)[0].preflight}
    assert "scikit-learn 0.24.0, here" in steps["environment"]["detail"]


def test_nobody_acts_without_a_name_and_a_stranger_only_looks(two):
    for name in ("", "  ", "\x00"):
        with pytest.raises(SettingsError):
            Actor(name, Role.ADMIN)
    claims = {"email": "mallory@example.org", "email_verified": True}
    stranger = Actor("mallory", roles.of(two.registry, identity.of(claims, groups_claim="groups")))
    with nothing_moves(two), pytest.raises(NotAllowedError, match="mallory is viewer"):
        roll_back(two, actor=stranger)
    assert history.deployments(two.registry, AAPL, limit=1)[0].outcome == "refused"


def test_a_clock_that_went_back_moves_in_order_and_is_told_of(two):
    two.clock.now = datetime(2020, 1, 1, tzinfo=UTC)
    row = roll_back(two)
    assert (row.outcome, row.at.year) == ("moved", 2020)
    assert history.deployments(two.registry, AAPL, limit=1)[0].id == row.id
    assert {finding.kind for finding in audit.verify(two.registry)} == {"clock"}


def test_a_database_that_may_only_be_read_refuses(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    file = sqlite_desk.registry.settings.database_url.removeprefix("sqlite:///")
    settings = make_settings(sqlite_desk.folder, f"sqlite:///file:{file}?mode=ro&uri=true")
    with opening.open_registry(settings) as registry, nothing_moves(sqlite_desk):
        with pytest.raises(DatabaseError, match="read-only"):
            rollback.roll_back(registry, AAPL, to=OLD, expected=2, actor=sqlite_desk.operator, reason="try")
        assert production.read(registry, AAPL).version == NEW


def test_a_locked_database_refuses_and_takes_the_move_afterwards(two, monkeypatch):
    monkeypatch.setattr(engines, "_BUSY_MILLISECONDS", 50)
    with opening.open_registry(make_settings(two.folder, two.registry.settings.database_url)) as impatient:

        def move():
            return rollback.roll_back(impatient, AAPL, to=OLD, expected=2, actor=two.operator, reason="try")

        with nothing_moves(two), two.registry.database.writing() as connection:
            connection.execute(text("UPDATE production_pointers SET reason = reason"))
            with pytest.raises(DatabaseError, match="locked"):
                move()
        assert move().outcome == "moved"


@pytest.mark.parametrize("moment", ["before the transaction", "in the transaction"])
def test_a_sqlite_file_that_goes_in_the_middle_is_told_and_nothing_moved(sqlite_desk, monkeypatch, tmp_path, moment):
    sqlite_desk.publish_all(OLD, NEW)
    file, away = tmp_path / "registry.db", tmp_path / "away.db"
    sqlite_desk.registry.database.close()  # which brings its log into the file
    shutil.copy(file, away)
    real_run, real_apply = preflight.run, recording.apply

    def lose(done):
        file.unlink()
        return done

    with monkeypatch.context() as patched:
        if moment == "before the transaction":
            patched.setattr(preflight, "run", lambda *told, **named: lose(real_run(*told, **named)))
        else:
            patched.setattr(recording, "apply", lambda *told, **named: lose(real_apply(*told, **named)))
        with pytest.raises(DatabaseError, match="gone"):
            roll_back(sqlite_desk)
    sqlite_desk.registry.database.close()
    for rest in tmp_path.glob("registry.db-*"):
        rest.unlink()
    shutil.move(away, file)
    assert production.read(sqlite_desk.registry, AAPL).version == NEW
    assert audit.verify(sqlite_desk.registry) == ()
    assert roll_back(sqlite_desk).outcome == "moved"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_server_that_ends_the_connection_in_the_middle_is_told_and_nothing_moved(two, monkeypatch):
    real = recording.apply

    def cut_off(connection, verdict, *, at):
        done = real(connection, verdict, at=at)
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return done

    with nothing_moves(two), monkeypatch.context() as patched:
        patched.setattr(recording, "apply", cut_off)
        with pytest.raises(DatabaseError, match="cannot be reached"):
            roll_back(two)
    assert roll_back(two).outcome == "moved"


def test_a_disk_that_fills_while_publishing_leaves_everything_as_it_was(two, monkeypatch):
    lying = sorted(path.name for path in two.folder.rglob("*"))

    def no_space(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    with nothing_moves(two), monkeypatch.context() as patched:
        patched.setattr(os, "write", no_space)
        with pytest.raises(PublishError, match="No space left"):
            two.registry.store.publish(
                two.content, key=AAPL, date=date(2025, 2, 7), created_at=datetime(2025, 2, 7, tzinfo=UTC)
            )
    assert sorted(path.name for path in two.folder.rglob("*")) == lying
    assert len(versions.of_key(two.registry, AAPL)) == 2
