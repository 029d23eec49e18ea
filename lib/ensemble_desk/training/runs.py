"""The list of training runs, as other programs and pages read it: one, a page of them, the latest of each key."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select

from ensemble_desk.database.opening import Database
from ensemble_desk.database.symbols import possible_keys
from ensemble_desk.database.tables.registry_tables import symbols, training_run_progress, training_runs
from ensemble_desk.errors import InvalidSymbolError, InvalidTimeframeError, UnknownRunError
from ensemble_desk.market.keys import Key
from ensemble_desk.training import copied_runs

RUNNING, COMPLETED, FAILED = "running", "completed", "failed"
STATUSES = (RUNNING, COMPLETED, FAILED)
OURS, OTHERS = "desk", "another program"


@dataclass(frozen=True, slots=True)
class OtherKey(Key):
    """A symbol and a timeframe as another program writes them, which are no key here: listed, and nothing else."""

    def __post_init__(self) -> None:
        pass

    def __str__(self) -> str:
        return f"{self.symbol}/{self.timeframe}"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One training run; what is not known (yet) is None.

    Attributes
    ----------
    lookback_days : days from the first to the last bar that the version learnt from.
    ensemble_validation_accuracy : share of the holdout, 0..1.
    models_artifact_path : the published file.
    step, n_steps, step_name : how far it is, or was when it ended.
    log : one line a step, times in UTC.
    source : who recorded it, ``desk`` or ``another program``.
    """

    id: int
    key: Key
    run_date: datetime
    lookback_days: int | None
    n_training_samples: int | None
    n_validation_samples: int | None
    ensemble_validation_accuracy: float | None
    model_performances: Mapping[str, Mapping[str, Any]]
    weights: Mapping[str, float]
    models_artifact_path: str | None
    status: str
    error_message: str | None
    step: int
    n_steps: int
    step_name: str
    updated_at: datetime | None
    finished_at: datetime | None
    as_of: datetime | None
    version: str | None
    actor: str
    log: str
    source: str

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs and for runs that other programs recorded."""
        return None if self.finished_at is None else (self.finished_at - self.run_date).total_seconds()


@dataclass(frozen=True, slots=True)
class RunPage:
    """Runs, newest first; ``next_before`` continues the list and is None at its end."""

    rows: tuple[RunRecord, ...]
    total: int
    next_before: int | None


def listing(
    database: Database,
    *,
    status: str | None = None,
    symbol: str | None = None,
    timeframe: str | None = None,
    limit: int = 50,
    before: int | None = None,
) -> RunPage:
    """Page through runs, newest first, all or those of one status, symbol or timeframe."""
    copied_runs.catch_up(database)
    wanted: list[ColumnElement[bool]] = []
    if status is not None:
        wanted.append(training_runs.c.status == status)
    if symbol is not None:
        wanted.append(symbols.c.ticker == symbol)
    if timeframe is not None:
        wanted.append(training_runs.c.timeframe == timeframe)
    count = select(func.count()).select_from(training_runs.join(symbols)).where(*wanted)
    page = _runs().where(*wanted).order_by(training_runs.c.id.desc()).limit(limit + 1)
    if before is not None:
        page = page.where(training_runs.c.id < before)
    with database.reading() as connection:
        total = connection.execute(count).scalar_one()
        found = [_record(row) for row in connection.execute(page)]
    rows = tuple(found[:limit])
    return RunPage(rows, total, rows[-1].id if len(found) > limit else None)


def under_way(database: Database, *, limit: int = 100) -> tuple[RunRecord, ...]:
    """Runs that are running, newest first."""
    wanted = _runs().where(training_runs.c.status == RUNNING).order_by(training_runs.c.id.desc()).limit(limit)
    with database.reading() as connection:
        return tuple(_record(row) for row in connection.execute(wanted))


def get(database: Database, run_id: int) -> RunRecord:
    """Read one run; raises UnknownRunError."""
    with database.reading() as connection:
        row = connection.execute(_runs().where(training_runs.c.id == run_id)).first()
    if row is None:
        raise UnknownRunError(run_id)
    return _record(row)


def newest_of(database: Database, key: Key) -> RunRecord | None:
    """The newest run of a key; None when there is none."""
    of_key = (symbols.c.ticker == key.symbol, training_runs.c.timeframe == key.timeframe)
    newest = (training_runs.c.run_date.desc(), training_runs.c.id.desc())
    with database.reading() as connection:
        row = connection.execute(_runs().where(*of_key).order_by(*newest).limit(1)).first()
    return None if row is None else _record(row)


def latest(database: Database) -> tuple[RunRecord, ...]:
    """The newest run of every key, ordered by key: by run date, and by number where two dates are equal."""
    copied_runs.catch_up(database)
    wanted = _runs().where(training_runs.c.id.in_(_latest())).order_by(symbols.c.ticker, training_runs.c.timeframe)
    with database.reading() as connection:
        return tuple(_record(row) for row in connection.execute(wanted))


def n_failing(database: Database) -> int:
    """Number of keys whose newest run failed."""
    wanted = select(func.count()).where(training_runs.c.id.in_(_latest()), training_runs.c.status == FAILED)
    with database.reading() as connection:
        return int(connection.execute(wanted).scalar_one())


def failing(database: Database) -> frozenset[Key]:
    """Keys whose newest run failed."""
    wanted = (
        select(symbols.c.ticker, training_runs.c.timeframe)
        .select_from(training_runs.join(symbols))
        .where(training_runs.c.id.in_(_latest()), training_runs.c.status == FAILED)
    )
    with database.reading() as connection:
        return frozenset(key(row.ticker, row.timeframe) for row in connection.execute(wanted))


def newest_id(connection: Connection) -> int:
    """Number of the newest run, 0 when there is none: a cheap sign that the list changed."""
    return int(connection.execute(select(func.coalesce(func.max(training_runs.c.id), 0))).scalar_one())


def _latest() -> Select[tuple[int]]:
    """Numbers of the newest run of every key, each by one step through the index."""
    possible, run = possible_keys(), training_runs.alias()
    newest = (
        select(run.c.id)
        .where(run.c.symbol_id == possible.c.symbol_id, run.c.timeframe == possible.c.timeframe)
        .order_by(run.c.run_date.desc(), run.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(newest.label("id")).select_from(possible)


def _runs() -> Select[Any]:
    """Runs with what the guide's table has no column for; other programs insert rows without that."""
    extra = [column for column in training_run_progress.c if column.name not in _OF_THE_PROCESS]
    return select(training_runs, symbols.c.ticker, *extra).select_from(
        training_runs.join(symbols).outerjoin(training_run_progress)
    )


def _record(row: Row[Any]) -> RunRecord:
    told = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    return RunRecord(
        key=key(told["ticker"], told["timeframe"]),
        model_performances=told["model_performances"] or {},
        weights=told["weights"] or {},
        status=told["status"] or COMPLETED,
        step=told["step"] or 0,
        n_steps=told["n_steps"] or 0,
        step_name=told["step_name"] or "",
        actor=told["actor"] or "",
        log=told["log"] or "",
        source=OTHERS if told["updated_at"] is None else OURS,
        **{name: told[name] for name in _AS_STORED},
    )


def key(symbol: str, timeframe: str) -> Key:
    """Give the key of a run, as another program writes it where it is no key here."""
    try:
        return Key(symbol.upper(), timeframe)
    except (InvalidSymbolError, InvalidTimeframeError):
        return OtherKey(symbol, timeframe)


_OF_THE_PROCESS = ("run_id", "pid", "host", "beat_at", "identity")
_AS_STORED = (
    "id",
    "run_date",
    "lookback_days",
    "n_training_samples",
    "n_validation_samples",
    "ensemble_validation_accuracy",
    "models_artifact_path",
    "error_message",
    "updated_at",
    "finished_at",
    "as_of",
    "version",
)
