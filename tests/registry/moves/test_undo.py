"""Undo takes the last move back in one transaction: version, mode and quarantine."""

import pytest

from ensemble_desk.errors import NotAllowedError, NothingToMoveError, QuarantinedVersionError, StalePointerError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Action, Mode, State
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback, undo

AAPL = Key("AAPL", "d1")
OLD, MIDDLE, NEW = "20250110", "20250120", "20250131"


@pytest.fixture
def three(desk):
    desk.publish_all(OLD, MIDDLE, NEW)
    return desk


def take_back(desk, *, expected=None, actor=None):
    return undo.undo(
        desk.registry, AAPL, expected=expected, actor=actor or desk.operator, reason="it was not the model"
    )


def roll_back(desk, to=None):
    return rollback.roll_back(desk.registry, AAPL, to=to, expected=None, actor=desk.operator, reason="bad")


def test_an_undone_rollback_serves_and_follows_as_before_and_lifts_the_quarantine(three):
    rolled = roll_back(three)
    row = take_back(three, expected=rolled.revision)
    live = production.read(three.registry, AAPL)
    assert (row.action, row.from_version, row.to_version) == (Action.UNDO, MIDDLE, NEW)
    assert (live.version, live.mode, live.revision) == (NEW, Mode.FOLLOW_LATEST, rolled.revision + 1)
    assert versions.get(three.registry, AAPL, NEW).state is State.IN_PRODUCTION
    assert audit.verify(three.registry) == ()


def test_an_undo_can_be_undone(three):
    roll_back(three)
    take_back(three)
    take_back(three)
    live = production.read(three.registry, AAPL)
    assert (live.version, live.mode) == (MIDDLE, Mode.PINNED)


def test_an_undone_pin_of_the_live_version_follows_again(three):
    moves.promote(three.registry, AAPL, to=NEW, expected=None, actor=three.operator, reason="hold")
    take_back(three)
    assert production.read(three.registry, AAPL).mode is Mode.FOLLOW_LATEST


def test_what_production_did_by_itself_cannot_be_undone(three):
    with pytest.raises(NothingToMoveError, match="none that can be undone"):
        take_back(three)
    assert production.read(three.registry, AAPL).version == NEW


def test_an_undo_after_somebody_else_moved_is_refused(three):
    rolled = roll_back(three)
    moves.promote(three.registry, AAPL, to=OLD, expected=None, actor=three.operator, reason="other")
    with pytest.raises(StalePointerError, match="olga"):
        take_back(three, expected=rolled.revision)
    assert history.deployments(three.registry, AAPL)[0].outcome == "refused"


def test_a_quarantine_that_the_rollback_did_not_set_is_not_lifted(three):
    moves.promote(three.registry, AAPL, to=OLD, expected=None, actor=three.operator, reason="hold")
    moves.promote(three.registry, AAPL, to=MIDDLE, expected=None, actor=three.operator, reason="hold")
    quarantine.quarantine(three.registry, AAPL, OLD, actor=three.operator, reason="bad feed")
    with pytest.raises(NothingToMoveError):
        take_back(three)
    assert versions.get(three.registry, AAPL, OLD).state is State.QUARANTINED


def test_a_viewer_may_not_undo(three):
    roll_back(three)
    with pytest.raises(NotAllowedError):
        take_back(three, actor=three.viewer)
    with pytest.raises(QuarantinedVersionError):
        moves.promote(three.registry, AAPL, to=NEW, expected=None, actor=three.operator, reason="still held")
