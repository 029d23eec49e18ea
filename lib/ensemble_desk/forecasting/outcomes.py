"""Maturing forecasts: what is due is scored by the version's own label; a restated price makes a new revision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import forecasts, outcomes
from ensemble_desk.errors import DeskError
from ensemble_desk.forecasting import columns, definitions, log, scoring
from ensemble_desk.forecasting.columns import Columns
from ensemble_desk.forecasting.matured import TRAINED
from ensemble_desk.forecasting.scoring import IN_WORDS, Scored, Verdict
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry import walking
from ensemble_desk.registry.opening import Registry
from ensemble_desk.work.places import Place

MATURED, VOID = "matured", "void"
RESTATED = "the bars or the label were restated"
_SAME = (
    1e-9  # log returns closer than this are one: scaling all prices by a factor, as a dividend does, changes nothing
)


@dataclass(frozen=True, slots=True)
class OutcomeReport:
    """What a look at the bars of one key did.

    Attributes
    ----------
    matured : outcomes that became known; ``restated`` are new revisions of known ones, ``void`` those that cannot be.
    pending : forecasts whose deciding bar is not there yet.
    no_label : forecasts of versions that define no label, which nothing here can score.
    problem : why the key could not be looked at; everything then stays as it was.
    """

    key: Key
    matured: int = 0
    restated: int = 0
    void: int = 0
    pending: int = 0
    no_label: int = 0
    problem: str = ""

    def __add__(self, other: "OutcomeReport") -> "OutcomeReport":
        return OutcomeReport(
            self.key,
            self.matured + other.matured,
            self.restated + other.restated,
            self.void + other.void,
            self.pending + other.pending,
            self.no_label + other.no_label,
        )


def mature(
    registry: Registry,
    keys: Sequence[Key] | None = None,
    *,
    place: Place | None = None,
    told: walking.Told | None = None,
) -> tuple[OutcomeReport, ...]:
    """Look at every forecast of the keys (None: of all) and write what the bars newly say of it.

    A forecast that was logged as the trained one over another horizon than the version is now known to have is void.

    Safe to run at any time, twice, and by two programs at once. A key whose bars cannot be had is told in its report.

    Raises
    ------
    DatabaseError, ClusterError, OtherReleaseError, MissingExtraError
    """
    wanted = log.keys(registry.database) if keys is None else keys
    return walking.each(registry, _mature, wanted, lost=_not_looked_at, place=place, told=told)


def newest_id(database: Database) -> int:
    """Number of the newest outcome, 0 when there is none: a cheap sign that something matured."""
    with database.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(outcomes.c.id), 0))).scalar_one())


def _not_looked_at(key: Key, reason: str) -> OutcomeReport:
    return OutcomeReport(key, problem=reason)


def _mature(registry: Registry, key: Key) -> OutcomeReport:
    try:
        bars = registry.source.bars(key).frame
    except DeskError as error:
        return OutcomeReport(key, problem=str(error))
    known_versions = definitions.of_key(registry.database, key)
    report, at = OutcomeReport(key), registry.clock()
    with registry.database.writing() as connection:
        symbol_id = log.locked(connection, key)
        logged = _logged(connection, symbol_id, key)
        numbers, names = columns.codes(logged["version"])
        for code, horizon_bars in np.unique(np.column_stack([numbers, logged["horizon_bars"]]), axis=0).tolist():
            rows = np.flatnonzero((numbers == code) & (logged["horizon_bars"] == horizon_bars))
            definition = known_versions.get(names[code])
            if definition is None or definition.label is None:
                report += OutcomeReport(key, no_label=len(rows))
                continue
            lent = logged["is_trained"][rows] & (horizon_bars != definition.label.horizon_bars)
            for chosen, is_lent in ((rows[~lent], False), (rows[lent], True)):
                some = {name: column[chosen] for name, column in logged.items()}
                scored = scoring.score(bars, definition.label.at_horizon(horizon_bars), some["as_of"])
                report += _write(connection, key, some, scoring.refused(scored) if is_lent else scored, at=at)
        digests.extend(connection, digests.OUTCOMES, symbol_id, key.timeframe, at=at)
    return report


_KINDS = {
    "id": "int64",
    "as_of": "time",
    "version": "text",
    "horizon_bars": "int64",
    "is_trained": "bool",
    "revision": "float64",
    "is_void": "float64",
    "label": "float64",
    "move": "float64",
    "threshold": "float64",
    "target": "time",
}


def _logged(connection: Connection, symbol_id: int, key: Key) -> Columns:
    """Every forecast of a key, each with the newest revision of its outcome (NaN where there is none)."""
    wanted = (
        select(
            forecasts.c.id,
            columns.moment(connection, forecasts.c.as_of),
            forecasts.c.version,
            forecasts.c.horizon_bars,
            columns.flag(forecasts.c.basis == TRAINED),
            outcomes.c.revision,
            columns.flag(outcomes.c.state == VOID),
            columns.class_number(outcomes.c.label),
            outcomes.c.move,
            outcomes.c.threshold,
            columns.moment(connection, outcomes.c.target_at),
        )
        .select_from(forecasts.outerjoin(outcomes, outcomes.c.forecast_id == forecasts.c.id))
        .where(forecasts.c.symbol_id == symbol_id, forecasts.c.timeframe == key.timeframe)
    )
    return columns.newest(columns.fetch(connection, wanted, _KINDS), by="id", order="revision")


def _write(connection: Connection, key: Key, some: Columns, scored: Scored, *, at: datetime) -> OutcomeReport:
    fresh = np.isnan(some["revision"])
    was_void = some["is_void"] == 1
    matured = scored.verdicts == Verdict.MATURED
    differs = was_void | (some["label"] != scored.labels) | (some["target"] != scored.targets)
    differs |= ~np.isclose(some["move"], scored.moves, rtol=0, atol=_SAME)
    differs |= ~np.isclose(some["threshold"], scored.thresholds, rtol=0, atol=_SAME)
    gone = (scored.verdicts == Verdict.NO_SUCH_BAR) | (scored.verdicts == Verdict.OTHER_HORIZON)
    unknowable = gone | (scored.verdicts == Verdict.BEFORE_BARS) | (scored.verdicts == Verdict.NO_THRESHOLD)
    restated = ~fresh & matured & differs
    void = (fresh & unknowable) | (~fresh & ~was_void & gone)
    new = (fresh & matured) | restated | void
    rows = [_row(some, scored, row, at=at) for row in np.flatnonzero(new).tolist()]
    inserting.in_batches(connection, inserting.insert_into(connection, outcomes).on_conflict_do_nothing(), rows)
    return OutcomeReport(
        key,
        matured=int((fresh & matured).sum()),
        restated=int(restated.sum()),
        void=int(void.sum()),
        pending=int((fresh & (scored.verdicts == Verdict.PENDING)).sum()),
    )


def _row(some: Columns, scored: Scored, row: int, *, at: datetime) -> dict[str, Any]:
    verdict = Verdict(int(scored.verdicts[row]))
    before = some["revision"][row]
    told: dict[str, Any] = {
        "forecast_id": int(some["id"][row]),
        "revision": 1 if np.isnan(before) else int(before) + 1,
        "created_at": at,
    }
    if verdict is not Verdict.MATURED:
        empty = dict.fromkeys(("label", "move", "threshold", "price_from", "price_to", "target_at"))
        return told | empty | {"state": VOID, "detail": IN_WORDS[verdict]}
    return told | {
        "state": MATURED,
        "label": CLASSES[int(scored.labels[row])],
        "move": float(scored.moves[row]),
        "threshold": float(scored.thresholds[row]),
        "price_from": float(scored.prices_from[row]),
        "price_to": float(scored.prices_to[row]),
        "target_at": pd.Timestamp(scored.targets[row]).to_pydatetime().replace(tzinfo=UTC),
        "detail": "" if np.isnan(before) else RESTATED,
    }
