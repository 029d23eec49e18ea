"""A small set of versions trained once for all page tests, and apps that look at a copy of it."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit import config
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from ensemble_desk import settings
from ensemble_desk.forecasting import outcomes, replay
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily
from ensemble_desk.registry import opening
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.index import versions
from ensemble_desk.registry.opening import Registry
from ensemble_desk.training import fleet, job
from ensemble_desk.training.runs import COMPLETED
from ensemble_desk.ui.frame import caching, standing

ROOT = Path(__file__).resolve().parents[2]
PLAN = [(Key("AAPL", "d1"), day) for day in ("20020830", "20020930", "20021031")] + [(Key("IBM", "w1"), "20081226")]

OpenApp = Callable[..., AppTest]


@pytest.fixture(scope="session")
def versions_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    chosen = settings.Settings(models_url=str(folder), database_url="")
    with opening.open_registry(chosen) as registry:
        for key, version in PLAN:
            day = datetime.strptime(version, "%Y%m%d").replace(tzinfo=UTC).date()
            outcome = job.train(registry, key, as_of=fleet.end_of(day), actor="trainer")
            assert (outcome.status, outcome.version) == (COMPLETED, version), outcome.error
    return folder


@pytest.fixture
def folder(versions_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the trained set that the app of this test looks at."""
    copied = tmp_path / "models"
    shutil.copytree(versions_folder, copied)
    yield from _looked_at(copied, monkeypatch)


@pytest.fixture(scope="session")
def replayed_folder(trained_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The set trained for all tests with its later bars replayed, scored and measured, as the demo has them."""
    folder = tmp_path_factory.mktemp("replayed") / "models"
    shutil.copytree(trained_folder, folder)
    with opening.open_registry(settings.Settings(models_url=str(folder), database_url="")) as registry:
        for key in versions.keys(registry):
            replay.run(registry, key)
        outcomes.mature(registry)
        daily.record(registry)
    return folder


@pytest.fixture
def watched(replayed_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the replayed set that the app of this test looks at."""
    copied = tmp_path / "models"
    shutil.copytree(replayed_folder, copied)
    yield from _looked_at(copied, monkeypatch)


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    yield from _looked_at(tmp_path / "models", monkeypatch)


def _looked_at(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(caching, "_MOST_SECONDS_WAITED", 60.0)  # a page waits for files that were dropped just now
    monkeypatch.setattr(standing, "MOST_SECONDS_WAITED", 60.0)  # and until its outcomes are read
    monkeypatch.setenv("DESK_MODELS_URL", str(path))
    monkeypatch.setenv("DESK_DATABASE_URL", "")
    monkeypatch.setenv("DESK_ACTOR", "engineer")
    monkeypatch.chdir(ROOT)
    yield path
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def visited_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let AppTest run pages as a server does once any session has declared the navigation: through app.py."""
    begin = PagesManager.__init__

    def begun(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)


@pytest.fixture
def open_app(visited_server: None) -> OpenApp:
    """Open a page the way a link does: name of the page, and what stands in the URL."""
    return open_page


def open_page(script: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page(f"pages/{script}.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


@pytest.fixture
def open_cold() -> OpenApp:
    """The same on a fresh server that nobody has visited, which runs the page's script without app.py."""
    return open_page


@pytest.fixture
def registry(folder: Path) -> Iterator[Registry]:
    """The registry of the copy as another process sees it."""
    with opening.open_registry(settings.load()) as opened:
        yield opened


@pytest.fixture
def colleague() -> Actor:
    return Actor("colleague", Role.OPERATOR)


@pytest.fixture
def address() -> Iterator[Callable[[str | None], None]]:
    """Say on which address the server listens."""
    before = config.get_option("server.address")
    yield lambda given: config.set_option("server.address", given)
    config.set_option("server.address", before)


@pytest.fixture
def texts() -> Callable[[AppTest], str]:
    """Everything written on a page, in one text without Markdown's escapes."""

    def written(app: AppTest) -> str:
        parts = (
            app.title,
            app.header,
            app.subheader,
            app.markdown,
            app.caption,
            app.error,
            app.warning,
            app.success,
            app.info,
        )
        return "\n".join(str(element.value) for elements in parts for element in elements).replace("\\", "")

    return written
