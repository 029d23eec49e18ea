"""The first visit: three sentences a page, dismissed for good; stars that a person keeps; words with one meaning."""

import pytest

from ensemble_desk.registry.access import personal
from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.ui.frame import shell
from ensemble_desk.ui.frame.help import glossary, introduction
from ensemble_desk.ui.overview import fleet

ENGINEER = Actor("engineer", Role.ADMIN)


def keys_of(app):
    return {button.key for button in app.button}


def test_every_page_is_introduced_until_somebody_has_read_it(folder, open_app, texts, registry):
    app = open_app("drift", key="AAPL/d1")
    assert "Only a confirmed fall is an alert" in texts(app)
    app.button(key="introduced").click().run()
    assert "introduced" not in keys_of(app)
    assert personal.subjects(registry, ENGINEER, Kind.READ) == {"Drift"}
    again = open_app("drift", key="AAPL/d1")  # another session of the same person
    assert "introduced" not in keys_of(again)
    again.button(key="introduce").click().run()
    assert "introduced" in keys_of(again)


def test_a_star_is_kept_and_the_overview_shows_these_alone(folder, open_app, registry):
    app = open_app("performance", key="IBM/w1")
    app.button(key="watch").click().run()
    assert not app.exception
    assert app.button(key="watch").label == "Watched"
    assert personal.subjects(registry, ENGINEER, Kind.WATCHED) == {"IBM/w1"}
    app = open_app("overview", show="watched")
    assert [link.label for link in app.main.page_link if link.label.endswith("★")] == ["**IBM/w1** ★"]
    assert "**1 of 2 keys**" in [one.value for one in app.markdown]


def test_what_a_visitor_whom_nobody_knows_marks_is_not_kept(folder, open_app, registry, address):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    app = open_app("performance", key="IBM/w1")
    app.button(key="watch").click().run()
    assert app.button(key="watch").label == "Watched"
    assert personal.subjects(registry, Actor("visitor", Role.VIEWER), Kind.WATCHED) == frozenset()


@pytest.mark.parametrize("page", introduction.PAGES)
def test_an_introduction_is_short_and_of_a_page_that_there_is(page):
    assert page in {place.name for place in shell.PLACES}
    assert 2 <= introduction.PAGES[page].count(". ") + 1 <= 4


def test_the_heads_of_the_fleet_are_explained():
    assert {"standing", "accuracy since training", "age", "way back"} <= {one.lower() for one in fleet.HEADS} & set(
        glossary.GLOSSARY
    )
