"""A generated forecast log: a million forecasts with what came of them, spread evenly over all keys.

Real keys get the times of their real newest bars, generated ones every working day; labels are drawn, nothing is
claimed. Rows are written in the form that SQLite stores: the log's own way would take longer than all that is measured.
"""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from benchmarks import fixtures
from sqlalchemy import Table, select, text

from ensemble_desk.database.tables.registry_tables import forecasts, model_versions, outcomes, production_pointers
from ensemble_desk.market import timeframes
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.opening import Registry

_HIT_SHARE = 0.42
_MOST_BARS_AHEAD = 30
_WEIGHTS = '{"rf": 0.473, "gb": 0.527}'
STORED = "%Y-%m-%d %H:%M:%S.%f"
_FORECAST = (
    "id", "symbol_id", "timeframe", "version", "sha256", "pointer_revision", "as_of", "target_at", "horizon",
    "horizon_bars", "basis", "label", "p_bearish", "p_neutral", "p_bullish", "confidence", "agreement", "members",
    "weights_used", "abstentions", "kind", "created_at",
)  # fmt: skip
_OUTCOME = (
    "forecast_id", "revision", "state", "label", "move", "threshold", "price_from", "price_to", "target_at", "detail",
    "created_at",
)  # fmt: skip


def fill(folder: Path, n_forecasts: int) -> None:
    """Put a forecast log into a folder that has a registry with versions and no log."""
    with fixtures.registry(folder) as desk:
        with desk.database.reading() as connection:
            served = connection.execute(_served()).all()
        per_key = -(-n_forecasts // len(served))
        generator, n = np.random.default_rng(6), 0
        for live in served:
            rows = list(islice(_of_key(desk, live, per_key, generator, first_id=n + 1), n_forecasts - n))
            n += len(rows)
            with desk.database.writing() as connection:
                connection.exec_driver_sql(insert_into(forecasts, _FORECAST), [made for made, _ in rows])
                connection.exec_driver_sql(insert_into(outcomes, _OUTCOME), [came for _, came in rows])
        with desk.database.writing() as connection:
            connection.execute(text("ANALYZE"))


def _served() -> Any:
    """What is in production of every key."""
    pointer, version = production_pointers.c, model_versions.c
    same = (version.symbol == pointer.symbol) & (version.timeframe == pointer.timeframe)
    live = production_pointers.join(model_versions, same & (version.version == pointer.version))
    columns = (pointer.symbol_id, pointer.symbol, pointer.timeframe, pointer.version, pointer.sha256, version.last_bar)
    return select(*columns).select_from(live).order_by(pointer.symbol, pointer.timeframe)


def _of_key(
    desk: Registry, live: Any, n_rows: int, generator: np.random.Generator, *, first_id: int
) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """Forecasts of one key at every horizon, each with its outcome."""
    horizons = timeframes.horizons(live.timeframe)
    n_bars = -(-n_rows // len(horizons))
    times = _times(desk, live, n_bars + _MOST_BARS_AHEAD)
    stored = list(times.strftime(STORED))
    later = list((times + pd.Timedelta(hours=1)).strftime(STORED))
    shares = generator.dirichlet((4, 4, 4), size=(n_bars, len(horizons)))
    drawn = generator.integers(3, size=shares.shape[:2])
    came = np.where(generator.random(shares.shape[:2]) < _HIT_SHARE, shares.argmax(axis=2), drawn)
    number = first_id
    for at in range(len(times) - _MOST_BARS_AHEAD):
        for which, (horizon, n) in enumerate(horizons.items()):
            p = shares[at, which].tolist()
            said, real = int(shares[at, which].argmax()), int(came[at, which])
            told = f"[{p[0]!r}, {p[1]!r}, {p[2]!r}]"
            basis = "trained" if n == 1 else "derived"
            members = f'{{"rf": {told}, "gb": {told}}}'
            made = (number, live.symbol_id, live.timeframe, live.version, live.sha256, 1, stored[at], stored[at + n])
            said_of = (horizon, n, basis, CLASSES[said], *p, p[said], 1.0, members, _WEIGHTS, "{}", "live", later[at])
            prices = (0.001 * (real - 1), 0.005, 100.0, 99.0 + real)
            yield (*made, *said_of), (number, 1, "matured", CLASSES[real], *prices, stored[at + n], "", later[at + n])
            number += 1


def _times(desk: Registry, live: Any, n: int) -> pd.DatetimeIndex:
    key = Key(live.symbol, live.timeframe)
    if key in set(desk.source.keys()):
        return pd.DatetimeIndex(desk.source.bars(key).frame.index)[-n:]
    return pd.date_range(live.last_bar, periods=n, freq="B" if live.timeframe == "d1" else "W-FRI")


def insert_into(table: Table, columns: tuple[str, ...]) -> str:
    return f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - own names
