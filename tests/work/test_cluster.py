"""Work on a Dask cluster: its workers, its release, its end in the middle, and trainings whose workers are killed."""

import os
import pickle
import signal
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import joblib
import pytest
from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import training_run_progress, training_runs
from ensemble_desk.errors import ClusterError, OtherReleaseError
from ensemble_desk.forecasting import outcomes, production
from ensemble_desk.jobs.inputs import many_bars
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.ledger import history
from ensemble_desk.settings import Settings
from ensemble_desk.sources import many_files, sessions
from ensemble_desk.sources.importing import Rules
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.training import fleet, runs
from ensemble_desk.training.fleet import TrainingRequest
from ensemble_desk.work import cluster as clusters
from ensemble_desk.work import places, release, walking
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import Lost

EARLY = datetime(2002, 8, 30, tzinfo=UTC)
KEYS = (Key("AAPL", "d1"), Key("IBM", "d1"), Key("MSFT", "d1"))


def square(number):
    return number * number, os.getpid()


def each(items, place, *, task=square, **more):
    return walking.each(task, task, items, place=place, **more)


def slowly(number):
    time.sleep(0.05)
    return number


def at(running):
    return Place(scheduler=running.scheduler_address, fewest=2)


def test_work_is_done_by_the_workers(cluster):
    found = each(range(50), at(cluster))
    assert [square for square, _ in found] == [n * n for n in range(50)]
    assert {process for _, process in found} <= {worker.pid for worker in cluster.workers.values()}


def test_a_cluster_that_joblib_was_told_of_is_used(cluster):
    from distributed import Client

    with Client(cluster, set_as_default=False) as client, joblib.parallel_config(backend="dask", client=client):
        found = each(range(8), Place(fewest=2))
    assert {process for _, process in found} <= {worker.pid for worker in cluster.workers.values()}


def test_workers_of_another_release_are_refused_before_anything_is_done(cluster, monkeypatch):
    monkeypatch.setattr(release, "here", lambda: "2.0.0")
    told = []
    with pytest.raises(OtherReleaseError, match="another release than this program"):
        each(range(8), at(cluster), told=lambda *one: told.append(one))
    assert told == []


def test_a_worker_that_comes_later_with_another_release_is_refused_as_well(cluster, monkeypatch):
    monkeypatch.setattr(clusters, "check", lambda *_place, **_more: None)
    monkeypatch.setattr(release, "here", lambda: "2.0.0")
    with pytest.raises(ClusterError, match="runs another release"):
        each(range(8), at(cluster))


def test_a_registry_in_a_file_is_not_given_to_workers_on_other_machines(cluster, monkeypatch):
    monkeypatch.setattr(release.socket, "gethostname", lambda: "desk-1")
    with pytest.raises(ClusterError, match=r"SQLite file of desk-1.*DESK_DATABASE_URL"):
        each(range(8), at(cluster))


def test_where_nobody_answers_the_address_is_named(monkeypatch):
    monkeypatch.setattr(clusters, "_PATIENCE_SECONDS", 0.5)
    with pytest.raises(ClusterError, match="cannot be used"):
        each(range(8), Place(scheduler="tcp://127.0.0.1:9", fewest=2))


def test_a_cluster_that_goes_away_leaves_what_was_not_done(recwarn):
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as running:

        def end(position, _found):
            if position == 3:
                threading.Thread(target=running.close).start()

        found = each(range(200), at(running), task=slowly, lane=lambda number: number, told=end)
    assert found[:4] == (0, 1, 2, 3)
    assert found[-1] == Lost(walking.GONE)


def test_files_of_bars_go_to_the_workers_with_what_they_hold(cluster, tmp_path, sqlite_url):
    settings = Settings(models_url=str(tmp_path), database_url=sqlite_url, dask=cluster.scheduler_address)
    files = tmp_path / "inbox"
    files.mkdir()
    for key in KEYS:
        SampleSource().bars(key).tail(5).frame.to_csv(files / f"{key.symbol}_d1.csv")
    rules = Rules(Answers(), 2**20, datetime.now(UTC), sessions.calendar("XNYS"), may_restate=False)
    parts = many_files.of_folder(files, timeframe=None, rules=rules)
    along = pickle.dumps([replace(part, goes_along=True) for part in parts])
    for part in parts:
        part.file.unlink()
    there = pickle.loads(along)
    with opening.open_registry(settings) as registry:
        done = many_bars.run(registry, there, rules=rules, place=places.of(settings, fewest=2))
        assert [(one.key, one.report and one.report.n_added, one.problem) for one in done] == [
            (key, 5, "") for key in KEYS
        ]
        gone = many_bars.run(registry, parts, rules=rules, place=places.of(settings, fewest=2))
    assert {one.problem for one in gone} == {"it cannot be read (No such file or directory)"}


def test_trainings_whose_workers_are_killed_give_one_version_each_and_move_production_once(
    cluster, tmp_path, sqlite_url
):
    settings = Settings(models_url=str(tmp_path), database_url=sqlite_url, dask=cluster.scheduler_address)
    killed = threading.Event()

    def kill_both():
        with opening.open_registry(settings) as registry:
            for _ in range(2):
                wanted = (
                    select(training_run_progress.c.pid)
                    .join(training_runs, training_runs.c.id == training_run_progress.c.run_id)
                    .where(training_runs.c.status == runs.RUNNING, training_run_progress.c.step >= 3)
                )
                found = ()
                while not found:
                    time.sleep(0.02)
                    with registry.database.reading() as connection:
                        found = tuple(connection.execute(wanted).scalars())
                os.kill(found[0], signal.SIGKILL)
        killed.set()

    threading.Thread(target=kill_both, daemon=True).start()
    outcomes_ = fleet.train_all(settings, [TrainingRequest(key, EARLY) for key in KEYS], n_jobs=0, actor="ann")
    assert killed.is_set()
    assert [one.error for one in outcomes_] == [None, None, None]
    with opening.open_registry(settings) as registry:
        told = runs.listing(registry.database).rows
        assert {run.status for run in told} == {"completed", "failed"}
        for key in KEYS:
            assert [one.version for one in versions.of_key(registry, key)] == ["20020830"]
            assert [move.to_version for move in history.deployments(registry, key)] == ["20020830"]
        _forecast_twice(registry, places.of(settings, fewest=2))


def _forecast_twice(registry, place):
    first, second = (production.forecast_each(registry, KEYS, place=place) for _ in range(2))
    assert [one.problem for one in first] == ["", "", ""]
    assert all(one.found.n_logged for one in first)
    assert [one.found.n_logged for one in second] == [0, 0, 0]
    assert [one.found.forecast.forecasts for one in first] == [one.found.forecast.forecasts for one in second]
    assert [one.key for one in outcomes.mature(registry, KEYS, place=place)] == list(KEYS)
