"""The audit finds what was done to history, pointers, index, manifests and files behind the registry's back."""

import json

import pytest
from sqlalchemy import text

from ensemble_desk.errors import NotAllowedError, TamperedArtifactError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.folder import audit, ledger_audit, sync
from ensemble_desk.registry.ledger import history, production
from ensemble_desk.registry.moves import promotion as moves
from ensemble_desk.registry.moves import quarantine, rollback
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.registry.serving import proof
from ensemble_desk.work.places import Place

AAPL = Key("AAPL", "d1")
OLD, NEW = "20250110", "20250131"


@pytest.fixture
def lived(desk):
    """A key with moves of every kind and a refused attempt."""
    desk.publish_all(OLD, NEW)
    rollback.roll_back(desk.registry, AAPL, expected=2, actor=desk.operator, reason="drift")
    with pytest.raises(NotAllowedError):
        moves.promote(desk.registry, AAPL, to=NEW, expected=3, actor=desk.viewer, reason="curious")
    quarantine.lift(desk.registry, AAPL, NEW, expected=3, actor=desk.operator, reason="was good")
    moves.follow_latest(desk.registry, AAPL, expected=4, actor=desk.operator, reason="back to normal")
    return desk


def meddle(desk, statement, **values):
    with desk.registry.database.writing() as connection:
        assert connection.execute(text(statement), values).rowcount == 1


def kinds(desk):
    """What is found besides that the ledger tells otherwise, see test_manipulations.py."""
    return sorted({finding.kind for finding in audit.verify(desk.registry)} - {ledger_audit.DIFFERS})


def test_an_honest_life_has_no_findings(lived):
    assert audit.verify(lived.registry) == ()
    assert [row.outcome for row in history.deployments(lived.registry, AAPL)].count("refused") == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("reason", "nothing happened"),
        ("actor", "somebody else"),
        ("outcome", "refused"),
        ("to_version", NEW),
        ("preflight", "[]"),
        ("action", "no such action"),
        ("sha256", "0" * 64),
        ("refusal", "because"),
        ("subject", NEW),
        ("group_id", "g"),
    ],
)
def test_an_edited_row_is_found(lived, column, value):
    meddle(lived, f"UPDATE deployments SET {column} = :value WHERE position = 3", value=value)  # noqa: S608 - names of columns from the list above
    assert audit.EDITED in kinds(lived)


def test_an_edited_time_is_found(lived):
    rows = history.deployments(lived.registry, AAPL)
    with lived.registry.database.writing() as connection:
        from ensemble_desk.database.tables.registry_tables import deployments

        changed = deployments.update().where(deployments.c.position == 3).values(at=rows[0].at)
        connection.execute(changed)
    assert kinds(lived) == [audit.EDITED]


def test_an_edit_with_a_fitting_hash_is_found_at_the_next_row(lived):
    from ensemble_desk.registry.ledger import chain

    meddle(lived, "UPDATE deployments SET reason = 'quiet' WHERE position = 3")
    with lived.registry.database.reading() as connection:
        edited = next(link for link in chain.links(connection, AAPL) if link.position == 3)
    meddle(lived, "UPDATE deployments SET hash = :hash WHERE position = 3", hash=edited.actual_hash)
    assert kinds(lived) == [audit.INSERTED]


@pytest.mark.parametrize("position", [1, 3, 6])
def test_a_removed_row_is_found(lived, position):
    meddle(lived, "DELETE FROM deployments WHERE position = :position", position=position)
    assert audit.REMOVED in kinds(lived)


def test_an_inserted_row_is_found(lived):
    columns = (
        "symbol_id, symbol, timeframe, at, action, outcome, subject, from_version, to_version, mode, revision, actor, "
        "reason, sha256, preflight, refusal, group_id, previous_hash, hash"
    )
    meddle(
        lived,
        f"INSERT INTO deployments ({columns}, position, moved_revision) "  # noqa: S608 - the names above
        f"SELECT {columns}, 7, NULL FROM deployments WHERE position = 6",
    )
    assert audit.INSERTED in kinds(lived)


@pytest.mark.parametrize(
    ("column", "value"),
    [("version", OLD), ("mode", "pinned"), ("revision", 9), ("sha256", "0" * 64)],
)
def test_a_pointer_that_no_row_explains_is_found(lived, column, value):
    meddle(lived, f"UPDATE production_pointers SET {column} = :value", value=value)  # noqa: S608 - names of columns from the list above
    assert audit.UNEXPLAINED in kinds(lived)


def test_a_pointer_that_is_gone_is_found(lived):
    meddle(lived, "DELETE FROM production_pointers")
    assert kinds(lived) == [audit.UNEXPLAINED]


@pytest.mark.parametrize("column", ["state", "health", "quarantine_reason"])
def test_an_index_that_contradicts_production_is_found(lived, column):
    meddle(lived, f"UPDATE model_versions SET {column} = 'missing' WHERE version = :version", version=NEW)  # noqa: S608 - names of columns from the list above
    assert audit.STATE in kinds(lived)


@pytest.mark.parametrize(
    ("column", "value"), [("ensemble_accuracy", 0.99), ("n_eff", 1.0), ("leakage_suspected", True)]
)
def test_an_index_that_tells_another_accuracy_than_the_manifest_is_found(lived, column, value):
    meddle(lived, f"UPDATE model_versions SET {column} = :value WHERE version = :version", value=value, version=OLD)  # noqa: S608 - names of columns from the list above
    assert kinds(lived) == [audit.MANIFEST]


def test_counts_that_are_wrong_are_found(lived):
    meddle(lived, "UPDATE version_counts SET n = 7 WHERE state = 'available'")
    assert kinds(lived) == [audit.STATE]


def test_several_processes_find_what_one_finds_in_the_same_order(lived):
    (manifest,) = lived.folder.glob(f"*{OLD}*.json")
    manifest.write_text(manifest.read_text().replace('"1.', '"2.'))
    (artifact,) = (file for file in lived.folder.glob(f"*{NEW}*") if file.suffix != ".json")
    artifact.write_bytes(b"other bytes")
    here = audit.verify(lived.registry)
    assert {audit.MANIFEST, audit.CHANGED} <= {finding.kind for finding in here}
    told = []
    by_others = audit.verify(
        lived.registry, place=Place(n_jobs=2, fewest=2), told=lambda done, of: told.append((done, of))
    )
    assert by_others == here
    assert told == [(2, 2)]


def test_only_files_of_the_keys_that_are_meant_are_read(lived):
    (artifact,) = (file for file in lived.folder.glob(f"*{NEW}*") if file.suffix != ".json")
    artifact.write_bytes(b"other bytes")
    assert audit.verify(lived.registry, of_keys=lambda key: key != AAPL) == ()
    assert kinds(lived) == [audit.CHANGED]


def test_what_a_manifest_tells_beside_is_named_in_a_few_words(sqlite_desk):
    sqlite_desk.publish(OLD)
    manifest = sqlite_desk.file(OLD).with_suffix(".json")
    told = json.loads(manifest.read_text("utf-8")) | {f"\x1b[31m{number}": 0 for number in range(20_000)}
    manifest.write_text(json.dumps(told), "utf-8")
    (found,) = audit.verify(sqlite_desk.registry)
    assert "19992 more" in found.detail
    assert len(found.detail) < 500
    assert found.detail.isprintable()


def test_a_manifest_that_was_rewritten_is_found(lived):
    file = lived.file(OLD).with_suffix(".json")
    told = json.loads(file.read_text())
    file.write_text(json.dumps(told | {"ensemble_accuracy": 0.99}))
    (finding,) = audit.verify(lived.registry)
    assert (finding.key, finding.kind) == (AAPL, audit.MANIFEST)
    assert "ensemble_accuracy" in finding.detail
    file.write_text("{")
    assert kinds(lived) == [audit.MANIFEST]


def test_a_changed_file_is_found_although_nobody_synchronised(lived):
    lived.flip_a_byte(OLD)
    assert kinds(lived) == [audit.CHANGED]


def test_a_missing_file_is_found(lived):
    lived.file(OLD).unlink()
    assert kinds(lived) == [audit.MISSING]


def test_the_proof_of_a_move_is_what_the_folder_holds(lived):
    shown = proof.prove(lived.registry, AAPL)
    assert (shown.version, shown.matches) == (NEW, True)
    assert shown.milliseconds > 0


def test_the_proof_of_a_tampered_version_fails(lived):
    serving.load(lived.registry, AAPL, NEW)  # a cached version is no proof
    lived.flip_a_byte(NEW)
    assert not proof.prove(lived.registry, AAPL).matches


def test_a_tampered_live_version_stays_live_and_is_refused(lived):
    lived.flip_a_byte(NEW)
    assert sync.synchronise(lived.registry).changed == (f"AAPL_d1_{NEW}.pkl",)
    live = production.read(lived.registry, AAPL)
    assert live.version == NEW
    with pytest.raises(TamperedArtifactError):
        serving.ensemble(lived.registry, AAPL)
