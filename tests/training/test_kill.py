import os
import pickle
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.training import killed_training

from ensemble_desk.errors import UnknownKeyError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import sync
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.serving import ensembles as serving
from ensemble_desk.training import fitting, job, runs

ROOT = Path(__file__).resolve().parents[2]
AAPL = Key("AAPL", "d1")
EARLY = datetime(2002, 8, 30, tzinfo=UTC)
BEFORE_LANDING = ("read bars", "publish and register", "claimed", "draft written", "manifest written")
AFTER_LANDING = ("artifact landed", "manifest landed", "registered")


@pytest.fixture(scope="module")
def content_file(content, tmp_path_factory):
    file = tmp_path_factory.mktemp("content") / "content.pkl"
    file.write_bytes(pickle.dumps(content))
    return file


def listed(registry):
    try:
        return versions.of_key(registry, AAPL)
    except UnknownKeyError:
        return ()


@pytest.mark.parametrize("moment", BEFORE_LANDING + AFTER_LANDING)
def test_a_training_killed_at_any_moment_leaves_a_whole_version_or_none(
    settings, content, content_file, moment, monkeypatch
):
    child = os.fork()
    if child == 0:
        try:
            killed_training.main(moment, str(settings.models_folder), settings.registry_url, str(content_file))
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL

    with opening.open_registry(settings) as registry:
        sync.synchronise(registry)
        found = listed(registry)
        assert len(found) == (moment in AFTER_LANDING)
        for record in found:
            artifact = serving.load(registry, AAPL, record.version)
            assert set(artifact["models"]) == set(content["models"])
            assert versions.manifest(registry, AAPL, record.version)["sha256"] == record.sha256

        monkeypatch.setattr(fitting, "fit_version", lambda *_bars, **_options: dict(content))
        again = job.train(registry, AAPL, as_of=EARLY, actor="ann")
        assert (again.status, again.known) == ("completed", moment in AFTER_LANDING)
        assert len(listed(registry)) == 1
        assert again.version == listed(registry)[0].version
        first, second = sorted(runs.listing(registry.database).rows, key=lambda run: run.id)
        assert (first.status, first.error_message) == ("failed", "the training process ended")
        assert second.status == "completed"
        assert sync.synchronise(registry, force=True).refused == {}


def test_the_command_killed_while_it_learns_leaves_nothing_and_is_told_of(settings):
    env = os.environ | {"DESK_MODELS_URL": settings.models_url, "DESK_DATABASE_URL": settings.database_url}
    command = [sys.executable, "-m", "ensemble_desk", "train", "--symbol", "IBM", "--timeframe", "w1"]
    with opening.open_registry(settings) as registry:
        child = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL)
        try:
            while not any(run.step >= 4 for run in runs.listing(registry.database).rows):
                assert child.poll() is None
                time.sleep(0.02)
        finally:
            child.kill()
            child.wait()
        assert sync.synchronise(registry, force=True).added == ()
        assert versions.keys(registry) == ()
        job.train(registry, Key("FB", "d1"), as_of=None, actor="ann")
        assert {run.status for run in runs.listing(registry.database).rows} == {"failed"}
