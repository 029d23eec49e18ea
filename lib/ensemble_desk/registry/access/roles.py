"""Roles given in the database, each change with who made it and why; they count before settings and groups."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select

from ensemble_desk.database import texts
from ensemble_desk.database.tables.registry_tables import role_changes as table
from ensemble_desk.errors import ReasonRequiredError
from ensemble_desk.registry.access import identity
from ensemble_desk.registry.access.identity import Identity
from ensemble_desk.registry.actors import TO_GRANT, Actor, Role
from ensemble_desk.registry.ledger import notes, people, writing
from ensemble_desk.registry.opening import Registry

_VERB = "give roles"


@dataclass(frozen=True, slots=True)
class RoleChange:
    """A role that was given, or taken back (None)."""

    person: str
    role: Role | None
    actor: str
    reason: str
    at: datetime


def give(registry: Registry, person: str, role: Role | None, *, actor: Actor, reason: str) -> RoleChange:
    """Give a role to a person (verified e-mail, or ``issuer|number``), or take it back; takes effect within a minute.

    Raises NotAllowedError, ReasonRequiredError, and what `writing.writing` does.
    """
    actor.require(TO_GRANT, _VERB)
    reason = texts.said(reason)
    if not reason:
        raise ReasonRequiredError(_VERB)
    made = RoleChange(identity.folded(texts.said(person)), role, actor.name, reason, registry.clock())
    row = {"person": made.person, "role": None if role is None else str(role)}
    with writing.writing(registry) as connection:
        added = insert(table).values(row | {"actor": made.actor, "reason": reason, "at": made.at})
        people.written(connection, notes.ROLE, added)
    return made


def changes(registry: Registry, *, newest_only: bool = True) -> tuple[RoleChange, ...]:
    """Every change, newest first, or only the one of each person that counts."""
    wanted = select(table).order_by(table.c.id.desc())
    if newest_only:
        wanted = wanted.where(table.c.id.in_(select(func.max(table.c.id)).group_by(table.c.person)))
    with registry.database.reading() as connection:
        return tuple(
            RoleChange(row.person, None if row.role is None else Role.named(row.role), row.actor, row.reason, row.at)
            for row in connection.execute(wanted)
        )


def of(registry: Registry, who: Identity) -> Role:
    """Say what a person may do: what the database says, else the most that settings and groups give, else the default.

    A name that stands in the database more than once over (as e-mail and as number) has the least of these roles.
    """
    given = [one.role for one in changes(registry) if one.person in who.names and one.role is not None]
    if given:
        return min(given)
    settings = registry.settings
    by_name = {identity.folded(name): role for name, role in settings.roles.items()}
    found = [by_name[name] for name in who.names if name in by_name]
    found += [settings.role_groups[group] for group in who.groups if group in settings.role_groups]
    return max(map(Role.named, found), default=Role.named(settings.default_role))
