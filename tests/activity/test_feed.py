"""Who did what: every table of the feed, in order, filtered, and paged without losing or repeating a row."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from ensemble_desk.activity import feed, notes, visits
from ensemble_desk.activity.events import MOVES, Asked, Kind, Place
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.database import symbols
from ensemble_desk.database.tables import registry_tables as tables
from ensemble_desk.errors import EmptyNoteError, InvalidCursorError, NotAllowedError, UnknownVersionError
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.alerting import alert_log
from ensemble_desk.monitoring.alerting.alerts import Alert, Subject
from ensemble_desk.registry import opening
from ensemble_desk.registry.access import roles, tokens
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.index import descriptions
from ensemble_desk.registry.index.descriptions import Scope
from ensemble_desk.settings import Settings
from ensemble_desk.training import processes, run_log, runs

AAPL, IBM = Key("AAPL", "d1"), Key("IBM", "w1")
ADMIN, OLGA, VERA = Actor("ann", Role.ADMIN), Actor("olga", Role.OPERATOR), Actor("vera", Role.VIEWER)
NOON = datetime(2025, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def registry(database_url, tmp_path):
    now = [NOON]

    def clock():
        now[0] += timedelta(seconds=1)
        return now[0]

    settings = Settings(models_url=str(tmp_path / "models"), database_url=database_url)
    with opening.open_registry(settings, clock=clock) as opened:
        yield opened


def move(registry, key, at, *, action="rollback", outcome="moved", actor="olga", group=None, position=1):
    """Write a row of history as it is stored, without the versions that it names."""
    row = {
        "symbol": key.symbol, "timeframe": key.timeframe, "position": position, "at": at, "action": action,
        "outcome": outcome, "subject": "20250114", "from_version": "20250121", "to_version": "20250114",
        "mode": "pinned", "revision": position, "moved_revision": position if outcome == "moved" else None,
        "actor": actor, "reason": "drift", "preflight": [], "refusal": "" if outcome == "moved" else "no",
        "group_id": group, "previous_hash": "a", "hash": "b",
    }  # fmt: skip
    with registry.database.writing() as connection:
        row["symbol_id"] = symbols.symbol_id(connection, key.symbol)
        connection.execute(insert(tables.deployments).values(row))


def alert(title, *, topic="drift AAPL/d1", fingerprint="1", subject=Subject.DRIFT):
    return Alert(subject, topic, fingerprint, title, "it fell", "http://desk/drift?key=AAPL%2Fd1")


@pytest.fixture
def busy(registry):
    """One event of every kind, a second after another."""
    clock = registry.clock
    for position, kind in enumerate(MOVES, start=1):
        move(registry, AAPL, clock(), action=kind.value, position=position)
    move(registry, IBM, clock(), outcome="refused", actor="vera")
    run_log.start(
        registry.database, AAPL, at=clock(), as_of=None, actor="trainer", process=processes.this_one(), n_steps=5
    )
    with registry.database.writing() as connection:
        descriptions.add(connection, Scope.parse("*/d1"), Description(horizon_bars=5), actor="ann", at=clock())
        tomb = {
            "symbol_id": symbols.symbol_id(connection, "IBM"),
            "symbol": "IBM",
            "timeframe": "w1",
            "version": "2024",
        }
        tomb |= {"file_name": "f", "sha256": "s", "size_bytes": 1, "created_at": NOON, "manifest": {}}
        tomb |= {"pruned_at": clock(), "actor": "ann", "reason": "old"}
        connection.execute(insert(tables.pruned_versions).values(tomb))
    roles.give(registry, "vera@example.org", Role.ANALYST, actor=ADMIN, reason="she asked")
    tokens.create(registry, "12", role=Role.OPERATOR, expires_at=NOON + timedelta(days=9), actor=ADMIN)
    row = feed.read(registry, Asked(kinds=[Kind.REFUSED])).rows[0]
    from ensemble_desk.registry.ledger import history

    notes.on_move(registry, history.get(registry, row.move_id), "vera was right", actor=OLGA)
    alert_log.record(registry, [alert("AAPL/d1: EMERGENCY")])
    alert_log.record(registry, [])
    return registry


def test_every_kind_is_told_newest_first(busy):
    found = feed.read(busy, limit=100).rows
    assert {one.kind for one in found} == set(Kind)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    told = [f"{one.actor} {one.what}" for one in found]
    assert told[:2] == ["desk settled the alert: AAPL/d1: EMERGENCY", "desk raised the alert: AAPL/d1: EMERGENCY"]
    assert "olga noted on a move of IBM/w1" in told
    assert "vera was refused to roll IBM/w1 back, asked for 20250114" in told
    assert "ann gave vera@example.org the role analyst" in told
    assert "olga rolled AAPL/d1 back from 20250121 to 20250114" in told
    assert "ann described */d1" in told


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_hold_every_event_once_also_where_times_are_the_same(busy, limit):
    for position in range(20, 26):
        move(busy, AAPL, NOON, position=position, group="g1")  # one transaction, one time
    with busy.database.writing() as connection:
        for minute in (1, 2):  # as another program writes them: without a fraction of a second
            connection.execute(
                text(
                    "INSERT INTO training_runs (symbol_id, timeframe, run_date) SELECT min(id), 'd1', :at FROM symbols"
                ),
                {"at": f"2025-04-01 11:0{minute}:00"},
            )
    everything = feed.read(busy, limit=100)
    assert everything.next_place is None
    found, place = [], None
    while True:
        page = feed.read(busy, limit=limit, after=place)
        assert len(page.rows) <= limit
        found += page.rows
        place = page.next_place
        if place is None:
            break
    assert found == list(everything.rows)


def test_filters_of_key_person_kind_time_and_group(busy):
    of_ibm = feed.read(busy, Asked(key=IBM)).rows
    assert {one.kind for one in of_ibm} == {Kind.REFUSED, Kind.NOTE, Kind.PRUNING}
    of_aapl = {one.kind for one in feed.read(busy, Asked(key=AAPL)).rows}
    assert of_aapl == {*MOVES, Kind.TRAINING, Kind.DESCRIPTION, Kind.ALERT, Kind.SETTLED}
    assert {one.actor for one in feed.read(busy, Asked(actor="ann")).rows} == {"ann"}
    assert [one.kind for one in feed.read(busy, Asked(actor="trainer")).rows] == [Kind.TRAINING]
    assert [one.kind for one in feed.read(busy, Asked(kinds=[Kind.SETTLED])).rows] == [Kind.SETTLED]
    assert {one.kind for one in feed.read(busy, Asked(kinds=[Kind.UNDO, Kind.REFUSED])).rows} == {
        Kind.UNDO, Kind.REFUSED,
    }  # fmt: skip
    middle = feed.read(busy, limit=5).rows[-1].at
    later = feed.read(busy, Asked(since=middle)).rows
    assert len(later) == 5
    assert not {one.at for one in later} & {one.at for one in feed.read(busy, Asked(until=middle)).rows}
    move(busy, AAPL, NOON, position=30, group="g1")
    move(busy, AAPL, NOON, action="undo", position=31, group="g1-undo")
    assert [one.group_id for one in feed.read(busy, Asked(group_id="g1")).rows] == ["g1-undo", "g1"]


def test_what_is_new_to_whom(busy):
    assert visits.last(busy, "olga") is None
    visits.remember(busy, "olga", at=NOON)
    everything = len(feed.read(busy, limit=100).rows)
    own = len(feed.read(busy, Asked(actor="olga")).rows)
    assert feed.count_since(busy, NOON, not_by="olga") == everything - own
    assert feed.count_since(busy, NOON, not_by=None, most=3) == 3
    visits.remember(busy, "olga", at=busy.clock())
    assert feed.count_since(busy, visits.last(busy, "olga"), not_by="olga") == 0
    before = feed.newest(busy)
    roles.give(busy, "someone@example.org", None, actor=ADMIN, reason="left")
    assert feed.newest(busy) != before


def test_people_are_named_once(busy):
    assert feed.people(busy) == ("ann", "olga", "trainer", "vera")


def test_an_alert_is_told_once_until_there_is_news(registry):
    assert alert_log.record(registry, [alert("fell")]) == 1
    assert alert_log.record(registry, [alert("fell")]) == 0
    assert alert_log.record(registry, [alert("fell further", fingerprint="2")]) == 1
    assert alert_log.record(registry, []) == 1
    assert alert_log.record(registry, []) == 0
    assert alert_log.record(registry, [alert("fell")]) == 1
    assert alert_log.record(registry, [alert("rolled back", topic="r", subject=Subject.ROLLBACK)]) == 1  # settles fell
    kinds = [one.kind for one in feed.read(registry).rows]
    assert kinds == [Kind.SETTLED, Kind.ALERT, Kind.SETTLED, Kind.ALERT, Kind.ALERT]


def test_operators_write_notes_and_say_something(registry):
    with pytest.raises(NotAllowedError, match="operator"):
        notes.on_version(registry, AAPL, "20250114", "fine", actor=VERA)
    with pytest.raises(EmptyNoteError):
        notes.on_version(registry, AAPL, "20250114", " \n", actor=OLGA)
    with pytest.raises(UnknownVersionError):
        notes.on_version(registry, AAPL, "20250114", "fine", actor=OLGA)
    assert feed.read(registry).rows == ()


@pytest.mark.parametrize("text", ["", "x", "2025-04-01~0~1", "2025-04-01T00:00:00+00:00~0", "a~b~c"])
def test_a_place_that_is_none_is_refused(text):
    with pytest.raises(InvalidCursorError):
        Place.parse(text)


def test_runs_have_their_status(busy):
    assert feed.read(busy, Asked(kinds=[Kind.TRAINING])).rows[0].what == "is training AAPL/d1"
    run_log.fail(busy.database, 1, error="no bars", at=busy.clock())
    told = feed.read(busy, Asked(kinds=[Kind.TRAINING])).rows[0]
    assert (told.what, told.why, told.run_id) == ("trained AAPL/d1, which failed", "no bars", 1)
    assert runs.FAILED == "failed"
