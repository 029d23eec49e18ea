"""Many processes at one pointer: exactly one wins, all others learn why, and nobody sees half a move."""

import multiprocessing
import os
from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.registry.conftest import Clock, lean

from ensemble_desk.database.tables.registry_tables import model_versions
from ensemble_desk.errors import StalePointerError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import audit, registering
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import chain, history, pointers, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.sources.sample import SampleSource

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"
N_PROCESSES = 50
N_MOVES = int(os.environ.get("MOVES", "200"))  # MOVES=10000 for the long run

fork = multiprocessing.get_context("fork")


@pytest.fixture
def two(desk):
    """Two versions of one small member, so that many processes can look at them at once."""
    desk.content = lean(desk.content)
    desk.publish_all(OLD, NEW)
    return desk


def same(desk):
    return desk.registry.settings


def roll_back_at_once(settings, number, start, results):
    try:
        with opening.open_registry(settings, clock=Clock()) as registry:
            start.wait()
            actor = Actor(f"engineer {number}", Role.OPERATOR)
            row = rollback.roll_back(registry, AAPL, to=OLD, expected=2, actor=actor, reason="race")
            results.put(("moved", row.actor))
    except StalePointerError as error:
        results.put(("stale", error.moved_by))
    except Exception as error:  # noqa: BLE001 - the parent must hear of any failure
        results.put(("failed", repr(error)))


def test_of_many_rollbacks_from_one_revision_exactly_one_wins(two):
    preflight.run(two.registry, AAPL, OLD)  # what it imports and reads, the racers have from the start
    start, results = fork.Barrier(N_PROCESSES), fork.Queue()
    settings = same(two)
    racers = [
        fork.Process(target=roll_back_at_once, args=(settings, number, start, results)) for number in range(N_PROCESSES)
    ]
    for racer in racers:
        racer.start()
    outcomes = [results.get(timeout=240) for _ in racers]
    for racer in racers:
        racer.join()
    winners = [who for kind, who in outcomes if kind == "moved"]
    assert len(winners) == 1
    assert sorted(outcomes) == sorted([("moved", winners[0]), *[("stale", winners[0])] * (N_PROCESSES - 1)])
    rows = history.deployments(two.registry, AAPL, limit=1000)[:N_PROCESSES]
    assert [row.outcome for row in rows].count("moved") == 1
    assert [row.outcome for row in rows].count("refused") == N_PROCESSES - 1
    live = production.read(two.registry, AAPL)
    assert (live.version, live.revision, live.actor) == (OLD, 3, winners[0])
    assert audit.verify(two.registry) == ()


def register_at_once(settings, day, start, results):
    try:
        with opening.open_registry(settings, clock=Clock()) as registry:
            published = registry.store.publish(
                CONTENT[0], key=AAPL, date=day, created_at=production.read(registry, AAPL).since
            )
            start.wait()
            results.put(registering.register(registry, published, actor="trainer").version)
    except Exception as error:  # noqa: BLE001 - the parent must hear of any failure
        results.put(repr(error))


CONTENT = []  # what forked processes publish


def test_trainings_that_end_at_once_leave_the_newest_in_production(two):
    from datetime import date

    CONTENT[:] = [two.content]
    days = [date(2025, 3, day) for day in range(1, 7)]
    start, results = fork.Barrier(len(days)), fork.Queue()
    trainers = [fork.Process(target=register_at_once, args=(same(two), day, start, results)) for day in days]
    for trainer in trainers:
        trainer.start()
    names = sorted(results.get(timeout=240) for _ in trainers)
    for trainer in trainers:
        trainer.join()
    assert names == [f"{day:%Y%m%d}" for day in days]
    assert production.read(two.registry, AAPL).version == "20250306"
    assert audit.verify(two.registry) == ()


def move_back_and_forth(settings, results):
    with opening.open_registry(settings, clock=Clock()) as registry:
        actor = Actor("writer", Role.OPERATOR)
        reports = {version: preflight.run(registry, AAPL, version) for version in (OLD, NEW)}
        preflight.run = lambda _registry, _key, version, **_options: reports[version]  # in this process only
        for number in range(N_MOVES):
            moves.promote(registry, AAPL, to=(OLD, NEW)[number % 2], expected=None, actor=actor, reason="loop")
        results.put("done")


def read_whole(registry, digests):
    """Read pointer, history and index in one snapshot and check that they tell the same; gives the revision."""
    with registry.database.reading() as connection:
        pointer, last = pointers.read(connection, AAPL), chain.last_move(connection, AAPL)
        states = {entry.version: entry for entry in index.of_key(connection, AAPL)}
        live = connection.execute(
            select(model_versions.c.version).where(model_versions.c.state == State.IN_PRODUCTION.value)
        ).scalars()
        assert list(live) == [pointer.version]
    assert pointer.sha256 == digests[pointer.version] == states[pointer.version].sha256
    assert (pointer.version, pointer.revision, pointer.head_hash) == (last.to_version, last.revision, last.hash)
    assert last.sha256 == pointer.sha256
    return pointer.revision, pointer.version


def test_a_reader_never_sees_a_torn_state(two):
    results = fork.Queue()
    digests = {version: versions.get(two.registry, AAPL, version).sha256 for version in (OLD, NEW)}
    writer = fork.Process(target=move_back_and_forth, args=(same(two), results))
    writer.start()
    seen = []
    while results.empty():
        seen.append(read_whole(two.registry, digests))
    writer.join()
    assert seen == sorted(seen, key=lambda told: told[0])
    assert {version for _, version in seen} == {OLD, NEW}
    assert production.read(two.registry, AAPL).revision == 2 + N_MOVES
    two.registry.clock.now += timedelta(hours=1)  # the writer has looked at its own more often
    assert audit.verify(two.registry) == ()


def follow_elsewhere(settings, commands, answers):
    with opening.open_registry(settings, clock=Clock()) as registry:
        ensemble = serving.ensemble(registry, AAPL)
        bars = SampleSource().bars(AAPL).tail(600).frame
        while commands.get() == "predict":
            answers.put(ensemble.predict(bars)["version"])


def test_a_loader_in_another_process_follows_within_one_call(two):
    commands, answers = fork.Queue(), fork.Queue()
    loader = fork.Process(target=follow_elsewhere, args=(same(two), commands, answers))
    loader.start()

    def served():
        commands.put("predict")
        return answers.get(timeout=120)

    assert served() == NEW
    rollback.roll_back(two.registry, AAPL, expected=2, actor=two.operator, reason="night")
    assert served() == OLD
    two.publish("20250207")
    assert served() == OLD
    moves.follow_latest(two.registry, AAPL, expected=3, actor=two.operator, reason="day")
    assert served() == "20250207"
    commands.put("stop")
    loader.join()
