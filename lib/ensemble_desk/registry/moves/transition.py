"""One move of production, whatever its kind: judged and recorded in one transaction, after a preflight outside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from ensemble_desk.database import texts
from ensemble_desk.errors import (
    DeskError,
    PreflightFailedError,
    ReasonRequiredError,
    StalePointerError,
    UnknownKeyError,
    UnknownVersionError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment, PreflightReport
from ensemble_desk.registry.ledger import chain, pointers, writing
from ensemble_desk.registry.moves import recording
from ensemble_desk.registry.moves.recording import Move, Verdict
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import steps as preflight

_MOST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen before the transaction: the revision, and the preflight of what would go live."""

    revision: int
    report: PreflightReport | None


def carry_out(registry: Registry, move: Move) -> Deployment:
    """Carry out one move; see :func:`carry_out_together`."""
    return carry_out_together(registry, [move])[0]


def carry_out_together(registry: Registry, moves: Sequence[Move]) -> tuple[Deployment, ...]:
    """Carry out moves of different keys, all or none of them, and record them either way; rows in order of keys.

    Raises
    ------
    ReasonRequiredError, UnknownKeyError, UnknownVersionError
        When the request itself cannot be understood; nothing is recorded.
    NotAllowedError, StalePointerError, PreflightFailedError, NothingToMoveError, QuarantinedVersionError, …
        When the move is refused; production is unchanged and the attempt is recorded.
    """
    moves = [replace(move, reason=_reason(move)) for move in sorted(moves, key=lambda move: move.key)]
    seen: dict[Key, _Look] = {}
    for _ in range(_MOST_LOOKS):
        seen = {move.key: _look(registry, move, seen.get(move.key)) for move in moves}
        made = _attempt(registry, moves, seen)
        if made is not None:
            return made
    with registry.database.reading() as connection:
        raise _stale(connection, moves[0].key, expected=seen[moves[0].key].revision)


def _reason(move: Move) -> str:
    """Tidy the reason: what no database can hold is taken out, and something must be left."""
    reason = texts.said(move.reason)
    if not reason:
        raise ReasonRequiredError(move.verb)
    return reason


def _look(registry: Registry, move: Move, before: _Look | None) -> _Look:
    """See what would go live and check that, so that the transaction need not open files."""
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, move.key)
        if pointer is None:
            raise UnknownKeyError(move.key)
        seen = before.revision if before else pointer.revision
        look = _Look(seen if move.expected is None else move.expected, None)
        if not move.actor.may(move.needs) or pointer.revision != look.revision:
            return look
        try:
            plan = move.plan(connection, pointer)
        except UnknownVersionError:
            raise
        except DeskError:
            return look  # refused and recorded under lock
    if plan.check is None:
        return look
    return replace(look, report=preflight.run(registry, move.key, plan.check, lifting=plan.lift == plan.check))


def _attempt(registry: Registry, moves: Sequence[Move], seen: dict[Key, _Look]) -> tuple[Deployment, ...] | None:
    """Judge and record in one transaction; None when something else would go live than what was checked."""
    with writing.writing(registry) as connection:
        verdicts = [_judge(connection, move, seen[move.key]) for move in moves]
        if any(verdict.unchecked for verdict in verdicts):
            return None
        at = registry.clock()
        refusal = next((verdict.refusal for verdict in verdicts if verdict.refusal is not None), None)
        if refusal is None:
            return tuple(recording.apply(connection, verdict, at=at) for verdict in verdicts)
        for verdict in verdicts:
            recording.refuse(connection, verdict, verdict.refusal or refusal, at=at)
    raise refusal


def _judge(connection: Connection, move: Move, look: _Look) -> Verdict:
    """Decide a move under the lock of its pointer."""
    pointer = pointers.lock(connection, move.key)
    if pointer is None:
        raise UnknownKeyError(move.key)
    verdict = Verdict(move, pointer)
    if not move.actor.may(move.needs):
        return replace(verdict, refusal=move.actor.refusal(move.needs, move.verb))
    if pointer.revision != look.revision:
        return replace(verdict, refusal=_stale(connection, move.key, expected=look.revision))
    try:
        verdict = replace(verdict, plan=move.plan(connection, pointer), report=look.report)
    except UnknownVersionError:
        raise
    except DeskError as refusal:
        return replace(verdict, refusal=refusal)
    return _checked(verdict, look.report)


def _checked(verdict: Verdict, report: PreflightReport | None) -> Verdict:
    check = verdict.plan.check if verdict.plan else None
    if check != (report.version if report else None):
        return replace(verdict, unchecked=True)
    if report is not None and not report.passed:
        failed = [f"{step.name}: {step.detail}" for step in report.failures]
        return replace(verdict, refusal=PreflightFailedError(verdict.move.key, report.version, failed))
    return verdict


def _stale(connection: Connection, key: Key, *, expected: int) -> StalePointerError:
    pointer, last = pointers.read(connection, key), chain.last_move(connection, key)
    actual = pointer.revision if pointer else 0
    if last is None:
        nobody = "nobody that history names"
        return StalePointerError(key, expected=expected, actual=actual, moved_by=nobody, moved_at="?", moved_to="?")
    return StalePointerError(
        key,
        expected=expected,
        actual=actual,
        moved_by=last.actor,
        moved_at=f"{last.at:%Y-%m-%d %H:%M:%S} UTC",
        moved_to=last.to_version or "no version",
    )
