"""Writing down what became of a move: the pointer and its row of history, or the row of an attempt that was refused."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from lib.errors import DeskError
from lib.market.keys import Key
from lib.registry import chain, entries, index, pointers, preflight
from lib.registry.actors import Actor, Role
from lib.registry.chain import Draft
from lib.registry.entities import Action, Deployment, Mode, PreflightReport
from lib.registry.pointers import Pointer


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
    at = chain.not_before(connection, before, at)
    after = _moved(before, plan, move, at=at)
    entry = entries.find(connection, move.key, plan.version) if plan.version else None
    after = replace(after, sha256=entry.sha256 if entry else None)
    draft = replace(
        _draft(verdict), to_version=plan.version, mode=plan.mode, revision=after.revision, sha256=after.sha256
    )
    deployment, after = chain.append(connection, after, draft, at=at)
    pointers.write(connection, after)
    index.restate(connection, move.key, {before.version, plan.version, plan.quarantine, plan.lift}, live=after.version)
    return deployment


def refuse(connection: Connection, verdict: Verdict, refusal: DeskError, *, at: datetime) -> Deployment:
    """Write the row of a refused attempt; of the pointer only the head of its chain changes."""
    before, plan = verdict.pointer, verdict.plan
    asked = plan.version if plan else verdict.move.asked
    entry = entries.find(connection, verdict.move.key, asked) if asked else None
    draft = replace(
        _draft(verdict),
        outcome=chain.REFUSED,
        subject=entry.version if entry else None,
        to_version=entry.version if entry else None,
        sha256=entry.sha256 if entry else None,
        refusal=str(refusal),
    )
    deployment, after = chain.append(connection, before, draft, at=chain.not_before(connection, before, at))
    pointers.write(connection, after)
    return deployment


def _moved(before: Pointer, plan: Plan, move: Move, *, at: datetime) -> Pointer:
    """Give the pointer after the move; one that leaves version and mode alone keeps who moved it last, and why."""
    after = replace(before, version=plan.version, mode=plan.mode, revision=before.revision + 1)
    if plan.version != before.version:
        after = replace(after, previous_version=before.version or before.previous_version)
    if (plan.version, plan.mode) != (before.version, before.mode):
        after = replace(after, since=at, actor=move.actor.name, reason=move.reason)
    return after


def _draft(verdict: Verdict) -> Draft:
    move, before, plan = verdict.move, verdict.pointer, verdict.plan
    steps = verdict.report.steps if verdict.report else ()
    return Draft(
        action=move.action,
        outcome=chain.MOVED,
        actor=move.actor.name,
        reason=move.reason,
        subject=plan.subject if plan else None,
        from_version=before.version,
        to_version=None,
        mode=before.mode,
        revision=before.revision,
        sha256=None,
        preflight=tuple(preflight.as_row(step) for step in steps),
        group_id=move.group_id,
    )
