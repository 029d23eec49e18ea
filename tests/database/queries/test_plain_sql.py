"""Plain statements read and write what SQLAlchemy does, on both databases; each fits the tables as they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from ensemble_desk.database import opening
from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.registry_tables import production_pointers, sync_state
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Mode
from ensemble_desk.registry.folder import marks as folder_marks
from ensemble_desk.registry.ledger import notes, pointers

MOMENT = datetime(2024, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
READ = PlainSql("SELECT name, value, updated_at FROM sync_state WHERE name = :name", times=("updated_at",))
EVERY = PlainSql("SELECT * FROM sync_state", "ORDER BY name", times=("updated_at",))
WRITE = PlainSql(
    "INSERT INTO sync_state (name, value, updated_at) VALUES (:name, :value, :updated_at)", times=("updated_at",)
)


@pytest.fixture
def database(database_url):
    opened = opening.open_database(database_url)
    yield opened
    opened.close()


def test_rows_are_those_that_sqlalchemy_gives(database):
    with database.writing() as connection:
        for number, name in enumerate(("b", "a", "ü % :x")):
            connection.execute(insert(sync_state).values(name=name, value=number, updated_at=MOMENT))
        expected = connection.execute(select(sync_state).order_by(sync_state.c.name)).all()
        assert sorted(EVERY.rows(connection, {})) == sorted(expected)
        assert EVERY.rows(connection, {})[0]._fields == ("name", "value", "updated_at")
    assert [row.value for row in database.ask(READ, name="ü % :x")] == [2]
    assert database.ask(READ, name="nobody") == []


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-5))], ids=["UTC", "elsewhere"])
@pytest.mark.parametrize("micro", [0, 890123])
def test_a_time_reads_back_as_the_same_moment_in_utc(database, zone, micro):
    moment = MOMENT.replace(microsecond=micro).astimezone(zone)
    with database.writing() as connection:
        WRITE.write(connection, {"name": "x", "value": 2**62, "updated_at": moment})
    with database.reading() as connection:
        found = READ.first(connection, {"name": "x"})
        by_sqlalchemy = connection.execute(select(sync_state).where(sync_state.c.name == "x")).one()
    assert found == by_sqlalchemy == ("x", 2**62, moment)
    assert found.updated_at.tzinfo is UTC
    assert database.ask(READ, name="x") == [found]


def test_a_time_without_zone_is_refused(database):
    with pytest.raises(ValueError, match="without zone"), database.writing() as connection:
        WRITE.write(connection, {"name": "x", "value": 1, "updated_at": datetime(2024, 3, 4)})  # noqa: DTZ001 - the mistake
    assert database.ask(READ, name="x") == []


def test_what_a_transaction_wrote_is_seen_inside_of_it_and_gone_when_it_fails(database):
    def write_and_fail():
        with database.writing() as connection:
            WRITE.write(connection, {"name": "x", "value": 1, "updated_at": MOMENT})
            assert READ.first(connection, {"name": "x"}).value == 1
            assert database.ask(READ, name="x") == []
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert database.ask(READ, name="x") == []


def test_a_pointer_is_stored_whole(database):
    key = Key("AAPL", "d1")
    with database.writing() as connection, notes.collecting(connection):
        made = pointers.lock_or_create(connection, key, at=MOMENT)
        assert made == pointers.lock_or_create(connection, key, at=MOMENT + timedelta(days=1))
        moved = replace(
            made,
            mode=Mode.PINNED,
            version="20240304",
            revision=7,
            since=MOMENT + timedelta(seconds=1),
            actor="ada",
            reason="it's :better, 100 %",
            sha256="ab",
            previous_version="20240303",
            head_position=3,
            head_hash="cd",
        )
        pointers.write(connection, moved)
    with database.reading() as connection:
        assert pointers.read(connection, key) == pointers.read_all(connection)[0] == moved
        stored = connection.execute(select(production_pointers)).one()
    assert stored._asdict() == {
        "symbol_id": moved.symbol_id,
        "timeframe": "d1",
        "symbol": "AAPL",
        "mode": "pinned",
        **{name: getattr(moved, name) for name in production_pointers.c.keys()[4:]},
    }


def test_a_mark_that_is_not_settled_is_forgotten(database, tmp_path):
    place = str(tmp_path)
    with database.writing() as connection:
        folder_marks.keep(connection, place, mark=1, at=MOMENT, settled=True)
        folder_marks.keep(connection, place, mark=2, at=MOMENT, settled=True)
    assert folder_marks.read(database, place) == 2
    with database.writing() as connection:
        folder_marks.keep(connection, place, mark=3, at=MOMENT, settled=False)
    assert folder_marks.read(database, place) is None
