"""A training that kills its process at a named moment, for test_kill.py, which forks one."""

import os
import pickle
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ensemble_desk.artifacts.store.folder import ArtifactStore
from ensemble_desk.market.keys import Key
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import registering
from ensemble_desk.settings import Settings
from ensemble_desk.training import fitting, job


def main(moment: str, folder: str, database_url: str, content_file: str) -> None:
    def pass_by(name: str, *_more: object) -> None:
        if name == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def fit_version(*_bars: object, **_options: object) -> dict:
        return pickle.loads(Path(content_file).read_bytes())

    register = registering.register

    def register_and_pass_by(*published: object, **options: object) -> object:
        record = register(*published, **options)
        pass_by("registered")
        return record

    fitting.fit_version, registering.register = fit_version, register_and_pass_by
    settings = Settings(models_url=folder, database_url=database_url)
    with opening.open_registry(settings) as opened:
        store = ArtifactStore(settings.models_folder, max_bytes=settings.max_artifact_bytes, on_step=pass_by)
        registry = replace(opened, store=store)
        as_of = datetime(2002, 8, 30, tzinfo=UTC)
        job.train(registry, Key("AAPL", "d1"), as_of=as_of, actor="ann", progress=pass_by)
