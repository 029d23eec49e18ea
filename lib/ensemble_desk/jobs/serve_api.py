"""The command that serves probes, metrics and the API alone, without the dashboard."""

from typing import Annotated

import typer

from ensemble_desk.errors import extras
from ensemble_desk.jobs import desk

_HERE = "127.0.0.1"
_APPLICATION = "ensemble_desk.service.application:from_environment"


def serve_api(
    *,
    host: Annotated[str, typer.Option("--host", help="Address to listen at; only this machine's by default.")] = _HERE,
    port: Annotated[int, typer.Option("--port", min=1, max=65_535, help="Port to listen at.")] = 8502,
) -> None:
    """Serve probes, metrics and the API by HTTP, without the dashboard; ends with Ctrl+C."""
    settings = desk.settings()
    with extras.needed():
        import fastapi  # noqa: F401 - told here, before the server starts
        import uvicorn
    level = settings.log_level.lower()
    uvicorn.run(_APPLICATION, factory=True, host=host, port=port, log_config=None, log_level=level)
