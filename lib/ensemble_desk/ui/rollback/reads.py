"""What the rollback page reads besides: which keys a training put into production, and where each would go back to."""

from collections.abc import Collection, Mapping
from datetime import date

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import PreflightReport
from ensemble_desk.registry.moves import fleet
from ensemble_desk.registry.moves.fleet import FleetTarget
from ensemble_desk.ui.frame import caching, data


@caching.remembered(max_entries=16)
def fleet_targets(*, trained: date | None = None, run_ids: Collection[int] = ()) -> tuple[FleetTarget, ...]:
    """Keys whose live version carries a training date or came from a run, each with where it would go back to."""
    return fleet.targets(caching.registry(), trained=trained, run_ids=run_ids)


def preflights(targets: Collection[FleetTarget]) -> Mapping[Key, PreflightReport]:
    """The preflight of every target that there is."""
    return {one.key: data.preflight(one.key, one.target) for one in targets if one.target is not None}
