"""Generated data, and nothing else is claimed of it: many versions with their files, runs, forecasts and outcomes.

The generated versions lie beside the really trained ones of the demo set. Their files hold a few bytes, because no row
loads them; their manifests are short.
"""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks import fixtures
from sqlalchemy import Connection, insert, select, text

from ensemble_desk.database import symbols
from ensemble_desk.database.tables.registry_tables import (
    model_versions,
    training_run_progress,
    training_runs,
    version_manifests,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import following, manifest_columns, states
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.ledger import pointers, writing

N_PER_KEY = 100
TIMEFRAMES = ("d1", "w1")
FIRST_DAY = datetime(2024, 1, 1, 6, tzinfo=UTC)
ALIAS = "production"
_PUBLISHER = "generated for the benchmark"
_BYTES = b"generated for the benchmark, never loaded"


@dataclass(frozen=True, slots=True)
class Version:
    """One generated version: the ``number``-th of its key, created at its own second."""

    key: Key
    number: int
    created_at: datetime

    @property
    def name(self) -> str:
        return f"{self.created_at:%Y%m%d}"

    @property
    def file_name(self) -> str:
        return f"{self.key.symbol}_{self.key.timeframe}_{self.name}.pkl"


def keys(n_versions: int) -> list[Key]:
    """The generated keys; each has a hundred versions."""
    return [Key(f"G{number // 2:04d}", TIMEFRAMES[number % 2]) for number in range(n_versions // N_PER_KEY)]


def versions(n_versions: int) -> Iterator[Version]:
    """Every generated version, key by key, one a day."""
    for position, key in enumerate(keys(n_versions)):
        for number in range(N_PER_KEY):
            yield Version(key, number + 1, FIRST_DAY + timedelta(days=number, seconds=position))


def fill(folder: Path, n_versions: int) -> None:
    """Put generated versions, one run of training for each and their files into a folder that has a registry."""
    seen = {one.file_name: _write(folder / one.file_name) for one in versions(n_versions)}
    with fixtures.registry(folder) as desk:
        for key, made in groupby(versions(n_versions), key=lambda one: one.key):
            with writing.writing(desk) as connection:
                _enter(connection, key, list(made), seen)
        with desk.database.writing() as connection:
            connection.execute(text("ANALYZE"))


def _write(path: Path) -> int:
    path.write_bytes(_BYTES)
    return path.stat().st_mtime_ns


def _enter(connection: Connection, key: Key, made: list[Version], seen: dict[str, int]) -> None:
    """Insert the versions of one key at once, count them, and let production follow to the newest."""
    symbol_id = symbols.symbol_id(connection, key.symbol)
    pointer = pointers.lock_or_create(connection, key, at=FIRST_DAY)
    manifests = [_manifest(one) for one in made]
    rows = [
        manifest_columns.of_manifest(manifest) | _row(one, symbol_id, mtime_ns=seen[one.file_name])
        for one, manifest in zip(made, manifests, strict=True)
    ]
    connection.execute(insert(model_versions), rows)
    ids = connection.execute(
        select(model_versions.c.id)
        .where(model_versions.c.symbol == key.symbol, model_versions.c.timeframe == key.timeframe)
        .order_by(model_versions.c.id)
    ).scalars()
    told = [{"version_id": one, "manifest": manifest} for one, manifest in zip(ids, manifests, strict=True)]
    connection.execute(insert(version_manifests), told)
    states.recount(connection, key)
    cause = Cause(_PUBLISHER, made[-1].created_at, following.registered(made[-1].name))
    following.settle(connection, pointer, cause=cause)
    _enter_runs(connection, symbol_id, made)


def _row(one: Version, symbol_id: int, *, mtime_ns: int) -> dict[str, Any]:
    return {
        "symbol_id": symbol_id,
        "symbol": one.key.symbol,
        "timeframe": one.key.timeframe,
        "version": one.name,
        "file_name": one.file_name,
        "sha256": hashlib.sha256(one.file_name.encode()).hexdigest(),
        "size_bytes": len(_BYTES),
        "mtime_ns": mtime_ns,
        "created_at": one.created_at,
        "registered_at": one.created_at,
        "publisher": _PUBLISHER,
        "health": "available",
        "state": "available",
        "problem": "",
        "fit": True,
    }


def _manifest(one: Version) -> dict[str, Any]:
    generator = np.random.default_rng(zlib.crc32(one.file_name.encode()))
    accuracy = float(generator.uniform(0.36, 0.47))
    return {
        "symbol": one.key.symbol,
        "timeframe": one.key.timeframe,
        "timestamp": one.name,
        "members": ["gb", "rf"],
        "weights": {"rf": 0.473, "gb": 0.527},
        "ensemble_accuracy": accuracy,
        "data_window": {
            "first_bar": (one.created_at - timedelta(days=3_650)).isoformat(),
            "last_bar": (one.created_at - timedelta(days=1)).isoformat(),
        },
        "evaluation": {
            "n_holdout": 400,
            "n_eff": 400.0,
            "baseline_accuracy": 0.38,
            "ensemble": {"accuracy": accuracy, "low": accuracy - 0.05, "high": accuracy + 0.05},
        },
    }


def _enter_runs(connection: Connection, symbol_id: int, made: list[Version]) -> None:
    runs = [
        {
            "symbol_id": symbol_id,
            "timeframe": one.key.timeframe,
            "run_date": one.created_at,
            "status": "completed",
            "ensemble_validation_accuracy": 0.4,
            "weights": {"rf": 0.473, "gb": 0.527},
            "models_artifact_path": one.file_name,
        }
        for one in made
    ]
    connection.execute(insert(training_runs), runs)
    ids = connection.execute(
        select(training_runs.c.id)
        .where(training_runs.c.symbol_id == symbol_id, training_runs.c.timeframe == made[0].key.timeframe)
        .order_by(training_runs.c.id)
    ).scalars()
    steps = [
        {
            "run_id": run_id,
            "step": 11,
            "n_steps": 11,
            "step_name": "publish and register",
            "updated_at": one.created_at,
            "finished_at": one.created_at,
            "version": one.name,
            "actor": _PUBLISHER,
        }
        for run_id, one in zip(ids, made, strict=True)
    ]
    connection.execute(insert(training_run_progress), steps)
