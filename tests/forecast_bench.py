"""A registry with prices that tests make up, cheap versions, and forecasts put into the log by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from ensemble_desk.errors import SourceError
from ensemble_desk.forecasting import log
from ensemble_desk.forecasting.log import Entry, Kind, Stamp
from ensemble_desk.market import bars as contract
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import registering
from ensemble_desk.registry.index import entries, following, states, versions
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.ledger import pointers, writing
from ensemble_desk.settings import Settings

KEY = Key("AAPL", "d1")
GARCH = {"const": 0.05, "phi": 0.02, "omega": 0.05, "alpha": 0.08, "beta": 0.9, "nu": 6.0, "start": 2.0}
NAMES = {1: "1D", 5: "1W", 21: "1M"}


@dataclass
class Clock:
    """Time that stands still until a test moves it."""

    now: datetime = datetime(2025, 2, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Prices:
    """A source of bars that a test fills and changes."""

    frames: dict[Key, pd.DataFrame] = field(default_factory=dict)
    name: str = "sample"

    def symbols(self) -> tuple[str, ...]:
        return tuple({key.symbol for key in self.frames})

    def keys(self) -> tuple[Key, ...]:
        return tuple(self.frames)

    def bars(
        self, key: Key, *, last: int | None = None, since: datetime | None = None, until: datetime | None = None
    ) -> Bars:
        if key not in self.frames:
            raise SourceError(self.name, f"there is no {key}.")
        found = Bars(key, contract.check(self.frames[key]), "sample", adjusted=True)
        return found.cut(last=last, since=since, until=until)

    def count(self, key: Key, *, since: datetime | None = None) -> int:
        return self.bars(key, since=since).frame.shape[0] if key in self.frames else 0

    def digest(self, key: Key, *, until: datetime | None = None) -> str:
        return self.bars(key, until=until).digest() if key in self.frames else ""

    def describe(self, key: Key) -> str:
        return f"made up, to {self.bars(key).last:%Y-%m-%d}"


def walk(n_bars: int, *, seed: int = 1, start: str = "2020-01-01") -> pd.DataFrame:
    """A random walk on business days, shape (n_bars, 5)."""
    generator = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(generator.standard_t(5, n_bars) * 0.01))
    index = pd.bdate_range(start, periods=n_bars, tz="UTC", name="time")
    prices = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close}
    return pd.DataFrame(prices | {"volume": np.full(n_bars, 1e6)}, index=index)


@dataclass
class Bench:
    """What tests of the log need at hand."""

    registry: opening.Registry
    prices: Prices
    clock: Clock

    @property
    def database(self):
        return self.registry.database

    def publish(
        self,
        version: str = "20200701",
        *,
        key: Key = KEY,
        last_bar: datetime | None = None,
        label: LabelSpec | None = LabelSpec(1),  # noqa: B008 - frozen
        accuracy: float | None = 0.45,
        n_holdout: int = 400,
        **more,
    ):
        """Publish and register a version of a price member; without a label a plain one."""
        content = {
            "symbol": key.symbol,
            "timeframe": key.timeframe,
            "models": {"arima_garch": dict(GARCH)},
            "weights": {"arima_garch": 1.0},
            "ensemble_accuracy": accuracy,
        }
        if label is not None:
            content |= {
                "schema_version": 1,
                "label": label.to_dict(),
                "horizon": NAMES.get(label.horizon_bars, "1D"),
                "classes": list(CLASSES),
                "feature_names": [],
                "temperature": 1.0,
            }
        if label is not None and accuracy is not None:
            content["evaluation"] = evaluation(accuracy, n_holdout, horizon_bars=label.horizon_bars)
        if last_bar is not None:
            content["data_window"] = {"first_bar": None, "last_bar": last_bar.isoformat()}
        day = date.fromisoformat(f"{version[:4]}-{version[4:6]}-{version[6:8]}")
        at = datetime(day.year, day.month, day.day, 22, tzinfo=UTC)
        published = self.registry.store.publish(content | more, key=key, date=day, created_at=at)
        assert published.version == version
        registering.register(self.registry, published, actor="trainer")
        self._let_live(key, version, at=at)
        return versions.get(self.registry, key, version)

    def _let_live(self, key: Key, version: str, *, at: datetime) -> None:
        """Take a version for proven, as one that went live while there were bars enough."""
        with writing.writing(self.registry) as connection:
            pointer = pointers.lock_or_create(connection, key, at=at)
            index.set_fit(connection, entries.find(connection, key, version))
            states.restate(connection, key, [version], live=pointer.version)
            following.settle(connection, pointer, cause=Cause("trainer", at, following.registered(version)))

    def say(
        self,
        times: Sequence[pd.Timestamp],
        probabilities: np.ndarray,
        *,
        version: str = "20200701",
        key: Key = KEY,
        horizon_bars: int = 1,
        basis: str = "trained",
        kind: Kind = Kind.LIVE,
        members: dict[str, np.ndarray] | None = None,
    ) -> int:
        """Put forecasts with these probabilities, shape (n, 3), into the log."""
        members = members if members is not None else {"arima_garch": probabilities}
        entries = [
            Entry(
                as_of=time.to_pydatetime(),
                target_at=None,
                horizon=NAMES[horizon_bars],
                horizon_bars=horizon_bars,
                basis=basis,
                label=CLASSES[int(p.argmax())],
                probabilities=p.tolist(),
                confidence=float(p.max()),
                agreement=1.0,
                members={name: votes[row].tolist() for name, votes in members.items()},
                weights_used={name: 1 / len(members) for name in members},
                abstentions={},
            )
            for row, (time, p) in enumerate(zip(times, np.asarray(probabilities, dtype=float), strict=True))
        ]
        revision = 1 if kind is Kind.LIVE else None
        return log.append(self.database, Stamp(key, version, "0" * 64, revision, kind, self.clock()), entries)


def evaluation(accuracy: float, n_holdout: int, *, horizon_bars: int) -> dict:
    from ensemble_desk.evaluation import intervals

    told = intervals.wilson(accuracy, n_holdout, horizon_bars=horizon_bars)
    return {
        "n_holdout": n_holdout,
        "n_eff": told.n_eff,
        "ensemble": {"accuracy": accuracy, "low": told.low, "high": told.high},
        "baseline_accuracy": 0.4,
    }


@contextmanager
def opened(database_url: str, folder, **settings) -> Iterator[Bench]:
    clock, prices = Clock(), Prices()
    chosen = Settings(models_url=str(folder), database_url=database_url, **settings)
    with opening.open_registry(chosen, clock=clock) as registry:
        yield Bench(replace(registry, source=prices), prices, clock)


@pytest.fixture
def bench(database_url, tmp_path):
    with opened(database_url, tmp_path / "models") as ready:
        yield ready


@pytest.fixture
def sqlite_bench(sqlite_url, tmp_path):
    with opened(sqlite_url, tmp_path / "models") as ready:
        yield ready


def certain(classes: np.ndarray, *, confidence: float = 0.6) -> np.ndarray:
    """Probabilities that call these classes, shape (n, 3)."""
    p = np.full((len(classes), 3), (1 - confidence) / 2)
    p[np.arange(len(classes)), classes] = confidence
    return p


def later(bench: Bench, **more) -> None:
    bench.clock.now += timedelta(**more)
