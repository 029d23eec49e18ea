"""A set of versions that shows every page at its best: real bars, rising as-of dates, nothing made up."""

from collections.abc import Callable
from datetime import date

from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import retention
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import readiness
from ensemble_desk.settings import Settings
from ensemble_desk.sources.protocol import BarSource
from ensemble_desk.training import fleet
from ensemble_desk.training.fleet import TrainingRequest
from ensemble_desk.training.job import TrainingOutcome

_STOCK_DATES = ("2012-03-30", "2012-06-29", "2012-09-28", "2012-12-31")
_INDEX_DATES = ("2018-03-29", "2018-06-29", "2018-09-28")
_DATES = {
    "AAPL/d1": _STOCK_DATES,
    "GOOG/d1": _STOCK_DATES,
    "IBM/d1": _STOCK_DATES,
    "MSFT/d1": _STOCK_DATES,
    "^GSPC/d1": _INDEX_DATES,
    "AAPL/w1": ("2012-06-29", "2012-12-28"),
    "IBM/w1": ("2012-12-28",),
    "^GSPC/w1": ("2018-06-29",),
}
"""Ends of quarters, the last ones far enough inside the sample that later bars can tell how the version did."""


def plan(source: BarSource) -> tuple[TrainingRequest, ...]:
    """Give what to train, for the keys this source has: every key's oldest date first."""
    known = set(source.keys())
    wanted = ((Key.parse(text), day) for text, days in _DATES.items() for day in days)
    return tuple(TrainingRequest(key, fleet.end_of(date.fromisoformat(day))) for key, day in wanted if key in known)


def _missing(registry: Registry, requests: tuple[TrainingRequest, ...]) -> tuple[TrainingRequest, ...]:
    """What of the plan is not there: all of it for an empty registry, nothing for one that holds anything else."""
    planned = {(request.key, _name(request)) for request in requests}
    known = {(key, name) for key in versions.keys(registry) for name in retention.taken(registry, key)}
    return tuple(request for request in requests if known <= planned and (request.key, _name(request)) not in known)


def _name(request: TrainingRequest) -> str:
    return f"{request.as_of:%Y%m%d}" if request.as_of else ""


def run(
    settings: Settings,
    *,
    if_empty: bool,
    actor: str,
    progress: Callable[[TrainingOutcome], None] | None = None,
    began: Callable[[int], None] | None = None,
) -> tuple[TrainingOutcome, ...]:
    """Train the plan with all cores, then rehearse going back.

    With ``if_empty`` nothing is trained when there is any version, but for the rest of a demo that was interrupted.

    Parameters
    ----------
    began : told how many versions there will be, before the first is trained.
    """
    registry = opening.open_registry(settings)
    try:
        requests = plan(registry.source)
        if if_empty:
            requests = _missing(registry, requests)
    finally:
        registry.close()
    if not requests:
        return ()
    if began is not None:
        began(len(requests))
    outcomes = fleet.train_all(settings, requests, n_jobs=settings.jobs, actor=actor, progress=progress)
    with opening.open_registry(settings) as registry:
        readiness.rehearse_due(registry)
    return outcomes
