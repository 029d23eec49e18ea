import pickle
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from ensemble_desk.database.tables.registry_tables import training_run_progress
from ensemble_desk.errors import AlreadyTrainingError, FutureDateError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import production
from ensemble_desk.training import fitting, job, processes, run_log, runs
from ensemble_desk.training.processes import Process

AAPL = Key("AAPL", "d1")
EARLY = datetime(2002, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def fitted(content):
    """What fitting gives, without the seconds it takes: these tests are about what is done with it."""
    return content


@pytest.fixture
def quick(monkeypatch, fitted):
    def fit(bars, *, progress, **_):
        progress("features and labels", 1, fitting.N_STEPS)
        return {**fitted, "data_window": fitted["data_window"] | {"last_bar": bars.last.isoformat()}}

    monkeypatch.setattr(fitting, "fit_version", fit)


def test_bars_become_a_registered_version_and_a_completed_run(registry):
    told = []
    outcome = job.train(registry, AAPL, as_of=EARLY, actor="ann", progress=lambda *step: told.append(step))
    assert (outcome.status, outcome.version, outcome.error) == ("completed", "20020830", None)
    assert [number for _, number, _ in told] == list(range(1, job.N_STEPS + 1))

    run = runs.get(registry.database, outcome.run_id)
    record = versions.get(registry, AAPL, "20020830")
    assert (run.status, run.version, run.actor, run.as_of) == ("completed", "20020830", "ann", EARLY)
    assert (record.run_id, record.ensemble_accuracy) == (run.id, run.ensemble_validation_accuracy)
    assert run.n_validation_samples == record.n_holdout
    assert production.read(registry, AAPL).version == "20020830"

    artifact = pickle.loads(Path(run.models_artifact_path).read_bytes())
    assert (artifact["symbol"], artifact["timeframe"], artifact["timestamp"]) == ("AAPL", "d1", "20020830")
    assert artifact["run_id"] == run.id
    assert len(artifact["code_revision"]) == 12
    assert Path(run.models_artifact_path).stat().st_size < 2_000_000


def test_the_same_asked_for_again_is_the_version_that_is_there_and_moves_nothing(registry, quick):
    first = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    moved = production.read(registry, AAPL)
    second = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    assert (second.status, second.version, second.known) == ("completed", first.version, True)
    assert production.read(registry, AAPL) == moved
    assert [one.version for one in versions.of_key(registry, AAPL)] == ["20020830"]
    told = runs.get(registry.database, second.run_id)
    assert told.n_training_samples == runs.get(registry.database, first.run_id).n_training_samples
    assert "trained from the same already" in told.log


def test_another_version_of_the_same_day_is_wished_for_or_learns_something_else(registry, quick):
    told = [{}, {"again": "once more"}, {"again": "once more"}, {"seed": 5}, {"members": ("rf",)}]
    names = [job.train(registry, AAPL, as_of=EARLY, actor="ann", **one).version for one in told]
    assert names == ["20020830", "20020830r02", "20020830r02", "20020830r03", "20020830r04"]
    assert production.read(registry, AAPL).version == "20020830r04"


def test_what_is_missing_is_trained_anew(registry, quick):
    first = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    for file in registry.store.folder.rglob("AAPL_d1_20020830*"):
        file.unlink()
    sync.synchronise(registry, force=True)
    assert job.train(registry, AAPL, as_of=EARLY, actor="ann").version != first.version


def test_a_training_of_the_same_waits_for_the_one_under_way_and_takes_over_when_its_heart_stops(
    registry, quick, monkeypatch
):
    monkeypatch.setattr(job, "_POLL_SECONDS", 0.05)
    elsewhere = Process(1, "another-machine")
    monkeypatch.setattr(processes, "this_one", lambda: elsewhere)
    asked = []
    start = run_log.start
    monkeypatch.setattr(
        run_log, "start", lambda *known, **told: asked.append(told["identity"]) or start(*known, **told)
    )
    first = job.train(registry, AAPL, as_of=EARLY, actor="ann", again="known")
    monkeypatch.undo()
    monkeypatch.setattr(job, "_POLL_SECONDS", 0.05)
    monkeypatch.setattr(fitting, "fit_version", lambda *_bars, **_told: pytest.fail("it was trained twice"))
    at = registry.clock()
    told = {"at": at, "as_of": EARLY, "actor": "bob", "process": elsewhere, "n_steps": 1, "alone": True}
    with ThreadPoolExecutor(1) as pool:
        other = start(registry.database, AAPL, identity=asked[0] + "0", **told).run_id
        with pytest.raises(AlreadyTrainingError):
            job.train(registry, AAPL, as_of=EARLY, actor="ann", again="known")
        run_log.fail(registry.database, other, error="x", at=at)
        with registry.database.writing() as connection:
            connection.execute(update(training_run_progress).values(identity=None))
        under_way = start(registry.database, AAPL, identity=asked[0], **told).run_id
        waiting = pool.submit(job.train, registry, AAPL, as_of=EARLY, actor="ann", again="known")
        assert not wait([waiting], timeout=0.3).done
        with registry.database.writing() as connection:
            mine = update(training_run_progress).where(training_run_progress.c.run_id == first.run_id)
            connection.execute(mine.values(identity=asked[0]))
            silent = update(training_run_progress).where(training_run_progress.c.run_id == under_way)
            connection.execute(silent.values(beat_at=datetime(2000, 1, 1, tzinfo=UTC)))
        assert waiting.result(timeout=30).version == first.version
    assert runs.get(registry.database, under_way).error_message == run_log.ENDED


def test_a_training_taken_for_dead_publishes_nothing(registry, fitted, monkeypatch):
    def fit(bars, **_):
        with registry.database.reading() as connection:
            run_id = runs.newest_id(connection)
        run_log.fail(registry.database, run_id, error=run_log.ENDED, at=registry.clock())
        return fitted

    monkeypatch.setattr(fitting, "fit_version", fit)
    outcome = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    assert "was taken for dead" in outcome.error
    assert versions.keys(registry) == ()
    assert list(registry.store.folder.glob("*.pkl")) == []


def test_a_heart_beats_while_a_step_takes_long(registry, quick, fitted, monkeypatch):
    monkeypatch.setattr(processes, "BEAT_SECONDS", 0.02)
    beats = set()

    def fit(bars, **_):
        with registry.database.writing() as connection:
            connection.execute(update(training_run_progress).values(beat_at=datetime(2000, 1, 1, tzinfo=UTC)))
        while len(beats) < 2:
            with registry.database.reading() as connection:
                beats.add(connection.execute(select(training_run_progress.c.beat_at)).scalar_one())
        return fitted

    monkeypatch.setattr(fitting, "fit_version", fit)
    assert job.train(registry, AAPL, as_of=EARLY, actor="ann").status == "completed"


def test_without_a_date_the_version_is_named_by_the_last_bar(registry, quick):
    assert job.train(registry, AAPL, as_of=None, actor="ann").version == "20130301"


def test_a_date_after_the_last_bar_is_kept(registry, quick):
    as_of = datetime(2014, 5, 5, 23, 59, tzinfo=UTC)
    assert job.train(registry, AAPL, as_of=as_of, actor="ann").version == "20140505"


def test_a_date_to_come_is_refused_without_a_row(registry):
    with pytest.raises(FutureDateError, match="has not come yet"):
        job.train(registry, AAPL, as_of=datetime.now(UTC) + timedelta(days=2), actor="ann")
    assert runs.listing(registry.database).total == 0


@pytest.mark.parametrize(
    ("key", "as_of", "why"),
    [
        (Key("FB", "d1"), None, "needs at least"),
        (Key("ZZZZ", "d1"), None, "there is no ZZZZ/d1"),
        (AAPL, datetime(1990, 1, 1, tzinfo=UTC), "begins on"),
    ],
)
def test_what_cannot_be_trained_fails_with_its_reason_in_the_row(registry, key, as_of, why):
    outcome = job.train(registry, key, as_of=as_of, actor="ann")
    assert (outcome.status, outcome.version) == ("failed", None)
    assert why in outcome.error
    run = runs.get(registry.database, outcome.run_id)
    assert (run.status, run.error_message) == ("failed", outcome.error)
    assert run.finished_at is not None
    assert versions.keys(registry) == ()


def test_a_broken_library_fails_the_run_and_raises_nothing(registry, monkeypatch):
    def broken(*_args, **_kwargs):
        message = "singular matrix"
        raise ArithmeticError(message)

    monkeypatch.setattr(fitting, "fit_version", broken)
    outcome = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    assert outcome.error == "ArithmeticError: singular matrix"
    assert runs.get(registry.database, outcome.run_id).status == "failed"


def test_an_interrupted_training_is_recorded_and_goes_on_to_interrupt(registry, monkeypatch):
    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "fit_version", interrupted)
    with pytest.raises(KeyboardInterrupt):
        job.train(registry, AAPL, as_of=EARLY, actor="ann")
    assert runs.listing(registry.database).rows[0].error_message == job.INTERRUPTED


def test_a_folder_that_cannot_be_written_fails_the_run(settings, quick, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with opening.open_registry(settings.model_copy(update={"models_url": str(blocked)})) as registry:
        outcome = job.train(registry, AAPL, as_of=EARLY, actor="ann")
    assert outcome.status == "failed"
    assert "could not be published" in outcome.error
