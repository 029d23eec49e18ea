"""What a person may do here: each action calls one library function and says what came of it."""

import functools
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ParamSpec
from urllib.parse import quote

import streamlit as st

from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.ensemble.members.classes import spelled
from ensemble_desk.errors import DeskError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import actors
from ensemble_desk.registry.actors import Actor
from ensemble_desk.registry.entities import Deployment
from ensemble_desk.registry.folder import describing
from ensemble_desk.registry.index.descriptions import Scope
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback
from ensemble_desk.registry.moves import undo as undoing
from ensemble_desk.registry.serving import proof
from ensemble_desk.registry.serving.proof import Proof
from ensemble_desk.ui.frame import background, caching, session, wording

MOVED = "moved"  # session state: the last move of this session, until another key is looked at

TRAININGS = "trainings"  # session state: the newest training of each key that this session has started

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Moved:
    """A move made in this session, with what the loader served right after it."""

    deployment: Deployment
    proof: Proof


def guard(page: Callable[P, None]) -> Callable[P, None]:
    """Let an error of ours end a page, or a part of it, in words that say what to do."""

    @functools.wraps(page)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            page(*args, **kwargs)
        except DeskError as error:
            refused(error)

    return guarded


def refused(error: DeskError) -> None:
    st.error(wording.plain(str(error)), icon=":material/error:")


def roll_back(key: Key, *, to: str, expected: int, reason: str) -> None:
    _move(
        key,
        lambda actor: rollback.roll_back(caching.registry(), key, to=to, expected=expected, actor=actor, reason=reason),
    )


def promote(key: Key, *, to: str, expected: int, reason: str) -> None:
    _move(
        key, lambda actor: moves.promote(caching.registry(), key, to=to, expected=expected, actor=actor, reason=reason)
    )


def follow_latest(key: Key, *, expected: int, reason: str) -> None:
    _move(
        key, lambda actor: moves.follow_latest(caching.registry(), key, expected=expected, actor=actor, reason=reason)
    )


def lift_quarantine(key: Key, version: str, *, expected: int, reason: str) -> None:
    _move(
        key,
        lambda actor: quarantine.lift(caching.registry(), key, version, expected=expected, actor=actor, reason=reason),
    )


def _move(key: Key, make: Callable[[Actor], Deployment]) -> None:
    """Make one move, prove it through the loader, and draw the page again with what is true now."""
    try:
        deployment = make(session.actor(caching.settings()))
        shown = Moved(deployment, proven(deployment))
    except DeskError as error:
        caching.forget()
        refused(error)
        return
    caching.forget()
    st.session_state[MOVED] = shown
    st.toast(f"{key}: {deployment.action} done.", icon=":material/check_circle:")
    st.rerun()


def proven(row: Deployment) -> Proof:
    """Read back what is served after a move; a version that cannot be loaded any more is a mismatch as well."""
    try:
        return proof.prove(caching.registry(), row.key)
    except DeskError as error:
        return Proof(None, 0.0, matches=False, detail=str(error))


def describe(
    scope: str,
    *,
    horizon_bars: int | None,
    threshold: float | None,
    multiplier: float | None,
    classes: Mapping[str, str] | None,
    trained_until: str | None,
) -> None:
    """Tell once what files do not tell, and draw the page again with what holds now."""
    try:
        description = Description(
            horizon_bars=horizon_bars,
            threshold=threshold,
            multiplier=multiplier,
            classes=classes and {spelled(label): meant for label, meant in classes.items()},
            trained_until=trained_until,
        )
        actor = session.actor(caching.settings())
        done = describing.describe(caching.registry(), Scope.parse(scope), description, actor=actor)
    except DeskError as error:
        refused(error)
        return
    caching.forget()
    left = f" {len(done.unfit)} still cannot go live." if done.unfit else ""
    st.toast(f"{done.n_versions} versions of {scope} described.{left}", icon=":material/check_circle:")
    st.rerun()


def undo(key: Key, row: Deployment) -> None:
    """Take the last move back: what was live serves again, in the mode it had."""
    reason = f"undo of revision {row.revision} ({row.action}: {row.reason})"
    _move(
        key,
        lambda actor: undoing.undo(caching.registry(), key, expected=row.revision, actor=actor, reason=reason),
    )


def last_move(key: Key) -> Moved | None:
    """The move of this key that this session has just made."""
    moved: Moved | None = st.session_state.get(MOVED)
    return moved if moved is not None and moved.deployment.key == key else None


def train(key: Key, *, as_of: date | None) -> None:
    """Start a training that outlives this session, and draw the page again, which shows that it begins."""
    try:
        actor = session.actor(caching.settings())
        actor.require(actors.TO_MOVE, "train")
        started = background.refuse_more(caching.registry(), key)
    except DeskError as error:
        refused(error)
        return
    log = (
        caching.settings().models_folder / "logs" / f"{quote(str(key), safe='')}_{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    )
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ensemble_desk", "train", "--symbol", key.symbol, "--timeframe", key.timeframe]
    command += ["--actor", actor.name] + ([] if as_of is None else ["--as-of", as_of.isoformat()])
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program; the key has passed its check
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    begun = background.Begun(process, caching.registry().clock(), log)
    started[key] = begun
    st.session_state[TRAININGS] = {**st.session_state.get(TRAININGS, {}), key: begun}
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie behind
    caching.forget()
    st.rerun()
