"""Connections to a server that bound its socket as Streamlit does hold no small message back."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor

from ensemble_desk.ui.server import promptness


def _holds_back(transport) -> bool:
    return transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0


def test_connections_before_and_after_send_at_once():
    async def serve():
        accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        bound = socket.socket(socket.AF_INET)  # no protocol named
        bound.bind(("127.0.0.1", 0))
        server = await asyncio.start_server(lambda _reader, writer: accepted.put_nowait(writer), sock=bound)
        async with server:
            _, one = await asyncio.open_connection(*bound.getsockname())
            before = await accepted.get()
            assert _holds_back(before.transport)
            await asyncio.to_thread(promptness.send_at_once)
            _, other = await asyncio.open_connection(*bound.getsockname())
            after = await accepted.get()
            assert not _holds_back(before.transport)
            assert not _holds_back(after.transport)
            for writer in (one, other, before, after):
                writer.close()

    with ThreadPoolExecutor(1) as beside:  # in this thread a browser of other tests may have its own loop
        beside.submit(lambda: asyncio.run(serve())).result()
