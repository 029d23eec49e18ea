"""The overview: what needs somebody first, then the fleet, worst first, found and ordered by its address."""

import csv
import io
import re

import pytest

from ensemble_desk.market.keys import Key
from ensemble_desk.registry.moves import rollback
from ensemble_desk.registry.preflight import steps as preflight
from ensemble_desk.ui.overview import fleet, reads

KEY = Key("AAPL", "d1")


def shown(app):
    """Names of the rows, in their order."""
    labels = [link.label.strip("*").replace("\\", "") for link in app.main.page_link]
    return [label for label in labels if label.endswith(("/d1", "/w1"))]


def test_a_fleet_that_nobody_measures_is_never_praised_for_being_served(folder, open_app, texts):
    said = texts(open_app("overview"))
    assert "2 keys need somebody" in said
    assert "2 of 2 keys served, but of none is it known whether it does well" in said
    assert said.count(":gray-badge[Not measured] **") == 2


def test_rows_tell_version_mode_standing_and_way_back_in_words_and_marks(folder, open_app, texts):
    app = open_app("overview")
    assert shown(app) == ["AAPL/d1", "IBM/w1"]
    assert not app.dataframe  # nothing to scroll sideways
    said = texts(app)
    assert "20021031  \n:small[:gray[follows latest]]" in said
    assert ":gray[First version]" in [link.label for link in app.main.page_link]
    titles = re.findall(r'data:image/svg\+xml;base64,\S+ "([^"]+)"\)', said)
    assert len(titles) == 2
    assert all(re.search(r"validated \d+ % \[\d+–\d+\], n \d+, majority \d+ %", title) for title in titles)
    assert len(re.findall(r"^[\d,]+ bars$", said, re.MULTILINE)) == 2


def test_the_fleet_stands_when_it_is_drawn_again_and_for_the_next_visitor(folder, open_app):
    app = open_app("overview")
    for again in (app.run(), open_app("overview")):
        assert not again.exception
        assert shown(again) == ["AAPL/d1", "IBM/w1"]


def test_a_tampered_version_is_said_with_the_way_to_it(folder, open_app, registry, texts):
    (folder / "AAPL_d1_20020830.pkl").write_bytes(b"tampered")
    preflight.run(registry, KEY, "20020830")
    app = open_app("overview")
    assert "1 version is TAMPERED" in texts(app)
    assert "Show them" in [link.label for link in app.main.page_link]
    assert "2 of 2 keys served" in texts(app)  # it was not live


def test_a_key_whose_live_version_is_refused_counts_as_unserved_and_leads_to_its_rollback(
    folder, open_app, registry, texts
):
    (folder / "AAPL_d1_20021031.pkl").write_bytes(b"tampered")
    preflight.run(registry, KEY, "20021031")
    app = open_app("overview")
    said = texts(app)
    assert "1 of 2 keys served" in said
    assert ":red-badge[Not served] **AAPL/d1** 20021031 is tampered, so the loader refuses it" in said
    assert "1 version is TAMPERED" not in said  # the same would be said twice
    assert app.main.page_link[0].label == "Roll back"
    assert shown(app)[0] == "AAPL/d1"
    app = open_app("rollback", key="AAPL/d1")
    assert "Nothing serves AAPL/d1:** 20021031 is tampered" in app.error[0].value.replace("\\", "")
    assert not open_app("rollback", key="IBM/w1").error


def test_a_newer_version_behind_a_pin_leads_to_the_comparison(folder, open_app, registry, colleague, texts):
    rollback.roll_back(registry, KEY, to="20020830", expected=None, actor=colleague, reason="drift")
    app = open_app("overview")
    assert ":blue-badge[Newer waits] **AAPL/d1** 20020930 waits behind a pin of" in texts(app)
    compare = next(link for link in app.main.page_link if link.label == "Compare")
    assert "beside=20020930" in compare.query_string


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ({"q": "ibm"}, ["IBM/w1"]),
        ({"tf": "d1"}, ["AAPL/d1"]),
        ({"show": "not measured", "order": "by key"}, ["AAPL/d1", "IBM/w1"]),
        ({"show": "pinned"}, []),
        ({"order": "oldest first"}, ["AAPL/d1", "IBM/w1"]),
    ],
)
def test_a_view_is_kept_in_the_address(folder, open_app, texts, address, names):
    app = open_app("overview", **address)
    assert not app.exception
    assert shown(app) == names
    assert ("No key matches these filters" in texts(app)) is not bool(names)


def test_the_download_holds_numbers_as_numbers(watched, open_app):
    open_app("overview")
    rows = list(csv.DictReader(io.StringIO(fleet.as_csv(reads.board().rows).decode())))
    assert {row["key"] for row in rows} >= {"AAPL/d1"}
    for row in rows:
        assert 0 <= float(row["accuracy_low"]) <= float(row["accuracy"]) <= float(row["accuracy_high"]) <= 1
        assert row["accuracy_in_words"].startswith("replayed ")
