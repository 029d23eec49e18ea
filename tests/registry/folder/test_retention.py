"""What may go and what never does; what went leaves a tombstone, and its name is never used again."""

import shutil
from datetime import UTC, date, datetime

import pytest
from tests.registry.conftest import lean

from ensemble_desk.artifacts import naming
from ensemble_desk.artifacts.store import removal
from ensemble_desk.errors import (
    InvalidCursorError,
    InvalidSymbolError,
    NotAllowedError,
    PrunedVersionError,
    PruneUnfinishedError,
    ReasonRequiredError,
    UnknownKeyError,
)
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.entities import State
from ensemble_desk.registry.folder import audit, freshness, registering, retention, sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback, undo

AAPL, IBM = Key("AAPL", "d1"), Key("IBM", "d1")
NAMES = tuple(f"202501{day:02d}" for day in range(1, 7))
ADMIN = Actor("ada", Role.ADMIN)


@pytest.fixture
def six(desk):
    desk.content = lean(desk.content)
    desk.publish_all(*NAMES)
    return desk


def prune(desk, keep=2, actor=ADMIN, reason="disk is full", keys=None):
    return retention.prune(desk.registry, keep=keep, keys=keys, actor=actor, reason=reason)


def left(desk, key=AAPL):
    return [record.version for record in versions.of_key(desk.registry, key)]


def why(fates):
    return {fate.version: fate.why for fate in fates}


def test_a_plan_says_what_goes_and_why_the_rest_stays_and_changes_nothing(six):
    before = {path.name: path.read_bytes() for path in six.folder.glob("*.*") if path.suffix in (".pkl", ".json")}
    fates = retention.plan(six.registry, keep=3)
    assert [fate.version for fate in fates if fate.goes] == ["20250103", "20250102", "20250101"]
    assert why(fates)["20250106"] == "live (follow latest)"
    assert why(fates)["20250105"] == "was live before"
    assert why(fates)["20250104"] == "not older than the newest 3 usable"
    assert why(fates)["20250101"] == "older than the newest 3 usable"
    assert left(six) == list(reversed(NAMES))
    assert {name: (six.folder / name).read_bytes() for name in before} == before


def test_what_goes_leaves_a_tombstone_and_nothing_else(six):
    gone = versions.get(six.registry, AAPL, "20250101")
    (six.folder / "AAPL_d1_20250101.anything").write_bytes(b"beside it")
    prune(six)
    assert left(six) == ["20250106", "20250105"]
    lying = {path.name.partition(".")[0] for path in six.folder.rglob("*") if path.is_file() and path.suffix != ".db"}
    assert lying == {"AAPL_d1_20250105", "AAPL_d1_20250106"}
    told = {stone.version: stone for stone in retention.pruned(six.registry, AAPL)}["20250101"]
    assert (told.sha256, told.actor, told.reason) == (gone.sha256, "ada", "disk is full")
    assert retention.manifest(six.registry, told)["symbol"] == "AAPL"
    assert told.finished_at > told.pruned_at
    assert versions.listing(six.registry).total == 2
    with pytest.raises(PrunedVersionError, match=r"pruned on .* by ada"):
        versions.get(six.registry, AAPL, "20250101")
    with pytest.raises(PrunedVersionError):
        moves.promote(six.registry, AAPL, to="20250101", expected=None, actor=six.operator, reason="back")
    assert len(history.deployments(six.registry, AAPL)) == len(NAMES)
    assert sync.synchronise(six.registry, force=True).vanished == ()
    assert audit.verify(six.registry) == ()


def test_what_serving_rollback_and_undo_need_is_never_removed(six):
    operator = six.operator
    rollback.roll_back(six.registry, AAPL, to="20250102", expected=None, actor=operator, reason="night")
    fates = retention.plan(six.registry, keep=1)
    assert [fate.version for fate in fates if fate.goes] == ["20250104", "20250103"]
    assert why(fates)["20250102"] == "live (pinned)"
    assert why(fates)["20250106"] == "was live before"  # and quarantined by the rollback
    assert why(fates)["20250101"] == "a rollback would go there"
    prune(six, keep=1)
    undo.undo(six.registry, AAPL, expected=None, actor=operator, reason="it was fine")
    assert production.read(six.registry, AAPL).version == "20250106"
    assert audit.verify(six.registry) == ()


def test_quarantined_and_tampered_versions_stay_and_missing_ones_go(six):
    quarantine.quarantine(six.registry, AAPL, "20250102", actor=six.operator, reason="bad feed")
    six.flip_a_byte("20250103")
    six.file("20250101").unlink()
    sync.synchronise(six.registry, force=True)
    fates = retention.plan(six.registry, keep=1)
    assert why(fates)["20250102"] == "quarantined, under review: bad feed"
    assert why(fates)["20250103"].startswith("tampered")
    assert why(fates)["20250101"] == "its file is gone"
    assert [fate.version for fate in fates if fate.goes] == ["20250104", "20250101"]


def test_the_newest_usable_ones_are_counted_without_the_unusable(six):
    for version in ("20250105", "20250104"):
        quarantine.quarantine(six.registry, AAPL, version, actor=six.operator, reason="bad feed")
    assert [fate.version for fate in retention.plan(six.registry, keep=3) if fate.goes] == ["20250101"]
    assert not any(fate.goes for fate in retention.plan(six.registry, keep=5))


def test_only_an_admin_with_a_reason_may(six):
    with pytest.raises(NotAllowedError, match="admin"):
        prune(six, actor=six.operator)
    with pytest.raises(ReasonRequiredError):
        prune(six, reason=" \n ")
    with pytest.raises(UnknownKeyError):
        prune(six, keys=[AAPL, IBM])
    assert len(left(six)) == len(NAMES)


def test_one_key_is_pruned_and_the_others_are_left_alone(six):
    six.publish_all(*NAMES, key=IBM)
    prune(six, keys=[IBM])
    assert (len(left(six)), len(left(six, IBM))) == (6, 2)


def test_a_pruned_name_is_never_used_again(six):
    prune(six)
    taken = retention.taken(six.registry, AAPL)
    day = date(2025, 1, 1)
    published = six.registry.store.publish(
        six.content, key=AAPL, date=day, created_at=datetime(2025, 3, 1, tzinfo=UTC), taken=taken
    )
    assert published.version == "20250101r02"
    careless = six.registry.store.publish(
        six.content, key=AAPL, date=date(2025, 1, 2), created_at=datetime(2025, 3, 1, tzinfo=UTC)
    )
    assert careless.version == "20250102"
    with pytest.raises(PrunedVersionError):
        registering.register(six.registry, careless, actor="trainer")


def test_a_file_dropped_in_again_is_refused_and_told_why(six, tmp_path):
    name = six.file("20250101").name
    shutil.copy(six.folder / name, tmp_path / "kept.pkl")
    prune(six)
    shutil.copy(tmp_path / "kept.pkl", six.folder / name)
    report = sync.synchronise(six.registry)
    assert report.added == ()
    assert "was pruned on" in report.refused[name]
    assert "never used again" in versions.rejected(six.registry)[name]
    assert "20250101" not in left(six)
    assert audit.verify(six.registry) == ()


def test_what_died_half_way_is_finished_by_the_next_look(six, monkeypatch):
    def read_only(folder, names):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(removal, "remove", read_only)
        with pytest.raises(PruneUnfinishedError, match="Read-only file system"):
            prune(six)
        assert "20250101" not in left(six)
        assert {finding.kind for finding in audit.verify(six.registry)} == {audit.PRUNED}
        freshness.if_folder_changed(six.registry)  # looks, and cannot remove them either
        assert six.registry.store.exists("AAPL_d1_20250101.pkl")
    freshness.if_folder_changed(six.registry)
    assert not six.registry.store.exists("AAPL_d1_20250101.pkl")
    assert all(stone.finished_at for stone in retention.pruned(six.registry))
    assert audit.verify(six.registry) == ()


def test_only_files_of_the_very_version_are_removed(tmp_path):
    kept = ("AAPL_d1_20250101r02.pkl", "A_AAPL_d1_20250101.pkl", "AAPL_d1_20250101", "notes.txt", "registry.db")
    gone = ("AAPL_d1_20250101.pkl", "AAPL_d1_20250101.json", "AAPL_d1_20250101.serving.npz")
    form = naming.form_name("AAPL_d1_20250101.pkl")
    (tmp_path / form).parent.mkdir()
    for name in (*kept, *gone, form):
        (tmp_path / name).touch()
    assert next(removal.files_of(tmp_path, ["AAPL_d1_20250101.pkl"])) == "AAPL_d1_20250101.pkl"
    assert removal.remove(tmp_path, ["AAPL_d1_20250101.pkl"]) == 4
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert removal.remove(tmp_path, ["AAPL_d1_20250101.pkl"]) == 0


def test_who_asks_for_pruned_versions_finds_them_and_nobody_else_does(six):
    six.publish("20250101", key=IBM, symbol="IBM")
    prune(six, keys=[AAPL])
    assert versions.listing(six.registry).total == 3
    told = versions.listing(six.registry, state="pruned")
    assert [row.version for row in told.rows] == ["20250104", "20250103", "20250102", "20250101"]
    assert (told.total, told.next_cursor) == (4, None)
    row = told.rows[0]
    assert (row.key, row.state) == (AAPL, State.PRUNED)
    assert row.weights == {"rf": 1.0}
    assert row.ensemble_accuracy == six.content["ensemble_accuracy"]
    assert row.problem.endswith("by ada: disk is full")
    assert versions.listing(six.registry, state="pruned", symbol="IBM").rows == ()
    assert versions.listing(six.registry, state="pruned", since=row.created_at).total == 1
    with pytest.raises(InvalidSymbolError):
        versions.listing(six.registry, state="pruned", symbol="../x")


@pytest.mark.parametrize("order", ["created_at", "accuracy", "version", "symbol"])
def test_pages_of_pruned_versions_neither_lose_nor_repeat(six, order):
    prune(six)
    for descending in (True, False):
        seen, after = [], None
        while not seen or after:
            page = versions.listing(
                six.registry, state=State.PRUNED, order=order, descending=descending, limit=3, after=after
            )
            seen += [row.version for row in page.rows]
            after = page.next_cursor
        assert seen == sorted(NAMES[:4], reverse=descending)
    with pytest.raises(InvalidCursorError):
        versions.listing(six.registry, state="pruned", after="nonsense")
