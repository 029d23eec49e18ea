"""What a training writes about itself: begun, each step, and how it ended, each in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, exc, insert, select, update

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import symbols
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.columns import UtcNow
from ensemble_desk.database.tables.registry_tables import model_versions, training_run_progress, training_runs
from ensemble_desk.database.tables.registry_tables import symbols as tickers
from ensemble_desk.errors import AlreadyTrainingError, TrainingGivenUpError, redaction
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import State
from ensemble_desk.training import processes
from ensemble_desk.training.processes import Process
from ensemble_desk.training.runs import COMPLETED, FAILED, RUNNING

ENDED = "the training process ended"
MOST_TIES = 100
_COPIED = (
    "lookback_days",
    "n_training_samples",
    "n_validation_samples",
    "ensemble_validation_accuracy",
    "model_performances",
    "weights",
    "models_artifact_path",
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a completed training leaves in its row."""

    version: str
    path: str
    lookback_days: int
    n_training_samples: int
    n_validation_samples: int
    accuracy: float | None
    performances: Mapping[str, Mapping[str, Any]]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Begun:
    """A run that has its row; with a ``version`` it is over: the same was trained before, and gave this one."""

    run_id: int
    version: str | None = None


def start(
    database: Database,
    key: Key,
    *,
    at: datetime,
    as_of: datetime | None,
    actor: str,
    process: Process,
    n_steps: int,
    alone: bool = False,
    identity: str = "",
) -> Begun:
    """Insert a running row; a run date that is taken moves on by a microsecond.

    When a version was trained under this ``identity`` and is still there, the row is completed at once and names it.
    With ``alone``, raises AlreadyTrainingError while another run of the key is under way.
    """
    told = {"as_of": as_of, "actor": actor, "pid": process.pid, "host": process.host, "n_steps": n_steps}
    for tie in range(MOST_TIES):
        run_date = at + timedelta(microseconds=tie)
        try:
            with database.writing() as connection:
                symbol_id = symbols.symbol_id(connection, key.symbol)
                if alone:
                    _refuse_second(connection, symbol_id, key, identity)
                run_id = _insert(connection, symbol_id, key, run_date, told | {"identity": identity or None})
                done = _trained(connection, symbol_id, key, identity) if identity else None
                if done is not None:
                    _repeat(connection, run_id, done, at=run_date)
                return Begun(run_id, None if done is None else str(done.version))
        except exc.IntegrityError:
            if tie == MOST_TIES - 1:
                raise
    raise AssertionError  # the last tie has raised


def _insert(connection: Connection, symbol_id: int, key: Key, run_date: datetime, told: Mapping[str, Any]) -> int:
    row = {"symbol_id": symbol_id, "timeframe": key.timeframe, "run_date": run_date, "status": RUNNING}
    run_id = connection.execute(insert(training_runs).values(row).returning(training_runs.c.id)).scalar_one()
    beating = {"updated_at": run_date, "beat_at": UtcNow()}
    connection.execute(insert(training_run_progress).values(run_id=run_id, **beating, **told))
    return int(run_id)


def _refuse_second(connection: Connection, symbol_id: int, key: Key, identity: str) -> None:
    """Raise AlreadyTrainingError while a run of ours is under way; others of its symbol begin one after another."""
    connection.execute(select(tickers.c.id).where(tickers.c.id == symbol_id).with_for_update(key_share=True))
    progress = training_run_progress.c
    wanted = (
        select(progress.run_id, progress.actor, progress.identity, training_runs.c.run_date)
        .join(training_runs, training_runs.c.id == progress.run_id)
        .where(
            training_runs.c.symbol_id == symbol_id,
            training_runs.c.timeframe == key.timeframe,
            training_runs.c.status == RUNNING,
        )
    )
    found = connection.execute(wanted).first()
    if found is not None:
        same = bool(identity) and found.identity == identity
        raise AlreadyTrainingError(key, run_id=found.run_id, began=found.run_date, actor=found.actor, same=same)


def _trained(connection: Connection, symbol_id: int, key: Key, identity: str) -> Row[Any] | None:
    """Find the version that came of a run of this identity, also of one whose process ended after it was published."""
    version, progress = model_versions.c, training_run_progress.c
    copied = [training_runs.c[name] for name in _COPIED]
    wanted = (
        select(version.version, *copied)
        .select_from(
            model_versions.join(training_run_progress, progress.run_id == version.run_id).join(
                training_runs, training_runs.c.id == progress.run_id
            )
        )
        .where(
            progress.identity == identity,
            version.symbol_id == symbol_id,
            version.timeframe == key.timeframe,
            version.health.not_in([State.MISSING.value, State.TAMPERED.value]),
        )
        .order_by(version.id)
        .limit(1)
    )
    return connection.execute(wanted).first()


def _repeat(connection: Connection, run_id: int, done: Row[Any], *, at: datetime) -> None:
    copied = {name: done._mapping[name] for name in _COPIED}  # noqa: SLF001 - SQLAlchemy's public name for a row by column
    _update_run(connection, run_id, {"status": COMPLETED, **copied})
    line = f"{at:%H:%M:%S} completed: {done.version}, which was trained from the same already\n"
    _update_progress(connection, run_id, {"version": done.version, "finished_at": at, "updated_at": at, "log": line})
    _digest(connection, run_id, at=at)


def died(database: Database, key: Key, identity: str) -> bool:
    """Whether a run of this identity ended with its process, which may have published a version before."""
    wanted = (
        select(training_run_progress.c.run_id)
        .select_from(training_run_progress.join(training_runs).join(tickers))
        .where(
            training_run_progress.c.identity == identity,
            tickers.c.ticker == key.symbol,
            training_runs.c.status == FAILED,
            training_runs.c.error_message == ENDED,
        )
        .limit(1)
    )
    with database.reading() as connection:
        return connection.execute(wanted).first() is not None


def heart(run_id: int) -> Update:
    """Give the statement by which the heart of a run beats, see :func:`.processes.beating`."""
    return update(training_run_progress).where(training_run_progress.c.run_id == run_id).values(beat_at=UtcNow())


def refuse_dead(database: Database, key: Key, run_id: int) -> None:
    """Raise TrainingGivenUpError when this run was taken for dead meanwhile, and another may have its place."""
    with database.reading() as connection:
        status = connection.execute(select(training_runs.c.status).where(training_runs.c.id == run_id)).scalar()
    if status != RUNNING:
        raise TrainingGivenUpError(key, run_id=run_id)


def advance(database: Database, run_id: int, *, step: int, step_name: str, at: datetime) -> None:
    """Record that a step begins."""
    line = f"{at:%H:%M:%S} {step_name}\n"
    with database.writing() as connection:
        _update_progress(
            connection,
            run_id,
            only_running=True,  # one that was taken for dead is over
            values={
                "step": step,
                "step_name": step_name,
                "updated_at": at,
                "beat_at": UtcNow(),
                "log": training_run_progress.c.log + line,
            },
        )


def complete(database: Database, run_id: int, *, result: Result, at: datetime) -> None:
    with database.writing() as connection:
        _update_run(
            connection,
            run_id,
            {
                "status": COMPLETED,
                "lookback_days": result.lookback_days,
                "n_training_samples": result.n_training_samples,
                "n_validation_samples": result.n_validation_samples,
                "ensemble_validation_accuracy": result.accuracy,
                "model_performances": dict(result.performances),
                "weights": dict(result.weights),
                "models_artifact_path": result.path,
            },
        )
        line = f"{at:%H:%M:%S} completed: {result.version}\n"
        told = {"version": result.version, "finished_at": at, "updated_at": at}
        _update_progress(connection, run_id, told | {"log": training_run_progress.c.log + line})
        _digest(connection, run_id, at=at)


def fail(database: Database, run_id: int, *, error: str, at: datetime) -> None:
    with database.writing() as connection:
        _fail(connection, run_id, error=error, at=at)


def mark_dead(database: Database, *, at: datetime) -> frozenset[Key]:
    """Fail every running run whose process is gone; gives their keys."""
    with database.reading() as connection:
        suspects = _dead(connection, at=at)
    if not suspects:
        return frozenset()
    with database.writing() as connection:
        dead = _dead(connection, at=at)  # again, now that nobody else writes: a run may have ended meanwhile
        for run_id in dead:
            _fail(connection, run_id, error=ENDED, at=at)
    return frozenset(dead.values())


def _dead(connection: Connection, *, at: datetime) -> dict[int, Key]:
    progress = training_run_progress.c
    wanted = (
        select(
            progress.run_id,
            tickers.c.ticker,
            training_runs.c.timeframe,
            progress.pid,
            progress.host,
            progress.updated_at,
            progress.beat_at,
            UtcNow().label("now"),
        )
        .select_from(training_run_progress.join(training_runs).join(tickers))
        .where(training_runs.c.status == RUNNING, progress.pid.is_not(None))
    )
    return {
        run_id: Key(ticker, timeframe)
        for run_id, ticker, timeframe, pid, host, seen, beat, now in connection.execute(wanted)
        if not processes.lives(Process(pid, host), silence=None if beat is None else now - beat, last_seen=seen, now=at)
    }


def _fail(connection: Connection, run_id: int, *, error: str, at: datetime) -> None:
    error = redaction.redacted(error)  # a library may tell how it was asked to connect
    _update_run(connection, run_id, {"status": FAILED, "error_message": error})
    line = f"{at:%H:%M:%S} failed: {error}\n"
    told = {"finished_at": at, "updated_at": at, "log": training_run_progress.c.log + line}
    _update_progress(connection, run_id, told)
    _digest(connection, run_id, at=at)


def _digest(connection: Connection, run_id: int, *, at: datetime) -> None:
    wanted = select(training_runs.c.symbol_id, training_runs.c.timeframe).where(training_runs.c.id == run_id)
    for symbol_id, timeframe in connection.execute(wanted):
        digests.extend(connection, digests.RUNS, symbol_id, timeframe, at=at)


def _update_run(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    connection.execute(update(training_runs).where(training_runs.c.id == run_id).values(**values))


def _update_progress(
    connection: Connection, run_id: int, values: Mapping[str, Any], *, only_running: bool = False
) -> None:
    wanted = update(training_run_progress).where(training_run_progress.c.run_id == run_id)
    wanted = wanted.where(training_run_progress.c.finished_at.is_(None)) if only_running else wanted
    connection.execute(wanted.values(**values))
