"""Going back with many keys on the page, and the readiness of one."""

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.preflight import readiness

AAPL, IBM = Key("AAPL", "d1"), Key("IBM", "w1")
NEWEST, MIDDLE = "20021031", "20020930"


@pytest.fixture
def chosen(folder, open_app):
    """The page of many keys with a training day chosen."""
    app = open_app("rollback", scope="Many keys")
    assert not app.exception
    return app.selectbox(key="fleet_day").set_value(NEWEST).run()


def send(app, reason="bad feed that night"):
    app.text_input(key="fleet_reason").set_value(reason)
    return app.button(key="fleet_submit").click().run()


def test_nothing_is_chosen_silently(folder, open_app, texts):
    app = open_app("rollback", scope="Many keys")
    assert app.selectbox(key="fleet_day").value is None
    assert "Nothing is chosen yet" in texts(app)
    assert [button.key for button in app.button if button.key == "fleet_submit"] == []


def test_all_keys_of_a_day_go_back_are_proven_and_come_back(chosen, registry, texts):
    shown = chosen.dataframe[0].value
    assert list(shown["Key"]) == ["AAPL/d1"]
    assert list(shown["Goes back to"]) == [MIDDLE]
    app = send(chosen)
    assert not app.exception
    assert production.read(registry, AAPL).version == MIDDLE
    assert "1 key went back" in texts(app)
    proof = app.dataframe[0].value
    assert list(proof["The loader serves"]) == [MIDDLE]
    assert list(proof["Proof"]) == [["matches"]]
    app = app.button(key="fleet_undo").click().run()
    assert not app.exception
    assert production.read(registry, AAPL).version == NEWEST
    assert "back where they were" in texts(app)


def test_a_key_with_nowhere_to_go_holds_all_back_until_it_is_left_out(folder, open_app, texts):
    app = open_app("rollback", scope="Many keys")
    app = app.selectbox(key="fleet_day").set_value("20081226").run()
    assert app.button(key="fleet_submit").disabled
    assert "IBM/w1 cannot go back" in texts(app)
    app = app.multiselect(key="fleet_left_out_20081226").set_value(["IBM/w1"]).run()
    assert not app.exception
    assert "cannot go back" not in texts(app)


def test_what_moved_since_it_was_shown_holds_all_back(chosen, registry, colleague, texts):
    moves.promote(registry, AAPL, to=NEWEST, expected=None, actor=colleague, reason="hold")
    app = send(chosen)
    assert "colleague moved it" in texts(app)
    assert production.read(registry, AAPL).version == NEWEST


def test_a_reason_is_required(chosen, registry, texts):
    app = send(chosen, reason=" ")
    assert "takes a reason" in texts(app)
    assert production.read(registry, AAPL).version == NEWEST


def test_a_run_may_be_chosen_instead_of_a_day(folder, open_app):
    app = open_app("rollback", scope="Many keys")
    assert [option.split(", ")[1] for option in app.selectbox(key="fleet_run").options] == [
        "IBM/w1 20081226",
        "AAPL/d1 20021031",
    ]
    app = app.selectbox(key="fleet_run").select_index(1).run()
    assert not app.exception
    assert list(app.dataframe[0].value["Key"]) == ["AAPL/d1"]


def test_readiness_is_shown_with_its_age_and_renewed_by_a_button(folder, open_app, registry, texts):
    app = open_app("rollback", key=str(AAPL))
    assert "was not rehearsed" in texts(app)
    app = app.button(key="rehearse").click().run()
    assert not app.exception
    assert f"{MIDDLE} passed its preflight just now" in texts(app)
    assert readiness.of_key(registry, AAPL).at is not None
    app = open_app("rollback", key=str(IBM))
    assert app.button(key="rehearse").disabled


def test_a_link_with_an_unknown_scope_shows_one_key(folder, open_app):
    app = open_app("rollback", scope="Everything")
    assert not app.exception
    assert app.selectbox(key="find_key").value is None
