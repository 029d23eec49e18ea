"""Who is here: the signed-in person, the local user, or a read-only visitor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from ensemble_desk.registry import actors, reach
from ensemble_desk.registry.access import identity, roles
from ensemble_desk.registry.access.identity import Identity
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.reach import Reach
from ensemble_desk.settings import Settings
from ensemble_desk.ui.frame import admission, caching

_ANYBODY = "visitor"
_SECONDS_OF_A_ROLE = 15
_SIGN_IN = "Configure [auth] in .streamlit/secrets.toml to sign in and act."


@dataclass(frozen=True, slots=True)
class Visitor:
    """The person in this session; ``actor`` is None while sign-in is configured but has not happened.

    ``refused`` says why nothing at all is shown; empty for everybody else.
    """

    actor: Actor | None
    note: str
    refused: str = ""

    @property
    def anonymous(self) -> bool:
        """Whether nobody knows who this is, so that several people may come under the name."""
        return self.actor is None or self.actor.name == _ANYBODY


def visitor(settings: Settings) -> Visitor:
    """Tell who is here, from what the server knows and never from what the browser alone says."""
    here = _reach()
    if settings.allowed_hosts and here is not None and not here.is_among(settings.allowed_hosts):
        return Visitor(None, "", refused=here.refusal)
    if "is_logged_in" in st.user:  # Streamlit adds it exactly when [auth] is configured
        return _signed_in(settings)
    if settings.local_admin == "token":
        return _by_token(settings)
    why_not = _why_read_only(settings, here)
    if why_not:
        return _read_only(f"{why_not}. {_SIGN_IN}")
    return Visitor(
        actors.local(settings), "Local user: this server is reached from this machine only and has no sign-in."
    )


def _why_read_only(settings: Settings, here: Reach | None) -> str:
    if settings.local_admin == "off":
        return "this server has no sign-in, and DESK_LOCAL_ADMIN is off"
    if not listens_here_only():
        return "this server is reached from other machines and has no sign-in"
    if here is not None and not here.is_here:
        return f"{here.why_not}, and there is no sign-in"
    return ""


def _read_only(why: str) -> Visitor:
    return Visitor(Actor(_ANYBODY, Role.VIEWER), f"Read-only: {why}")


def _by_token(settings: Settings) -> Visitor:
    if admission.OF_THIS_SERVER.admits(st.context.cookies.get(admission.cookie_name())):
        return Visitor(actors.local(settings), "Local user: opened by the address that the server has printed.")
    return _read_only(f"to act, open the address that the server has printed in its log. {_SIGN_IN}")


def _signed_in(settings: Settings) -> Visitor:
    if not st.user.is_logged_in:
        return Visitor(None, "Sign in to use Ensemble Desk.")
    who = identity.of(dict(st.user), groups_claim=settings.groups_claim)
    if who is None:
        return _read_only("the sign-in tells neither issuer and number nor a verified e-mail address")
    unverified = "" if who.email else " The sign-in vouches for no e-mail address, so this is the name for roles."
    return Visitor(Actor(who.name, _role(who)), f"Signed in as {who.name}.{unverified}")


@caching.kept(seconds=_SECONDS_OF_A_ROLE, max_entries=1_000, shared=True)
def _role(who: Identity) -> Role:
    """Read anew all the time, so that whoever loses a role loses it in the sessions that are open."""
    return roles.of(caching.registry(), who)


def actor(settings: Settings) -> Actor:
    """Who acts; while nobody has signed in, a visitor who may only look."""
    return visitor(settings).actor or Actor(_ANYBODY, Role.VIEWER)


def why_not(needed: Role) -> str:
    """Say why the person may not do what takes a role; empty where they may."""
    role = actor(caching.settings()).role
    return "" if role >= needed else f"This takes the role {needed}; you are {role}."


def listens_here_only() -> bool:
    """Whether the server listens on loopback."""
    address = st.get_option("server.address")  # None means every interface
    return bool(address) and reach.is_loopback(str(address))


def _reach() -> Reach | None:
    """Where the browser of this session is; None when there is none, as in a test of one page."""
    headers = st.context.headers
    if not headers:
        return None
    every = getattr(headers, "get_all", None)
    told: Mapping[str, Sequence[str]] = {name: every(name) if every else [headers[name]] for name in headers}
    return reach.of(told, peer=st.context.ip_address)
