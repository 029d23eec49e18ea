"""The fleet's drift after production moved: only the keys that moved are read again."""

from ensemble_desk.forecasting import definitions
from ensemble_desk.monitoring import drift
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.monitoring.evidence import bands
from ensemble_desk.registry.opening import Registry


def after_moves(registry: Registry, before: FleetDrift) -> FleetDrift:
    """Say how every key does, as :func:`ensemble_desk.monitoring.drift.fleet` does, from what it said before.

    Right only while no forecast and no outcome has come since: a large log is then not read for one rollback.

    Raises
    ------
    DatabaseError
    """
    policy = bands.policy(registry.settings)
    known = {(one.key, one.version): one for one in before.states}
    live = definitions.of_production(registry.database)
    found = {key: told for key, one in live.items() if (told := known.get((key, one.version))) is not None}
    found |= drift.judged(registry, {key: one for key, one in live.items() if key not in found}, policy, None)
    return drift.ranked(found, policy)
