"""From where a request comes, told from the connection and its headers; what a browser cannot forge decides.

A page that another site holds open in a browser at this machine (DNS rebinding) names that site in ``Host`` and
``Origin``; a proxy names itself, its visitor or the outside name in at least one header. Somebody who speaks to such a
proxy without a browser may forge ``Origin``: only sign-in or a token keeps that out.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_OWN_NAME = "Open it under its own name, or name it in DESK_ALLOWED_HOSTS."
_RELAYED = (
    "forwarded",
    "x-forwarded",
    "via",
    "x-real-ip",
    "x-original",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-remote",
    "client-ip",
    "true-client-ip",
    "cf-",
    "cdn-",
    "fastly-",
    "fly-",
    "x-envoy",
    "x-amzn",
    "x-azure",
    "x-goog",
    "x-proxy",
    "x-request-id",
    "x-scheme",
    "x-host",
    "x-ssl",
    "x-server",
    "tailscale-",
)


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a request comes from.

    Attributes
    ----------
    host, origin : names without a port, in lower case; None when the header is missing, repeated or no address.
    is_here : peer, ``Host`` and ``Origin`` are all of this machine, and no header of a proxy is there.
    why_not : in words, what speaks against that.
    """

    host: str | None
    origin: str | None
    is_here: bool
    why_not: str

    @property
    def refusal(self) -> str:
        """What somebody is told who asks under a name that is not allowed."""
        asked = self.host if self.origin is None or self.origin == self.host else f"{self.host} from {self.origin}"
        return f"This dashboard does not answer as {asked}. {_OWN_NAME}"

    def is_among(self, allowed: Iterable[str]) -> bool:
        """Tell whether ``Host`` and ``Origin`` are both loopback names or of this list; no origin needs none."""
        names = {name.strip().lower().rstrip(".") for name in allowed}
        host = self.host is not None and (is_loopback(self.host) or self.host in names)
        return host and (self.origin is None or is_loopback(self.origin) or self.origin in names)


def of(headers: Mapping[str, Sequence[str]], *, peer: str | None) -> Reach:
    """Look at the headers, by name in any case, and at the address of the other end (None: this machine)."""
    told = {name.lower(): list(values) for name, values in headers.items()}
    host, origin = _name(told.get("host", []), scheme=False), _name(told.get("origin", []), scheme=True)
    why_not = _why_not(told, peer, host, origin)
    return Reach(host, origin, not why_not, why_not)


def is_loopback(name: str) -> bool:
    """Tell whether a name stands for this machine; one other than localhost may resolve to anything."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _why_not(told: Mapping[str, Sequence[str]], peer: str | None, host: str | None, origin: str | None) -> str:
    relayed = next((name for name in told if name.startswith(_RELAYED)), None)
    if relayed is not None:
        return f"a proxy passes requests on (header {relayed})"
    if peer is not None and not is_loopback(peer):
        return "the other end is another machine"
    if host is None or not is_loopback(host):
        return f"it is addressed as {host or 'nothing that can be read'}"
    if origin is None or not is_loopback(origin):
        return f"the page comes from {origin or 'nowhere that can be read'}"
    return ""


def _name(values: Sequence[str], *, scheme: bool) -> str | None:
    """Read the one host name out of a header."""
    if len(values) != 1:
        return None
    try:
        parts = urlsplit(values[0] if scheme else f"//{values[0]}")
        _ = parts.port  # says whether it is a number
    except ValueError:
        return None
    bare = not (parts.username or parts.password or parts.query or parts.fragment or parts.path)
    return parts.hostname.lower().rstrip(".") if bare and parts.hostname else None
