"""One key for all pages: found in the sidebar, kept from page to page, named in the address and in the tab."""

import pytest

ABOUT_A_KEY = ("performance", "predict", "drift", "rollback")


def test_the_key_that_is_found_is_the_key_of_the_page_and_of_the_address(folder, open_app, texts):
    app = open_app("performance", key="AAPL/d1")
    app.selectbox(key="find_key").set_value("IBM/w1").run()
    assert not app.exception
    assert app.query_params["key"] == "IBM/w1"
    assert "IBM/w1** live: **20081226" in texts(app)


def test_the_links_to_other_pages_carry_the_key(folder, open_app):
    app = open_app("drift", key="IBM/w1")
    carried = {link.label: link.query_string for link in app.sidebar.page_link}
    assert carried["Performance"] == carried["Rollback"] == "key=IBM%2Fw1"
    assert carried["Overview"] == carried["Training runs"] == ""


def test_clearing_the_search_keeps_the_key(folder, open_app, texts):
    app = open_app("performance", key="IBM/w1")
    app.selectbox(key="find_key").set_value(None).run()
    assert app.query_params["key"] == "IBM/w1"
    assert app.selectbox(key="find_key").value == "IBM/w1"
    assert "IBM/w1** live" in texts(app)


def test_on_the_overview_a_found_key_opens_its_performance(folder, open_app):
    app = open_app("overview")
    assert app.selectbox(key="find_key").value is None
    app.selectbox(key="find_key").set_value("IBM/w1").run()
    assert [title.value for title in app.title] == ["Performance"]
    assert app.query_params["key"] == "IBM/w1"


def test_a_version_of_the_key_before_is_not_kept_in_the_address(folder, open_app):
    app = open_app("performance", key="AAPL/d1", version="20020930")
    assert app.selectbox(key="version").value == "20020930"
    app.selectbox(key="find_key").set_value("IBM/w1").run()
    assert app.selectbox(key="version").value == "20081226"
    assert "version" not in app.query_params


@pytest.mark.parametrize("page", ABOUT_A_KEY)
def test_every_page_about_a_key_tells_what_is_live_and_how_it_stands(folder, open_app, texts, page):
    said = texts(open_app(page, key="AAPL/d1"))
    assert "AAPL/d1** live: **20021031" in said
    assert "NOT MEASURED" in said
    assert "Follow latest" in said
    assert "Way back: not rehearsed" in said
    assert "by trainer" in said


def test_who_has_to_sign_in_reads_no_names_of_keys(folder, open_app):
    app = open_app("overview")
    app.user = {"is_logged_in": False}
    app.run()
    assert not app.sidebar.selectbox
