"""One request through page, command line and library leaves equal records."""

import shutil

import streamlit as st

from ensemble_desk import settings
from ensemble_desk.jobs import app as command_line
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import rollback

KEY = Key("AAPL", "d1")
TARGET, LIVE, REASON = "20020930", "20021031", "confidence collapsed after the retrain"
OF_THE_MOMENT = {"id", "at", "hash", "since"}


def through_the_page(open_app):
    app = open_app("rollback", key=str(KEY), target=TARGET)
    app.text_input(key="reason").set_value(REASON)
    assert not app.button(key="roll_back_submit").click().run().exception


def through_the_command_line():
    revision = with_registry(lambda registry: production.read(registry, KEY).revision)
    asked = ["registry", "rollback", KEY.symbol, KEY.timeframe, "--to", TARGET, "--reason", REASON]
    assert command_line.main([*asked, "--expected-revision", str(revision)]) == 0


def through_the_library():
    actor = Actor("engineer", Role.ADMIN)

    def move(registry):
        revision = production.read(registry, KEY).revision
        return rollback.roll_back(registry, KEY, to=TARGET, expected=revision, actor=actor, reason=REASON)

    with_registry(move)


def with_registry(act):
    with opening.open_registry(settings.load()) as registry:
        return act(registry)


def told(value):
    """All fields of a frozen value but those of the moment."""
    return {name: getattr(value, name) for name in type(value).__dataclass_fields__ if name not in OF_THE_MOMENT}


def records(registry):
    row = told(history.deployments(registry, KEY, limit=1)[0])
    row["preflight"] = [{name: step[name] for name in step if name != "milliseconds"} for step in row["preflight"]]
    index = {one.version: (one.state, one.quarantine_reason) for one in versions.of_key(registry, KEY)}
    return row, told(production.read(registry, KEY)), index


def test_page_command_line_and_library_leave_equal_records(versions_folder, folder, open_app, monkeypatch):
    ways = {
        "page": lambda: through_the_page(open_app),
        "command line": through_the_command_line,
        "library": through_the_library,
    }
    left = {}
    for name, way in ways.items():
        copied = folder.parent / name
        shutil.copytree(versions_folder, copied)
        monkeypatch.setenv("DESK_MODELS_URL", str(copied))
        st.cache_data.clear()
        st.cache_resource.clear()
        way()
        left[name] = with_registry(records)
    row, pointer, index = left["library"]
    assert (row["outcome"], row["from_version"], row["to_version"], row["actor"]) == ("moved", LIVE, TARGET, "engineer")
    assert len(row["preflight"]) == 10
    assert pointer["version"] == TARGET
    assert index[LIVE] == ("quarantined", REASON)
    assert left["page"] == left["library"]
    assert left["command line"] == left["library"]
