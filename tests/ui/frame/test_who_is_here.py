import pytest
from streamlit.testing.v1 import AppTest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.ledger import production

KEY = Key("AAPL", "d1")


@pytest.mark.parametrize("given", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_on_loopback_the_local_user_is_admin(folder, open_app, address, given):
    address(given)
    app = open_app("rollback", key=str(KEY))
    assert not app.warning
    assert any("engineer · admin" in badge.value for badge in app.sidebar.markdown)


@pytest.mark.parametrize("given", [None, "", "0.0.0.0", "192.168.1.5", "::", "desk.example.org"])  # noqa: S104 - told, not bound
def test_on_any_other_address_nobody_may_act_without_signing_in(folder, open_app, address, given):
    address(given)
    app = open_app("rollback", key=str(KEY), target="20020930")
    assert app.button(key="roll_back_submit").disabled
    assert app.button(key="roll_back_submit").help == "This takes the role operator; you are viewer."
    assert all(app.button(key=key).disabled for key in ("promote_submit", "follow_submit"))
    assert any("visitor · viewer" in badge.value for badge in app.sidebar.markdown)
    assert not open_app("overview").warning


def test_a_viewer_reads_what_production_says_and_is_told_what_takes_more(folder, open_app, texts, address):
    address("desk.example.org")
    app = open_app("predict", key=str(KEY), part="Batch")
    assert not app.exception
    assert app.date_input(key="as_of").disabled
    assert "This takes the role analyst; you are viewer." in texts(app)
    app = open_app("predict", key=str(KEY), bars="Upload")
    assert not app.get("file_uploader")
    assert "A file of your own is not read here." in texts(app)


def test_behind_a_proxy_the_local_user_is_nobody(folder, monkeypatch, open_app):
    from streamlit.runtime.context import ContextProxy

    monkeypatch.setattr(ContextProxy, "headers", {"X-Forwarded-For": "203.0.113.7"})
    app = open_app("rollback", key=str(KEY))
    assert any("visitor · viewer" in badge.value for badge in app.sidebar.markdown)
    assert app.button(key="rehearse").disabled


def signed_in(open_app, page, email, *, changed=None, **query):
    app = open_app(page, **query)
    claims = {"iss": "https://id.example.org", "sub": "7", "email": email, "email_verified": True, "name": "Somebody"}
    app.user = {"is_logged_in": True} | claims | (changed or {})
    return app.run()


def test_a_signed_in_person_has_the_role_of_the_settings(folder, open_app, monkeypatch, address):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    monkeypatch.setenv("DESK_ROLES", "ann@example.org=operator")
    app = signed_in(open_app, "rollback", "ann@example.org", key=str(KEY))
    assert not app.exception
    assert not app.button(key="rehearse").disabled
    app = signed_in(open_app, "rollback", "bob@example.org", key=str(KEY))
    assert any("bob@example.org · viewer" in badge.value for badge in app.sidebar.markdown)
    assert app.button(key="rehearse").disabled


def test_history_names_the_person_who_signed_in(folder, open_app, registry, monkeypatch, address):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    monkeypatch.setenv("DESK_ROLES", "ann@example.org=operator")
    app = signed_in(open_app, "rollback", "ann@example.org", key=str(KEY), target="20020930")
    app.text_input(key="reason").set_value("drift")
    app.button(key="roll_back_submit").click().run()
    assert production.read(registry, KEY).actor == "ann@example.org"


def test_a_person_whose_role_was_taken_away_is_refused_by_the_library(folder, open_app, registry, monkeypatch, address):
    app: AppTest = open_app("rollback", key=str(KEY), target="20020930")
    address("0.0.0.0")  # noqa: S104 - told, not bound
    app.text_input(key="reason").set_value("drift")
    app.button(key="roll_back_submit").click().run()
    assert not app.success
    assert production.read(registry, KEY).version == "20021031"


def test_while_nobody_has_signed_in_nothing_is_shown(folder, open_app, texts):
    app = open_app("overview")
    app.user = {"is_logged_in": False}
    app.run()
    assert "Sign in to use Ensemble Desk" in texts(app)
    assert not app.dataframe
    assert [button.label for button in app.button] == ["Sign in"]


@pytest.mark.parametrize(
    ("changed", "role"),
    [
        ({}, "operator"),
        ({"email": "ANN@Example.org"}, "operator"),
        ({"email_verified": False}, "viewer"),
        ({"email_verified": "true"}, "viewer"),
        ({"email": None, "name": "ann@example.org", "preferred_username": "ann@example.org"}, "viewer"),
        ({"email_verified": False, "sub": "42"}, "admin"),
        ({"email_verified": False, "groups": ["desk-admins", "others"]}, "admin"),
        ({"email_verified": False, "iss": None, "sub": None}, "viewer"),
    ],
)
def test_a_role_follows_number_verified_address_or_group(folder, open_app, monkeypatch, *, changed, role):
    monkeypatch.setenv("DESK_ROLES", "Ann@example.org=operator,https://id.example.org|42=admin")
    monkeypatch.setenv("DESK_ROLE_GROUPS", "desk-admins=admin")
    app = signed_in(open_app, "overview", "ann@example.org", changed=changed)
    assert any(badge.value.endswith(f"· {role}]") or f"· {role}" in badge.value for badge in app.sidebar.markdown)
