"""Tokens by which jobs and services act: shown once, kept as a digest, valid until a day or until taken back."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update

from ensemble_desk.database import texts
from ensemble_desk.database.tables.registry_tables import access_tokens as table
from ensemble_desk.errors import TokenNameTakenError, TokenRefusedError, UnknownTokenError
from ensemble_desk.registry.actors import TO_GRANT, Actor, Role
from ensemble_desk.registry.ledger import notes, people, writing
from ensemble_desk.registry.opening import Registry

_VERB = "manage tokens"
_BEGINS = "desk_"


@dataclass(frozen=True, slots=True)
class Token:
    """A token without its secret."""

    name: str
    role: Role
    actor: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def create(registry: Registry, name: str, *, role: Role, expires_at: datetime, actor: Actor) -> str:
    """Make a token and give its secret, which nobody can read again.

    Raises NotAllowedError; TokenNameTakenError for a name that was ever used, also by a token that was taken back.
    """
    actor.require(TO_GRANT, _VERB)
    made = Actor(texts.said(name), role)
    secret = _BEGINS + secrets.token_urlsafe(32)
    row = {"name": made.name, "sha256": _digest(secret), "role": str(role), "actor": actor.name}
    with writing.writing(registry) as connection:
        if connection.execute(select(table.c.name).where(table.c.name == made.name)).first() is not None:
            raise TokenNameTakenError(made.name)
        added = insert(table).values(row | {"created_at": registry.clock(), "expires_at": expires_at})
        people.written(connection, notes.TOKEN, added)
    return secret


def revoke(registry: Registry, name: str, *, actor: Actor) -> Token:
    """Take a token back at once; raises NotAllowedError, UnknownTokenError."""
    actor.require(TO_GRANT, _VERB)
    with writing.writing(registry) as connection:
        marked = update(table).where(table.c.name == name, table.c.revoked_at.is_(None))
        people.written(connection, notes.TOKEN, marked.values(revoked_at=registry.clock()))
    found = next((one for one in listing(registry) if one.name == name), None)
    if found is None:
        raise UnknownTokenError(name)
    return found


def listing(registry: Registry) -> tuple[Token, ...]:
    """Every token that was ever made, newest first."""
    with registry.database.reading() as connection:
        return tuple(_token(row) for row in connection.execute(select(table).order_by(table.c.created_at.desc())))


def actor_of(registry: Registry, secret: str) -> Actor:
    """Give who acts by a token; raises TokenRefusedError, which never tells why to whoever only tries."""
    with registry.database.reading() as connection:
        row = connection.execute(select(table).where(table.c.sha256 == _digest(secret))).first()
    if row is None or row.revoked_at is not None or row.expires_at <= registry.clock():
        raise TokenRefusedError
    return Actor(row.name, Role.named(row.role))


def _token(row: object) -> Token:
    named = {name: getattr(row, name) for name in ("name", "actor", "created_at", "expires_at", "revoked_at")}
    return Token(role=Role.named(str(getattr(row, "role"))), **named)  # noqa: B009 - a row has what its table has


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
