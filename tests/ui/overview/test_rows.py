"""What a row needs and where it stands among the others, without a page."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import verdicts
from ensemble_desk.monitoring.evidence.bands import Band, Evidence
from ensemble_desk.registry.entities import Mode, Production
from ensemble_desk.registry.preflight.readiness import Going, Readiness
from ensemble_desk.ui.frame.keys.facts import Grade
from ensemble_desk.ui.frame.standing import Standing
from ensemble_desk.ui.overview import rows
from ensemble_desk.ui.overview.rows import Known, Need


def pointer(symbol, *, version="20250101", mode=Mode.FOLLOW_LATEST, newer=None):
    at = datetime(2025, 1, 2, tzinfo=UTC)
    return Production(Key(symbol, "d1"), version, mode, 1, at, "ann", "tried", newer_waiting=newer)


def state(symbol, band, evidence, **told):
    nothing = verdicts.nothing(Key(symbol, "d1"), None, problem="")
    return replace(nothing, version="20250101", band=band, evidence=evidence, **told)


def known(*states, ways_back=(), expired=(), failing=()):
    return Known(
        records={},
        standing=Standing(states, current=True),
        ways_back={one.key: one for one in ways_back},
        expired={Key(symbol, "d1") for symbol in expired},
        failing={Key(symbol, "d1") for symbol in failing},
    )


def test_the_worst_come_first_and_of_two_fallen_the_one_with_more_evidence():
    states = [
        state("A", Band.OK, Evidence.UNCONFIRMED),
        state("B", Band.DRIFT, Evidence.CONFIRMED, e_value=30.0),
        state("C", Band.EMERGENCY, Evidence.CONFIRMED, e_value=90.0),
        state("D", Band.DRIFT, Evidence.UNCONFIRMED, margin=-0.1),
        state("E", Band.NOT_MEASURED, Evidence.INSUFFICIENT),
    ]
    fleet = [pointer(symbol) for symbol in "ABCDE"] + [pointer("F", version=None)]
    found = rows.of(fleet, known(*states))
    assert [row.name[0] for row in found] == ["F", "C", "B", "D", "E", "A"]
    assert [row.grade for row in found][:4] == [Grade.NOT_SERVED, Grade.FELL, Grade.FELL, Grade.WATCH]


@pytest.mark.parametrize(
    ("one", "told", "needs"),
    [
        (pointer("A", version=None), {}, {Need.NOT_SERVED}),
        (pointer("A"), {"expired": ["A"]}, {Need.EXPIRED}),
        (pointer("A"), {"failing": ["A"]}, {Need.RUN_FAILED}),
        (pointer("A", mode=Mode.PINNED, newer="20250301"), {}, {Need.WAITS}),
        (pointer("A", newer="20250301"), {}, set()),  # it follows latest: the newer one cannot go live for a reason
        (pointer("A"), {"ways_back": [Readiness(Key("A", "d1"), Going.NOWHERE, "20250101", None)]}, {Need.NO_WAY_BACK}),
        (pointer("A"), {"ways_back": [Readiness(Key("A", "d1"), Going.NO_EARLIER, "20250101", None)]}, set()),
    ],
)
def test_what_a_key_needs(one, told, needs):
    (row,) = rows.of([one], known(state("A", Band.OK, Evidence.UNCONFIRMED), **told))
    assert set(row.needs) == needs


def test_a_key_that_is_being_read_is_neither_well_nor_unmeasured():
    (row,) = rows.of([pointer("A")], known())
    assert (row.grade, row.needs, row.now) == (Grade.READING, (), None)
