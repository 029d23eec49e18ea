"""Whatever write step a program is killed in: pointer, history, index and folder agree once the next one has looked."""

import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, make_url
from tests.registry.conftest import Clock, lean, make_settings

from ensemble_desk.database.tables.registry_tables import metadata
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import audit, freshness, registering, retention, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings

AAPL = Key("AAPL", "d1")
NAMES = ("20250103", "20250110", "20250117", "20250131")
OLD, NEW = NAMES[2], NAMES[3]
ADMIN = Actor("ada", Role.ADMIN)
WRITES = ("INSERT", "UPDATE", "DELETE")
CALLS = {  # steps beside those of the database; what is written to files first is the same with both
    "sqlite": ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir"),
    "postgresql": ("link", "rename", "replace", "unlink"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Kills this process right before its numbered write: of a file, a row, or a commit."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self) -> None:
        self.left -= 1
        if self.left == 0:
            die()

    def watch(self, registry: Registry, calls: tuple[str, ...]) -> None:
        engine = registry.database._engines.engine
        if registry.database.is_postgresql:
            event.listen(engine, "before_cursor_execute", lambda *told: told[2].startswith(WRITES) and self())
        else:
            event.listen(engine, "connect", lambda driver, _: driver.set_trace_callback(self.seen_by_sqlite))
            engine.dispose()  # connections that were made before have no such callback
        event.listen(engine, "commit", lambda _connection: self())
        for name in calls:
            self._wrap(name)

    def seen_by_sqlite(self, statement: str) -> None:
        if statement.startswith(WRITES):
            self()

    def _wrap(self, name: str) -> None:
        real = getattr(os, name)

        def counted(*args, **named):
            reads = name == "open" and not args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if name == "write" and self.left == 1:
                real(args[0], bytes(args[1])[: len(args[1]) // 2])  # half of it is there
            if not reads:
                self()
            return real(*args, **named)

        setattr(os, name, counted)


@dataclass(frozen=True)
class Bench:
    """A models folder and its database, both of which can be put back to how they were kept."""

    settings: Settings
    folder: Path

    @property
    def kind(self) -> str:
        return make_url(self.settings.database_url).get_backend_name()

    def keep(self) -> None:
        shutil.rmtree(self.folder / "kept", ignore_errors=True)
        shutil.copytree(self.folder / "models", self.folder / "kept")
        if self.kind == "sqlite":
            shutil.copyfile(self.folder / "registry.db", self.folder / "kept.db")
        else:
            self._run("DROP SCHEMA IF EXISTS kept CASCADE", "CREATE SCHEMA kept")
            self._run(*(f"CREATE TABLE kept.{table} AS TABLE public.{table}" for table in metadata.tables))

    def put_back(self) -> None:
        shutil.rmtree(self.folder / "models")
        shutil.copytree(self.folder / "kept", self.folder / "models")
        if self.kind == "sqlite":
            for rest in self.folder.glob("registry.db-*"):
                rest.unlink()
            shutil.copyfile(self.folder / "kept.db", self.folder / "registry.db")
        else:
            without_checks = "SET LOCAL session_replication_role = replica"
            emptied = (f"DELETE FROM public.{table}" for table in metadata.tables)  # noqa: S608 - our own names
            filled = (f"INSERT INTO public.{table} TABLE kept.{table}" for table in metadata.tables)
            self._run(without_checks, *emptied, *filled)

    def _run(self, *commands: str) -> None:
        engine = create_engine(self.settings.database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("; ".join(commands))
        engine.dispose()


@pytest.fixture
def base(database_url, tmp_path, content) -> Bench:
    """A folder with four versions and its registry, whose index knows the folder as it is."""
    settings = make_settings(tmp_path / "models", database_url)
    with opening.open_registry(settings, clock=Clock(datetime(2030, 1, 1, tzinfo=UTC))) as registry:
        for name in NAMES:
            publish(registry, lean(content), name)
        moves.promote(registry, AAPL, to=NEW, expected=None, actor=ADMIN, reason="warm up")
        sync.synchronise(registry)
        assert freshness.if_folder_changed(registry) is None
    bench = Bench(settings, tmp_path)
    bench.keep()
    return bench


def publish(registry: Registry, content: dict, name: str) -> None:
    day = datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC)
    published = registry.store.publish(content, key=AAPL, date=day.date(), created_at=day)
    registering.register(registry, published, actor="trainer")


def killed(base: Bench, act: Callable[[Registry], object], *, before: int) -> bool:
    """Act in another process that dies right before its numbered write; False when it lived to the end."""
    child = os.fork()
    if child == 0:
        try:
            registry = opening.open_registry(base.settings, clock=Clock(datetime(2030, 2, 1, tzinfo=UTC)))
            Countdown(before).watch(registry, CALLS[base.kind])
            act(registry)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def what_holds(registry: Registry) -> tuple[str | None, int, int, int]:
    """Check that all that is told agrees; gives the live version, revision, number of versions and of tombstones."""
    assert audit.verify(registry) == ()
    live, known = production.read(registry, AAPL), versions.of_key(registry, AAPL)
    last = history.deployments(registry, AAPL, limit=1)[0]
    assert (last.outcome, last.to_version, last.revision) == ("moved", live.version, live.revision)
    names = {record.file_name for record in known}
    lying = {path.name for path in registry.store.folder.rglob("*") if path.is_file()}
    assert {name for name in lying if name.endswith(".pkl")} == names
    stems = {name.removesuffix(".pkl") for name in names}
    assert {name.partition(".")[0] for name in lying} == stems, "leftovers"
    return live.version, live.revision, len(known), len(retention.pruned(registry))


def every_step(base: Bench, act: Callable[[Registry], object]) -> list[tuple]:
    seen = []
    for number in range(1, 120):
        base.put_back()
        died = killed(base, act, before=number)
        with opening.open_registry(base.settings, clock=Clock(datetime(2030, 3, 1, tzinfo=UTC))) as registry:
            freshness.if_folder_changed(registry)  # what every program does when it starts
            seen.append(what_holds(registry))
            if not died:
                return seen
    pytest.fail("it never came to an end")


def test_promote(base):
    seen = every_step(
        base, lambda registry: moves.promote(registry, AAPL, to=OLD, expected=5, actor=ADMIN, reason="kill")
    )
    assert len(seen) == 5 + 1  # before the row of history, the pointer, two states and the commit; and undisturbed
    assert set(seen) == {(NEW, 5, 4, 0), (OLD, 6, 4, 0)}
    assert seen == sorted(seen, key=lambda told: told[1])


def test_rollback(base):
    seen = every_step(base, lambda registry: rollback.roll_back(registry, AAPL, expected=5, actor=ADMIN, reason="kill"))
    assert len(seen) > 6
    assert set(seen) == {(NEW, 5, 4, 0), (OLD, 6, 4, 0)}
    assert seen == sorted(seen, key=lambda told: told[1])


def test_publish_and_follow(base, content):
    with opening.open_registry(base.settings, clock=Clock(datetime(2030, 1, 2, tzinfo=UTC))) as registry:
        moves.follow_latest(registry, AAPL, expected=None, actor=ADMIN, reason="follow")
    base.keep()
    seen = every_step(base, lambda registry: publish(registry, lean(content), "20250207"))
    assert len(seen) > (20 if base.kind == "sqlite" else 8)
    assert set(seen) == {(NEW, 6, 4, 0), ("20250207", 7, 5, 0)}
    assert seen == sorted(seen, key=lambda told: told[1])


def test_prune(base):
    seen = every_step(base, lambda registry: retention.prune(registry, keep=1, actor=ADMIN, reason="kill"))
    assert len(seen) > (12 if base.kind == "sqlite" else 10)
    assert set(seen) == {(NEW, 5, 4, 0), (NEW, 5, 2, 2)}
    assert seen == sorted(seen, key=lambda told: told[3])
