"""The index of versions: pages that neither lose nor repeat, filters, and what one row tells."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from ensemble_desk.database import statistics
from ensemble_desk.database.tables.registry_tables import model_versions
from ensemble_desk.errors import (
    InvalidCursorError,
    InvalidSymbolError,
    InvalidTimeframeError,
    UnknownKeyError,
    UnknownVersionError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import registering, sync
from ensemble_desk.registry.index import entries, following, registration, versions
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.index.registration import Arrival
from ensemble_desk.registry.ledger import pointers, writing
from ensemble_desk.registry.moves import rollback

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def many(desk, n=120):
    """Rows as registration writes them, of files nobody looks at here; ties in time and accuracy, gaps in accuracy."""
    keys = [Key(symbol, timeframe) for symbol in ("AAPL", "BTC/USD", "^GSPC") for timeframe in ("d1", "w1")]
    with writing.writing(desk.registry) as connection:
        for number in range(n):
            key, day = keys[number % len(keys)], FIRST + timedelta(days=number // len(keys))
            accuracy = None if number % 7 == 0 else 0.38 + number % 5 / 100
            arrival = Arrival(
                key=key,
                version=f"{day:%Y%m%d}",
                file_name=f"{number}.pkl",
                sha256=f"{number:064x}",
                size_bytes=1000 + number,
                mtime_ns=None,
                created_at=day,
                content={"ensemble_accuracy": accuracy, "weights": {"rf": 1.0}},
            )
            registration.enter(connection, arrival, publisher="trainer", at=day)
            index.set_fit(connection, entries.find(connection, key, arrival.version))
            pointer = pointers.lock_or_create(connection, key, at=day)
            following.settle(connection, pointer, cause=Cause("trainer", day, following.registered(arrival.version)))
    return desk


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("order", ["created_at", "accuracy", "version", "symbol"])
def test_pages_follow_each_other_without_loss_or_repetition(desk, order, descending):
    many(desk)
    seen, after = [], None
    while True:
        page = versions.listing(desk.registry, order=order, descending=descending, limit=17, after=after)
        assert page.total == 120
        seen += page.rows
        after = page.next_cursor
        if after is None:
            break
    assert len(seen) == 120
    assert len({(row.key, row.version) for row in seen}) == 120
    values = {
        "created_at": lambda row: row.created_at,
        "accuracy": lambda row: -1 if row.ensemble_accuracy is None else row.ensemble_accuracy,
        "version": lambda row: row.version,
        "symbol": lambda row: (row.key.symbol, row.key.timeframe, row.version),
    }
    assert [values[order](row) for row in seen] == sorted((values[order](row) for row in seen), reverse=descending)


def test_a_page_stays_where_it_was_when_rows_come_before_it(desk):
    many(desk, 60)
    first = versions.listing(desk.registry, limit=10)

    def rest():
        rows = versions.listing(desk.registry, limit=100, after=first.next_cursor).rows
        return [(row.key, row.version) for row in rows]

    before = rest()
    desk.publish(NEW)
    assert rest() == before
    assert len(before) == 50


def test_filters_combine(desk):
    many(desk)
    page = versions.listing(
        desk.registry,
        symbol="^GSPC",
        timeframe="w1",
        state=State.AVAILABLE,
        since=FIRST + timedelta(days=3),
        until=FIRST + timedelta(days=9),
    )
    assert (page.total, len(page.rows), page.next_cursor) == (7, 7, None)
    assert {row.key for row in page.rows} == {Key("^GSPC", "w1")}
    live = versions.listing(desk.registry, state="in production", order="symbol", descending=False)
    assert [str(row.key) for row in live.rows] == [
        "AAPL/d1",
        "AAPL/w1",
        "BTC/USD/d1",
        "BTC/USD/w1",
        "^GSPC/d1",
        "^GSPC/w1",
    ]


def test_totals_follow_every_change_of_state(desk):
    desk.publish_all(OLD, NEW)

    def totals():
        found = {state: versions.listing(desk.registry, state=state).total for state in State}
        assert sum(found.values()) == versions.listing(desk.registry).total
        return {state: n for state, n in found.items() if n}

    assert totals() == {State.IN_PRODUCTION: 1, State.AVAILABLE: 1}
    rollback.roll_back(desk.registry, AAPL, expected=2, actor=desk.operator, reason="bad")
    assert totals() == {State.IN_PRODUCTION: 1, State.QUARANTINED: 1}
    desk.flip_a_byte(OLD)
    sync.synchronise(desk.registry)
    assert totals() == {State.TAMPERED: 1, State.QUARANTINED: 1}
    desk.file(NEW).unlink()
    sync.synchronise(desk.registry)
    assert totals() == {State.TAMPERED: 1, State.MISSING: 1}
    assert versions.listing(desk.registry, symbol="AAPL", timeframe="d1").total == 2
    assert versions.listing(desk.registry, since=datetime(2025, 1, 20, tzinfo=UTC)).total == 1


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "bm90IGpzb24", "W10", "WyJjcmVhdGVkX2F0Iix0cnVlLDEsMl0"])
def test_what_is_no_cursor_is_refused(desk, cursor):
    with pytest.raises(InvalidCursorError):
        versions.listing(desk.registry, after=cursor)


def test_a_cursor_of_another_order_is_refused(desk):
    many(desk, 30)
    page = versions.listing(desk.registry, order="version", limit=5)
    for other in ({"order": "accuracy"}, {"order": "version", "descending": False}):
        with pytest.raises(InvalidCursorError):
            versions.listing(desk.registry, after=page.next_cursor, **other)


def test_filters_that_name_nothing_possible_are_refused(desk):
    with pytest.raises(InvalidSymbolError):
        versions.listing(desk.registry, symbol="../x\x00")
    with pytest.raises(InvalidTimeframeError):
        versions.listing(desk.registry, timeframe="d7")
    assert versions.listing(desk.registry, symbol="NOBODY").rows == ()


def test_a_page_walks_an_index_and_sorts_nothing(sqlite_desk):
    many(sqlite_desk)
    plans = []
    with sqlite_desk.registry.database.reading() as connection:
        for order in ("created_at", "accuracy_sort", "version"):
            for where in ("", "WHERE state = 'available' ", "WHERE timeframe = 'd1' "):
                query = f"SELECT * FROM model_versions {where}ORDER BY {order} DESC, id DESC LIMIT 51"  # noqa: S608 - the names above
                plans += connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert all("USING INDEX" in row[3] for row in plans)
    assert len(plans) == 9


def test_a_record_tells_what_the_version_says_of_itself(desk):
    desk.publish(OLD)
    record = versions.get(desk.registry, AAPL, OLD)
    content, evaluation = desk.content, desk.content["evaluation"]
    assert (record.key, record.version, record.file_name) == (AAPL, OLD, f"AAPL_d1_{OLD}.pkl")
    assert record.ensemble_accuracy == content["ensemble_accuracy"]
    assert (record.accuracy_low, record.accuracy_high) == (
        evaluation["ensemble"]["low"],
        evaluation["ensemble"]["high"],
    )
    assert (record.n_holdout, record.n_eff) == (evaluation["n_holdout"], evaluation["n_eff"])
    assert record.baseline_accuracy == evaluation["baseline_accuracy"]
    assert record.weights == content["weights"]
    assert record.first_bar.isoformat() == content["data_window"]["first_bar"]
    assert record.last_bar.isoformat() == content["data_window"]["last_bar"]
    assert record.created_at == datetime(2025, 1, 10, 22, tzinfo=UTC)
    assert (record.leakage_suspected, record.previously_live, record.problem) == (False, False, "")
    assert record.size_bytes == desk.file(OLD).stat().st_size


def test_the_manifest_of_the_index_is_the_one_beside_the_file(desk):
    desk.publish(OLD)
    told = versions.manifest(desk.registry, AAPL, OLD)
    assert told == desk.registry.store.manifest(f"AAPL_d1_{OLD}.pkl").content
    assert "models" not in told


def test_registering_the_same_version_again_changes_nothing(desk):
    day = datetime(2025, 1, 10, tzinfo=UTC)
    published = desk.registry.store.publish(desk.content, key=AAPL, date=day.date(), created_at=day)
    first = registering.register(desk.registry, published, actor="trainer")
    assert registering.register(desk.registry, published, actor="trainer") == first
    assert versions.listing(desk.registry).total == 1


def test_versions_of_a_key_come_newest_first(desk):
    desk.publish_all(NEW, OLD, f"{NEW}r02")
    assert [row.version for row in versions.of_key(desk.registry, AAPL)] == [f"{NEW}r02", NEW, OLD]
    assert versions.names(desk.registry) == {AAPL: (f"{NEW}r02", NEW, OLD)}
    assert versions.keys(desk.registry) == (AAPL,)


def test_what_is_not_registered_is_named(desk):
    with pytest.raises(UnknownKeyError):
        versions.get(desk.registry, AAPL, OLD)
    with pytest.raises(UnknownKeyError):
        versions.of_key(desk.registry, AAPL)
    desk.publish(OLD)
    with pytest.raises(UnknownVersionError, match=OLD):
        versions.get(desk.registry, AAPL, NEW)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"ensemble_accuracy": "59 %", "weights": [1], "evaluation": 3, "data_window": "2020", "run_id": "x"},
        {"ensemble_accuracy": float("nan"), "weights": {"rf": None}, "run_id": -1},
        {"ensemble_accuracy": 59, "weights": {"rf": True}, "run_id": 2**80, "data_window": {"first_bar": "soon"}},
    ],
)
def test_metadata_that_is_missing_or_nonsense_is_unknown(sqlite_desk, content):
    arrival = Arrival(
        key=AAPL,
        version=OLD,
        file_name="x.pkl",
        sha256="0" * 64,
        size_bytes=1,
        mtime_ns=None,
        created_at=FIRST,
        content={name: value for name, value in content.items() if value == value},  # noqa: PLR0124 - JSON has no NaN
    )
    with writing.writing(sqlite_desk.registry) as connection:
        registration.enter(connection, arrival, publisher="trainer", at=FIRST)
    record = versions.get(sqlite_desk.registry, AAPL, OLD)
    assert (record.ensemble_accuracy, record.weights, record.run_id, record.first_bar) == (None, {}, None, None)


def test_versions_of_one_key_are_found_by_key_once_there_are_many(sqlite_desk):
    many(sqlite_desk, 6)
    with sqlite_desk.registry.database.writing() as connection:
        some = [dict(row._mapping) for row in connection.execute(select(model_versions))]
        for row in some:
            del row["id"]
        made = (
            {"symbol": f"S{number % 128}", "version": str(number), "accuracy_sort": number % 997 / 997}
            for number in range(4096)
        )
        connection.execute(insert(model_versions), [some[i % 6] | values for i, values in enumerate(made)])
        statistics.refresh(connection, model_versions, n_rows=4096)
    sqlite_desk.registry.database.close()  # what is open does not hear of new statistics
    query = (
        "SELECT * FROM model_versions WHERE symbol = 'S7' AND timeframe = 'd1' "
        "ORDER BY accuracy_sort DESC, id DESC LIMIT 51"
    )
    with sqlite_desk.registry.database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    assert "idx_model_versions_symbol_order (symbol=? AND timeframe=?)" in plan[0][3]
