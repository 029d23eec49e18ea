"""Which addresses the server knows: an unknown one is no page, and what browsers load goes out compressed."""

import gzip
import mimetypes
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, file_util

_FALLBACK = "static-assets"  # Streamlit's route that answers everything else with the page
_TEXTS = {".js", ".css", ".svg", ".json", ".html", ".wasm", ".ttf"}
_LEAST_BYTES = 1_000
_FOR_EVER = "public, immutable, max-age=31536000"  # names hold a digest
_MISSING = "There is nothing at this address. The pages begin at /."


class KnownAddresses:
    """Middleware: answers 404 where Streamlit would show its page whatever was asked for."""

    def __init__(self, app: ASGIApp, *, pages: Path) -> None:
        self._app = app
        self._pages = {"", *(page.stem for page in pages.glob("*.py"))}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._knows(scope):
            await PlainTextResponse(_MISSING, HTTPStatus.NOT_FOUND)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _knows(self, scope: Scope) -> bool:
        base = str(config.get_option("server.baseUrlPath") or "").strip("/")
        path = scope["path"].strip("/")
        if base and (path == base or path.startswith(f"{base}/")):
            path = path[len(base) :].strip("/")
        if path in self._pages or _file(path) is not None:
            return True
        others = (route for route in scope["app"].routes if getattr(route, "name", "") != _FALLBACK)
        return any(route.matches(scope)[0] is not Match.NONE for route in others)


class CompressedAssets:
    """Middleware: sends scripts and styles compressed, each compressed once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _file(scope["path"].strip("/")) if _may_be_compressed(scope) else None
        data = _compressed(found) if found is not None else None
        if found is None or data is None:
            await self._app(scope, receive, send)
            return
        kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
        headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Cache-Control": _FOR_EVER}
        await Response(data, media_type=kind, headers=headers)(scope, receive, send)


def compress_ahead() -> None:
    """Compress what the page itself names, before somebody waits for it."""
    index = _file("index.html")
    text = index.read_text("utf-8") if index is not None else ""
    for name in text.replace('"', " ").replace("./", " ").split():
        found = _file(name) if name.startswith("static/") else None
        if found is not None and found.suffix in _TEXTS:
            _compressed(found)


def _may_be_compressed(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith("/static/"):
        return False
    accepted = dict(scope["headers"]).get(b"accept-encoding", b"")
    return b"gzip" in accepted and Path(scope["path"]).suffix in _TEXTS


@lru_cache(maxsize=4_096)
def _file(path: str) -> Path | None:
    """Give the file of Streamlit's own that this path names."""
    folder = Path(file_util.get_static_dir()).resolve()
    try:
        found = (folder / path).resolve()
        return found if path and found.is_relative_to(folder) and found.is_file() else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=512)
def _compressed(file: Path) -> bytes | None:
    data = file.read_bytes()
    return gzip.compress(data, compresslevel=6) if len(data) >= _LEAST_BYTES else None
