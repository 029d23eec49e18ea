"""The audit while everybody writes: what came after its look raises no alarm."""

import threading
from itertools import count

from tests.registry.conftest import AAPL
from tests.registry.folder.conftest import ADMIN, NAMES, forecast

from ensemble_desk.forecasting import log
from ensemble_desk.forecasting.log import Kind, Stamp
from ensemble_desk.registry.access import roles
from ensemble_desk.registry.actors import Role
from ensemble_desk.registry.folder import audit
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import anchoring
from ensemble_desk.registry.moves import promotion
from ensemble_desk.sources.sample import SampleSource

N_LOOKS = 40


def test_what_is_written_meanwhile_raises_no_alarm(lived):
    registry, is_over = lived.registry, threading.Event()
    sha256 = versions.get(registry, AAPL, NAMES[1]).sha256
    times = SampleSource().bars(AAPL).frame.index[:2000].to_pydatetime()
    n_written = 0

    def write():
        nonlocal n_written
        for number in count():
            stamp = Stamp(AAPL, NAMES[1], sha256, 6, Kind.LIVE, registry.clock())
            log.append(registry.database, stamp, [forecast(times[number])])
            anchoring.tell(registry)
            roles.give(registry, f"p{number}@example.org", Role.VIEWER, actor=ADMIN, reason="new")
            if number % 5 == 0:
                promotion.follow_latest(registry, AAPL, expected=None, actor=ADMIN, reason="back")
                promotion.promote(registry, AAPL, to=NAMES[1], expected=None, actor=ADMIN, reason="and forth")
            n_written += 1
            if is_over.is_set():
                return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = [one for _ in range(N_LOOKS) for one in audit.verify(registry)]
    finally:
        is_over.set()
        thread.join()
    assert found == []
    assert n_written > 1
    assert audit.verify(registry) == ()
