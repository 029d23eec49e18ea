"""Who a sign-in says somebody is: the issuer's own number, and an e-mail address where the issuer has verified it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ensemble_desk.database import texts


@dataclass(frozen=True, slots=True)
class Identity:
    """A person that an issuer vouches for.

    Attributes
    ----------
    subject : issuer and number, ``https://issuer|123``.
    email : in lower case; empty unless the issuer says that it has verified it.
    groups : as the issuer tells them.
    """

    subject: str
    email: str
    groups: tuple[str, ...]

    @property
    def name(self) -> str:
        """What history records."""
        return self.email or self.subject

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a role may be given to, in the form it is looked up."""
        return tuple(folded(name) for name in (self.email, self.subject) if name)


def of(claims: Mapping[str, Any], *, groups_claim: str) -> Identity | None:
    """Read the claims of a token; None when they name nobody for certain. A display name is never an identity."""
    issuer, number = _text(claims.get("iss")), _text(claims.get("sub"))
    email = _text(claims.get("email")).casefold() if claims.get("email_verified") is True else ""
    if not (issuer and number) and not email:
        return None
    told = claims.get(groups_claim)
    listed = [told] if isinstance(told, str) else told if isinstance(told, list | tuple) else []
    return Identity(f"{issuer}|{number}" if issuer and number else email, email, tuple(map(_text, listed)))


def folded(name: str) -> str:
    return name.strip().casefold()


def _text(value: object) -> str:
    return texts.said(value) if isinstance(value, str) else ""
