"""What a training writes about itself: begun, each step, and how it ended, each in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exc, insert, select, update

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database import symbols
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import symbols as tickers
from ensemble_desk.database.tables.registry_tables import training_run_progress, training_runs
from ensemble_desk.errors import AlreadyTrainingError, redaction
from ensemble_desk.market.keys import Key
from ensemble_desk.training import processes
from ensemble_desk.training.processes import Process
from ensemble_desk.training.runs import COMPLETED, FAILED, RUNNING

ENDED = "the training process ended"
MOST_TIES = 100


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
) -> int:
    """Insert a running row and give its number; a run date that is taken moves on by a microsecond.

    With ``alone``, raises AlreadyTrainingError while another run of the key is under way.
    """
    for tie in range(MOST_TIES):
        try:
            with database.writing() as connection:
                if alone:
                    _refuse_second(connection, symbols.symbol_id(connection, key.symbol), key)
                return _insert(
                    connection,
                    key,
                    run_date=at + timedelta(microseconds=tie),
                    told={"as_of": as_of, "actor": actor, "pid": process.pid, "host": process.host, "n_steps": n_steps},
                )
        except exc.IntegrityError:
            if tie == MOST_TIES - 1:
                raise
    raise AssertionError  # the last tie has raised


def _insert(connection: Connection, key: Key, *, run_date: datetime, told: Mapping[str, Any]) -> int:
    symbol_id = symbols.symbol_id(connection, key.symbol)
    row = {"symbol_id": symbol_id, "timeframe": key.timeframe, "run_date": run_date, "status": RUNNING}
    run_id = connection.execute(insert(training_runs).values(row).returning(training_runs.c.id)).scalar_one()
    connection.execute(insert(training_run_progress).values(run_id=run_id, updated_at=run_date, **told))
    return int(run_id)


def _refuse_second(connection: Connection, symbol_id: int, key: Key) -> None:
    """Raise AlreadyTrainingError while a run of ours is under way; others of its symbol begin one after another."""
    connection.execute(select(tickers.c.id).where(tickers.c.id == symbol_id).with_for_update(key_share=True))
    progress = training_run_progress.c
    wanted = (
        select(progress.run_id, progress.actor, training_runs.c.run_date)
        .join(training_runs, training_runs.c.id == progress.run_id)
        .where(
            training_runs.c.symbol_id == symbol_id,
            training_runs.c.timeframe == key.timeframe,
            training_runs.c.status == RUNNING,
        )
    )
    found = connection.execute(wanted).first()
    if found is not None:
        raise AlreadyTrainingError(key, run_id=found.run_id, began=found.run_date, actor=found.actor)


def advance(database: Database, run_id: int, *, step: int, step_name: str, at: datetime) -> None:
    """Record that a step begins."""
    line = f"{at:%H:%M:%S} {step_name}\n"
    with database.writing() as connection:
        _update_progress(
            connection,
            run_id,
            {"step": step, "step_name": step_name, "updated_at": at, "log": training_run_progress.c.log + line},
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
        )
        .select_from(training_run_progress.join(training_runs).join(tickers))
        .where(training_runs.c.status == RUNNING, progress.pid.is_not(None))
    )
    return {
        run_id: Key(ticker, timeframe)
        for run_id, ticker, timeframe, pid, host, seen in connection.execute(wanted)
        if not processes.lives(Process(pid, host), last_seen=seen, now=at)
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


def _update_progress(connection: Connection, run_id: int, values: Mapping[str, Any]) -> None:
    wanted = update(training_run_progress).where(training_run_progress.c.run_id == run_id)
    connection.execute(wanted.values(**values))
