"""Under which names a server answers: others are told so, be it a page, its websocket or the API."""

from collections import defaultdict
from http import HTTPStatus

from starlette.types import ASGIApp, Receive, Scope, Send

from ensemble_desk.registry import reach
from ensemble_desk.service import problems
from ensemble_desk.settings import Settings

_FOR_ALL = ("/livez", "/readyz", "/_stcore/health")  # probes come by number and tell nothing
_POLICY_VIOLATION = 1008


class AllowedHosts:
    """Middleware: refuses a ``Host`` or ``Origin`` that DESK_ALLOWED_HOSTS does not name, when it names any."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self._app, self._allowed = app, settings.allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] in ("http", "websocket") and scope["path"] not in _FOR_ALL
        if not (asked and self._allowed):
            await self._app(scope, receive, send)
            return
        here = reach.of(_headers(scope), peer=scope["client"][0] if scope.get("client") else None)
        if here.is_among(self._allowed):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await problems.response(HTTPStatus.MISDIRECTED_REQUEST, here.refusal)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


def _headers(scope: Scope) -> dict[str, list[str]]:
    told: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        told[name.decode("latin-1")].append(value.decode("latin-1"))
    return told
