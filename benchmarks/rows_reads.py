"""Reads that are bounded by what is new: one new bar of many, and a long log of forecasts with nothing new in it.

The versions, bars and forecasts are generated; outcomes are scored by the program itself.
"""

import json
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from benchmarks import generated_log, parity, results, timing
from benchmarks.fixtures import Bench
from benchmarks.results import Row
from sqlalchemy import delete, text

from ensemble_desk.database import symbols
from ensemble_desk.database.tables.registry_tables import forecasts, kept_drift
from ensemble_desk.forecasting import log, outcomes, production
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES, LabelSpec
from ensemble_desk.monitoring import daily, drift
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import registering
from ensemble_desk.registry.opening import Registry
from ensemble_desk.settings import Settings
from ensemble_desk.sources import database as stored

FEW, MANY = 65_000, 650_000  # forecasts logged
N_KEYS = 100
N_NEW = 10  # keys that something new comes of
M15 = Key("M0000", "m15")
N_M15 = 65_000
_VERSION = "20240101"
_GARCH = {"const": 0.05, "phi": 0.02, "omega": 0.05, "alpha": 0.08, "beta": 0.9, "nu": 6.0, "start": 2.0}
_WARM_UP = 60


def nothing_new(bench: Bench) -> list[Row]:
    """`desk outcomes` and `desk check-drift` without their start, when nothing has come since they ran last."""
    folders, (n_few, n_many) = _logs(bench)
    with _registry(folders[0]) as few, _registry(folders[1]) as many:
        rows = []
        for name, work in (("outcomes", outcomes.mature), ("check-drift", _check_drift)):
            longer, shorter = timing.in_turns(partial(work, many), partial(work, few), repeats=bench.scale.repeats)
            what = f"{name} with nothing new, {_n_keys(bench.scale.n_keys)} keys, {n_many:,} rows logged"
            against = f"the same with {n_few:,}"
            rows.append(results.no_slower(what, against, longer, shorter, target=1.2, same="nothing was written"))
    return rows


def new_outcomes(bench: Bench) -> list[Row]:
    """`desk check-drift` without its start, when some keys have new outcomes and the others nothing new."""
    folders, (n_few, n_many) = _logs(bench)
    with _registry(folders[0]) as few, _registry(folders[1]) as many:

        def change() -> None:
            for desk in (few, many):
                for key in log.keys(desk.database)[:N_NEW]:
                    _one_more(desk, key)

        change()
        longer, shorter = timing.after(
            change, partial(_check_drift, many), partial(_check_drift, few), repeats=max(1, bench.scale.repeats // 3)
        )
        told = repr(drift.fleet(few).states)
        with few.database.writing() as connection:
            connection.execute(delete(kept_drift))
        same = parity.equal(told, repr(drift.fleet(few).states), "verdicts as from the whole log")
    what = f"check-drift with two new outcomes of each of {N_NEW} keys, {n_many:,} rows logged"
    return [results.no_slower(what, f"the same with {n_few:,}", longer, shorter, target=1.2, same=same)]


def _logs(bench: Bench) -> tuple[list[Path], tuple[int, int]]:
    """Folders with a short and a long log, and how many rows are in each."""
    share = bench.scale.n_forecasts / 1_000_000
    few, many = int(FEW * share), int(MANY * share)
    made = [bench.piece(f"log-{n}", partial(_log, n_forecasts=n, n_keys=bench.scale.n_keys)) for n in (few, many)]
    return made, (few, many)


def _one_more(desk: Registry, key: Key) -> None:
    """Let a bar come, which decides the last forecast, and forecast at it."""
    frame = desk.source.bars(key, last=1).frame
    later = frame.set_axis(frame.index + pd.Timedelta(hours=1))
    stored.import_bars(desk.database, key, Bars(key, later, "upload", adjusted=True), at=desk.clock())
    _say(desk, key, pd.DatetimeIndex(later.index), first_id=log.newest_id(desk.database) + 1)
    outcomes.mature(desk, [key])


def one_new_bar(bench: Bench) -> list[Row]:
    """A forecast of one key after a new bar of fifteen minutes, with 65,000 before it."""
    n_bars = max(2_000, int(N_M15 * bench.scale.n_forecasts / 1_000_000))
    with _registry(bench.piece("m15", partial(_fifteen_minutes, n_bars=n_bars))) as desk:
        (ours,) = timing.in_turns(partial(production.forecast, desk, M15, keep=False), repeats=bench.scale.repeats)
    return [results.within(f"forecast of a price member, m15, {n_bars:,} bars stored", ours, target=0.015)]


def _check_drift(desk: Registry) -> None:
    daily.record(desk)
    drift.fleet(desk, keep=True)


def _registry(folder: Path) -> Registry:
    return opening.open_registry(
        Settings(models_url=str(folder), database_url="", bars_source="database", actor="benchmark")
    )


def _n_keys(n: int) -> int:
    return min(n, N_KEYS)


def _bars(n: int, *, frequency: str, seed: int) -> pd.DataFrame:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(seed).standard_t(5, n) * 0.001))
    index = pd.date_range("2020-01-01", periods=n, freq=frequency, tz="UTC", name="time").as_unit("us")
    told = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": np.full(n, 1e6)}
    return pd.DataFrame(told, index)


def _publish(desk: Registry, key: Key) -> None:
    label = LabelSpec(1)
    content = {
        "schema_version": 1,
        "symbol": key.symbol,
        "timeframe": key.timeframe,
        "models": {"arima_garch": dict(_GARCH)},
        "weights": {"arima_garch": 1.0},
        "ensemble_accuracy": 0.41,
        "evaluation": {"n_holdout": 400, "n_eff": 400.0, "ensemble": {"accuracy": 0.41, "low": 0.36, "high": 0.46}},
        "label": label.to_dict(),
        "horizon": {"h1": "1H", "m15": "15M"}.get(key.timeframe, "1D"),
        "classes": list(CLASSES),
        "feature_names": [],
        "temperature": 1.0,
    }
    at = datetime(2024, 1, 1, 22, tzinfo=UTC)
    registering.register(desk, desk.store.publish(content, key=key, date=at.date(), created_at=at), actor="benchmark")


def _fifteen_minutes(folder: Path, *, n_bars: int) -> None:
    with _registry(folder) as desk:
        frame = _bars(n_bars, frequency="15min", seed=15)
        stored.import_bars(desk.database, M15, Bars(M15, frame, "upload", adjusted=True), at=desk.clock())
        _publish(desk, M15)


def _log(folder: Path, *, n_forecasts: int, n_keys: int) -> None:
    keys = [Key(f"H{number:04d}", "h1") for number in range(_n_keys(n_keys))]
    per_key = n_forecasts // len(keys)
    with _registry(folder) as desk:
        for number, key in enumerate(keys):
            frame = _bars(per_key + _WARM_UP, frequency="h", seed=number)
            stored.import_bars(desk.database, key, Bars(key, frame, "upload", adjusted=True), at=desk.clock())
            _publish(desk, key)
            _say(desk, key, pd.DatetimeIndex(frame.index[_WARM_UP:]), first_id=number * per_key + 1)
        with desk.database.writing() as connection:
            connection.execute(text("ANALYZE"))
        outcomes.mature(desk)
        _check_drift(desk)


def _say(desk: Registry, key: Key, times: pd.DatetimeIndex, *, first_id: int) -> None:
    """Log a drawn forecast at each time, in the form that SQLite stores."""
    shares = np.random.default_rng(first_id).dirichlet((4, 4, 4), size=len(times)).tolist()
    stamps = list(times.strftime(generated_log.STORED))
    with desk.database.writing() as connection:
        symbol_id = symbols.symbol_id(connection, key.symbol)
        rows: list[dict[str, Any]] = []
        for at, (time_, p) in enumerate(zip(stamps, shares, strict=True)):
            label = int(np.argmax(p))
            rows.append(
                {
                    "id": first_id + at,
                    "symbol_id": symbol_id,
                    "timeframe": key.timeframe,
                    "version": _VERSION,
                    "sha256": "0" * 64,
                    "pointer_revision": 1,
                    "as_of": time_,
                    "horizon": "1H",
                    "horizon_bars": 1,
                    "basis": "trained",
                    "label": CLASSES[label],
                    "p_bearish": p[0],
                    "p_neutral": p[1],
                    "p_bullish": p[2],
                    "confidence": p[label],
                    "agreement": 1.0,
                    "members": json.dumps({"arima_garch": p}),
                    "weights_used": '{"arima_garch": 1.0}',
                    "abstentions": "{}",
                    "kind": "live",
                    "created_at": time_,
                }
            )
        statement = generated_log.insert_into(forecasts, tuple(rows[0]))
        connection.exec_driver_sql(statement, [tuple(row.values()) for row in rows])
