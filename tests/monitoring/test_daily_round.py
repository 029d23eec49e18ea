"""The work of a day in one run: every step in its row, one at a time, and a step that fails hides no other."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, update

from ensemble_desk.database.tables.registry_tables import daily_rounds
from ensemble_desk.errors import RoundUnderWayError, SourceError
from ensemble_desk.monitoring import daily_round, round_log
from ensemble_desk.monitoring.round_log import DONE, FAILED, RUNNING, SKIPPED
from ensemble_desk.registry import opening
from ensemble_desk.settings import Settings

NAMES = ["bars", "forecast", "outcomes", "check-drift", "rehearse", "alerts"]


@pytest.fixture
def registry(tmp_path, database_url):
    with opening.open_registry(Settings(models_url=str(tmp_path), database_url=database_url)) as opened:
        yield opened


def rounds(registry):
    return round_log.newest(registry.database, limit=9)


def test_a_round_does_every_step_and_is_kept_with_what_came_of_each(registry):
    told = []
    done = daily_round.run(registry, actor="ann", told=told.append)
    assert [step.name for step in done.steps] == NAMES
    assert {step.name: step.outcome for step in done.steps} == dict.fromkeys(NAMES, DONE) | {"bars": SKIPPED}
    (kept,) = rounds(registry)
    assert (kept.status, kept.actor, kept.steps) == (DONE, "ann", done.steps)
    assert list(done.steps) == told
    assert kept.finished_at is not None


def test_a_step_that_breaks_hides_no_other_and_keeps_no_secret(registry, monkeypatch):
    def broken(*_args, **_more):
        source, problem = "database", "postgresql://desk:geheimnis@db/x is gone"
        raise SourceError(source, problem)

    monkeypatch.setattr(daily_round.outcomes, "mature", broken)
    monkeypatch.setattr(daily_round.daily, "record", lambda *_, **__: 1 / 0)
    done = daily_round.run(registry, actor="ann")
    assert [step.name for step in done.steps if step.outcome == FAILED] == ["outcomes", "check-drift"]
    assert [step.name for step in done.steps] == NAMES
    assert done.status == FAILED
    assert "geheimnis" not in str(rounds(registry))
    assert "ZeroDivisionError" in done.steps[3].detail


def test_of_two_rounds_at_once_the_second_is_refused_and_does_nothing(registry):
    begun, go_on = threading.Event(), threading.Event()

    def bars():
        begun.set()
        go_on.wait()
        return round_log.Step("", DONE)

    first = threading.Thread(target=daily_round.run, args=(registry,), kwargs={"actor": "ann", "bars": bars})
    first.start()
    begun.wait()
    with pytest.raises(RoundUnderWayError, match=r"round 1, begun .* by ann"):
        daily_round.run(registry, actor="bob")
    assert [(one.actor, one.status) for one in rounds(registry)] == [("ann", RUNNING)]
    go_on.set()
    first.join()
    assert daily_round.run(registry, actor="bob").status == DONE


def test_a_round_whose_heart_stopped_elsewhere_gives_its_place_up(registry):
    with registry.database.writing() as connection:
        begun = {"begun_at": registry.clock(), "beat_at": round_log.UtcNow(), "under_way": "round", "steps": []}
        whose = {"actor": "ann", "pid": 1, "host": "another-machine", "status": RUNNING}
        connection.execute(insert(daily_rounds).values(**begun, **whose))
    with pytest.raises(RoundUnderWayError, match="on another-machine"):
        daily_round.run(registry, actor="bob")
    with registry.database.writing() as connection:
        connection.execute(update(daily_rounds).values(beat_at=datetime(2000, 1, 1, tzinfo=UTC)))
    assert daily_round.run(registry, actor="bob").status == DONE
    new, old = rounds(registry)
    assert (new.status, old.status, old.steps[-1].detail) == (DONE, FAILED, round_log.ENDED)


def test_an_interrupted_round_gives_its_place_up(registry):
    def interrupted():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        daily_round.run(registry, actor="ann", bars=interrupted)
    assert rounds(registry)[0].status == FAILED
    assert daily_round.run(registry, actor="ann").status == DONE
