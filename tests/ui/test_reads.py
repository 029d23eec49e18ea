import shutil

import pytest

from lib.market.keys import Key
from lib.registry import moves, preflight, versions
from lib.ui import caching, data, fleet_data, monitoring_data

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

    decorators = re.findall(r"@(?:st\.cache_\w+|caching\.remembered)(\(.*\))?\n", inspect.getsource(module))
    assert decorators
    assert all("ttl=" in given or "max_entries=" in given for given in decorators)


def test_what_is_shared_is_not_copied_and_is_read_anew_when_something_changes(folder, registry, colleague):
    first = fleet_data.board()
    assert fleet_data.board() is first
    moves.promote(registry, KEY, to="20020830", expected=None, actor=colleague, reason="better")
    caching.forget()
    assert list(fleet_data.board().table["Production"]) == ["20020830", "20081226"]


@pytest.mark.parametrize("key", [Key("AAPL", "d1"), Key("NOPE", "d1")])
def test_the_source_is_always_named(folder, key):
    assert ("to 2013-03-01" in data.source_of(key)) is (key.symbol == "AAPL")
    assert "no bars of NOPE/d1" in data.source_of(Key("NOPE", "d1"))
