"""A desk to test at: a registry on a fresh database and folder, and real versions to publish into it."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.registry.folder import registering
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting

AAPL = Key("AAPL", "d1")
N_BARS = 1_100


@dataclass
class Clock:
    """Time that goes on by a second each time somebody looks."""

    now: datetime = datetime(2025, 4, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@dataclass
class Desk:
    """A registry with what its tests need at hand."""

    registry: Registry
    content: dict[str, Any]
    clock: Clock
    operator: Actor = field(default_factory=lambda: Actor("olga", Role.OPERATOR))
    viewer: Actor = field(default_factory=lambda: Actor("victor", Role.VIEWER))

    @property
    def folder(self) -> Path:
        return self.registry.store.folder

    def publish(self, version: str, *, key: Key = AAPL, **changes: Any) -> VersionRecord:
        """Publish and register a version whose name must come out as given."""
        day = datetime.strptime(version[:8], "%Y%m%d").replace(tzinfo=UTC)
        published = self.registry.store.publish(
            self.content | changes, key=key, date=day.date(), created_at=day + timedelta(hours=22)
        )
        assert published.version == version
        return registering.register(self.registry, published, actor="trainer")

    def publish_all(self, *names: str, key: Key = AAPL) -> None:
        for name in names:
            self.publish(name, key=key)

    def file(self, version: str, key: Key = AAPL) -> Path:
        return self.folder / versions.get(self.registry, key, version).file_name

    def flip_a_byte(self, version: str, key: Key = AAPL) -> None:
        file = self.file(version, key)
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(bytes(data))


@pytest.fixture(scope="session")
def content() -> dict[str, Any]:
    """What one training of a forest and a price member on the newest AAPL bars makes."""
    bars = SampleSource().bars(AAPL).tail(N_BARS)
    return fitting.fit_version(bars, label=fitting.default_label("d1"), members=("rf", "arima_garch"), seed=7)


def lean(content: dict[str, Any]) -> dict[str, Any]:
    """The same with one small member, for tests that publish or examine many versions."""
    forest = copy.copy(content["models"]["rf"])
    forest.estimators_, forest.n_estimators = forest.estimators_[:5], 5
    return content | {"models": {"rf": forest}, "weights": {"rf": 1.0}, "model_predictions_sample": {}}


def make_settings(folder: Path, database_url: str) -> Settings:
    return Settings(models_url=str(folder), database_url=database_url, ledger_file=str(folder.parent / "ledger.log"))


@pytest.fixture
def desk(database_url: str, tmp_path: Path, content: dict[str, Any]) -> Iterator[Desk]:
    """An empty desk, once on SQLite and once on PostgreSQL."""
    yield from _desk(database_url, tmp_path, content)


@pytest.fixture
def sqlite_desk(sqlite_url: str, tmp_path: Path, content: dict[str, Any]) -> Iterator[Desk]:
    """An empty desk on SQLite, for what has nothing to do with the database."""
    yield from _desk(sqlite_url, tmp_path, content)


def _desk(url: str, tmp_path: Path, content: dict[str, Any]) -> Iterator[Desk]:
    clock = Clock()
    folder = tmp_path / "models"
    folder.mkdir()
    with opening.open_registry(make_settings(folder, url), clock=clock) as registry:
        yield Desk(registry, content, clock)
