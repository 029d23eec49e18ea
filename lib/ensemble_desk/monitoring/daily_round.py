"""The work of a day in one supervised run: bars, forecasts, outcomes, drift, rehearsals, alerts, each on its own."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ensemble_desk.errors import DeskError, redaction
from ensemble_desk.forecasting import log, outcomes
from ensemble_desk.forecasting import production as forecasts
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily, drift, round_log
from ensemble_desk.monitoring.alerting import alerts, channels
from ensemble_desk.monitoring.round_log import DONE, FAILED, FOUND, SKIPPED, Round, Step
from ensemble_desk.registry.ledger import anchoring, production
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.registry.preflight.readiness import Going
from ensemble_desk.training import processes
from ensemble_desk.work.places import Place

Told = Callable[[Step], None]

_MOST_NAMED = 8

_log = logging.getLogger(__name__)


def run(
    registry: Registry,
    *,
    actor: str,
    bars: Callable[[], Step] | None = None,
    place: Place | None = None,
    rehearsing: Place | None = None,
    dry_run: bool = False,
    told: Told | None = None,
) -> Round:
    """Do the work of a day; a step that fails hides no other, and all are in the row of the round.

    Parameters
    ----------
    bars : brings the newest bars into the source; None where it has them by itself.
    place, rehearsing : where keys are worked on, and where rollbacks are rehearsed; None: as the settings say.
    dry_run : sends no alert.
    told : called after each step.

    Raises
    ------
    RoundUnderWayError
        When one is at work already, wherever it was started; nothing was done.
    DatabaseError
    """
    steps: tuple[tuple[str, Callable[[], Step]], ...] = (
        ("bars", bars or _no_bars),
        ("forecast", lambda: _forecast(registry, place)),
        ("outcomes", lambda: _outcomes(registry, place)),
        ("check-drift", lambda: _drift(registry, place)),
        ("rehearse", lambda: _rehearse(registry, rehearsing)),
        ("alerts", lambda: _alerts(registry, dry_run=dry_run)),
    )
    begun_at = registry.clock()
    round_id = round_log.start(registry.database, at=begun_at, actor=actor)
    done: list[Step] = []
    try:
        with processes.beating(registry.database, round_log.heart(round_id)):
            for name, step in steps:
                done.append(_tried(name, step))
                if told is not None:
                    told(done[-1])
                round_log.finish(registry.database, round_id, done, at=registry.clock(), is_over=False)
    except BaseException:
        done.append(Step("round", FAILED, detail="it was interrupted"))
        raise
    finally:
        status = round_log.finish(registry.database, round_id, done, at=registry.clock())
    return Round(round_id, begun_at, registry.clock(), status, actor, tuple(done))


def _tried(name: str, step: Callable[[], Step]) -> Step:
    began = time.monotonic()
    try:
        found = step()
    except DeskError as error:
        found = Step(name, FAILED, detail=redaction.redacted(str(error)))
    except Exception as error:  # noqa: BLE001 - whatever a step meets must not keep the others from being done
        _log.exception("The step %s broke", name)
        found = Step(name, FAILED, detail=redaction.redacted(f"{type(error).__name__}: {error}"))
    return replace(found, name=name, seconds=round(time.monotonic() - began, 3))


def _no_bars() -> Step:
    return Step("", SKIPPED, detail="the source has the newest bars by itself")


def _forecast(registry: Registry, place: Place | None) -> Step:
    keys = [pointer.key for pointer in production.fleet(registry) if pointer.version is not None]
    found = forecasts.forecast_each(registry, keys, place=place)
    return _of_keys([(one.key, one.problem) for one in found])


def _outcomes(registry: Registry, place: Place | None) -> Step:
    found = outcomes.mature(registry, log.keys(registry.database), place=place)
    return _of_keys([(one.key, one.problem) for one in found])


def _drift(registry: Registry, place: Place | None) -> Step:
    keys = [pointer.key for pointer in production.fleet(registry)]
    daily.record(registry, keys, place=place)
    anchoring.tell(registry)
    falls = [one.key for one in drift.fleet(registry, keep=True).alerts]
    detail = f"a confirmed fall: {_named(falls)}" if falls else ""
    return Step("", FOUND if falls else DONE, len(keys), detail=detail)


def _rehearse(registry: Registry, place: Place | None) -> Step:
    found = readiness.rehearse_due(registry, where=place)
    stuck = [one.key for one in found if one.state not in (Going.READY, Going.NO_EARLIER)]
    detail = f"cannot go back now: {_named(stuck)}" if stuck else ""
    return Step("", FOUND if stuck else DONE, len(found), len(stuck), detail)


def _alerts(registry: Registry, *, dry_run: bool) -> Step:
    due = alerts.due(registry)
    deliveries = channels.send(registry, due, dry_run=dry_run)
    unreached = [f"{one.channel}: {one.problem}" for one in deliveries if one.problem]
    return Step("", FAILED if unreached else DONE, len(due), len(unreached), "; ".join(unreached))


def _of_keys(found: Sequence[tuple[Key, str]]) -> Step:
    """Sum up what was done for each key: one that cannot be done is a finding, and a failure when none can."""
    bad = [(key, problem) for key, problem in found if problem]
    if not bad:
        return Step("", DONE, len(found))
    told = "; ".join(problem if str(key) in problem else f"{key}: {problem}" for key, problem in bad[:_MOST_NAMED])
    rest = len(bad) - _MOST_NAMED
    detail = redaction.redacted(told + (f" and {rest} more" if rest > 0 else ""))
    return Step("", FAILED if len(bad) == len(found) else FOUND, len(found), len(bad), detail)


def _named(keys: Sequence[Key]) -> str:
    rest = len(keys) - _MOST_NAMED
    return ", ".join(map(str, keys[:_MOST_NAMED])) + (f" and {rest} more" if rest > 0 else "")
