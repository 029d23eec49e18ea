"""Tokens by which programs are known: made once, kept as a digest, each with a role and a last day."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from ensemble_desk.database.queries.plain_sql import PlainSql
from ensemble_desk.database.tables.registry_tables import tokens as table
from ensemble_desk.errors import TokenNameTakenError, UnknownTokenError
from ensemble_desk.registry.actors import Actor, Role
from ensemble_desk.registry.opening import Registry

_PREFIX = "desk_"  # so that whoever finds one in a log or a repository knows what it opens
_ENTROPY_BYTES = 32
_TO_MANAGE = Role.ADMIN


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; not the token itself."""

    name: str
    role: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None


def create(registry: Registry, name: str, *, role: Role, lasts: timedelta | None, actor: Actor) -> str:
    """Make a token and give it, this one time; its name is what history records.

    Raises
    ------
    NotAllowedError
        When the actor is no admin.
    TokenNameTakenError
        When there was a token of this name, also one that was revoked: history tells of it by that name.
    SettingsError
        When nobody can be called so.
    """
    actor.require(_TO_MANAGE, "make a token")
    called, secret, now = Actor(name, role), f"{_PREFIX}{secrets.token_urlsafe(_ENTROPY_BYTES)}", registry.clock()
    values = {
        "name": called.name,
        "sha256": _digest(secret),
        "role": str(role),
        "created_at": now,
        "created_by": actor.name,
        "expires_at": None if lasts is None else now + lasts,
    }
    with registry.database.writing() as connection:
        if connection.execute(select(table.c.name).where(table.c.name == called.name)).first() is not None:
            raise TokenNameTakenError(called.name)
        connection.execute(insert(table).values(**values))
    return secret


def everything(registry: Registry) -> tuple[Token, ...]:
    """Every token there ever was, oldest first."""
    wanted = select(*(table.c[name] for name in Token.__dataclass_fields__)).order_by(table.c.created_at, table.c.name)
    with registry.database.reading() as connection:
        return tuple(Token(**row._asdict()) for row in connection.execute(wanted))


def revoke(registry: Registry, name: str, *, actor: Actor) -> None:
    """End a token at once, everywhere; raises NotAllowedError, or UnknownTokenError when no such token is valid."""
    actor.require(_TO_MANAGE, "revoke a token")
    valid = (table.c.name == name, table.c.revoked_at.is_(None))
    ended = update(table).where(*valid).values(revoked_at=registry.clock(), revoked_by=actor.name)
    with registry.database.writing() as connection:
        if not connection.execute(ended).rowcount:
            raise UnknownTokenError(name)


def actor(registry: Registry, secret: str) -> Actor | None:
    """Give the program that a token belongs to; None for one that is unknown, revoked or past its day."""
    if not secret.startswith(_PREFIX):
        return None
    found: Any = next(iter(registry.database.ask(_VALID, sha256=_digest(secret))), None)
    if found is None or (found.expires_at is not None and found.expires_at <= registry.clock()):
        return None
    return Actor(found.name, Role.named(found.role))


def _digest(secret: str) -> str:
    """A digest without salt is enough for 256 random bits: there is no dictionary to try."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


_VALID = PlainSql(
    "SELECT name, role, expires_at FROM tokens WHERE sha256 = :sha256 AND revoked_at IS NULL", times=("expires_at",)
)
