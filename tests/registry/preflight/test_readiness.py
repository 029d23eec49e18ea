"""Whether production can go back now: rehearsed, remembered for exactly what was rehearsed, and told for the fleet."""

from datetime import timedelta

import pytest
from sqlalchemy import event
from tests.registry.conftest import lean

from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback
from ensemble_desk.registry.preflight import code_revision, readiness
from ensemble_desk.registry.preflight.readiness import Going

AAPL, IBM = Key("AAPL", "d1"), Key("IBM", "d1")
OLD, MIDDLE, NEW = "20250103", "20250110", "20250131"


@pytest.fixture
def three(desk):
    desk.content = lean(desk.content)
    desk.publish_all(OLD, MIDDLE, NEW)
    return desk


def state(desk, key=AAPL):
    return readiness.of_key(desk.registry, key).state


def test_a_rehearsed_key_is_ready_and_says_since_when(three):
    assert state(three) is Going.NOT_REHEARSED
    done = readiness.rehearse(three.registry, AAPL)
    assert (done.state, done.live, done.target) == (Going.READY, NEW, MIDDLE)
    told = readiness.of_fleet(three.registry)[AAPL]
    assert told == done
    assert told.age(told.at + timedelta(hours=2)) == timedelta(hours=2)
    assert told.milliseconds > 0


def test_a_key_with_one_version_has_no_earlier_one(desk):
    desk.publish(NEW)
    assert readiness.rehearse(desk.registry, AAPL).state is Going.NO_EARLIER
    assert state(desk) is Going.NO_EARLIER
    with pytest.raises(UnknownKeyError):
        readiness.of_key(desk.registry, IBM)
    with pytest.raises(UnknownKeyError):
        readiness.rehearse_due(desk.registry, [AAPL, IBM])


def test_a_key_whose_earlier_versions_are_unusable_has_nowhere_to_go(desk):
    desk.content = lean(desk.content)
    desk.publish_all(OLD, NEW)
    quarantine.quarantine(desk.registry, AAPL, OLD, actor=desk.operator, reason="bad feed")
    assert readiness.rehearse(desk.registry, AAPL).state is Going.NOWHERE
    quarantine.quarantine(desk.registry, AAPL, NEW, actor=desk.operator, reason="bad feed")
    assert (state(desk), readiness.of_key(desk.registry, AAPL).live) == (Going.NOWHERE, None)


def test_a_new_version_leaves_the_result_stale_not_wrong(three):
    readiness.rehearse(three.registry, AAPL)
    three.publish("20250207")
    told = readiness.of_key(three.registry, AAPL)
    assert (told.state, told.target, told.at) == (Going.NOT_REHEARSED, NEW, None)


def test_code_that_changed_asks_for_another_rehearsal(three, monkeypatch):
    readiness.rehearse(three.registry, AAPL)
    monkeypatch.setattr(code_revision, "digest", lambda: "another")
    assert state(three) is Going.NOT_REHEARSED


def test_a_target_that_fails_a_hard_step_is_not_ready(three, monkeypatch):
    three.file(MIDDLE).unlink()
    done = readiness.rehearse(three.registry, AAPL)
    assert (done.state, done.failed_step) == (Going.NOT_READY, "exists")
    assert MIDDLE in done.detail


def test_a_target_found_tampered_gives_way_to_the_next_one(three):
    three.flip_a_byte(MIDDLE)
    done = readiness.rehearse(three.registry, AAPL)
    assert (done.state, done.target) == (Going.READY, OLD)


def test_only_what_is_due_is_rehearsed_again(three):
    three.publish(NEW, key=IBM, symbol="IBM")
    (first, single) = readiness.rehearse_due(three.registry)
    assert (first.state, single.state) == (Going.READY, Going.NO_EARLIER)
    assert readiness.rehearse_due(three.registry)[0].at == first.at
    forced = readiness.rehearse_due(three.registry, [AAPL], force=True)
    assert [one.key for one in forced] == [AAPL]
    assert forced[0].at > first.at
    three.clock.now += timedelta(days=1, minutes=1)
    assert readiness.rehearse_due(three.registry)[0].at > forced[0].at


def test_what_is_rehearsed_is_where_a_rollback_goes(three):
    registry, operator = three.registry, three.operator
    three.publish_all(OLD, NEW, key=IBM)

    def same():
        told = readiness.of_fleet(registry)
        assert {key: one.target for key, one in told.items()} == {
            key: rollback.target(registry, key) for key in (AAPL, IBM)
        }
        return told[AAPL].target

    assert same() == MIDDLE
    rollback.roll_back(registry, AAPL, to=OLD, expected=None, actor=operator, reason="night")
    assert same() is None  # what was live is quarantined and nothing is older
    assert state(three) is Going.NO_EARLIER
    quarantine.lift(registry, AAPL, NEW, actor=operator, reason="it was fine")
    assert same() == NEW
    moves.promote(registry, AAPL, to=MIDDLE, expected=None, actor=operator, reason="day")
    quarantine.quarantine(registry, AAPL, OLD, actor=operator, reason="bad")
    assert same() is None


def test_the_whole_fleet_is_one_query_along_the_index(sqlite_desk):
    sqlite_desk.publish_all(OLD, NEW)
    engine, asked = sqlite_desk.registry.database._engines.engine, []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append((args[2], args[3])))
    readiness.of_fleet(sqlite_desk.registry)
    queries = [(query, values) for query, values in asked if query.startswith("SELECT")]
    assert len(queries) == 1
    with sqlite_desk.registry.database.reading() as connection:
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {queries[0][0]}", queries[0][1])]
    assert [step for step in plan if step.startswith("SCAN model_versions")] == []
