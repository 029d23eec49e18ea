"""The application behind the doors: alone under a server, or as routes beside the dashboard."""

from collections.abc import Callable
from functools import partial
from importlib import metadata

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from ensemble_desk import settings as settings_module
from ensemble_desk.errors import SettingsError
from ensemble_desk.registry import opening
from ensemble_desk.registry.folder import freshness
from ensemble_desk.registry.opening import Registry
from ensemble_desk.service import forecasts, metrics, moving, probes, problems, reading
from ensemble_desk.service.bodies import BoundedBody
from ensemble_desk.service.hosts import AllowedHosts
from ensemble_desk.service.metrics import Scrape
from ensemble_desk.service.requests import RequestId
from ensemble_desk.settings import Settings

API = "/api/v1"
_EVERYWHERE = {401: "No token that is known.", 404: "There is none.", 503: "It is out of reach."}


def build(settings: Settings) -> FastAPI:
    """Make the application of these settings; the registry is opened by the first request that needs it."""
    app = FastAPI(
        title="Ensemble Desk",
        version=metadata.version("ensemble-desk"),
        summary="Versions, what is in production, forecasts and moves.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,  # the page would be fetched from a foreign host
        redoc_url=None,
        middleware=[Middleware(RequestId), Middleware(AllowedHosts, settings=settings), Middleware(BoundedBody)],
        responses={status: {"model": problems.Problem, "description": told} for status, told in _EVERYWHERE.items()},
    )
    app.state.registry, app.state.scrape = _opened(settings), Scrape()
    app.state.opened = partial(opening.shared, settings)
    app.include_router(probes.router)
    app.include_router(metrics.router)
    for part in (reading.router, forecasts.router, moving.router):
        app.include_router(part, prefix=API)
    problems.install(app)
    return app


def from_environment() -> FastAPI:
    """The application of the settings in the environment, as a server's factory."""
    return build(settings_module.load())


def settings_or_exit() -> Settings:
    """The settings in the environment; ends the program in one line where one of them cannot be used."""
    try:
        return settings_module.load()
    except SettingsError as error:
        raise SystemExit(str(error)) from error


def routes(settings: Settings) -> list[BaseRoute]:
    """The same as routes that stand beside the dashboard; nothing else of the server's addresses is taken."""
    app = build(settings)
    return [Route(path, app) for path in ("/livez", "/readyz", "/metrics", "/api", "/api/{rest:path}")]


def _opened(settings: Settings) -> Callable[[], Registry]:
    def registry() -> Registry:
        found = opening.shared(settings)
        freshness.if_folder_changed(found)
        return found

    return registry
