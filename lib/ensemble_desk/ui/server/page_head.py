"""What the HTML of a page begins with besides Streamlit's own: parts loaded ahead, and styles and scripts of ours.

Streamlit (1.67) loads each kind of part when the first of it is drawn, and its own way to add to a page comes after the
first parts.
"""

import gzip
import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

_AHEAD = (
    "Html",
    "BidiComponent",
    "Button",
    "PageLink",
    "Selectbox",
    "TextInput",
    "ButtonGroup",
    "Metric",
    "Table",
)  # kinds of parts that nearly every page has
_ICONS = "MaterialSymbols*.woff2"  # until it is there, icons are words, which take more room
_STATIC = Path(file_util.get_static_dir()) / "static"
_IMPORTED = re.compile(r"(?:from|import)\s*[\"'`]\./([\w.-]+\.js)[\"'`]")
_HEAD_ENDS = b"</head>"


class PageHead:
    """Middleware: adds to the head of what Streamlit sends for every page."""

    def __init__(self, app: ASGIApp, *, head: str) -> None:
        self._app, self._head = app, head

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        if b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            # a page that a browser has kept may have the head of another release
            scope["headers"] = [(name, value) for name, value in scope["headers"] if not name.startswith(b"if-")]
        await self._app(scope, receive, _Adding(send, head=self._head))


class _Adding:
    """Sends an answer on; a page is held back until it is whole, for its length changes."""

    def __init__(self, send: Send, *, head: str) -> None:
        self._send, self._head = send, head
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_page(message):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_whole(self._start)
        else:
            await self._send(message)

    async def _send_whole(self, start: Message) -> None:
        headers = MutableHeaders(raw=start["headers"])
        body = _with_head(self._body, self._head, is_compressed="content-encoding" in headers)
        headers["Content-Length"] = str(len(body))
        del headers["ETag"]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _is_page(start: Message) -> bool:
    headers = MutableHeaders(raw=start["headers"])
    is_known = headers.get("content-encoding", "gzip") == "gzip"
    return start["status"] == HTTPStatus.OK and is_known and headers.get("content-type", "").startswith("text/html")


@lru_cache(maxsize=4)
def _with_head(page: bytes, head: str, *, is_compressed: bool) -> bytes:
    if is_compressed:
        return gzip.compress(_with_head(gzip.decompress(page), head, is_compressed=False))
    return page.replace(_HEAD_ENDS, f"{_links()}{head}".encode() + _HEAD_ENDS, 1)


def _links() -> str:
    links = "".join(
        f'<link rel="modulepreload" crossorigin href="./static/js/{name}">\n' for name in sorted(_loaded_ahead())
    )
    return links + "".join(
        f'<link rel="preload" crossorigin as="font" type="font/woff2" href="./static/media/{file.name}">\n'
        for file in (_STATIC / "media").glob(_ICONS)
    )


def _loaded_ahead() -> set[str]:
    """Names of the scripts that draw these kinds, with all that they import."""
    folder = _STATIC / "js"
    found: set[str] = set()
    waiting = [file.name for kind in _AHEAD for file in folder.glob(f"{kind}.*.js")]
    while waiting:
        name = waiting.pop()
        if name not in found and (folder / name).is_file():
            found.add(name)
            waiting += _IMPORTED.findall((folder / name).read_text("utf-8"))
    return found
