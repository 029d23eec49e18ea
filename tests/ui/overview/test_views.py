"""Views of the fleet with names: kept for one person, opened again, replaced and forgotten."""

from ensemble_desk.registry.access import personal
from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.registry.actors import Actor, Role

ENGINEER = Actor("engineer", Role.ADMIN)


def keep(app, name):
    app.text_input(key="view_name").set_value(name).run()
    app.button(key="view_keep").click().run()
    assert not app.exception
    return app


def test_a_view_with_a_name_is_opened_again_by_the_same_person(folder, open_app, registry):
    keep(open_app("overview", show="watched", order="by key"), "my stars?")
    assert personal.subjects(registry, ENGINEER, Kind.VIEW) == {"my stars?show=watched&order=by+key"}
    app = open_app("overview", tf="d1")  # another session
    assert app.selectbox(key="show").value == "all keys"
    app.button(key="view_my stars").click().run()
    assert not app.exception
    chosen = {name: app.selectbox(key=name).value for name in ("show", "tf", "order")}
    assert chosen == {"show": "watched", "tf": None, "order": "by key"}


def test_the_same_name_again_replaces_the_view_and_it_can_be_forgotten(folder, open_app, registry):
    keep(open_app("overview", q="AAP"), "mine")
    app = keep(open_app("overview", q="IBM"), "mine")
    assert personal.subjects(registry, ENGINEER, Kind.VIEW) == {"mine?q=IBM"}
    app.button(key="forget_mine").click().run()
    assert personal.subjects(registry, ENGINEER, Kind.VIEW) == frozenset()
    assert "view_mine" not in {button.key for button in app.button}


def test_without_a_name_nothing_is_kept(folder, open_app, registry):
    app = keep(open_app("overview"), "  ? ")
    assert "Nothing was kept" in app.toast[0].value
    assert personal.subjects(registry, ENGINEER, Kind.VIEW) == frozenset()
