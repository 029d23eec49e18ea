"""Training runs that another program keeps in a table which could not be adopted, copied beside ours to be listed.

Its table stays the truth: rows that are new or have changed there are copied each time runs are listed.
"""

import json
import logging
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, exists, insert, select, text, update

from ensemble_desk.database import adoption, symbols
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.registry_tables import copied_runs, training_runs
from ensemble_desk.errors.base import cut

_AS_THERE = ("models_artifact_path", "status", "error_message")
_COUNTS = ("lookback_days", "n_training_samples", "n_validation_samples")
_SHARE = "ensemble_validation_accuracy"
_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?(?:\.[0-9]+)?")
_MOST_SECONDS = 1e11  # more are milliseconds

_log = logging.getLogger(__name__)
_OBJECTS = ("model_performances", "weights")


def catch_up(database: Database) -> None:
    """Copy what is new or has changed there; does nothing where the registry has no schema of its own."""
    if not database.schema:
        return
    with database.reading() as connection:
        there = adoption.beside(connection)
        behind = bool(there) and _changed(connection, there, limit=1) != []
    if not behind:
        return
    with database.writing() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('desk copied runs'))"))
        for row in _changed(connection, there):
            _copy(connection, row)


def kept_apart(database: Database) -> str:
    """Say where the runs of another program come from; empty where all runs are in one table."""
    if not database.schema:
        return ""
    with database.reading() as connection:
        there = adoption.beside(connection)
    if not there:
        return ""
    return (
        f"The registry keeps its own tables in the schema {database.schema}, apart from the training_runs in the"
        f" schema {there}. The runs there are listed here too, and are only read."
    )


def _changed(connection: Connection, there: str, *, limit: int | None = None) -> list[Row[Any]]:
    quoted = connection.dialect.identifier_preparer.quote
    ours = quoted(str(connection.execute(text("SELECT current_schema()")).scalar_one()))
    wanted = (
        "SELECT theirs.id::text AS other_id, tickers.ticker::text AS ticker, to_jsonb(theirs)::text AS told,"  # noqa: S608 - schemas can be no parameters, and are quoted
        " md5(to_jsonb(theirs)::text) AS digest, known.run_id"
        f" FROM {quoted(there)}.training_runs AS theirs"
        f" JOIN {quoted(there)}.symbols AS tickers ON tickers.id::text = theirs.symbol_id::text"
        f" LEFT JOIN {ours}.copied_runs AS known ON known.other_id = theirs.id::text"
        " WHERE known.digest IS DISTINCT FROM md5(to_jsonb(theirs)::text)"
        " ORDER BY theirs.run_date, theirs.id"
    )
    return list(connection.execute(text(wanted if limit is None else f"{wanted} LIMIT {limit}")).all())


def _copy(connection: Connection, row: Row[Any]) -> None:
    told: Mapping[str, Any] = json.loads(row.told)
    moment = _in_utc(told.get("run_date"))
    if moment is None:
        _log.warning(
            "run %s of another program is not listed: %s is no date", row.other_id, cut(str(told.get("run_date")))
        )
        return
    values = {name: told.get(name) for name in _AS_THERE} | {_SHARE: _number(told.get(_SHARE))}
    values |= {name: None if (n := _number(told.get(name))) is None else round(n) for name in _COUNTS}
    values |= {name: _object(told.get(name)) for name in _OBJECTS}
    if row.run_id is not None:
        connection.execute(update(training_runs).where(training_runs.c.id == row.run_id).values(**values))
        changed = update(copied_runs).where(copied_runs.c.run_id == row.run_id)
        connection.execute(changed.values(digest=row.digest))
        return
    values |= {"symbol_id": symbols.symbol_id(connection, row.ticker), "timeframe": str(told["timeframe"])}
    values["run_date"] = _free(connection, values, moment)
    run_id = connection.execute(insert(training_runs).values(values).returning(training_runs.c.id)).scalar_one()
    connection.execute(insert(copied_runs).values(run_id=run_id, other_id=row.other_id, digest=row.digest))


def _object(told: Any) -> Mapping[str, Any]:
    """What a JSON column held, also where it is kept as a text."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except ValueError:
            return {}
    return told if isinstance(told, dict) else {}


def _number(told: Any) -> float | None:
    """What a column of numbers holds, also where it is kept as a text."""
    try:
        number = float(told)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _in_utc(told: Any) -> datetime | None:
    """Read a date, or seconds or milliseconds since 1970; None for what is neither."""
    try:
        if _EPOCH.fullmatch(str(told)):
            seconds = float(told)
            return datetime.fromtimestamp(seconds / 1000 if seconds > _MOST_SECONDS else seconds, UTC)
        moment = datetime.fromisoformat(told)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _free(connection: Connection, values: Mapping[str, Any], run_date: datetime) -> datetime:
    """The run date, or the next microsecond that no run of ours has."""
    columns = training_runs.c
    same_key = (columns.symbol_id == values["symbol_id"]) & (columns.timeframe == values["timeframe"])
    while connection.execute(select(exists().where(same_key, columns.run_date == run_date))).scalar_one():
        run_date += timedelta(microseconds=1)
    return run_date
