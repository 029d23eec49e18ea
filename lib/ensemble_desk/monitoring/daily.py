"""Daily drift metrics: the band of each day as the outcomes tell it, and the table that keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database.tables.registry_tables import drift_monitoring as table
from ensemble_desk.forecasting import definitions, log, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.matured import Matured
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import live
from ensemble_desk.monitoring.evidence import bands, rolling
from ensemble_desk.monitoring.evidence.bands import Band, Evidence, Policy
from ensemble_desk.monitoring.evidence.rolling import BANDS, EVIDENCE, Past
from ensemble_desk.monitoring.upkeep import kept, summing
from ensemble_desk.monitoring.upkeep.kept import Days
from ensemble_desk.monitoring.upkeep.summing import Step
from ensemble_desk.registry import walking
from ensemble_desk.registry.opening import Registry
from ensemble_desk.work.places import Place

Floats = NDArray[np.float64]

_MEASURES = ("accuracy", "n_predictions", "baseline_accuracy", "drift_margin", "drift_detected")


@dataclass(frozen=True, slots=True, eq=False)
class BandHistory:
    """One entry for each of n days on which an outcome became known, oldest first; columns of shape (n,).

    A day is told by the version that forecast its newest outcome, over that version's newest outcomes of the same
    kind; live ones go before replayed ones.

    Attributes
    ----------
    days : datetime64[D], of the deciding bars.
    version, kind : by whom and how each day's outcomes were forecast.
    accuracy, low, high, n, n_eff : of the rows that the day's band is read off, with pointwise limits.
    baseline, margin : NaN where the version does not tell its validated accuracy.
    detected : the key's own alarm rang that day; whether it stood across the fleet is told of today only.
    """

    key: Key
    days: NDArray[np.datetime64]
    version: tuple[str, ...]
    kind: tuple[Kind, ...]
    accuracy: Floats
    low: Floats
    high: Floats
    n: NDArray[np.int64]
    n_eff: Floats
    baseline: Floats
    margin: Floats
    band: tuple[Band, ...]
    evidence: tuple[Evidence, ...]
    e_value: Floats
    detected: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.days)


def history(
    registry: Registry, key: Key, *, policy: Policy | None = None, kinds: Sequence[Kind] | None = None
) -> BandHistory:
    """Compute the band of every day anew from the log and its outcomes.

    ``kinds`` None takes both, each day by one of them: the answer says which.
    """
    policy = policy or bands.policy(registry.settings)
    rows = matured.read(registry.database, key)
    found = definitions.of_key(registry.database, key)
    parts = [_columns(rows.take(slice(0)), None, "", Kind.REPLAY, policy)]  # so that no outcomes make no days
    parts += [
        _columns(rows.of_version(version).of_kinds([kind]), found.get(version), version, kind, policy)
        for version in rows.versions
        for kind in (kinds or Kind)
    ]
    return _history(key, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def record(
    registry: Registry,
    keys: Sequence[Key] | None = None,
    *,
    policy: Policy | None = None,
    place: Place | None = None,
    told: walking.Told | None = None,
) -> int:
    """Bring ``drift_monitoring`` in line with the outcomes and give the number of rows that changed.

    The rows depend on log and outcomes only: run twice or anew on an emptied table, they are the same.

    Raises
    ------
    DatabaseError, LostWorkError, ClusterError, OtherReleaseError, MissingExtraError
    """
    wanted = log.keys(registry.database) if keys is None else keys
    policy = policy or bands.policy(registry.settings)
    signs = {key: kept.sign_of_days(registry.database, key, policy) for key in wanted}
    task, lacking = partial(_record, policy=policy), []
    for key, sign in signs.items():  # what is in line needs no other process
        if kept.days(registry.database, key, sign) is None:
            lacking.append(key)
        elif told is not None:
            told()
    return sum(walking.each(registry, task, lacking, lost=walking.nobody, place=place, told=told))


def _record(registry: Registry, key: Key, *, policy: Policy) -> int:
    sign = kept.sign_of_days(registry.database, key, policy)
    definition = definitions.of_production(registry.database, key).get(key)
    step = summing.step(registry.database, definition, policy) if definition else None
    before = _goes_on(registry, key, step, policy)
    later = _later(step, definition, before, policy) if step and definition and before else None
    found = history(registry, key, policy=policy) if later is None else later
    told, n_changed = _rows(found), 0
    told_by = f"{found.version[-1]} {found.kind[-1]}" if told else ""
    days = Days(sign, min(told, default=None), max(told, default=None), told_by)
    if later is not None and before is not None:
        days = Days(sign, before.first or days.first, days.last or before.last, told_by or before.told_by)
    with registry.database.writing() as connection:
        symbol_id = log.locked(connection, key)
        if later is None or told:
            since = None if later is None else min(told)
            n_changed = _bring_in_line(connection, symbol_id, key, told, since=since, at=registry.clock())
        kept.keep_days(connection, symbol_id, key.timeframe, days)
        if step is not None:
            summing.keep(connection, [(key, step)])
    return n_changed


def _later(step: Step, definition: Definition, before: Days, policy: Policy) -> BandHistory | None:
    """The days that a step tells anew; None where another version may speak louder on one of them."""
    if step.before is None:
        return None
    (kind,) = step.kinds
    columns = _columns(step.rows, definition, definition.version, kind, policy, past=step.before.past)
    found = _history(definition.key, columns)
    first = found.days[0].astype(object) if len(found) else date.max
    is_told_anew = before.last is not None and first <= before.last
    return None if is_told_anew and before.told_by != f"{definition.version} {kind}" else found


def _goes_on(registry: Registry, key: Key, step: Step | None, policy: Policy) -> Days | None:
    """The days as they were written before a step, where nothing else has come to them since."""
    if step is None or step.since is None or not step.only_own:
        return None
    sign = kept.sign_of_days_at(registry.database, key, policy, step.since.hash)
    return kept.days(registry.database, key, sign)


def _bring_in_line(
    connection: Connection,
    symbol_id: int,
    key: Key,
    told: dict[date, dict[str, Any]],
    *,
    since: date | None,
    at: datetime,
) -> int:
    """Write the days of a key, or those since one, and give the number of rows that changed."""
    of_key = [table.c.symbol_id == symbol_id, table.c.timeframe == key.timeframe]
    last = connection.execute(select(func.max(table.c.date)).where(*of_key)).scalar()
    if since is not None:
        of_key.append(table.c.date >= since)
    wanted = select(table.c.date, *(table.c[name] for name in _MEASURES)).where(*of_key)
    known = {row.date: tuple(row)[1:] for row in connection.execute(wanted)}
    stale = [day for day in known if day not in told]
    fresh = {day: row for day, row in told.items() if known.get(day) != tuple(row.values())}
    if stale:
        connection.execute(delete(table).where(*of_key, table.c.date.in_(stale)))
    _upsert(
        connection,
        [{"symbol_id": symbol_id, "timeframe": key.timeframe, "date": day} | row for day, row in fresh.items()],
    )
    later = last if not stale and last is not None and min(fresh, default=last) > last else None
    digests.extend(connection, digests.DRIFT, symbol_id, key.timeframe, at=at, later_than=later)
    return len(stale) + len(fresh)


def _upsert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    statement = inserting.upsert(connection, table, by=("symbol_id", "timeframe", "date"), newer=_MEASURES)
    inserting.in_batches(connection, statement, rows)


def _rows(found: BandHistory) -> dict[date, dict[str, Any]]:
    """Days as rows of the table; what is not known is None, not NaN."""
    columns = (
        found.accuracy.tolist(),
        found.n.tolist(),
        [None if np.isnan(value) else value for value in found.baseline.tolist()],
        [None if np.isnan(value) else value for value in found.margin.tolist()],
        found.detected.tolist(),
    )
    days = found.days.astype(object).tolist()
    return {
        day: dict(zip(_MEASURES, values, strict=True))
        for day, values in zip(days, zip(*columns, strict=True), strict=True)
    }


def _columns(
    rows: Matured, definition: Definition | None, version: str, kind: Kind, policy: Policy, *, past: Past | None = None
) -> dict[str, NDArray[Any]]:
    """Columns of one version's outcomes of one kind, a row for each outcome; ``past`` came before them."""
    n, h = len(rows), live.horizon_of(rows)
    baseline = live.validated(definition) if definition else None
    judged = (
        None
        if baseline is None
        else rolling.states(rows.correct, baseline=baseline, horizon_bars=h, policy=policy, past=past)
    )
    alone = partial(rolling.accuracy, rows.correct, window=policy.window(h), horizon_bars=h, past=past)
    found = judged.rolling if judged else alone()
    unknown = np.full(n, np.nan)
    return {
        "day": rows.target.astype("datetime64[D]"),
        "id": rows.id,
        "as_of": rows.as_of,
        "target": rows.target,
        "is_live": np.full(n, kind is Kind.LIVE),
        "version": np.full(n, version, dtype=object),
        "accuracy": found.accuracy,
        "low": found.low,
        "high": found.high,
        "n": found.n,
        "n_eff": found.n_eff,
        "baseline": unknown if baseline is None else np.full(n, baseline.value),
        "margin": unknown if judged is None else judged.margin,
        "band": np.zeros(n, np.int64) if judged is None else judged.band,
        "evidence": np.zeros(n, np.int64) if judged is None else judged.evidence,
        "e_value": np.ones(n) if judged is None else judged.e_value,
        "detected": np.zeros(n, np.bool_) if judged is None else judged.confirmed,
    }


def in_days(
    days: NDArray[Any], is_live: NDArray[Any], target: NDArray[Any], as_of: NDArray[Any], number: NDArray[Any]
) -> NDArray[np.intp]:
    """Order rows so that the last one of a day tells it: live before replayed, then the newest outcome."""
    return np.lexsort((number, as_of, target, is_live, days))


def _history(key: Key, every: dict[str, NDArray[Any]]) -> BandHistory:
    """Keep the last row of each day."""
    order = in_days(every["day"], every["is_live"], every["target"], every["as_of"], every["id"])
    last = np.ones(len(order), np.bool_)
    last[:-1] = np.diff(every["day"][order]) != np.timedelta64(0)
    one = {name: values[order[last]] for name, values in every.items()}
    return BandHistory(
        key=key,
        days=one["day"],
        version=tuple(one["version"].tolist()),
        kind=tuple(Kind.LIVE if is_live else Kind.REPLAY for is_live in one["is_live"].tolist()),
        accuracy=one["accuracy"],
        low=one["low"],
        high=one["high"],
        n=one["n"],
        n_eff=one["n_eff"],
        baseline=one["baseline"],
        margin=one["margin"],
        band=tuple(BANDS[number] for number in one["band"].tolist()),
        evidence=tuple(EVIDENCE[number] for number in one["evidence"].tolist()),
        e_value=one["e_value"],
        detected=one["detected"],
    )
