"""Who may act, what people wrote, what may go live: whatever is done to it in the database is found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.registry.conftest import AAPL, lean
from tests.registry.folder.conftest import ADMIN, FIRST, NAMES, tell

from ensemble_desk.activity import notes as remarks
from ensemble_desk.monitoring.alerting import alert_log
from ensemble_desk.monitoring.alerting.alerts import Alert, Subject
from ensemble_desk.registry import ledger_file
from ensemble_desk.registry.access import roles, tokens
from ensemble_desk.registry.actors import Role
from ensemble_desk.registry.backup import rebuilding
from ensemble_desk.registry.folder import audit, ledger_audit
from ensemble_desk.registry.index import descriptions
from ensemble_desk.registry.ledger import anchoring, notes, people
from ensemble_desk.registry.ledger_file import ABANDONED, COMMITTED, NONE, Head

OURS = (*people.TABLES, notes.FIT, *people.MARKS)
STATEMENTS = {
    "a role given": "INSERT INTO role_changes (id, person, role, actor, reason, at)"
    " SELECT 99, 'eve@example.org', 'admin', actor, reason, at FROM role_changes WHERE id = 1",
    "an old role given anew": "INSERT INTO role_changes (id, person, role, actor, reason, at)"
    " SELECT 99, person, role, actor, reason, at FROM role_changes WHERE id = 1",
    "a role raised": "UPDATE role_changes SET role = 'admin' WHERE person = 'bob@example.org'",
    "a change of a role deleted": "DELETE FROM role_changes WHERE reason = 'less'",
    "a token inserted": "INSERT INTO access_tokens (name, sha256, role, actor, created_at, expires_at)"
    " SELECT 'eve', '00', 'admin', actor, created_at, expires_at FROM access_tokens WHERE name = 'nightly'",
    "a token of another secret": "UPDATE access_tokens SET sha256 = '00' WHERE name = 'nightly'",
    "a token raised": "UPDATE access_tokens SET role = 'admin' WHERE name = 'nightly'",
    "a token's last day pushed out": "UPDATE access_tokens SET expires_at = '2099-01-01 00:00:00.000000'",
    "a revocation taken back": "UPDATE access_tokens SET revoked_at = NULL",
    "a token deleted": "DELETE FROM access_tokens WHERE name = 'service'",
    "a note edited": "UPDATE notes SET text = 'looks bad'",
    "a note deleted": "DELETE FROM notes",
    "a preflight that nobody made": "UPDATE model_versions SET fit = TRUE WHERE version = '20241227' AND fit IS NULL",
    "the mark of what was told removed": "DELETE FROM ledger_head WHERE name = 'people'",
    "another mark of what was told removed": "DELETE FROM ledger_head WHERE name = 'upkeep'",
    "a description that says otherwise": """UPDATE version_descriptions SET told = '{"horizon_bars": 5}'""",
    "a description of others": "UPDATE version_descriptions SET scope = 'IBM/d1'",
    "a description deleted": "DELETE FROM version_descriptions",
    "an alert deleted": "DELETE FROM alert_events",
    "an alert that says otherwise": "UPDATE alert_events SET text = 'all is well'",
    "an alert settled": "INSERT INTO alert_events (id, topic, after_id, event, fingerprint, title, text, at)"
    " SELECT 99, topic, id, 'settled', fingerprint, title, text, at FROM alert_events",
}


def do(desk, statement):
    with desk.registry.database.writing() as connection:
        assert connection.execute(text(statement)).rowcount, "nothing was done"


@pytest.fixture
def staffed(desk):
    """A registry with versions, roles, tokens and notes."""
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES[:2], FIRST)  # the last one is too old to be followed, so nobody examines it
    tell(desk.registry)
    alert_log.record(desk.registry, [Alert(Subject.DRIFT, "drift AAPL/d1", "a", "AAPL/d1 falls", "it fell", "/")])
    assert audit.verify(desk.registry) == ()
    return desk


@pytest.mark.parametrize("what", STATEMENTS)
def test_what_was_done_to_roles_tokens_and_notes_is_found(staffed, what):
    do(staffed, STATEMENTS[what])
    found = audit.verify(staffed.registry)
    assert {one.kind for one in found} == {ledger_audit.DIFFERS}, what
    assert [one.kind for one in audit.verify(staffed.registry)] == [one.kind for one in found], "found once only"


def test_what_was_written_before_there_was_a_ledger_is_told_with_its_first_lines(desk):
    roles.give(desk.registry, "ann@example.org", Role.ANALYST, actor=ADMIN, reason="first of all")
    assert not desk.registry.settings.ledger_files[0].exists() or kinds(desk) == []
    desk.content = lean(desk.content)
    desk.publish(NAMES[0])
    assert audit.verify(desk.registry) == ()
    do(desk, "UPDATE role_changes SET role = 'admin'")
    assert len(audit.verify(desk.registry)) == 1


def kinds(desk):
    return [ledger_file.parsed(raw).kind for _, raw in ledger_file.lines(desk.registry.settings.ledger_files[0])]


def as_an_earlier_release_left_it(desk):
    """Take out of the ledger what it was not told of then."""
    file = desk.registry.settings.ledger_files[0]
    head, made, became, settled = NONE, [], {}, NONE
    for line in [ledger_file.parsed(raw) for _, raw in ledger_file.lines(file)]:
        told = dict(line.told)
        if line.kind in (COMMITTED, ABANDONED):
            about = became[Head(told["number"], told["of"])]
            if about == settled:
                continue
            settled, told = about, told | {"number": about.number, "of": about.hash}
        if line.kind not in OURS:
            head, raw = ledger_file.next_line(head, line.kind, told)
            made.append(raw)
        became[line.head] = settled if line.kind in OURS and made and b'"kind":"committed"' in made[-1] else head
    file.write_bytes(b"".join(made))
    do(desk, f"UPDATE ledger_head SET number = {settled.number}, hash = '{settled.hash}' WHERE name = 'ledger'")  # noqa: S608 - our own head
    do(desk, "DELETE FROM ledger_head WHERE name <> 'ledger'")
    assert not set(OURS) & set(kinds(desk))


@pytest.mark.parametrize("first", ["the audit", "a daily round", "a role"])
def test_a_ledger_of_an_earlier_release_is_told_once_what_stands_there(staffed, first):
    as_an_earlier_release_left_it(staffed)
    do(staffed, "UPDATE role_changes SET role = 'operator' WHERE person = 'bob@example.org'")  # nobody was told
    match first:
        case "a daily round":
            anchoring.tell(staffed.registry)
        case "a role":
            roles.give(staffed.registry, "eva@example.org", Role.ANALYST, actor=ADMIN, reason="new")
    assert audit.verify(staffed.registry) == ()
    assert audit.verify(staffed.registry) == ()
    assert kinds(staffed).count(notes.PEOPLE) == kinds(staffed).count(notes.UPKEEP) == 1
    do(staffed, "UPDATE role_changes SET role = 'admin' WHERE person = 'bob@example.org'")
    assert [one.kind for one in audit.verify(staffed.registry)] == [ledger_audit.DIFFERS]


@pytest.mark.parametrize("earlier", [False, True])
def test_two_who_write_at_once_break_no_chain(staffed, earlier):
    if earlier:
        as_an_earlier_release_left_it(staffed)
    registry, until = staffed.registry, staffed.clock.now + timedelta(days=9)

    def one(n):
        roles.give(registry, f"p{n}@example.org", Role.ANALYST, actor=ADMIN, reason="new")
        tokens.create(registry, f"t{n}", role=Role.VIEWER, expires_at=until, actor=ADMIN)
        remarks.on_version(registry, AAPL, NAMES[0], f"note {n}", actor=ADMIN)
        tokens.revoke(registry, f"t{n}", actor=ADMIN)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(8)))
    assert kinds(staffed).count(notes.PEOPLE) == kinds(staffed).count(notes.UPKEEP) == 1
    assert audit.verify(registry) == ()


def test_the_ledger_brings_roles_tokens_and_notes_back(staffed):
    registry = staffed.registry
    before = roles.changes(registry, newest_only=False), tokens.listing(registry), descriptions.history(registry)
    for statement in (
        "DELETE FROM role_changes",
        "DELETE FROM notes",
        STATEMENTS["a description deleted"],
        STATEMENTS["a revocation taken back"],
    ):
        do(staffed, statement)
    rebuilding.from_ledger(registry, actor=ADMIN, reason="lost")
    assert (
        roles.changes(registry, newest_only=False),
        tokens.listing(registry),
        descriptions.history(registry),
    ) == before
    assert audit.verify(registry) == ()
    roles.give(registry, "new@example.org", Role.VIEWER, actor=ADMIN, reason="goes on")
    assert audit.verify(registry) == ()
