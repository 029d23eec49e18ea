"""An id for every request: the caller's or a new one, in each line of the log and in the answer."""

import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ensemble_desk.work import logs

HEADER = "X-Request-ID"
_PROPER = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestId:
    """Marks what is logged while a request is answered, and tells the caller by which id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        request = given if _PROPER.fullmatch(given) else uuid.uuid4().hex

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request
            await send(message)

        with logs.marked(request=request):
            await self._app(scope, receive, told)
