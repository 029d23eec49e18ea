"""Bounds of what a request may carry, kept before anything reads it."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ensemble_desk.service import problems

MOST_BYTES = 32 * 2**20
_DETAIL = f"The body is larger than {MOST_BYTES // 2**20} MiB. Nothing changed. Send fewer rows at a time."


class BoundedBody:
    """Middleware: a request with a longer body is answered 413, whether or not it says its length."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > MOST_BYTES:
            await problems.response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _DETAIL)(scope, receive, send)
            return
        n_bytes = 0

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > MOST_BYTES:
                raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _DETAIL)
            return message

        await self._app(scope, counted, send)
