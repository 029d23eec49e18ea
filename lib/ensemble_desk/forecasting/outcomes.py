"""Maturing forecasts: what is due is scored by the version's own label; a restated price makes a new revision."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import numpy as np
from sqlalchemy import Connection, func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import daily_digests, outcomes
from ensemble_desk.errors import DatabaseError, DeskError
from ensemble_desk.forecasting import columns, definitions, log, scoring
from ensemble_desk.forecasting.columns import Columns
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.upkeep import marks, rows
from ensemble_desk.forecasting.upkeep.marks import Mark
from ensemble_desk.market.bars import Bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import walking
from ensemble_desk.registry.opening import Registry
from ensemble_desk.work.places import Place


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
    anew: bool = False,
    place: Place | None = None,
    told: walking.Told | None = None,
) -> tuple[OutcomeReport, ...]:
    """Look at the forecasts of the keys (None: of all) and write what the bars newly say of them.

    Only what came since the last look is read: newer forecasts, newer bars and those that are pending. Where a bar was
    restated, a version was described or a mark was lost, and with ``anew``, everything of the key is looked at.
    A forecast that was logged as the trained one over another horizon than the version is now known to have is void.

    Safe to run at any time, twice, and by two programs at once. A key whose bars cannot be had is told in its report.

    Raises
    ------
    DatabaseError, ClusterError, OtherReleaseError, MissingExtraError
    """
    wanted = log.keys(registry.database) if keys is None else keys
    found: dict[Key, OutcomeReport] = {}
    for key in () if anew else wanted:  # what nothing has come of needs no other process
        try:
            known = _unchanged(registry, _look(registry, key))
        except DatabaseError:
            raise
        except DeskError as error:
            known = OutcomeReport(key, problem=str(error))
        if known is not None:
            found[key] = known
            if told is not None:
                told()
    rest = [key for key in wanted if key not in found]
    task = partial(_looked_at, anew=anew)
    done = walking.each(registry, task, rest, lost=_not_looked_at, place=place, told=told)
    found |= dict(zip(rest, done, strict=True))
    return tuple(found[key] for key in wanted)


def newest_id(database: Database) -> int:
    """Number of the newest outcome, 0 when there is none: a cheap sign that something matured."""
    with database.reading() as connection:
        return int(connection.execute(select(func.coalesce(func.max(outcomes.c.id), 0))).scalar_one())


def _not_looked_at(key: Key, reason: str) -> OutcomeReport:
    return OutcomeReport(key, problem=reason)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at a key begins from; ``mark`` None looks at everything."""

    key: Key
    bars: str
    meaning: str
    mark: Mark | None


def _look(registry: Registry, key: Key, *, anew: bool = False) -> _Look:
    mark = None if anew else marks.read(registry.database, key)
    meaning = definitions.sign(registry.database, key)
    if mark is not None and mark.meaning != meaning:
        mark = None
    return _Look(key, registry.source.digest(key), meaning, mark)


def _unchanged(registry: Registry, look: _Look) -> OutcomeReport | None:
    """Say the same as the last look, where neither a bar nor a forecast has come since."""
    mark = look.mark
    if mark is None or mark.bars != look.bars:
        return None
    if marks.logged(registry.database, look.key) != (mark.forecast_id, mark.n_forecasts):
        return None
    return OutcomeReport(look.key, pending=mark.pending, no_label=mark.no_label)


def _looked_at(registry: Registry, key: Key, *, anew: bool) -> OutcomeReport:
    try:
        look = _look(registry, key, anew=anew)
        mark = look.mark
        if mark and mark.bars != look.bars and mark.past != registry.source.digest(key, until=mark.last_bar):
            look = replace(look, mark=None)
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
        logged = rows.logged(connection, symbol_id, key, since=mark.since if mark else None)
        n_before = mark.n_forecasts if mark else 0
        fresh = logged["id"] > (mark.forecast_id if mark else 0)
        n_logged = _n_logged(connection, symbol_id, key)
        complete = mark is None or (n_logged is not None and n_logged == n_before + int(fresh.sum()))
        if complete:
            numbers, names = columns.codes(logged["version"])
            for code, horizon_bars in np.unique(np.column_stack([numbers, logged["horizon_bars"]]), axis=0).tolist():
                these = np.flatnonzero((numbers == code) & (logged["horizon_bars"] == horizon_bars))
                definition = known.get(names[code])
                if definition is None or definition.label is None:
                    report += OutcomeReport(key, no_label=int(fresh[these].sum()))
                    continue
                lent = logged["is_trained"][these] & (horizon_bars != definition.label.horizon_bars)
                for chosen, is_lent in ((these[~lent], False), (these[lent], True)):
                    some = {name: column[chosen] for name, column in logged.items()}
                    scored = scoring.score(bars.frame, definition.label.at_horizon(horizon_bars), some["as_of"])
                    scored = scoring.refused(scored) if is_lent else scored
                    counts, made = rows.write(connection, some, scored, at=at)
                    report += OutcomeReport(key, **counts)
                    ids, since = ids + made, min(since, rows.oldest_pending(some, scored, since))
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
