"""Many keys go back together or not at all, each with its preflight, under one group that is undone as a group."""

from datetime import date

import pytest

from ensemble_desk.errors import NoFleetTargetError, PreflightFailedError, StalePointerError, UnknownGroupError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import fleet, undo
from ensemble_desk.registry.moves import promotion as moves

KEYS = (Key("AAPL", "d1"), Key("IBM", "d1"), Key("MSFT", "d1"))
OLD, NEW = "20250110", "20250131"
DAY = date(2025, 1, 31)


@pytest.fixture
def three_keys(desk):
    for key in KEYS:
        desk.publish(OLD, key=key, symbol=key.symbol)
        desk.publish(NEW, key=key, symbol=key.symbol)
    return desk


def roll_back(desk, chosen, group_id="g1"):
    return fleet.roll_back(desk.registry, chosen, actor=desk.operator, reason="bad feed that night", group_id=group_id)


def live(desk):
    return [production.read(desk.registry, key).version for key in KEYS]


def test_one_training_date_is_undone_for_all_keys_and_comes_back_as_a_group(three_keys):
    chosen = fleet.targets(three_keys.registry, trained=DAY)
    assert [(target.key, target.live, target.target) for target in chosen] == [(key, NEW, OLD) for key in KEYS]
    rows = roll_back(three_keys, chosen)
    assert live(three_keys) == [OLD] * 3
    assert {row.group_id for row in rows} == {"g1"}
    assert all(len(row.preflight) > 5 for row in rows)

    undo.undo_group(three_keys.registry, "g1", actor=three_keys.operator, reason="it was fine")
    assert live(three_keys) == [NEW] * 3
    assert {production.read(three_keys.registry, key).mode for key in KEYS} == {Mode.FOLLOW_LATEST}
    assert audit.verify(three_keys.registry) == ()


def test_one_failing_preflight_keeps_every_key_where_it_is(three_keys):
    three_keys.flip_a_byte(OLD, KEYS[1])
    chosen = fleet.targets(three_keys.registry, trained=DAY)
    with pytest.raises(PreflightFailedError, match="IBM"):
        roll_back(three_keys, chosen)
    assert live(three_keys) == [NEW] * 3
    refused = [history.deployments(three_keys.registry, key)[0] for key in KEYS]
    assert [row.outcome for row in refused] == ["refused"] * 3


def test_a_key_that_moved_in_between_keeps_every_key_where_it_is(three_keys):
    chosen = fleet.targets(three_keys.registry, trained=DAY)
    moves.promote(three_keys.registry, KEYS[2], to=NEW, expected=None, actor=three_keys.operator, reason="hold")
    with pytest.raises(StalePointerError, match="MSFT"):
        roll_back(three_keys, chosen)
    assert live(three_keys) == [NEW] * 3


def test_a_group_with_a_key_that_moved_since_is_not_undone(three_keys):
    roll_back(three_keys, fleet.targets(three_keys.registry, trained=DAY))
    moves.follow_latest(three_keys.registry, KEYS[0], expected=None, actor=three_keys.operator, reason="go on")
    with pytest.raises(StalePointerError):
        undo.undo_group(three_keys.registry, "g1", actor=three_keys.operator, reason="back")
    assert production.read(three_keys.registry, KEYS[1]).version == OLD


def test_keys_without_a_way_back_are_named(sqlite_desk):
    sqlite_desk.publish(NEW)
    chosen = fleet.targets(sqlite_desk.registry, trained=DAY)
    assert chosen[0].target is None
    with pytest.raises(NoFleetTargetError, match="AAPL/d1"):
        roll_back(sqlite_desk, chosen)
    with pytest.raises(NoFleetTargetError):
        roll_back(sqlite_desk, ())


def test_runs_choose_their_keys(sqlite_desk):
    for number, key in enumerate(KEYS):
        sqlite_desk.publish(OLD, key=key, symbol=key.symbol, run_id=number)
        sqlite_desk.publish(NEW, key=key, symbol=key.symbol, run_id=10 + number)
    chosen = fleet.targets(sqlite_desk.registry, run_ids=(10, 12))
    assert [target.key for target in chosen] == [KEYS[0], KEYS[2]]


def test_an_unknown_group_is_told(sqlite_desk):
    with pytest.raises(UnknownGroupError, match="nobody"):
        undo.undo_group(sqlite_desk.registry, "nobody", actor=sqlite_desk.operator, reason="x")
