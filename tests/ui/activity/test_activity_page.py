"""Who did what, on the page: filters in the address, the way to each move, and what is new to whom."""

import pytest

from ensemble_desk.activity import feed, notes, visits
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import history
from ensemble_desk.registry.moves import fleet, rollback
from ensemble_desk.ui.frame.news import reads

KEY, IBM = Key("AAPL", "d1"), Key("IBM", "w1")
NEWEST, MIDDLE, OLDEST = "20021031", "20020930", "20020830"


@pytest.fixture
def moved(registry, colleague):
    return rollback.roll_back(registry, KEY, to=MIDDLE, expected=None, actor=colleague, reason="drift_seen")


def labels(app):
    return [link.label for link in app.main.get("page_link")]


def navigation(app):
    return [link.label for link in app.sidebar.get("page_link")]


def test_everything_of_the_last_week_is_there_with_its_way_on(folder, moved, open_app, texts):
    app = open_app("activity")
    assert not app.exception
    told = texts(app)
    assert f"**colleague** rolled AAPL/d1 back from {NEWEST} to {MIDDLE}" in told
    assert "drift_seen" in told
    assert f"**trainer** trained AAPL/d1, which made {OLDEST}" in told
    assert f"Move {moved.id}" in labels(app)
    assert "Run 1" in labels(app)


def test_filters_stand_in_the_address(folder, moved, open_app, texts):
    app = open_app("activity", about="IBM/w1", kind="training", time="All")
    assert not app.exception
    told = texts(app)
    assert "trained IBM/w1" in told
    assert "AAPL" not in told
    app = open_app("activity", who="colleague")
    assert labels(app) == [f"Move {moved.id}"]
    app.selectbox(key="time").set_value("Between").run()
    app.date_input(key="to").set_value(moved.at.date().replace(year=moved.at.year - 1)).run()
    assert not app.exception
    assert "Nobody did anything of the kind in that time" in texts(app)


def test_older_pages_are_led_to_and_a_place_that_is_none_is_said(folder, registry, colleague, open_app):
    for number in range(30):
        notes.on_version(registry, KEY, NEWEST, f"note {number}", actor=colleague)
    first = open_app("activity")
    second = first.button(key="older").click().run()
    assert not second.exception
    assert second.button(key="newest")
    assert second.query_params["after"] == feed.read(registry, limit=25).next_place
    assert "note 4" in " ".join(element.value for element in second.markdown)
    assert "note 5" not in " ".join(element.value for element in second.markdown)
    assert "no place in this list" in open_app("activity", after="nowhere").error[0].value


def test_what_is_new_is_counted_until_it_was_looked_at(folder, registry, colleague, open_app, texts):
    visits.remember(registry, "engineer", at=registry.clock())
    assert "Activity" in navigation(open_app("overview"))
    rollback.roll_back(registry, KEY, to=MIDDLE, expected=None, actor=colleague, reason="drift")
    reads.forget()
    assert "Activity · 1 new" in navigation(open_app("overview"))
    app = open_app("activity")
    assert texts(app).count(":blue-badge[new]") == 1
    assert "Activity" in navigation(open_app("overview"))
    assert visits.last(registry, "engineer") > history.get(registry, 5).at


def test_a_move_has_a_page_with_all_that_belongs_to_it(folder, moved, open_app, registry, texts):
    app = open_app("move", id=str(moved.id))
    assert not app.exception
    told = texts(app)
    assert f"Rolled AAPL/d1 back from {NEWEST} to {MIDDLE}" in told
    assert "**colleague**" in told
    assert "“drift_seen”" in told
    assert f"Quarantined {NEWEST}" in told
    assert "Pinned AAPL/d1" in told
    assert f"The loader serves **{MIDDLE}** now" in app.success[0].value
    assert f"Preflight of {MIDDLE} passed" in told
    assert "which is what its content comes to now" in told
    app.toggle(key="replay_then").set_value(True).run()
    assert not app.exception
    assert f"Replay of {MIDDLE} against {NEWEST}" in texts(app)


def test_a_move_is_undone_from_its_page_after_a_reload(folder, moved, open_app, registry, texts):
    app = open_app("move", id=str(moved.id))
    app.button(key="undo_submit").click().run()
    assert not app.exception
    assert not app.error
    undone = history.deployments(registry, KEY)[0]
    assert (undone.action, undone.to_version, undone.actor) == ("undo", NEWEST, "engineer")
    assert f"The loader serves **{NEWEST}** now" in app.success[0].value
    assert "Undo is over" in texts(app)
    again = open_app("move", id=str(undone.id))
    assert f"Lifted the quarantine of {NEWEST}" in texts(again)
    assert "Unpinned AAPL/d1" in texts(again)


def test_an_edited_row_is_said(folder, moved, open_app, registry):
    from sqlalchemy import text

    with registry.database.writing() as connection:
        connection.execute(text("UPDATE deployments SET reason = 'nothing' WHERE id = :id"), {"id": moved.id})
    app = open_app("move", id=str(moved.id))
    assert "its content was changed since" in app.error[0].value


def test_a_group_has_a_page_and_is_undone_from_it(folder, registry, colleague, open_app, texts):
    chosen = [one for one in fleet.targets(registry, trained=None, run_ids=(3,)) if one.target]
    fleet.roll_back(registry, chosen, actor=colleague, reason="bad feed", group_id="g1")
    app = open_app("move", group="g1")
    assert not app.exception
    assert "Group g1: rollback of 1 keys" in texts(app)
    assert list(app.dataframe[0].value["Serves now"]) == [MIDDLE]
    app.button(key="undo_group_submit").click().run()
    assert not app.exception
    assert history.deployments(registry, KEY)[0].group_id == "g1-undo"


@pytest.mark.parametrize(
    ("query", "told"),
    [({}, "This address names no move"), ({"id": "999"}, "no move 999"), ({"group": "x"}, "No moves were made as")],
)
def test_an_address_that_names_nothing_ends_in_words(folder, open_app, texts, query, told):
    app = open_app("move", **query)
    assert not app.exception
    assert told in texts(app)


def test_notes_stand_on_the_move_the_version_and_in_the_feed(folder, moved, open_app, texts):
    app = open_app("move", id=str(moved.id))
    app.text_input[0].set_value("the *feed* was late")
    [button] = [button for button in app.button if str(button.key).startswith("note_submit")]
    button.click().run()
    assert not app.exception
    assert "the *feed* was late" in texts(app)
    assert app.text_input[0].value == ""
    card = open_app("versions", view="One version", key=str(KEY), version=OLDEST)
    card.text_input(key=f"note_text_{KEY} {OLDEST} 0").set_value("a good one")
    card.button(key=f"note_submit_{KEY} {OLDEST} 0").click().run()
    assert not card.exception
    assert "a good one" in texts(card)
    told = texts(open_app("activity", kind="note"))
    assert f"noted on AAPL/d1 {OLDEST}" in told
    assert "the *feed* was late" in told


def test_who_may_only_look_reads_everything_and_learns_why_not(folder, moved, open_app, address, texts):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    app = open_app("move", id=str(moved.id))
    assert not app.exception
    assert f"The loader serves **{MIDDLE}** now" in app.success[0].value
    assert app.button(key="undo_submit").disabled
    assert app.button(key="undo_submit").help == "This takes the role operator; you are viewer."
    assert f"Move {moved.id}" in labels(open_app("activity"))
    app = open_app("rollback", key=str(KEY), target=OLDEST)
    assert not app.exception
    assert f"Preflight of {OLDEST} passed" in texts(app)
    for name in ("roll_back_submit", "undo_submit", "lift_submit", "promote_submit", "follow_submit"):
        assert app.button(key=name).disabled
