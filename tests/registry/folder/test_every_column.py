"""Whatever is written into a cell, added as a row or taken out of the database is found, or it cannot matter.

Every column of every table is tried, so that a new one without cover fails here.
"""

import re
import sqlite3
from contextlib import closing
from datetime import date

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import JSON, Boolean, Date, DateTime, UniqueConstraint, insert, select
from tests.registry.conftest import AAPL
from tests.registry.folder.conftest import live

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import symbols as tickers
from ensemble_desk.database.tables.registry_tables import metadata
from ensemble_desk.market.bars import Bars
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.alerting import alarm_states, alert_log
from ensemble_desk.monitoring.alerting.alerts import Alert, Subject
from ensemble_desk.monitoring.auditing import whole
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.ledger import anchoring, notes, people, writing
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import stored_features
from ensemble_desk.sources.sample import SampleSource

ADDED, TAKEN = "a row added", "a row taken out"
OWN = "a person's own view of the pages; nothing is decided by it"
COPIED = "another program's run, brought in line with its table at each look"
NEXT = "decides when somebody is told again or looks again, and is written anew then"
ANEW = "is not gone on from, but made anew of the log"
CANNOT_MATTER = {
    "bar_mappings": "an import that reads by it says so, and what it says is listed",
    "feature_sets.begun_at": "says who began a set; its columns and rows are compared",
    "feature_sets.actor": "says who began a set; its columns and rows are compared",
    f"feature_sets {ADDED}": "a set without rows says nothing",
    "activity_visits": OWN,
    "personal_marks": OWN,
    "copied_runs": COPIED,
    "sent_alerts": NEXT,
    "failed_forecasts": "of the last try alone; the next forecast writes it anew",
    "rehearsals": "shown only: a rollback runs its preflight anew",
    "rejected_files": "keeps a file out, never lets one in; a forced sync looks at it anew",
    "daily_rounds": "shown only; each round does all of its work whatever the last one did",
    "sync_state": NEXT,
    "symbols a row added": "a ticker that no row names says nothing",
    "ledger_head a row added": "a mark that no code asks for",
    "model_versions.mtime_ns": "says whether a sync looks at the bytes; the audit always does",
    "deployments.id": "a place in lists; the chain and the ledger know a row by key and position",
    "pruned_versions.finished_at": "when files were seen to be gone; files that are there are found",
    "training_runs a row added": "the guide's programs add runs of their own",
    **dict.fromkeys([f"alarm_states.{name}" for name in ("timeframe", "version", "line")], ANEW),
    **dict.fromkeys([f"kept_drift.{name}" for name in ("timeframe", "what", "sign")], ANEW),
    **dict.fromkeys([f"outcome_marks.{name}" for name in ("bars", "past", "last_bar", "meaning")], ANEW),
    **dict.fromkeys([f"{name} {TAKEN}" for name in ("alarm_states", "kept_drift", "outcome_marks")], ANEW),
    **dict.fromkeys(
        [f"{name} {ADDED}" for name in ("alarm_states", "kept_drift")], "of a key that is not in production"
    ),
    "outcome_marks.since": "found where it hides a forecast that is pending",
    "training_run_progress.beat_at": NEXT,
}
OTHERS = {
    "available": "missing",
    "pinned": "follow_latest",
    "follow_latest": "pinned",
    "live": "replay",
    "matured": "void",
    "completed": "failed",
    "BULLISH": "BEARISH",
    "BEARISH": "BULLISH",
    "NEUTRAL": "BULLISH",
    "d1": "h1",
    "1D": "2D",
    "moved": "refused",
    "trained": "derived",
    "follow": "promote",
    "promote": "follow",
    "rollback": "promote",
    "AAPL": "MSFT",
    "operator": "admin",
    "viewer": "admin",
    "analyst": "admin",
}


def kind_of(column):
    return JSON if isinstance(column.type, JSON) else type(getattr(column.type, "impl", column.type))


def other(column, value):
    """Give another value that might as well stand in a cell."""
    kind = kind_of(column)
    if kind is JSON:
        text = re.sub(r"\d", lambda digit: str(9 - int(digit[0])), value or "{}", count=1)
        return text if text != value else {"[]": "[1]"}.get(text, '{"a": 1}')
    if kind is DateTime:
        return re.sub(r":\d\d", lambda minute: ":07" if minute[0] != ":07" else ":08", value or "2025-01-01 00:00:00")
    if kind is Date:
        return "2013-01-05"
    if kind is Boolean or column.type.python_type is not str:
        return 1 - (value or 0) if kind is Boolean else (value or 0) + 1
    if value in OTHERS:
        return OTHERS[value]
    text = re.sub(r"[0-9a-f]{32,}", lambda digest: digest[0][::-1], value or "x", count=1)
    return text if text != value else f"{value}x"


def anything(column, clock):
    kind = kind_of(column)
    if kind is JSON:
        return {"a": 1}
    if kind in (DateTime, Date):
        return clock() if kind is DateTime else date(2025, 1, 1)
    return {"symbol": "AAPL", "timeframe": "d1"}.get(column.name, "a") if column.type.python_type is str else 1


@pytest.fixture
def full(sqlite_desk):
    """A registry that has lived, with a row in every table; of tables that nothing checks it is any row."""
    desk = live(sqlite_desk, n_bars=12)
    bars, database = SampleSource().bars(AAPL).tail(12), desk.registry.database
    other = Bars(AAPL, bars.frame.assign(volume=bars.frame["volume"] + 1).head(2), bars.source, adjusted=bars.adjusted)
    stored.import_bars(database, AAPL, other, at=desk.clock())
    own, told = pd.DataFrame({"x": np.arange(12.0)}, bars.frame.index), {"file_name": "x.csv", "may_change": False}
    stored_features.import_rows(database, "own", AAPL, own, bars=bars.frame, at=desk.clock(), actor="ada", **told)
    drift.fleet(desk.registry, keep=True)
    alarm_states.bring_up_to_date(desk.registry)
    anchoring.tell(desk.registry)
    alert_log.record(desk.registry, [Alert(Subject.DRIFT, "drift AAPL/d1", "a", "AAPL/d1 falls", "it fell", "/")])
    with writing.writing(desk.registry) as connection:
        number = tickers.symbol_id(connection, "AAPL")
        digests.begin_anew(connection, digests.FORECASTS, number, "w1", at=desk.clock(), after=["x"])
        people.note(connection, notes.EXPORT, symbol_id=number)
        for table in metadata.sorted_tables:
            if connection.execute(select(table).limit(1)).first() is None:
                row = {one.name: anything(one, desk.clock) for one in table.c if not one.nullable}
                connection.execute(insert(table).values(row))
    assert whole.verify(desk.registry) == ()
    return desk


def doings(database, table):
    """Give every way to meddle with a table, by name: a statement and its values."""
    names = [one.name for one in table.c]
    rows = database.execute(f"SELECT rowid, {', '.join(names)} FROM {table.name}").fetchall()  # noqa: S608 - names of columns
    for place, column in enumerate(table.c, start=1):
        number, value = next(((row[0], row[place]) for row in rows[::-1] if row[place] is not None), (rows[0][0], None))
        told = f"UPDATE {table.name} SET {column.name} = ? WHERE rowid = ?"  # noqa: S608 - as above
        yield f"{table.name}.{column.name}", told, (other(column, value), number)
    number, *row = rows[-1]
    yield f"{table.name} {TAKEN}", f"DELETE FROM {table.name} WHERE rowid = ?", (number,)  # noqa: S608 - as above
    keys = [one.columns for one in table.constraints if isinstance(one, UniqueConstraint)]
    unique = {list(columns)[-1].name for columns in (table.primary_key.columns, *keys)}
    new = [
        other(one, value) if one.name in unique and one.name != "id" else 999 if one.name == "id" else value
        for one, value in zip(table.c, row, strict=True)
    ]
    holes = ", ".join("?" * len(new))
    yield f"{table.name} {ADDED}", f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({holes})", new  # noqa: S608 - as above


def test_whatever_is_done_to_a_cell_or_a_row_is_found_or_cannot_matter(full, tmp_path):
    ledger = full.registry.settings.ledger_files[0]
    told, missed, n_done = ledger.read_bytes(), set(), 0
    with closing(sqlite3.connect(tmp_path / "registry.db", isolation_level=None)) as database:
        before = sqlite3.connect(":memory:")
        database.backup(before)
        for table in metadata.sorted_tables:
            every = list(doings(database, table))  # of a table that cannot matter one will do: its last column
            for what, statement, values in every[len(table.c) - 1 :][:1] if table.name in CANNOT_MATTER else every:
                try:
                    assert database.execute(statement, values).rowcount == 1
                except sqlite3.IntegrityError:  # the table itself keeps it out
                    continue
                n_done += 1
                if not (audit.look(full.registry) or whole.verify(full.registry)):
                    missed.add(what)
                before.backup(database)
                ledger.write_bytes(told)
        before.close()
    assert whole.verify(full.registry) == ()
    assert n_done > 200
    unexplained = {
        what for what in missed if what not in CANNOT_MATTER and re.split("[ .]", what)[0] not in CANNOT_MATTER
    }
    assert not unexplained, "; ".join(sorted(unexplained))
    needless = {
        what for what in CANNOT_MATTER if not any(one == what or re.split("[ .]", one)[0] == what for one in missed)
    }
    assert not needless, "; ".join(sorted(needless))
