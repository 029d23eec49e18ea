"""Writing down what became of a move: the pointer and its row of history, or the row of an attempt that was refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import Action, Deployment, Mode, PreflightReport
from ensemble_desk.registry.index import entries, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.ledger import chain, pointers
from ensemble_desk.registry.ledger.chain import Draft
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.preflight import steps as preflight


@dataclass(frozen=True, slots=True)
class Plan:
    """What a move would make of a pointer.

    Attributes
    ----------
    version, mode : the pointer afterwards.
    subject : the version that the move is about.
    check : version whose preflight must pass first; None when nothing else goes live.
    quarantine, lift : version to put into or take out of quarantine, in the same transaction.
    """

    version: str | None
    mode: Mode
    subject: str | None
    check: str | None = None
    quarantine: str | None = None
    lift: str | None = None


Planner = Callable[[Connection, Pointer], Plan]
"""Decides, from the index as it is now, what a move would do; raises the error that refuses it."""


@dataclass(frozen=True, slots=True)
class Move:
    """A move that somebody asks for.

    Attributes
    ----------
    verb : the action in words, for messages.
    expected : revision that the caller saw; None for whatever is there.
    needs : the least role that may.
    asked : the version asked for, None when the move itself chooses.
    group_id : names the moves that are made together.
    """

    key: Key
    action: Action
    verb: str
    plan: Planner
    actor: Actor
    reason: str
    expected: int | None
    needs: Role
    asked: str | None = None
    group_id: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was decided of a move under the lock of its pointer; ``unchecked``: nothing, look again."""

    move: Move
    pointer: Pointer
    plan: Plan | None = None
    refusal: DeskError | None = None
    report: PreflightReport | None = None
    unchecked: bool = False


def apply(connection: Connection, verdict: Verdict, *, at: datetime) -> Deployment:
    """Write the pointer, the quarantine and the row of a move that nothing speaks against."""
    move, before, plan = verdict.move, verdict.pointer, verdict.plan
    if plan is None:
        raise AssertionError  # a verdict without refusal has a plan
    if plan.quarantine is not None:
        index.set_quarantine(connection, move.key, plan.quarantine, move.reason)
    if plan.lift is not None:
        index.set_quarantine(connection, move.key, plan.lift, None)
    entry = entries.find(connection, move.key, plan.version) if plan.version else None
    if entry is not None and plan.check == entry.version:
        index.set_fit(connection, entry)  # its preflight has passed, else this were a refusal
    after = _moved(before, plan, move, at=at, sha256=entry.sha256 if entry else None)
    draft = _draft(
        verdict,
        outcome=chain.MOVED,
        to_version=plan.version,
        mode=plan.mode,
        revision=after.revision,
        sha256=after.sha256,
        subject=plan.subject,
    )
    deployment, after = chain.append(connection, after, draft, at=at)
    pointers.write(connection, after)
    states.restate(connection, move.key, {before.version, plan.version, plan.quarantine, plan.lift}, live=after.version)
    return deployment


def refuse(connection: Connection, verdict: Verdict, refusal: DeskError, *, at: datetime) -> Deployment:
    """Write the row of a refused attempt; of the pointer only the head of its chain changes."""
    before, plan = verdict.pointer, verdict.plan
    asked = plan.version if plan else verdict.move.asked
    entry = entries.find(connection, verdict.move.key, asked) if asked else None
    draft = _draft(
        verdict,
        outcome=chain.REFUSED,
        to_version=entry.version if entry else None,
        mode=before.mode,
        revision=before.revision,
        sha256=entry.sha256 if entry else None,
        subject=entry.version if entry else None,
        refusal=str(refusal),
    )
    deployment, after = chain.append(connection, before, draft, at=at)
    pointers.write(connection, after)
    return deployment


def _moved(before: Pointer, plan: Plan, move: Move, *, at: datetime, sha256: str | None) -> Pointer:
    """Give the pointer after the move; one that leaves version and mode alone keeps who moved it last, and why."""
    new: dict[str, Any] = {}
    if plan.version != before.version:
        new["previous_version"] = before.version or before.previous_version
    if (plan.version, plan.mode) != (before.version, before.mode):
        new |= {"since": at, "actor": move.actor.name, "reason": move.reason}
    return replace(before, version=plan.version, mode=plan.mode, revision=before.revision + 1, sha256=sha256, **new)


def _draft(verdict: Verdict, **decided: Any) -> Draft:
    move, before = verdict.move, verdict.pointer
    steps = verdict.report.steps if verdict.report else ()
    return Draft(
        action=move.action,
        actor=move.actor.name,
        reason=move.reason,
        from_version=before.version,
        preflight=tuple(preflight.as_row(step) for step in steps),
        group_id=move.group_id,
        **decided,
    )
