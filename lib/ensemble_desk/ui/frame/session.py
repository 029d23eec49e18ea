"""Who is here: the signed-in person, the local user, or a read-only visitor."""

import ipaddress
from dataclasses import dataclass

import streamlit as st

from ensemble_desk.registry import actors
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.settings import Settings

_PROXY_HEADERS = ("X-Forwarded-For", "X-Real-Ip", "Forwarded")  # somebody relays requests from elsewhere


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person in this session; ``actor`` is None while sign-in is configured but has not happened."""

    actor: Actor | None
    note: str


def visitor(settings: Settings) -> Visitor:
    """Tell who is here, from what the server knows and never from what the browser says."""
    if "is_logged_in" in st.user:  # Streamlit adds it exactly when [auth] is configured
        return _signed_in(settings)
    if serves_this_machine_only():
        local = actors.local(settings)
        return Visitor(local, "Local user: this server is reached from this machine only and has no sign-in.")
    return Visitor(
        Actor("visitor", Role.VIEWER),
        "Read-only: this server is reached from other machines and has no sign-in. "
        "Configure [auth] in .streamlit/secrets.toml to sign in and act.",
    )


def _signed_in(settings: Settings) -> Visitor:
    if not st.user.is_logged_in:
        return Visitor(None, "Sign in to use Ensemble Desk.")
    name = str(st.user.get("email") or st.user.get("name") or st.user.get("sub") or "unnamed")
    return Visitor(actors.signed_in(settings, name), f"Signed in as {name}.")


def actor(settings: Settings) -> Actor:
    """Who acts; while nobody has signed in, a visitor who may only look."""
    return visitor(settings).actor or Actor("visitor", Role.VIEWER)


def serves_this_machine_only() -> bool:
    """Whether the server listens on loopback and nothing relays requests to it from elsewhere."""
    address = st.get_option("server.address")  # None means every interface
    if not address or any(st.context.headers.get(name) for name in _PROXY_HEADERS):
        return False
    return address == "localhost" or _is_loopback(str(address))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # a host name other than localhost may resolve to anything
