import pytest

PAGES = {
    "overview": "Overview",
    "versions": "Versions",
    "performance": "Performance",
    "predict": "Predict",
    "drift": "Drift",
    "rollback": "Rollback",
    "training_runs": "Training runs",
    "activity": "Activity",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_real_versions(folder, open_app, page):
    app = open_app(page, key="AAPL/d1")
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [PAGES[page]]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_registry_says_what_to_do_next(empty_folder, open_app, texts, page):
    app = open_app(page)
    assert not app.exception
    assert not app.error
    assert any(code.value == "make demo" for code in app.code), texts(app)


@pytest.mark.parametrize("page", ["performance", "predict", "rollback"])
def test_a_link_to_an_unknown_key_is_said(folder, open_app, texts, page):
    app = open_app(page, key="NOPE/d1")
    assert not app.exception
    assert "No version of NOPE/d1 is registered. Showing AAPL/d1 instead." in texts(app)


def test_a_database_that_cannot_be_opened_ends_in_words(folder, open_app, monkeypatch):
    monkeypatch.setenv("DESK_DATABASE_URL", f"sqlite:///{folder}")
    app = open_app("overview")
    assert not app.exception
    assert f"{folder.name} is a folder. Nothing changed." in app.error[0].value


def test_the_sidebar_says_who_is_here(folder, open_app):
    app = open_app("overview")
    assert any("this machine only" in caption.value for caption in app.sidebar.caption)


def test_drift_without_outcomes_claims_nothing(folder, open_app, texts):
    app = open_app("drift")
    assert "It is not measured: no forecast of this version has an outcome yet" in texts(app)
    assert "There is no green light either" in texts(app)
    assert any(code.value.startswith("desk replay --symbol 'AAPL'") for code in app.code)
    assert not app.metric


@pytest.mark.parametrize("page", PAGES)
def test_a_cold_link_on_a_fresh_server_ends_on_its_page(folder, open_cold, page):
    app = open_cold(page, key="AAPL/d1")
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]


def test_a_cold_link_is_guarded(folder, open_cold, address, texts):
    address("0.0.0.0")  # noqa: S104 - told, not bound
    app = open_cold("rollback", key="AAPL/d1", target="20020930")
    for name in ("roll_back_submit", "promote_submit", "follow_submit"):
        assert app.button(key=name).disabled
        assert app.button(key=name).help == "This takes the role operator; you are viewer."
