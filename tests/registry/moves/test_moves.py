"""Moves of production: what each does, what refuses it, and what history keeps."""

from datetime import timedelta

import pytest

from ensemble_desk.errors import (
    LiveVersionError,
    NoEarlierVersionError,
    NotAllowedError,
    NothingToMoveError,
    PreflightFailedError,
    QuarantinedVersionError,
    ReasonRequiredError,
    StalePointerError,
    UnknownKeyError,
    UnknownVersionError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Action, Mode, State
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback

AAPL = Key("AAPL", "d1")
OLD, MIDDLE, NEW = "20250110", "20250120", "20250131"


@pytest.fixture
def three(desk):
    desk.publish_all(OLD, MIDDLE, NEW)
    return desk


def state(desk, version):
    return versions.get(desk.registry, AAPL, version).state


def last(desk):
    return history.deployments(desk.registry, AAPL)[0]


def test_the_first_version_goes_live_and_the_key_follows_the_latest(desk):
    desk.publish(OLD)
    live = production.read(desk.registry, AAPL)
    assert (live.version, live.mode, live.revision, live.actor) == (OLD, Mode.FOLLOW_LATEST, 1, "trainer")
    assert live.sha256 == versions.get(desk.registry, AAPL, OLD).sha256
    row = last(desk)
    assert (row.action, row.outcome, row.from_version, row.to_version) == (Action.FOLLOW, "moved", None, OLD)
    assert state(desk, OLD) is State.IN_PRODUCTION


def test_a_newer_version_is_followed_in_its_own_registration(three):
    live = production.read(three.registry, AAPL)
    assert (live.version, live.revision, live.previous) == (NEW, 3, MIDDLE)
    assert [row.action for row in history.deployments(three.registry, AAPL)] == [Action.FOLLOW] * 3
    assert [state(three, version) for version in (OLD, MIDDLE, NEW)] == [
        State.AVAILABLE,
        State.AVAILABLE,
        State.IN_PRODUCTION,
    ]


def test_an_older_version_that_comes_late_is_not_followed(desk):
    desk.publish(NEW)
    desk.publish(OLD)
    assert production.read(desk.registry, AAPL).version == NEW
    assert production.read(desk.registry, AAPL).revision == 1


def test_a_second_version_of_a_day_is_newer_than_the_first(desk):
    desk.publish(NEW)
    desk.publish(f"{NEW}r02")
    assert production.read(desk.registry, AAPL).version == f"{NEW}r02"


def test_a_rollback_pins_quarantines_and_outlives_the_next_training(three):
    row = rollback.roll_back(three.registry, AAPL, expected=3, actor=three.operator, reason="drift in March")
    assert (row.action, row.from_version, row.to_version, row.subject) == (Action.ROLLBACK, NEW, MIDDLE, MIDDLE)
    assert (row.actor, row.reason, row.revision, row.mode) == ("olga", "drift in March", 4, Mode.PINNED)
    assert {step["name"]: step["outcome"] for step in row.preflight}["golden sample"] == "passed"
    assert state(three, NEW) is State.QUARANTINED
    assert versions.get(three.registry, AAPL, NEW).quarantine_reason == "drift in March"
    assert versions.get(three.registry, AAPL, NEW).previously_live
    three.publish("20250207")
    live = production.read(three.registry, AAPL)
    assert (live.version, live.mode, live.revision, live.newer_waiting) == (MIDDLE, Mode.PINNED, 4, "20250207")
    assert (live.actor, live.reason, live.since) == ("olga", "drift in March", row.at)


def looks(folder):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_no_file_is_touched_by_a_rollback(three):
    before = looks(three.folder)
    rollback.roll_back(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="why not")
    assert looks(three.folder) == before


def test_a_rollback_goes_to_the_version_live_before_even_when_it_is_newer(three):
    moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="compare")
    assert rollback.target(three.registry, AAPL) == NEW
    rollback.roll_back(three.registry, AAPL, expected=4, actor=three.operator, reason="back")
    assert production.read(three.registry, AAPL).version == NEW


def test_a_second_rollback_passes_over_what_the_first_left(three):
    rollback.roll_back(three.registry, AAPL, expected=None, actor=three.operator, reason="one")
    rollback.roll_back(three.registry, AAPL, expected=None, actor=three.operator, reason="two")
    assert production.read(three.registry, AAPL).version == OLD
    with pytest.raises(NoEarlierVersionError):
        rollback.roll_back(three.registry, AAPL, expected=None, actor=three.operator, reason="three")
    assert last(three).outcome == "refused"


def test_promoting_the_live_version_pins_it(three):
    row = moves.promote(three.registry, AAPL, to=NEW, expected=3, actor=three.operator, reason="keep it")
    assert (row.from_version, row.to_version, row.mode) == (NEW, NEW, Mode.PINNED)
    three.publish("20250207")
    live = production.read(three.registry, AAPL)
    assert (live.version, live.previous) == (NEW, MIDDLE)


def test_following_again_goes_to_the_newest_that_is_not_quarantined(three):
    rollback.roll_back(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="bad")
    row = moves.follow_latest(three.registry, AAPL, expected=4, actor=three.operator, reason="better now")
    assert (row.to_version, row.mode) == (MIDDLE, Mode.FOLLOW_LATEST)
    three.publish("20250207")
    assert production.read(three.registry, AAPL).version == "20250207"


def test_quarantining_the_live_version_moves_a_following_key_on(three):
    row = quarantine.quarantine(three.registry, AAPL, NEW, actor=three.operator, reason="bad data")
    assert (row.action, row.subject, row.from_version, row.to_version) == (Action.QUARANTINE, NEW, NEW, MIDDLE)
    assert production.read(three.registry, AAPL).version == MIDDLE
    assert state(three, NEW) is State.QUARANTINED


def test_quarantining_the_only_version_leaves_nothing_to_serve(desk):
    desk.publish(OLD)
    quarantine.quarantine(desk.registry, AAPL, OLD, actor=desk.operator, reason="bad")
    live = production.read(desk.registry, AAPL)
    assert (live.version, live.sha256, live.previous, live.revision) == (None, None, OLD, 2)
    quarantine.lift(desk.registry, AAPL, OLD, actor=desk.operator, reason="was good")
    assert production.read(desk.registry, AAPL).version == OLD
    assert state(desk, OLD) is State.IN_PRODUCTION


def test_quarantining_another_version_counts_up_but_keeps_who_went_live_and_why(three):
    before = production.read(three.registry, AAPL)
    row = quarantine.quarantine(three.registry, AAPL, OLD, actor=three.operator, reason="old")
    after = production.read(three.registry, AAPL)
    assert (row.from_version, row.to_version, row.subject, row.revision) == (NEW, NEW, OLD, 4)
    assert (after.version, after.since, after.actor, after.reason) == (
        before.version,
        before.since,
        before.actor,
        before.reason,
    )
    assert after.revision == 4


def test_a_pinned_live_version_is_not_quarantined(three):
    moves.promote(three.registry, AAPL, to=NEW, expected=3, actor=three.operator, reason="keep")
    with pytest.raises(LiveVersionError, match="Roll back"):
        quarantine.quarantine(three.registry, AAPL, NEW, actor=three.operator, reason="bad")
    assert state(three, NEW) is State.IN_PRODUCTION


def test_lifting_the_newest_lets_a_following_key_move_to_it(three):
    quarantine.quarantine(three.registry, AAPL, NEW, actor=three.operator, reason="bad data")
    row = quarantine.lift(three.registry, AAPL, NEW, actor=three.operator, reason="data was right")
    assert (row.action, row.from_version, row.to_version) == (Action.LIFT, MIDDLE, NEW)
    assert versions.get(three.registry, AAPL, NEW).quarantine_reason == ""


def test_lifting_leaves_a_pinned_key_alone(three):
    rollback.roll_back(three.registry, AAPL, expected=3, actor=three.operator, reason="bad")
    quarantine.lift(three.registry, AAPL, NEW, actor=three.operator, reason="was good")
    live = production.read(three.registry, AAPL)
    assert (live.version, live.newer_waiting) == (MIDDLE, NEW)


def refused(desk, kind, act):
    """The attempt raises, changes nothing but history, and history says it was refused."""
    before, rows = production.read(desk.registry, AAPL), len(history.deployments(desk.registry, AAPL))
    with pytest.raises(kind) as caught:
        act()
    assert production.read(desk.registry, AAPL) == before
    after = history.deployments(desk.registry, AAPL)
    assert len(after) == rows + 1
    assert (after[0].outcome, after[0].refusal, after[0].revision) == ("refused", str(caught.value), before.revision)
    assert audit.verify(desk.registry) == ()
    return after[0]


def test_a_stale_revision_is_refused_and_told_who_moved(three):
    moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="first")
    row = refused(
        three,
        StalePointerError,
        lambda: rollback.roll_back(three.registry, AAPL, to=MIDDLE, expected=3, actor=three.operator, reason="second"),
    )
    assert "olga moved it to 20250110" in row.refusal
    assert (row.to_version, row.action, row.reason) == (MIDDLE, Action.ROLLBACK, "second")


def test_the_same_form_sent_twice_moves_once(three):
    def send():
        return rollback.roll_back(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="once")

    send()
    refused(three, StalePointerError, send)


@pytest.mark.parametrize(
    "act",
    [
        lambda desk: moves.promote(desk.registry, AAPL, to=NEW, expected=4, actor=desk.operator, reason="again"),
        lambda desk: rollback.roll_back(desk.registry, AAPL, to=NEW, expected=4, actor=desk.operator, reason="again"),
        lambda desk: quarantine.lift(desk.registry, AAPL, OLD, expected=4, actor=desk.operator, reason="again"),
    ],
    ids=["promote", "roll back", "lift"],
)
def test_what_is_so_already_is_refused(three, act):
    moves.promote(three.registry, AAPL, to=NEW, expected=3, actor=three.operator, reason="pin")
    refused(three, NothingToMoveError, lambda: act(three))


def test_following_what_follows_is_refused(three):
    refused(
        three,
        NothingToMoveError,
        lambda: moves.follow_latest(three.registry, AAPL, expected=3, actor=three.operator, reason="again"),
    )


def test_a_quarantined_version_is_neither_promoted_nor_rolled_back_to(three):
    quarantine.quarantine(three.registry, AAPL, OLD, actor=three.operator, reason="bad")
    for act in (moves.promote, rollback.roll_back):
        refused(
            three,
            QuarantinedVersionError,
            lambda act=act: act(three.registry, AAPL, to=OLD, expected=4, actor=three.operator, reason="try"),
        )


@pytest.mark.parametrize("action", [moves.promote, rollback.roll_back])
def test_a_viewer_moves_nothing(three, action):
    row = refused(
        three,
        NotAllowedError,
        lambda: action(three.registry, AAPL, to=OLD, expected=3, actor=three.viewer, reason="curious"),
    )
    assert (row.actor, row.to_version, row.preflight) == ("victor", OLD, ())


def test_a_viewer_lifts_no_quarantine(three):
    quarantine.quarantine(three.registry, AAPL, OLD, actor=three.operator, reason="bad")
    refused(
        three,
        NotAllowedError,
        lambda: quarantine.lift(three.registry, AAPL, OLD, actor=three.viewer, reason="curious"),
    )


@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "\x00"])
def test_a_blank_reason_is_refused_before_anything_is_written(three, reason):
    rows = history.deployments(three.registry)
    with pytest.raises(ReasonRequiredError):
        rollback.roll_back(three.registry, AAPL, expected=3, actor=three.operator, reason=reason)
    assert history.deployments(three.registry) == rows


def test_a_reason_of_odd_characters_is_kept_as_far_as_a_database_can(three):
    row = moves.promote(
        three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="  naïve \U0001f4c9\n\x00 \udcff "
    )
    assert row.reason == "naïve \U0001f4c9\n \\udcff"
    assert audit.verify(three.registry) == ()


@pytest.mark.parametrize("version", ["19990101", "../../etc", "", "\x00", "20250110r01"])
def test_an_unknown_version_is_refused_with_the_known_ones(three, version):
    with pytest.raises(UnknownVersionError, match=NEW):
        moves.promote(three.registry, AAPL, to=version, expected=3, actor=three.operator, reason="try")


def test_an_unknown_key_is_refused(three):
    with pytest.raises(UnknownKeyError):
        rollback.roll_back(three.registry, Key("AA", "d1"), expected=1, actor=three.operator, reason="try")
    with pytest.raises(UnknownKeyError):
        production.read(three.registry, Key("AAPL", "w1"))


@pytest.mark.parametrize("damage", ["byte", "truncated", "missing"])
def test_a_damaged_target_is_refused(three, damage):
    file = three.file(OLD)
    if damage == "byte":
        three.flip_a_byte(OLD)
    elif damage == "truncated":
        file.write_bytes(file.read_bytes()[:-100])
    else:
        file.unlink()
    before = production.read(three.registry, AAPL)
    with pytest.raises(PreflightFailedError) as caught:
        rollback.roll_back(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="try")
    assert ("exists" if damage == "missing" else "digest") in str(caught.value)
    assert production.read(three.registry, AAPL) == before
    row = last(three)
    assert (row.outcome, row.to_version) == ("refused", OLD)
    failed = [step["name"] for step in row.preflight if step["outcome"] == "failed"]
    assert failed == ["exists" if damage == "missing" else "digest"]
    assert state(three, OLD) is (State.AVAILABLE if damage == "missing" else State.TAMPERED)


def test_a_clock_that_was_ahead_once_dates_no_later_move_and_is_named(three):
    three.clock.now += timedelta(days=400)
    moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="ahead")
    three.clock.now -= timedelta(days=400)
    assert "has not come yet" in " ".join(found.detail for found in audit.verify(three.registry))
    row = moves.promote(three.registry, AAPL, to=NEW, expected=4, actor=three.operator, reason="right again")
    assert timedelta(0) <= three.clock.now - row.at < timedelta(seconds=5)
    assert production.read(three.registry, AAPL).since == row.at
    assert [row.revision for row in history.deployments(three.registry, AAPL)] == [5, 4, 3, 2, 1]
    assert history.live_at(three.registry, AAPL, three.clock.now).version == NEW
    three.clock.now += timedelta(days=500)
    (finding,) = audit.verify(three.registry)
    assert (finding.kind, "a clock was wrong" in finding.detail) == (audit.CLOCK, True)
    assert audit.verify(three.registry, since=three.clock.now.date()) == ()


def test_keys_do_not_touch_each_other(three):
    weekly = Key("AAPL", "w1")
    three.publish(NEW, key=weekly, timeframe="w1")
    moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.operator, reason="daily only")
    assert production.read(three.registry, weekly).version == NEW
    assert [live.key for live in production.fleet(three.registry)] == [AAPL, weekly]
    assert production.fleet(three.registry)[0] == production.read(three.registry, AAPL)


def test_what_was_live_at_any_time(three):
    rows = history.deployments(three.registry, AAPL)[::-1]
    second = timedelta(seconds=1)
    assert history.live_at(three.registry, AAPL, rows[0].at - second).version is None
    assert [history.live_at(three.registry, AAPL, row.at).version for row in rows] == [OLD, MIDDLE, NEW]
    assert history.live_at(three.registry, AAPL, rows[2].at - timedelta(microseconds=1)).version == MIDDLE
    with pytest.raises(NotAllowedError):
        moves.promote(three.registry, AAPL, to=OLD, expected=3, actor=three.viewer, reason="refused")
    assert history.live_at(three.registry, AAPL, three.clock.now + second).version == NEW
