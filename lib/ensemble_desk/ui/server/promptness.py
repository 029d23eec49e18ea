"""Small messages leave at once, so that the end of a run does not wait for a browser's acknowledgement.

Streamlit (1.67) binds its socket without naming the protocol, so asyncio does not switch Nagle's algorithm off as it
does elsewhere: the last, short messages of a run then wait until the browser has acknowledged those before them, which
it delays by 40 ms or more (measured).
"""

import asyncio
import gc
import socket
from asyncio.trsock import TransportSocket
from collections.abc import Iterator
from contextlib import suppress

_INTERNET = (socket.AF_INET, socket.AF_INET6)


def send_at_once() -> None:
    """Do so on every connection of this process, and on those that its servers will accept, which inherit it."""
    for found in _sockets():
        if found.family in _INTERNET and found.type == socket.SOCK_STREAM:
            with suppress(OSError):  # it has been closed meanwhile
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _sockets() -> Iterator[socket.socket | TransportSocket]:
    for one in gc.get_objects():
        if isinstance(one, asyncio.Server):
            yield from one.sockets
        elif isinstance(one, asyncio.Transport):
            found = one.get_extra_info("socket")
            if isinstance(found, TransportSocket):
                yield found
