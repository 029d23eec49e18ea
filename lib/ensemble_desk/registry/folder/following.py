"""Following the latest version: only what passes the preflight that a promotion needs goes live by itself."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import Deployment, Mode, PreflightReport, State, Step
from ensemble_desk.registry.index import entries, following, states
from ensemble_desk.registry.index import stored as index
from ensemble_desk.registry.index.entries import Entry
from ensemble_desk.registry.index.following import Cause
from ensemble_desk.registry.ledger import pointers, writing
from ensemble_desk.registry.ledger.pointers import Pointer
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import steps as preflight

_MOST_EXAMINED = 5  # of one key in one go: hundreds of files with one fault would take minutes

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Followed:
    """What became of one key.

    Attributes
    ----------
    deployment : the move of production; None when it stayed.
    unfit : versions that could not go live, with the reason.
    waiting : whether versions still wait to be examined: there are more of them, or a library is not installed here.
    """

    key: Key
    deployment: Deployment | None = None
    unfit: dict[str, str] = field(default_factory=dict)
    waiting: bool = False


def follow(registry: Registry, key: Key, *, cause: Callable[[str | None], Cause], again: bool = False) -> Followed:
    """Let production of a key that follows the latest version go where it wants to, after a preflight outside any lock.

    The newest version is examined first; when it fails it is unfit from then on, what was live stays live, and the next
    newest one is looked at. ``cause`` says why, given the version that would go live; with ``again`` versions that
    failed before are examined anew.
    """
    done, seen = Followed(key), set[int]()
    while (candidate := _candidate(registry, key, seen, again=again)) is not None:
        if len(seen) == _MOST_EXAMINED:
            done.waiting = True
            break
        seen.add(candidate.id)
        report = preflight.run(registry, key, candidate.version)
        if report.lacking:
            _log.warning("%s %s is not followed here yet: %s", key, candidate.version, report.lacking)
            done.waiting = True
            break
        with writing.writing(registry) as connection:
            if _judged(connection, key, candidate, report, done):
                done.deployment = _settle(connection, registry, key, cause, report)
                return done
    with writing.writing(registry) as connection:
        done.deployment = _settle(connection, registry, key, cause, None)
    return done


def _candidate(registry: Registry, key: Key, seen: set[int], *, again: bool) -> Entry | None:
    with registry.database.reading() as connection:
        pointer = pointers.read(connection, key)
        if pointer is None or pointer.mode is not Mode.FOLLOW_LATEST:
            return None
        known = index.newest_usable(connection, key, fit=True)
        found = _open(connection, pointer, again=again)
        better = (one for one in found if one.id not in seen and (known is None or one.version > known.version))
        return next(better, None)


def _open(connection: Connection, pointer: Pointer, *, again: bool) -> tuple[Entry, ...]:
    """Versions that nobody has examined and that would be followed: newer than what serves."""
    live = entries.find(connection, pointer.key, pointer.version) if pointer.version else None
    serves = live is not None and (live.usable or live.health is State.TAMPERED)
    newer_than = live.version if live is not None and serves else ""
    return index.unexamined(connection, pointer.key, newer_than=newer_than, also_unfit=again)


def _judged(connection: Connection, key: Key, candidate: Entry, report: PreflightReport, done: Followed) -> bool:
    """Note what the preflight said, unless the version is another one by now; True when it may go live."""
    pointer = pointers.lock(connection, key)
    now = entries.find(connection, key, candidate.version)
    if pointer is None or now is None or not _same(now, candidate):
        return False
    if report.passed:
        index.set_fit(connection, now)
    else:
        failed = report.failures[0]
        done.unfit[now.file_name] = problem = _in_words(key, failed)
        index.set_health(connection, now, State.UNFIT, problem)
    states.restate(connection, key, [now.version], live=pointer.version)
    return report.passed


def _in_words(key: Key, failed: Step) -> str:
    """Say why a version may not go live; where the way out takes the key, name it."""
    return f"{failed.name}: {failed.detail}".replace("describe KEY", f"describe '{key}'")


def _same(now: Entry, seen: Entry) -> bool:
    mine = (now.id, now.sha256, now.health, now.quarantine_reason, now.description_id)
    return mine == (seen.id, seen.sha256, seen.health, seen.quarantine_reason, seen.description_id)


def _settle(
    connection: Connection,
    registry: Registry,
    key: Key,
    cause: Callable[[str | None], Cause],
    report: PreflightReport | None,
) -> Deployment | None:
    pointer = pointers.lock_or_create(connection, key, at=registry.clock())
    steps = () if report is None else tuple(preflight.as_row(step) for step in report.steps)
    return following.settle(connection, pointer, cause=cause(report.version if report else None), preflight=steps)
