import copy
import shutil

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.ui.frame import caching, charts, data, monitoring_data
from ensemble_desk.ui.overview import reads as fleet_data
from ensemble_desk.ui.rollback import move as rollback_view

KEY = Key("AAPL", "d1")


def test_a_move_made_here_shows_at_once(folder, registry, colleague):
    assert data.production(KEY).version == "20021031"
    moves.promote(registry, KEY, to="20020830", expected=None, actor=colleague, reason="better")
    caching.forget()
    assert data.production(KEY).version == "20020830"
    assert data.in_production()[KEY].version == "20020830"


def test_nothing_is_read_again_while_nothing_changes(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(versions, "of_key", lambda *_given: asked.append(1) or ())
    data.versions(KEY)
    caching.forget()
    data.versions(KEY)
    assert asked == [1]


def test_files_that_go_and_come_back_are_seen(folder, versions_folder):
    def state():
        caching.forget()
        return next(str(record.state) for record in data.versions(KEY) if record.version == "20020830")

    assert state() == "available"
    names = [f"AAPL_d1_20020830.{suffix}" for suffix in ("pkl", "json")]
    for name in names:
        (folder / name).unlink()
    assert state() == "missing"
    for name in names:
        shutil.copy2(versions_folder / name, folder / name)
    assert state() == "available"


def test_a_version_found_tampered_by_another_process_is_seen(folder, registry):
    assert data.version(KEY, "20020830").state == "available"
    with (folder / "AAPL_d1_20020830.pkl").open("r+b") as file:  # the folder's own time does not change
        file.write(b"tampered")
    preflight.run(registry, KEY, "20020830")
    caching.forget()
    assert data.version(KEY, "20020830").state == "tampered"


@pytest.mark.parametrize("module", [caching, data, fleet_data, monitoring_data], ids=lambda one: one.__name__)
def test_every_cache_is_bounded(module):
    import inspect
    import re

    decorators = re.findall(
        r"@(?:st\.cache_\w+|caching\.remembered|caching\.kept)(\(.*\))?\n", inspect.getsource(module)
    )
    assert decorators
    assert all("ttl=" in given or "max_entries=" in given for given in decorators)


class Read:
    """A large answer; counts how many of them are alive."""

    alive = 0

    def __init__(self):
        Read.alive += 1

    def __del__(self):
        Read.alive -= 1


def test_a_change_replaces_what_is_kept_and_questions_are_bounded(monkeypatch):
    marks = iter(range(1_000))
    monkeypatch.setattr(caching, "mark", lambda: next(marks))

    @caching.remembered(max_entries=3, shared=True)
    def answer(name, **_more):
        return Read()

    for _ in range(10):
        answer("a", of=[Key("AAPL", "d1")])
    assert Read.alive == 1
    for name in "bcdefg":
        answer(name)
    assert Read.alive == 3


def test_questions_are_told_apart_by_all_that_they_hold():
    asked = []

    @caching.kept(seconds=3600, max_entries=64)
    def answer(question):
        asked.append(question)
        return len(asked)

    def frame(*closes):
        return pd.DataFrame({"close": closes})

    questions = [
        KEY, ("AAPL", "d1"), [KEY], {"a": 1}, {"a": 2}, {"b": 1}, frame(1.0), frame(2.0), frame(1.0, 2.0),
        frame(1.0).rename(columns={"close": "open"}), np.array([1.0, 2.0]), np.array([[1.0, 2.0]]),
    ]  # fmt: skip
    numbers = [answer(one) for one in questions]
    assert numbers == [*range(1, len(questions) + 1)]
    assert [answer(copy.deepcopy(one)) for one in questions] == numbers


def test_the_very_same_answer_is_one_question_and_its_successor_another():
    answer, successor = [1, 2], [1, 2]
    asked = []

    @caching.kept(seconds=3600, max_entries=64)
    def shown(subject):
        asked.append(subject.answer)

    for one in (answer, answer, successor, answer):
        shown(caching.Same(one))
    assert [one is answer for one in asked] == [True, False]


def test_a_table_is_made_again_only_for_what_has_changed(folder, registry, colleague, monkeypatch):
    made = []
    monkeypatch.setattr(rollback_view, "_history", lambda _key, rows: made.append(len(rows)))
    for _ in range(2):
        caching.forget()
        rollback_view.history(KEY)
    moves.promote(registry, KEY, to="20020830", expected=None, actor=colleague, reason="better")
    caching.forget()
    rollback_view.history(KEY)
    assert made == [made[0], made[0] + 1]


def test_an_answer_that_is_not_shared_can_be_changed_by_whoever_got_it():
    @caching.kept(seconds=3600, max_entries=1)
    def answer():
        return {"weights": [1, 2]}

    answer()["weights"].clear()
    assert answer() == {"weights": [1, 2]}


def test_a_question_that_failed_is_asked_again():
    failures = iter([ValueError("no")])

    @caching.kept(seconds=3600, max_entries=1)
    def answer():
        for failure in failures:
            raise failure
        return "yes"

    with pytest.raises(ValueError, match="no"):
        answer()
    assert answer() == "yes"


def _bars():
    import plotly.graph_objects as go
    import streamlit as st

    from ensemble_desk.ui.frame import caching, charts

    def draw(heights):
        charts.drawn.append(heights)
        return go.Figure(go.Bar(y=heights))

    with st.container():
        charts.show(caching.figure(draw, st.session_state.get("heights", [1, 2])), key="a", alt="bars")


def test_a_chart_is_drawn_once_and_shown_on_every_run(empty_folder, monkeypatch):
    monkeypatch.setattr(charts, "drawn", [], raising=False)
    first, again, other = (AppTest.from_function(_bars) for _ in range(3))
    other.session_state["heights"] = [3]
    for app in (first, again, other, first):
        app.run()
    assert charts.drawn == [[1, 2], [3]]
    shown = [app.get("plotly_chart")[0].proto for app in (first, again, other)]
    assert shown[0] == shown[1] != shown[2]
    assert {one.alt for one in shown} == {"bars"}


def test_what_is_shared_is_not_copied_and_is_read_anew_when_something_changes(folder, registry, colleague):
    first = fleet_data.board()
    assert fleet_data.board() is first
    moves.promote(registry, KEY, to="20020830", expected=None, actor=colleague, reason="better")
    caching.forget()
    assert {row.pointer.version for row in fleet_data.board().rows} == {"20020830", "20081226"}


@pytest.mark.parametrize("key", [Key("AAPL", "d1"), Key("NOPE", "d1")])
def test_the_source_is_always_named(folder, key):
    assert ("to 2013-03-01" in data.source_of(key)) is (key.symbol == "AAPL")
    assert "no bars of NOPE/d1" in data.source_of(Key("NOPE", "d1"))
