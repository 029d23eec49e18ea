"""Maturing forecasts: what is due is scored by the version's own label; a restated price makes a new revision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import inserting, moments
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import daily_digests, forecasts, outcomes
from ensemble_desk.errors import DatabaseError, DeskError
from ensemble_desk.forecasting import columns, definitions, log, scoring
from ensemble_desk.forecasting.columns import Columns
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.matured import TRAINED
from ensemble_desk.forecasting.scoring import IN_WORDS, Scored, Verdict
from ensemble_desk.forecasting.upkeep import marks
from ensemble_desk.forecasting.upkeep.marks import Mark
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.opening import Registry

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


def mature(registry: Registry, keys: Sequence[Key] | None = None, *, anew: bool = False) -> tuple[OutcomeReport, ...]:
    """Look at the forecasts of the keys (None: of all) and write what the bars newly say of them.

    Only what came since the last look is read: newer forecasts, newer bars and those that are pending. Where a bar was
    restated, a version was described or a mark was lost, and with ``anew``, everything of the key is looked at.
    A forecast that was logged as the trained one over another horizon than the version is now known to have is void.

    Safe to run at any time, twice, and by two programs at once. A key whose bars cannot be had is told in its report.

    Raises
    ------
    DatabaseError
    """
    wanted = log.keys(registry.database) if keys is None else keys
    return tuple(_looked_at(registry, key, anew=anew) for key in wanted)


def newest_id(database: Database) -> int:
    """Number of the newest outcome, 0 when there is none: a cheap sign that something matured."""
    with database.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(outcomes.c.id), 0))).scalar_one())


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at a key begins from; ``mark`` None looks at everything."""

    key: Key
    bars: str
    meaning: str
    mark: Mark | None


def _looked_at(registry: Registry, key: Key, *, anew: bool) -> OutcomeReport:
    try:
        mark = None if anew else marks.read(registry.database, key)
        look = _Look(key, registry.source.digest(key), definitions.sign(registry.database, key), mark)
        if mark is None or mark.meaning != look.meaning:
            return _mature(registry, replace(look, mark=None))
        if mark.bars == look.bars and marks.logged(registry.database, key) == (
            mark.forecast_id,
            mark.n_forecasts,
        ):
            return OutcomeReport(key, pending=mark.pending, no_label=mark.no_label)
        if mark.bars != look.bars and mark.past != registry.source.digest(key, until=mark.last_bar):
            return _mature(registry, replace(look, mark=None))
        return _mature(registry, look)
    except DatabaseError:
        raise
    except DeskError as error:
        return OutcomeReport(key, problem=str(error))


def _mature(registry: Registry, look: _Look) -> OutcomeReport:
    key, mark, at = look.key, look.mark, registry.clock()
    known = definitions.of_key(registry.database, key)
    bars = _bars(registry, look, known.values())
    past = registry.source.digest(key, until=bars.last)
    if registry.source.digest(key) != look.bars:
        past = ""  # bars came while they were read
    report, since = OutcomeReport(key), bars.last
    ids: list[int] = []
    with registry.database.writing() as connection:
        symbol_id = log.locked(connection, key)
        logged = _logged(connection, symbol_id, key, since=mark.since if mark else None)
        n_before = mark.n_forecasts if mark else 0
        fresh = logged["id"] > (mark.forecast_id if mark else 0)
        n_logged = _n_logged(connection, symbol_id, key)
        complete = mark is None or (n_logged is not None and n_logged == n_before + int(fresh.sum()))
        if complete:
            numbers, names = columns.codes(logged["version"])
            for code, horizon_bars in np.unique(np.column_stack([numbers, logged["horizon_bars"]]), axis=0).tolist():
                rows = np.flatnonzero((numbers == code) & (logged["horizon_bars"] == horizon_bars))
                definition = known.get(names[code])
                if definition is None or definition.label is None:
                    report += OutcomeReport(key, no_label=int(fresh[rows].sum()))
                    continue
                lent = logged["is_trained"][rows] & (horizon_bars != definition.label.horizon_bars)
                for chosen, is_lent in ((rows[~lent], False), (rows[lent], True)):
                    some = {name: column[chosen] for name, column in logged.items()}
                    scored = scoring.score(bars.frame, definition.label.at_horizon(horizon_bars), some["as_of"])
                    scored = scoring.refused(scored) if is_lent else scored
                    told, made = _write(connection, key, some, scored, at=at)
                    report, ids, since = report + told, ids + made, min(since, _oldest_pending(some, scored, since))
            report = replace(report, no_label=report.no_label + (mark.no_label if mark else 0))
            if ids or mark is None:
                digests.extend(connection, digests.OUTCOMES, symbol_id, key.timeframe, at=at, ids=ids)
            _remember(connection, symbol_id, look, report, logged, bars=bars, past=past, since=since, ids=ids, at=at)
    return report if complete else _mature(registry, replace(look, mark=None))


def _bars(registry: Registry, look: _Look, known: Iterable[Definition]) -> Bars:
    """All bars of a key; where only pending forecasts are looked at, those that decide them and their thresholds."""
    if look.mark is None:
        return registry.source.bars(look.key)
    window = max((one.label.sigma_window for one in known if one.label), default=1)
    last = registry.source.count(look.key, since=look.mark.since) + window + 2
    return registry.source.bars(look.key, last=last)


def _oldest_pending(some: Columns, scored: Scored, otherwise: datetime) -> datetime:
    waits = np.isnan(some["revision"]) & (scored.verdicts == Verdict.PENDING)
    return pd.Timestamp(some["as_of"][waits].min(), tz=UTC).to_pydatetime() if waits.any() else otherwise


def _n_logged(connection: Connection, symbol_id: int, key: Key) -> int | None:
    """How many forecasts of a key its digest holds; None where it has none."""
    table = daily_digests
    of_key = (table.c.kind == digests.FORECASTS, table.c.symbol_id == symbol_id, table.c.timeframe == key.timeframe)
    wanted = select(table.c.n_rows).where(*of_key).order_by(table.c.day.desc()).limit(1)
    return connection.execute(wanted).scalar()


def _remember(
    connection: Connection,
    symbol_id: int,
    look: _Look,
    report: OutcomeReport,
    logged: Columns,
    *,
    bars: Bars,
    past: str,
    since: datetime,
    ids: Sequence[int],
    at: datetime,
) -> None:
    """Write how far this look has come; where the log has no digest yet, it begins with this one."""
    mark, key = look.mark, look.key
    if _n_logged(connection, symbol_id, key) is None:
        digests.extend(connection, digests.FORECASTS, symbol_id, key.timeframe, at=at)
    n_logged = _n_logged(connection, symbol_id, key) or 0
    known = logged["outcome_id"][np.isfinite(logged["outcome_id"])]
    told = Mark(
        bars=look.bars,
        past=past,
        last_bar=bars.last,
        meaning=look.meaning,
        forecast_id=int(logged["id"].max(initial=mark.forecast_id if mark else 0)),
        outcome_id=max([mark.outcome_id if mark else 0, int(known.max(initial=0)), *ids]),
        n_forecasts=n_logged,
        since=since,
        pending=report.pending,
        no_label=report.no_label,
    )
    if told != mark:
        marks.write(connection, symbol_id, key.timeframe, told)


_KINDS = {
    "id": "int64",
    "as_of": "time",
    "version": "text",
    "horizon_bars": "int64",
    "is_trained": "bool",
    "revision": "float64",
    "outcome_id": "float64",
    "is_void": "float64",
    "label": "float64",
    "move": "float64",
    "threshold": "float64",
    "target": "time",
}


def _logged(connection: Connection, symbol_id: int, key: Key, *, since: datetime | None) -> Columns:
    """Every forecast of a key (of bars since a time), each with the newest revision of its outcome, NaN for none."""
    wanted = (
        select(
            forecasts.c.id,
            moments.of(connection, forecasts.c.as_of),
            forecasts.c.version,
            forecasts.c.horizon_bars,
            columns.flag(forecasts.c.basis == TRAINED),
            outcomes.c.revision,
            outcomes.c.id,
            columns.flag(outcomes.c.state == VOID),
            columns.class_number(outcomes.c.label),
            outcomes.c.move,
            outcomes.c.threshold,
            moments.of(connection, outcomes.c.target_at),
        )
        .select_from(forecasts.outerjoin(outcomes, outcomes.c.forecast_id == forecasts.c.id))
        .where(forecasts.c.symbol_id == symbol_id, forecasts.c.timeframe == key.timeframe)
    )
    wanted = wanted if since is None else wanted.where(forecasts.c.as_of >= since)
    return columns.newest(columns.fetch(connection, wanted, _KINDS), by="id", order="revision")


def _write(
    connection: Connection, key: Key, some: Columns, scored: Scored, *, at: datetime
) -> tuple[OutcomeReport, list[int]]:
    """Write what is new, and give the numbers of the rows."""
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
    report = OutcomeReport(
        key,
        matured=int((fresh & matured).sum()),
        restated=int(restated.sum()),
        void=int(void.sum()),
        pending=int((fresh & (scored.verdicts == Verdict.PENDING)).sum()),
    )
    return report, inserting.new(connection, outcomes, rows)


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
