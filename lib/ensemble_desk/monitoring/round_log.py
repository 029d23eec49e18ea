"""The rows of daily rounds: one at a time over all machines, told alive by its heartbeat."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Update, exc, insert, select, update

from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.columns import UtcNow
from ensemble_desk.database.tables.registry_tables import daily_rounds as table
from ensemble_desk.errors import DatabaseError, RoundUnderWayError
from ensemble_desk.training import processes
from ensemble_desk.training.processes import Process

RUNNING, DONE, FOUND, FAILED, SKIPPED = "running", "done", "found something", "failed", "skipped"
ENDED = "its process ended"
_ONE = "round"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of a round came to.

    Attributes
    ----------
    outcome : ``done``, ``found something`` that somebody should look at, ``failed``, or ``skipped``.
    n : keys or things that it was about; ``n_failed`` of them could not be done.
    detail : what was found or why it failed, in words.
    """

    name: str
    outcome: str
    n: int = 0
    n_failed: int = 0
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Round:
    """One daily round; ``status`` is the worst of its steps, or that it runs still."""

    id: int
    begun_at: datetime
    finished_at: datetime | None
    status: str
    actor: str
    steps: tuple[Step, ...]


def start(database: Database, *, at: datetime, actor: str) -> int:
    """Begin a round; raises RoundUnderWayError while another one is at work, wherever it was started."""
    process = processes.this_one()
    try:
        with database.writing() as connection:
            _refuse_second(connection, at=at)
            row = {
                "begun_at": at,
                "beat_at": UtcNow(),
                "under_way": _ONE,
                "actor": actor,
                "status": RUNNING,
                "steps": [],
            }
            told = insert(table).values(**row, pid=process.pid, host=process.host).returning(table.c.id)
            return int(connection.execute(told).scalar_one())
    except exc.IntegrityError as error:  # another program was first by a moment
        with database.reading() as connection:
            found = connection.execute(select(table).where(table.c.under_way == _ONE)).first()
        if found is None:
            problem, way_out = "changed while a round began", "Run it again."
            raise DatabaseError(problem, way_out) from error
        raise _under_way(found) from error


def heart(round_id: int) -> Update:
    """Give the statement by which the heart of a round beats."""
    return update(table).where(table.c.id == round_id).values(beat_at=UtcNow())


def finish(database: Database, round_id: int, steps: Sequence[Step], *, at: datetime, is_over: bool = True) -> str:
    """Write what the steps so far came to, and give the status; a round that is over leaves its place to the next."""
    status = worst(steps) if is_over else RUNNING
    told: dict[str, Any] = {"steps": [asdict(step) for step in steps], "status": status}
    if is_over:
        told |= {"finished_at": at, "under_way": None}
    with database.writing() as connection:
        connection.execute(update(table).where(table.c.id == round_id).values(**told))
    return status


def worst(steps: Sequence[Step]) -> str:
    outcomes = {step.outcome for step in steps}
    return next((one for one in (FAILED, FOUND) if one in outcomes), DONE)


def newest(database: Database, *, limit: int) -> tuple[Round, ...]:
    """List the newest rounds, the newest first."""
    wanted = select(table).order_by(table.c.id.desc()).limit(limit)
    with database.reading() as connection:
        return tuple(_round(row) for row in connection.execute(wanted))


def _refuse_second(connection: Connection, *, at: datetime) -> None:
    """Raise RoundUnderWayError, unless the round that has the place ended without giving it up."""
    wanted = select(table, UtcNow().label("now")).where(table.c.under_way == _ONE)
    found = connection.execute(wanted).first()
    if found is None:
        return
    silence: timedelta = found.now - found.beat_at
    if processes.lives(Process(found.pid, found.host), silence=silence, last_seen=found.begun_at, now=at):
        raise _under_way(found)
    steps = [*found.steps, asdict(Step("round", FAILED, detail=ENDED))]
    ended = {"under_way": None, "status": FAILED, "finished_at": at, "steps": steps}
    connection.execute(update(table).where(table.c.id == found.id).values(**ended))


def _under_way(found: Row[Any]) -> RoundUnderWayError:
    host = str(found.host).partition(" ")[0]
    return RoundUnderWayError(found.id, begun_at=found.begun_at, actor=found.actor, host=host)


def _round(row: Row[Any]) -> Round:
    steps = tuple(Step(**step) for step in row.steps)
    return Round(row.id, row.begun_at, row.finished_at, row.status, row.actor, steps)
