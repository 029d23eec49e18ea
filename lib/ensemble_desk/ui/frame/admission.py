"""The address that makes whoever opens it admin, once: the server prints it, and the next one when it was used.

Opening it leaves a cookie that no script can read and no other site sends, so that the browser stays admin until the
server stops; the address itself is spent, and stands in no history of pages.
"""

import hmac
import secrets
import sys
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from ensemble_desk.settings import Settings

_ASKED = "token"
_MOST_ADMITTED = 1_000  # browsers; the first ones are forgotten then


@dataclass(slots=True)
class Admission:
    """The token that is valid now, and the cookies of those who have shown one."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    _admitted: dict[str, None] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spend(self, token: str) -> str | None:
        """Use up a token; gives the cookie of whoever showed it, None when it is not the one that is valid."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self.token.encode()):
                return None
            self.token, cookie = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
            self._admitted[cookie] = None
            while len(self._admitted) > _MOST_ADMITTED:
                self._admitted.pop(next(iter(self._admitted)))
            return cookie

    def admits(self, cookie: str | None) -> bool:
        """Tell whether this is a cookie of somebody who has shown a token to this server."""
        return cookie is not None and any(hmac.compare_digest(cookie.encode(), one.encode()) for one in self._admitted)


OF_THIS_SERVER = Admission()


def cookie_name() -> str:
    """Name the cookie by the port, because browsers send cookies to every port of a name."""
    return f"desk_admin_{config.get_option('server.port')}"


class ByAddress:
    """Middleware: takes the token out of an address, and gives the cookie for it."""

    def __init__(self, app: ASGIApp, *, settings: Settings, admission: Admission = OF_THIS_SERVER) -> None:
        self._app, self._admission = app, admission
        self._is_used = settings.local_admin == "token"
        if self._is_used:
            self._print()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pairs = parse_qsl(scope["query_string"].decode("latin-1")) if scope["type"] == "http" else []
        shown = dict(pairs).get(_ASKED)
        if not self._is_used or shown is None or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        rest = urlencode([pair for pair in pairs if pair[0] != _ASKED])
        path = "/" + scope["path"].lstrip("/")  # two slashes would lead to another host
        answer = RedirectResponse(f"{path}?{rest}" if rest else path, HTTPStatus.SEE_OTHER)
        cookie = self._admission.spend(shown)
        if cookie is not None:
            answer.set_cookie(
                cookie_name(), cookie, httponly=True, samesite="strict", secure=scope["scheme"] == "https"
            )
            self._print()
        await answer(scope, receive, send)

    def _print(self) -> None:
        address = config.get_option("server.address") or "localhost"
        path = str(config.get_option("server.baseUrlPath") or "").strip("/")
        base = f"http://{address}:{config.get_option('server.port')}/{f'{path}/' if path else ''}"
        told = f"To act as admin, open this address once:\n    {base}?{_ASKED}={self._admission.token}"
        print(told, file=sys.stderr, flush=True)  # noqa: T201 - the one place where it may be seen
