"""Whatever is done to database, ledger or files behind the registry's back: the audit finds it."""

import json
import os
import shutil
import sqlite3
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.registry.conftest import AAPL, lean
from tests.registry.folder.conftest import ADMIN, NAMES, forecast

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.errors import DatabaseError, LedgerBehindError, LedgerError, RegistryLostError, RegistryOlderError
from ensemble_desk.forecasting import log
from ensemble_desk.forecasting import outcomes as maturing
from ensemble_desk.forecasting.log import Kind, Stamp
from ensemble_desk.forecasting.upkeep import exporting
from ensemble_desk.registry import ledger_file, opening
from ensemble_desk.registry.backup import rebuilding
from ensemble_desk.registry.folder import audit, ledger_audit, retention, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import anchoring, history, notes, production, writing
from ensemble_desk.registry.moves import promotion, rollback
from ensemble_desk.sources import database as stored
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import processes, run_log


def ledger(desk):
    return desk.registry.settings.ledger_files[0]


STATEMENTS = {
    "the newest row of history removed": "DELETE FROM deployments WHERE reason = 'bad feed'",
    "a row of history altered": "UPDATE deployments SET reason = 'nothing' WHERE position = 2",
    "a row of history kept under no revision": "UPDATE deployments SET moved_revision = NULL WHERE position = 2",
    "all history and pointers removed": "DELETE FROM deployments; DELETE FROM production_pointers",
    "a pointer moved": "UPDATE production_pointers SET version = '20250131'",
    "a pointer that cannot be read": "UPDATE production_pointers SET mode = 'x'",
    "a pointer's reason altered": "UPDATE production_pointers SET reason = 'x', actor = 'nobody'",
    "a quarantine lifted": "UPDATE model_versions SET quarantine_reason = NULL, state = 'available'",
    "a version removed": "DELETE FROM model_versions WHERE version = '20250117'",
    "a digest exchanged": "UPDATE model_versions SET sha256 = '00' WHERE version = '20250131'",
    "a serving form's digest exchanged": "UPDATE model_versions SET serving_sha256 = '00'",
    "a tombstone removed": "DELETE FROM pruned_versions",
    "a tombstone altered": "UPDATE pruned_versions SET reason = 'x'",
    "counters altered": "UPDATE version_counts SET n = n + 1",
    "a ticker renamed": "UPDATE symbols SET ticker = 'MSFT'",
    "a forecast altered": "UPDATE forecasts SET label = 'BEARISH' WHERE id = (SELECT min(id) FROM forecasts)",
    "an outcome removed": "DELETE FROM outcomes WHERE id = (SELECT max(id) FROM outcomes)",
    "an outcome altered": "UPDATE outcomes SET label = 'NEUTRAL', move = 0 WHERE id = (SELECT min(id) FROM outcomes)",
    "a bar altered": "UPDATE ohlc_bars SET close = close * 1.01 WHERE time = (SELECT min(time) FROM ohlc_bars)",
    "a bar removed": "DELETE FROM ohlc_bars WHERE time = (SELECT min(time) FROM ohlc_bars)",
    "a day of drift altered": "UPDATE drift_monitoring SET accuracy = 0.99",
    "a day of drift removed": "DELETE FROM drift_monitoring WHERE date = (SELECT max(date) FROM drift_monitoring)",
    "a run altered": "UPDATE training_runs SET ensemble_validation_accuracy = 0.9",
    "a run removed": "DELETE FROM training_run_progress; DELETE FROM training_runs",
    "a daily digest altered": "UPDATE daily_digests SET n_rows = n_rows + 1 WHERE kind = 'bars'",
    "the head of the ledger set back": "UPDATE ledger_head SET number = number - 3",
}


@pytest.mark.parametrize("what", STATEMENTS)
def test_what_was_done_to_the_database_is_found(lived, what):
    with lived.registry.database.writing() as connection:
        done = [connection.execute(text(part)).rowcount for part in STATEMENTS[what].split(";")]
    assert all(done), "nothing was done"
    assert audit.verify(lived.registry), what


def test_forecasts_that_somebody_inserted_or_removed_are_found(lived):
    with lived.registry.database.writing() as connection:
        columns = [row[0] for row in connection.execute(text("SELECT * FROM forecasts LIMIT 0")).cursor.description]
        others = ", ".join(name for name in columns if name not in ("id", "horizon"))
        newest = "(SELECT max(id) FROM forecasts)"
        told = f"INSERT INTO forecasts (horizon, {others}) SELECT '9d', {others} FROM forecasts WHERE id = {newest}"  # noqa: S608 - names of columns
        assert connection.execute(text(told)).rowcount == 1
    (finding,) = audit.verify(lived.registry)
    assert (finding.key, finding.kind) == (AAPL, audit.DIGEST)
    assert "inserted by no program of ours" in finding.detail


def lines_of(desk):
    return ledger(desk).read_bytes().splitlines(keepends=True)


def forged(lines):
    head, made = ledger_file.parsed(lines[0]).head, []
    for raw in lines[1:]:
        line = ledger_file.parsed(raw)
        head, new = ledger_file.next_line(head, line.kind, dict(line.told) | ({} if made else {"reason": "x"}))
        made.append(new)
    return made


@pytest.mark.parametrize(
    "what", ["altered", "removed", "reordered", "repeated", "cut off", "gone", "forged", "forged with all behind it"]
)
def test_what_was_done_to_the_ledger_is_found(lived, what):
    lines = lines_of(lived)
    match what:
        case "altered":
            at = next(at for at, line in enumerate(lines) if at > 4 and b"AAPL" in line)
            lines[at] = lines[at].replace(b"AAPL", b"MSFT")
        case "removed":
            del lines[7]
        case "reordered":
            lines[7], lines[8] = lines[8], lines[7]
        case "repeated":
            lines.insert(9, lines[8])
        case "cut off":
            lines = lines[:-6]
        case "gone":
            lines = []
        case "forged":  # with a fitting hash of its own, but not of those that follow
            lines[6:7] = forged(lines[5:7])
        case "forged with all behind it":
            lines[6:] = forged(lines[5:])
    ledger(lived).write_bytes(b"".join(lines))
    if what == "gone":
        ledger(lived).unlink()
    assert {finding.kind for finding in audit.verify(lived.registry)} & {"ledger"}


@pytest.mark.parametrize("what", ["a pipe", "a device"])
def test_a_ledger_that_would_be_read_without_end_is_refused(lived, what):
    ledger(lived).unlink()
    if what == "a pipe":
        os.mkfifo(ledger(lived))
    else:
        ledger(lived).symlink_to("/dev/zero")
    with pytest.raises(LedgerError, match="no regular file"):
        audit.verify(lived.registry)
    with pytest.raises(LedgerError, match="no regular file"):
        promotion.follow_latest(lived.registry, AAPL, expected=None, actor=ADMIN, reason="x")


@pytest.mark.parametrize("what", ["manifest removed", "form changed", "artifact changed", "file dropped in"])
def test_what_was_done_to_files_is_found(lived, what):
    file = lived.folder / f"AAPL_d1_{NAMES[1]}.pkl"
    match what:
        case "manifest removed":
            file.with_suffix(".json").unlink()
        case "form changed":
            form = lived.folder / "serving" / f"{file.stem}.safetensors"
            form.write_bytes(form.read_bytes()[:-1] + b"x")
        case "artifact changed":
            lived.flip_a_byte(NAMES[1])
        case "file dropped in":
            shutil.copy(file, lived.folder / "AAPL_d1_20250201.pkl")
    assert audit.verify(lived.registry)


def test_daily_digests_made_anew_are_found_by_what_the_ledger_was_told(lived):
    lived.clock.now += timedelta(days=1, hours=3)
    anchoring.tell(lived.registry)
    anchoring.tell(lived.registry)
    assert audit.verify(lived.registry) == ()
    assert [json.loads(line)["kind"] for line in lines_of(lived)].count("digests") == 1
    with lived.registry.database.writing() as connection:
        for statement in ("DELETE FROM outcomes", "DELETE FROM daily_digests WHERE kind = 'outcomes'"):
            assert connection.execute(text(statement)).rowcount
    assert [finding.kind for finding in audit.verify(lived.registry)] == [ledger_audit.DIFFERS]
    lived.clock.now += timedelta(days=1)
    anchoring.tell(lived.registry)
    assert [finding.kind for finding in audit.verify(lived.registry)] == [ledger_audit.DIFFERS], "it is told over"


DAYS_TAKEN_AWAY = {
    "forecasts": "DELETE FROM outcomes WHERE id > 6; DELETE FROM forecasts WHERE id > 6",
    "outcomes": "DELETE FROM outcomes WHERE id > 6",
    "bars": "DELETE FROM ohlc_bars WHERE time = (SELECT max(time) FROM ohlc_bars)",
    "drift": "DELETE FROM drift_monitoring WHERE date = (SELECT max(date) FROM drift_monitoring)",
    "runs": "DELETE FROM training_run_progress; DELETE FROM training_runs",
}


@pytest.mark.parametrize("kind", DAYS_TAKEN_AWAY)
def test_the_rows_of_a_day_that_are_gone_with_their_digest_are_found(lived, kind):
    assert sorted(DAYS_TAKEN_AWAY) == sorted(digests.KINDS)
    anchoring.tell(lived.registry)
    n_lines = len(lines_of(lived))
    anchoring.tell(lived.registry)
    assert len(lines_of(lived)) == n_lines, "nothing new is told"
    assert audit.verify(lived.registry) == ()
    with lived.registry.database.writing() as connection:
        for statement in (*DAYS_TAKEN_AWAY[kind].split(";"), f"DELETE FROM daily_digests WHERE kind = '{kind}'"):  # noqa: S608 - a kind
            assert connection.execute(text(statement)).rowcount
    found = audit.verify(lived.registry)
    assert audit.DIGEST in {one.kind for one in found if one.key == AAPL and one.detail.startswith(f"{kind}: ")}


def test_forecasts_of_today_made_anew_with_their_digest_are_found(lived):
    anchoring.tell(lived.registry)
    with lived.registry.database.writing() as connection:
        number = connection.execute(text("SELECT min(id) FROM symbols")).scalar_one()
        assert connection.execute(text("UPDATE forecasts SET label = 'BEARISH'")).rowcount
        connection.execute(text("DELETE FROM daily_digests WHERE kind = 'forecasts'"))
        digests.extend(connection, digests.FORECASTS, number, "d1", at=lived.clock())
    (finding,) = audit.verify(lived.registry)
    assert finding.detail == f"forecasts: a row up to {lived.clock.now:%Y-%m-%d} was changed"
    assert audit.verify(lived.registry, since=lived.clock.now.date()) == (finding,)


def test_what_came_after_the_ledger_was_told_raises_no_alarm(lived):
    anchoring.tell(lived.registry)
    registry = lived.registry
    bars = SampleSource().bars(AAPL).tail(90)
    stored.import_bars(registry.database, AAPL, bars, at=registry.clock())
    stamp = Stamp(AAPL, NAMES[1], versions.get(registry, AAPL, NAMES[1]).sha256, 6, Kind.LIVE, registry.clock())
    log.append(registry.database, stamp, [forecast(at) for at in bars.frame.index[-60:-50].to_pydatetime()])
    maturing.mature(registry, [AAPL])
    assert audit.verify(registry) == ()
    anchoring.tell(registry)
    exporting.export(registry, lived.folder.parent / "out", until=None, delete_exported=True)
    assert audit.verify(registry) == ()
    lived.clock.now += timedelta(days=1)  # a minute after midnight, and who writes looked at the clock before
    anchoring.tell(registry)
    more, before = SampleSource().bars(AAPL).tail(91), registry.clock() - timedelta(minutes=5)
    assert before.date() < registry.clock().date()
    stored.import_bars(registry.database, AAPL, more, at=before)
    assert audit.verify(registry) == ()
    lived.clock.now += timedelta(hours=3)
    anchoring.tell(registry)
    assert audit.verify(registry) == ()


def test_only_what_came_since_is_looked_at_when_that_is_asked_for(lived):
    with lived.registry.database.writing() as connection:
        connection.execute(text("UPDATE forecasts SET label = 'BEARISH'"))
    today = lived.clock.now.date()
    assert audit.verify(lived.registry, since=today)
    assert audit.verify(lived.registry, since=today + timedelta(days=1)) == ()


def reopened(desk, **more):
    return opening.open_registry(desk.registry.settings, clock=desk.clock, **more)


@pytest.fixture
def on_sqlite(request):
    return request.getfixturevalue("lived")


def test_an_older_database_is_refused_and_the_ledger_brings_it_back(sqlite_desk, tmp_path):
    desk = sqlite_desk
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    desk.registry.database.close()
    kept = tmp_path / "kept.db"
    with sqlite3.connect(tmp_path / "registry.db") as source, sqlite3.connect(kept) as target:
        source.backup(target)
    rollback.roll_back(desk.registry, AAPL, expected=4, actor=desk.operator, reason="drift")
    retention.prune(desk.registry, keep=2, actor=ADMIN, reason="space")
    before = history.deployments(desk.registry, AAPL), production.read(desk.registry, AAPL)
    desk.registry.close()
    for rest in tmp_path.glob("registry.db*"):
        rest.unlink()
    kept.replace(tmp_path / "registry.db")
    with pytest.raises(RegistryOlderError, match="desk registry restore"):
        reopened(desk)
    with reopened(desk, whatever_the_ledger_says=True) as registry:
        assert audit.verify(registry)
        with pytest.raises(RegistryOlderError):
            promotion.promote(registry, AAPL, to=NAMES[0], expected=4, actor=ADMIN, reason="x")
        made = rebuilding.from_ledger(registry, actor=ADMIN, reason="the disk was put back")
        assert made.n_rows == 1
    with reopened(desk) as registry:
        sync.synchronise(registry)
        assert audit.verify(registry) == ()
        assert [row.hash for row in history.deployments(registry, AAPL)] == [row.hash for row in before[0]]
        assert production.read(registry, AAPL) == before[1]


@pytest.mark.parametrize("ledger_too", [False, True])
def test_a_database_that_is_gone_undoes_no_rollback(sqlite_desk, tmp_path, ledger_too):
    desk = sqlite_desk
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    rollback.roll_back(desk.registry, AAPL, expected=4, actor=desk.operator, reason="drift")
    before = production.read(desk.registry, AAPL)
    desk.registry.close()
    for rest in tmp_path.glob("registry.db*"):
        rest.unlink()
    if ledger_too:
        ledger(desk).unlink()
        with reopened(desk) as registry, pytest.raises(RegistryLostError, match="desk restore"):
            sync.synchronise(registry)
        return
    with pytest.raises(RegistryOlderError):
        reopened(desk)
    with reopened(desk, whatever_the_ledger_says=True) as registry:
        rebuilding.from_ledger(registry, actor=ADMIN, reason="lost")
        assert audit.verify(registry) == ()
        assert production.read(registry, AAPL) == before
        quarantined = versions.get(registry, AAPL, NAMES[3])
        assert quarantined.quarantine_reason == "drift"
        promotion.follow_latest(registry, AAPL, expected=5, actor=ADMIN, reason="goes on")
        assert audit.verify(registry) == ()


@pytest.mark.parametrize("what", ["truncated", "zeroed"])
def test_a_damaged_file_is_named(sqlite_desk, tmp_path, what):
    desk = sqlite_desk
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    desk.registry.close()
    file = tmp_path / "registry.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'model_versions'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    if what == "truncated":
        os.truncate(file, file.stat().st_size // 2)
    else:
        with file.open("r+b") as opened:
            opened.seek((page - 1) * size)
            opened.write(bytes(size))
    assert "damaged" in found_by_the_audit(desk)


def found_by_the_audit(desk):
    try:
        with reopened(desk, whatever_the_ledger_says=True) as registry:
            return " ".join(finding.kind for finding in audit.verify(registry))
    except DatabaseError as error:
        return str(error)


def test_a_ledger_that_was_lost_stops_moves_until_somebody_begins_a_new_one(lived):
    ledger(lived).unlink()
    with pytest.raises(LedgerBehindError, match="--new-ledger"):
        promotion.follow_latest(lived.registry, AAPL, expected=None, actor=ADMIN, reason="x")
    assert production.read(lived.registry, AAPL).version == NAMES[1]
    rebuilding.new_ledger(lived.registry, actor=ADMIN, reason="disk")
    assert audit.verify(lived.registry) == ()
    promotion.follow_latest(lived.registry, AAPL, expected=None, actor=ADMIN, reason="x")
    assert audit.verify(lived.registry) == ()


def test_lines_of_a_writer_that_died_are_settled_by_what_the_database_says(lived):
    whole = ledger(lived).read_bytes()
    last = whole.rstrip(b"\n").rpartition(b"\n")[0] + b"\n"
    ledger(lived).write_bytes(last)  # died after the commit
    assert audit.verify(lived.registry) == ()
    told = [json.loads(line)["kind"] for line in lines_of(lived)]
    assert told[-1] == "committed"
    head = ledger_file.tail(ledger(lived)).last
    _, pending = ledger_file.next_line(head, "row", {"symbol": "AAPL", "timeframe": "d1", "position": 99})
    with ledger(lived).open("ab") as opened:  # died before the commit, in the middle of a line
        opened.write(pending + pending[:40])
    assert audit.verify(lived.registry) == ()
    promotion.follow_latest(lived.registry, AAPL, expected=None, actor=ADMIN, reason="x")
    assert audit.verify(lived.registry) == ()
    assert [json.loads(line)["kind"] for line in lines_of(lived) if line[:1] == b"{" and b'"kind"' in line].count(
        "abandoned"
    ) == 1


def test_what_a_later_release_told_the_ledger_is_named_and_all_else_is_checked(lived):
    with writing.writing(lived.registry) as connection:
        for told in ({"symbol": 1}, {}):
            notes.take(connection, "a later kind", told)
    (finding,) = audit.verify(lived.registry)
    assert "2 line(s) of the kind 'a later kind'" in finding.detail
    with lived.registry.database.writing() as connection:
        assert connection.execute(text("UPDATE notes SET text = 'x'")).rowcount
    assert {one.kind for one in audit.verify(lived.registry)} == {ledger_audit.LEDGER, ledger_audit.DIFFERS}


def put_digest(desk, kind, numbers):
    """Put a digest in the place of those of a kind."""
    with desk.registry.database.writing() as connection:
        connection.execute(text("DELETE FROM daily_digests WHERE kind = :kind"), {"kind": kind})
        symbol_id = connection.execute(text("SELECT min(id) FROM symbols")).scalar_one()
        n_rows, digest = numbers(connection, symbol_id)
        digests._put(connection, (kind, symbol_id, "d1"), None, desk.clock.now.date(), (0, n_rows, digest))


def test_runs_are_compared_by_the_columns_of_which_an_earlier_release_made_their_digest(lived):
    def as_before(connection, symbol_id):
        found = connection.execute(digests.rows(digests.RUNS, symbol_id, "d1")).all()
        return digests.of_rows(found, digests.N_COLUMNS_BEFORE[digests.RUNS])

    put_digest(lived, digests.RUNS, as_before)
    assert audit.verify(lived.registry) == ()
    with lived.registry.database.writing() as connection:
        assert connection.execute(text("UPDATE training_run_progress SET actor = 'eve'")).rowcount
    assert [one.kind for one in audit.verify(lived.registry)] == [audit.DIGEST]


def test_a_digest_of_a_later_release_is_named(lived):
    put_digest(lived, "a later kind", lambda *_: (3, "00"))
    (finding,) = audit.verify(lived.registry)
    assert "this release does not know of which rows that digest is" in finding.detail


def test_a_run_that_was_taken_for_dead_and_goes_on_changes_nothing_of_its_row(lived):
    registry, gone = lived.registry, processes.Process(2**22 + 1, processes.this_one().host)
    asked = {"as_of": None, "actor": "ada", "process": gone, "n_steps": 3}
    run = run_log.start(registry.database, AAPL, at=registry.clock(), **asked).run_id
    assert run_log.mark_dead(registry.database, at=registry.clock()) == {AAPL}
    run_log.advance(registry.database, run, step=2, step_name="still there", at=registry.clock())
    assert audit.verify(registry) == ()
