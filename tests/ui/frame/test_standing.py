"""The fleet's drift read beside the pages: nobody waits long, an old answer says so, one reading at a time."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ensemble_desk.errors import DatabaseError
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import drift, verdicts
from ensemble_desk.monitoring.drift import FleetDrift
from ensemble_desk.registry.entities import Mode, Production
from ensemble_desk.ui.frame import standing
from ensemble_desk.ui.frame.standing import Standing, Watch

KEY = Key("AAPL", "d1")


class Readings:
    """Stands in for reading a fleet, as slowly as a test wants it."""

    def __init__(self):
        self.begun, self.answers, self.gate = 0, [], threading.Event()
        self.gate.set()

    def __call__(self, _registry):
        self.begun += 1
        self.gate.wait(10)
        answer = self.answers.pop(0) if self.answers else FleetDrift(())
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def readings(monkeypatch):
    found = Readings()
    monkeypatch.setattr(drift, "fleet", found)
    monkeypatch.setattr(standing, "MOST_SECONDS_WAITED", 0.05)
    monkeypatch.setattr(standing, "_REST", 0.0)
    yield found
    found.gate.set()


def until_current(watch, *, mark):
    for _ in range(200):
        told = watch.ask(None, mark=mark)
        if told.current:
            return told
        time.sleep(0.01)
    pytest.fail("the reading never ended")


def state(version):
    nothing = verdicts.nothing(KEY, None, problem="")
    return replace(nothing, version=version)


def pointer(version):
    return Production(KEY, version, Mode.PINNED, 1, datetime(2025, 1, 1, tzinfo=UTC), "ann", "tried")


def test_a_quick_answer_is_there_at_once_and_kept(readings):
    watch = Watch()
    first = until_current(watch, mark=(1, 1, 1))
    assert first.at is not None
    assert until_current(watch, mark=(1, 1, 1)) == first
    assert readings.begun == 1


def test_a_slow_reading_shows_the_last_answer_until_it_ends(readings):
    watch = Watch()
    readings.answers = [FleetDrift((state("1"),)), FleetDrift((state("2"),))]
    readings.gate.clear()
    assert watch.ask(None, mark=(1, 1, 1)) == Standing()
    readings.gate.set()
    until_current(watch, mark=(1, 1, 1))
    readings.gate.clear()
    told = watch.ask(None, mark=(2, 2, 2))
    assert (told.current, told.states[0].version, told.at is None) == (False, "1", False)
    readings.gate.set()
    assert until_current(watch, mark=(2, 2, 2)).states[0].version == "2"


def test_many_sessions_share_one_reading(readings):
    watch = Watch()
    readings.gate.clear()
    asking = [threading.Thread(target=watch.ask, args=(None,), kwargs={"mark": (1, 1, 1)}) for _ in range(8)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert readings.begun == 1
    readings.gate.set()
    until_current(watch, mark=(1, 1, 1))
    assert readings.begun == 1


def test_a_long_reading_is_not_begun_again_at_once(readings, monkeypatch):
    watch = Watch()
    readings.gate.clear()
    watch.ask(None, mark=(1, 1, 1))
    monkeypatch.setattr(standing, "_REST", 1_000.0)
    readings.gate.set()
    until_current(watch, mark=(1, 1, 1))
    told = [watch.ask(None, mark=(number, number, number)) for number in (2, 3, 4)]
    assert not any(one.current for one in told)
    assert readings.begun == 1


def test_a_reading_that_failed_is_told_and_tried_again(readings):
    watch = Watch()
    readings.answers = [DatabaseError("is gone", "Bring it back."), FleetDrift(())]
    with pytest.raises(DatabaseError):
        until_current(watch, mark=(1, 1, 1))
    assert until_current(watch, mark=(1, 1, 1)).current


def test_what_was_read_of_another_version_is_not_shown():
    told = Standing((state("20250101"),), current=True)
    assert told.of(pointer("20250101")) is told.states[0]
    assert told.of(pointer("20250201")) is None
    assert Standing().of(pointer("20250101")) is None
