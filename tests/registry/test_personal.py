"""What a person keeps for themself, on both databases."""

from ensemble_desk.registry.access import personal
from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.registry.actors import Actor, Role

ANN, BOB = Actor("ann@example.org", Role.VIEWER), Actor("bob@example.org", Role.ADMIN)


def test_a_mark_is_kept_for_one_person_and_one_kind_until_it_is_taken_away(desk):
    registry = desk.registry
    personal.mark(registry, ANN, Kind.WATCHED, "AAPL/d1", on=True)
    personal.mark(registry, ANN, Kind.WATCHED, "AAPL/d1", on=True)
    personal.mark(registry, ANN, Kind.WATCHED, "^GSPC/w1", on=True)
    assert personal.subjects(registry, ANN, Kind.WATCHED) == {"AAPL/d1", "^GSPC/w1"}
    assert personal.subjects(registry, ANN, Kind.READ) == frozenset()
    assert personal.subjects(registry, BOB, Kind.WATCHED) == frozenset()
    personal.mark(registry, ANN, Kind.WATCHED, "AAPL/d1", on=False)
    personal.mark(registry, ANN, Kind.WATCHED, "AAPL/d1", on=False)
    assert personal.subjects(registry, ANN, Kind.WATCHED) == {"^GSPC/w1"}
