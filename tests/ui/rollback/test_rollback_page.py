import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import rollback
from ensemble_desk.ui.frame import actions

KEY = Key("AAPL", "d1")
NEWEST, MIDDLE, OLDEST = "20021031", "20020930", "20020830"


def send(app, *, reason):
    app.text_input(key="reason").set_value(reason)
    return app.button(key="roll_back_submit").click().run()


@pytest.fixture
def chosen(folder, open_app):
    """The page with a target chosen and its preflight on the screen."""
    return open_app("rollback", key=str(KEY), target=MIDDLE)


def test_nothing_is_chosen_silently(folder, open_app):
    app = open_app("rollback")
    assert app.selectbox(key="find_key").value is None
    assert not app.radio
    app = open_app("rollback", key=str(KEY))
    assert app.radio(key="target").value is None
    assert [button.key for button in app.button if button.key == "roll_back_submit"] == []


def test_the_target_that_was_live_before_comes_first_and_is_named(folder, open_app):
    app = open_app("rollback", key=str(KEY))
    target = app.radio(key="target")
    assert target.options == [MIDDLE, OLDEST]
    captions = list(target.proto.captions)
    assert captions[0].startswith("**previously live**")
    assert "previously live" not in captions[1]


def test_choosing_a_target_shows_its_preflight(folder, open_app, texts):
    app = open_app("rollback", key=str(KEY))
    app.radio(key="target").set_value(OLDEST).run()
    assert not app.exception
    assert f"Preflight of {OLDEST} passed" in texts(app)
    steps = app.table[0].value
    assert len(steps) == 10
    assert steps.iloc[:, 0].str.contains("check_circle").sum() >= 8
    passed = steps[steps.iloc[:, 0].str.contains("check_circle")]
    assert not passed.iloc[:, 1].str.contains("does not stop the move").any()  # said of what did not pass
    replayed = next(table.value for table in app.dataframe if "Difference" in table.value.columns)
    assert replayed.iloc[0, 1:3].str.contains("majority").all()


def test_rolling_back_moves_production_and_proves_it(chosen, registry, texts):
    app = send(chosen, reason="drift seen by the desk")
    assert not app.exception
    now = production.read(registry, KEY)
    assert (now.version, now.reason, now.actor) == (MIDDLE, "drift seen by the desk", "engineer")
    assert f"The loader now serves **{MIDDLE}**" in app.success[0].value
    assert any(row.quarantine_reason for row in _versions(registry))
    assert app.dataframe[0].value["To"].iloc[0] == MIDDLE


def test_a_move_whose_proof_fails_is_red_and_says_so(chosen, folder, registry, monkeypatch, texts):
    real = actions.rollback.roll_back

    def and_lose_the_file(*told, **named):
        done = real(*told, **named)
        (folder / f"AAPL_d1_{MIDDLE}.pkl").unlink()
        return done

    monkeypatch.setattr(actions.rollback, "roll_back", and_lose_the_file)
    app = send(chosen, reason="drift seen by the desk")
    assert not app.exception
    assert not app.success
    assert f"Production moved to {MIDDLE}, but the loader does not serve it" in texts(app)
    assert production.read(registry, KEY).version == MIDDLE


def test_undo_puts_back_what_was_live_and_how(chosen, registry):
    app = send(chosen, reason="drift seen by the desk")
    app.button(key="undo_submit").click().run()
    assert not app.exception
    assert not app.error
    now = production.read(registry, KEY)
    assert (now.version, str(now.mode)) == (NEWEST, "follow latest")
    assert not any(row.quarantine_reason for row in _versions(registry))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_required_and_nothing_changes_without(chosen, registry, texts, reason):
    app = send(chosen, reason=reason)
    assert not app.exception
    assert "takes a reason" in texts(app)
    assert production.read(registry, KEY).version == NEWEST


def test_who_decided_on_an_old_screen_is_told_who_moved(chosen, registry, colleague, texts):
    moves.promote(registry, KEY, to=OLDEST, expected=None, actor=colleague, reason="meanwhile")
    app = send(chosen, reason="drift seen by the desk")
    assert "colleague moved it" in texts(app)
    assert production.read(registry, KEY).version == OLDEST
    assert [row.outcome for row in history.deployments(registry, KEY, limit=2)] == ["refused", "moved"]


def test_of_two_tabs_with_the_same_form_only_the_first_moves(chosen, open_app, registry, texts):
    second = open_app("rollback", key=str(KEY), target=OLDEST)
    assert not send(chosen, reason="first tab").error
    app = send(second, reason="second tab")
    assert "engineer moved it to 20020930" in texts(app)
    assert production.read(registry, KEY).version == MIDDLE
    assert [row.reason for row in history.deployments(registry, KEY, limit=2)] == ["second tab", "first tab"]


def test_a_target_is_not_kept_for_another_key(chosen):
    app = chosen.selectbox(key="find_key").set_value("IBM/w1").run()
    assert not app.exception
    assert not app.radio
    app.selectbox(key="find_key").set_value(str(KEY)).run()
    assert app.radio(key="target").value is None


def test_a_target_that_fails_its_preflight_cannot_be_chosen_for_good(folder, open_app, registry, texts):
    (folder / f"AAPL_d1_{OLDEST}.pkl").write_bytes(b"not what was registered")
    app = open_app("rollback", key=str(KEY), target=OLDEST)
    assert not app.exception
    button = [button for button in app.button if button.key == "roll_back_submit"]
    assert button == [] or button[0].disabled
    assert production.read(registry, KEY).version == NEWEST


def test_lifting_promoting_and_following(folder, open_app, registry, colleague):
    rollback.roll_back(registry, KEY, to=OLDEST, expected=None, actor=colleague, reason="drift")
    app = open_app("rollback", key=str(KEY))
    app.selectbox(key="lift_version").set_value(NEWEST)
    app.text_input(key="lift_reason").set_value("false alarm")
    app.button(key="lift_submit").click().run()
    assert not app.exception
    assert not any(row.quarantine_reason for row in _versions(registry))
    app.selectbox(key="promote_version").set_value(MIDDLE)
    app.text_input(key="promote_reason").set_value("half way back")
    app.button(key="promote_submit").click().run()
    assert production.read(registry, KEY).version == MIDDLE
    app.text_input(key="follow_reason").set_value("all is well")
    app.button(key="follow_submit").click().run()
    assert not app.exception
    assert production.read(registry, KEY).version == NEWEST


def test_a_form_without_its_choice_says_so(folder, open_app, registry, colleague, texts):
    rollback.roll_back(registry, KEY, to=OLDEST, expected=None, actor=colleague, reason="drift")
    app = open_app("rollback", key=str(KEY))
    app.button(key="lift_submit").click().run()
    assert "Choose a version first" in texts(app)


def test_what_was_live_at_a_time(folder, open_app, registry, texts):
    first = history.deployments(registry, KEY)[-1]
    app = open_app("rollback", key=str(KEY), at="2000-01-01T00:00")
    assert not app.exception
    assert "Nothing of AAPL/d1 was live at 2000-01-01 00:00 UTC; the first was 20020830 on" in texts(app)
    app.datetime_input(key="at").set_value(first.at.replace(tzinfo=None, year=first.at.year + 1)).run()
    assert f"{NEWEST} of AAPL/d1 was live" in texts(app)
    assert "by trainer (follow)" in texts(app)


def test_a_reason_is_shown_as_it_was_written(folder, open_app, registry, colleague):
    hostile = "![x](http://example.org/x.png) **bold** :red[alarm]"
    rollback.roll_back(registry, KEY, to=OLDEST, expected=None, actor=colleague, reason=hostile)
    app = open_app("rollback", key=str(KEY))
    shown = " ".join(element.value for element in app.markdown)
    assert "![x](" not in shown
    assert r"\!\[x\]\(" in shown


def _versions(registry):
    from ensemble_desk.registry.index import versions

    return versions.of_key(registry, KEY)


def test_before_pressing_it_is_said_what_else_will_change(chosen, texts):
    told = texts(chosen)
    assert "It is pinned: newer versions wait" in told
    assert f"{NEWEST} is quarantined: no move takes it until that is lifted." in told


def test_undo_is_there_after_a_reload_too(folder, open_app, registry, colleague, texts):
    rollback.roll_back(registry, KEY, to=OLDEST, expected=None, actor=colleague, reason="drift")
    app = open_app("rollback", key=str(KEY))
    app.button(key="undo_submit").click().run()
    assert not app.exception
    assert production.read(registry, KEY).version == NEWEST


def test_who_was_overtaken_looks_again_and_keeps_the_reason(chosen, registry, colleague, texts):
    moves.promote(registry, KEY, to=MIDDLE, expected=None, actor=colleague, reason="meanwhile")
    app = send(chosen, reason="drift seen by the desk")
    assert f"**colleague** promoted AAPL/d1 to {MIDDLE}" in texts(app)
    app.button(key="look_again").click().run()
    assert not app.exception
    app.radio(key="target").set_value(OLDEST).run()
    assert app.text_input(key="reason").value == "drift seen by the desk"
    app.button(key="roll_back_submit").click().run()
    assert not app.error
    assert production.read(registry, KEY).version == OLDEST
    assert "drift seen by the desk" not in [field.value for field in app.text_input]
