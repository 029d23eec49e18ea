"""The fleet's drift after production moved: only the keys that moved are read again."""

from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.monitoring import drift, verdicts
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
    found = {}
    for key, definition in definitions.of_production(registry.database).items():
        told = known.get((key, definition.version))
        if told is None:
            rows = matured.read(registry.database, key, version=definition.version)
            told = verdicts.judge(rows.of_kinds(None), definition, policy)
        found[key] = told
    return drift.ranked(found, policy)
