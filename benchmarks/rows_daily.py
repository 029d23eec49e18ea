"""A day of many keys: new bars of each imported, and each forecast; versions are trained, bars are generated."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks import results
from benchmarks.fixtures import AAPL, Bench
from benchmarks.results import Row
from benchmarks.server import ROOT
from benchmarks.timing import Sample

from ensemble_desk.forecasting import production
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import registering
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.sources import database as stored
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import fitting
from ensemble_desk.training.pooled import symbols as pooling
from ensemble_desk.work.places import Place

N_FORECAST = 200
N_BARS, N_NEW = 100, 5


def every_key(bench: Bench) -> list[Row]:
    """Forecast every horizon of many keys in this process, kept in the log: what one core works for each."""
    keys = _keys(min(N_FORECAST, bench.scale.n_keys))
    folder = _copy(bench, bench.piece("every-key", lambda draft: _versions(draft, keys)))
    blocks = [keys[start :: bench.scale.repeats + 1] for start in range(min(bench.scale.repeats + 1, len(keys)))]
    taken = []
    with _registry(folder) as desk:
        for block in blocks:
            began = time.process_time()
            answers = production.forecast_each(desk, block, place=Place(n_jobs=1))
            taken.append((time.process_time() - began) / len(block))
            if problems := [one.problem for one in answers if one.found is None or not one.found.n_logged]:
                raise RuntimeError(*problems)
    shutil.rmtree(folder)
    what = f"forecast of each of {len(keys)} keys, all horizons, kept in the log: seconds of one core a key"
    return [results.within(what, Sample.of(taken[1:]), target=0.012)]  # the first block warms up


def bulk_import(bench: Bench) -> list[Row]:
    """Import a folder of files with a few new bars each by the command, its start and that of its workers included."""
    keys = _keys(bench.scale.n_keys)
    folder = _copy(bench, bench.piece("daily-bars", lambda draft: _bars(draft, keys)))
    command = [sys.executable, "-m", "ensemble_desk", "bars", "import", str(folder / "new"), "--all"]
    paths = os.pathsep.join(sys.path)
    env = os.environ | {"DESK_MODELS_URL": str(folder), "DESK_DATABASE_URL": "", "PYTHONPATH": paths}
    began, before = time.perf_counter(), _worked()
    subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
    took, worked = time.perf_counter() - began, _worked() - before
    with _registry(folder) as desk:
        n_bars = {desk.source.count(key) for key in keys}
    shutil.rmtree(folder)
    if n_bars != {N_BARS + N_NEW}:
        raise RuntimeError(n_bars)
    what = f"bulk import of {N_NEW} new bars of each of {len(keys):,} keys"
    told = f"its processes were given {worked:.1f} s of a core in all."
    return [replace(results.within(what, Sample.of([took]), target=10.0), reason=told)]


def _worked() -> float:
    """Seconds of a core that programs started from here, and theirs, have worked."""
    spent = os.times()
    return spent.children_user + spent.children_system


def _keys(n: int) -> list[Key]:
    return [Key(f"D{number:04d}", "d1") for number in range(n)]


def _copy(bench: Bench, made: Path) -> Path:
    """Copy a folder, so that what is written into it is new each time."""
    return Path(shutil.copytree(made, bench.folder / f"{made.name}-written", dirs_exist_ok=True))


def _registry(folder: Path) -> Registry:
    return opening.open_registry(
        Settings(models_url=str(folder), database_url="", bars_source="database", actor="benchmark")
    )


def _versions(folder: Path, keys: list[Key]) -> None:
    """Publish one trained version under many names, with bars of its own beside each."""
    source, at = SampleSource(), datetime(2012, 12, 31, tzinfo=UTC)
    known, all_bars = source.bars(AAPL, until=at), source.bars(AAPL)
    content = fitting.fit_version(
        known, label=fitting.default_label("d1"), seed=1, peers=pooling.peers(source, AAPL, until=known.last)
    )
    with _registry(folder) as desk:
        for key in keys:
            bars = Bars(key, all_bars.frame, "upload", adjusted=True)
            stored.import_bars(desk.database, key, bars, at=desk.clock())
            published = desk.store.publish(content | {"symbol": key.symbol}, key=key, date=at.date(), created_at=at)
            registering.register(desk, published, actor="benchmark")


def _bars(folder: Path, keys: list[Key]) -> None:
    """Keep bars of many keys, and write later ones into a file for each."""
    n = N_BARS + N_NEW
    close = 100 * np.exp(np.cumsum(np.random.default_rng(5).standard_t(5, n) * 0.01))
    told = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": np.full(n, 1e6)}
    frame = pd.DataFrame(told, pd.bdate_range("2024-01-01", periods=n, tz="UTC", name="time"))
    (folder / "new").mkdir()
    with _registry(folder) as desk:
        for key in keys:
            bars = Bars(key, frame.iloc[:N_BARS], "upload", adjusted=False)
            stored.import_bars(desk.database, key, bars, at=desk.clock())
            frame.iloc[N_BARS:].round(4).to_csv(folder / "new" / f"{key.symbol}_{key.timeframe}.csv")
