"""A registry that has lived: moves, forecasts, outcomes, bars, drift, runs, roles, tokens, notes and descriptions."""

from datetime import timedelta

import pytest
from tests.registry.conftest import AAPL, lean

from ensemble_desk.activity import notes
from ensemble_desk.artifacts.descriptions import Description
from ensemble_desk.forecasting import log
from ensemble_desk.forecasting import outcomes as maturing
from ensemble_desk.forecasting.log import Entry, Kind, Stamp
from ensemble_desk.monitoring import daily
from ensemble_desk.registry.access import roles, tokens
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.folder import audit, retention, sync
from ensemble_desk.registry.index import descriptions, versions
from ensemble_desk.registry.ledger import writing
from ensemble_desk.registry.moves import promotion, quarantine, rollback
from ensemble_desk.sources import database as stored
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.training import processes, run_log
from ensemble_desk.training.run_log import Result

FIRST = "20241227"
NAMES = ("20250103", "20250110", "20250117", "20250131")
ADMIN = Actor("ada", Role.ADMIN)


@pytest.fixture
def lived(desk):
    """A registry with everything in it that can be meddled with, once on SQLite and once on PostgreSQL."""
    return live(desk)


def live(desk, *, n_bars=80):
    """Let a registry live through everything that can be meddled with afterwards."""
    desk.content = lean(desk.content)
    desk.publish_all(FIRST, *NAMES)
    registry = desk.registry
    rollback.roll_back(registry, AAPL, expected=5, actor=desk.operator, reason="drift")
    promotion.promote(registry, AAPL, to=NAMES[1], expected=6, actor=desk.operator, reason="known good")
    quarantine.quarantine(registry, AAPL, NAMES[2], actor=desk.operator, reason="bad feed")
    retention.prune(registry, keep=1, actor=ADMIN, reason="space")
    sync.synchronise(registry)
    bars = SampleSource().bars(AAPL).tail(n_bars)
    stored.import_bars(registry.database, AAPL, bars, at=registry.clock())
    sha256 = versions.get(registry, AAPL, NAMES[1]).sha256
    stamp = Stamp(AAPL, NAMES[1], sha256, 6, Kind.LIVE, registry.clock())
    times = bars.frame.index[: n_bars // 2].to_pydatetime()
    log.append(registry.database, stamp, [forecast(at) for at in times])
    maturing.mature(registry, [AAPL])
    daily.record(registry, [AAPL])
    process = processes.this_one()
    at = registry.clock()
    run = run_log.start(registry.database, AAPL, at=at, as_of=None, actor="ada", process=process, n_steps=3).run_id
    result = Result(NAMES[1], "x.pkl", 1, 1, 1, 0.4, {}, {})
    run_log.complete(registry.database, run, result=result, at=registry.clock())
    tell(registry)
    assert audit.verify(registry) == ()
    return desk


def tell(registry):
    """Give roles and tokens, write notes, describe versions."""
    roles.give(registry, "ann@example.org", Role.OPERATOR, actor=ADMIN, reason="on call")
    roles.give(registry, "ann@example.org", Role.ANALYST, actor=ADMIN, reason="less")
    roles.give(registry, "bob@example.org", Role.VIEWER, actor=ADMIN, reason="new")
    until = registry.clock() + timedelta(days=30)
    for name in ("nightly", "service"):
        tokens.create(registry, name, role=Role.OPERATOR, expires_at=until, actor=ADMIN)
    tokens.revoke(registry, "service", actor=ADMIN)
    notes.on_version(registry, AAPL, NAMES[1], "looks good", actor=ADMIN)
    with writing.writing(registry) as connection:
        scope, told = descriptions.Scope.parse("MSFT/d1"), Description(horizon_bars=1)
        descriptions.add(connection, scope, told, actor="ada", at=registry.clock())


def forecast(at):
    return Entry(
        as_of=at,
        target_at=None,
        horizon="1D",
        horizon_bars=1,
        basis="trained",
        label="BULLISH",
        probabilities=(0.2, 0.3, 0.5),
        confidence=0.5,
        agreement=1.0,
        members={"rf": (0.2, 0.3, 0.5)},
        weights_used={"rf": 1.0},
        abstentions={},
    )
