"""Commands about who may do what: roles of people, tokens of jobs and services."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from ensemble_desk.jobs import arguments, desk, output
from ensemble_desk.jobs.arguments import ActorName, Json, Reason
from ensemble_desk.registry.access import roles, tokens
from ensemble_desk.registry.access.roles import RoleChange
from ensemble_desk.registry.access.tokens import Token
from ensemble_desk.registry.actors import Role

_Person = Annotated[str, typer.Argument(metavar="PERSON", help="A verified e-mail address, or ISSUER|NUMBER.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="What history records, for example nightly-retrain.")]
_NONE = "none"


def set_role(
    person: _Person,
    role: Annotated[str, typer.Argument(metavar="ROLE", help="viewer, analyst, operator, admin; none takes it back.")],
    *,
    reason: Reason,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Give a role to a person; sessions that are open have it within a minute."""
    chosen = None if role == _NONE else _role(role)
    with desk.registry() as registry:
        who = desk.actor(registry.settings, actor)
        made = roles.give(registry, person, chosen, actor=who, reason=reason)
    output.show(_change(made), as_json=as_json, table=lambda: _role_table((made,)))


def list_roles(
    *,
    history: Annotated[bool, typer.Option("--history", help="Every change, not only those that count.")] = False,
    as_json: Json = False,
) -> None:
    """Show the roles that the database gives; DESK_ROLES and DESK_ROLE_GROUPS give the rest."""
    with desk.registry() as registry:
        found = roles.changes(registry, newest_only=not history)
    output.show([_change(one) for one in found], as_json=as_json, table=lambda: _role_table(found))


def create_token(
    name: _Name,
    *,
    role: Annotated[str, typer.Option("--role", help="viewer, analyst, operator or admin.")],
    expires: Annotated[str, typer.Option("--expires", metavar="DAY", help="The last day it is good for.")],
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Make a token for a job or a service and print it, once; set it as DESK_TOKEN there."""
    day = arguments.moment(expires) + timedelta(days=1)
    with desk.registry() as registry:
        if day <= registry.clock():
            message = f"{expires} is over"
            raise typer.BadParameter(message)
        who = desk.actor(registry.settings, actor)
        secret = tokens.create(registry, name, role=_role(role), expires_at=day, actor=who)
    told = {"name": name, "role": role, "expires_at": day, "token": secret}
    output.show(told, as_json=as_json, table=lambda: output.table(("", ""), list(told.items()), empty=""))
    output.note("Nobody can show this token again.")


def list_tokens(*, as_json: Json = False) -> None:
    """Show every token, without its secret."""
    with desk.registry() as registry:
        found = tokens.listing(registry)
    output.show([_token(one) for one in found], as_json=as_json, table=lambda: _token_table(found))


def revoke_token(name: _Name, *, actor: ActorName = None, as_json: Json = False) -> None:
    """Take a token back at once."""
    with desk.registry() as registry:
        found = tokens.revoke(registry, name, actor=desk.actor(registry.settings, actor))
    output.show(_token(found), as_json=as_json, table=lambda: _token_table((found,)))


def _role(text: str) -> Role:
    try:
        return Role.named(text)
    except KeyError:
        message = f"{text!r} is no role; say viewer, analyst, operator or admin"
        raise typer.BadParameter(message) from None


def _change(one: RoleChange) -> dict[str, object]:
    return output.row(one) | {"role": None if one.role is None else str(one.role)}


def _token(one: Token) -> dict[str, object]:
    return output.row(one) | {"role": str(one.role)}


def _role_table(found: tuple[RoleChange, ...]) -> None:
    rows = [(one.person, str(one.role or "taken back"), one.at, one.actor, one.reason) for one in found]
    empty = "The database gives no role. DESK_ROLES, DESK_ROLE_GROUPS and DESK_DEFAULT_ROLE decide."
    output.table(("person", "role", "since", "by", "reason"), rows, empty=empty)


def _token_table(found: tuple[Token, ...]) -> None:
    rows = [(one.name, str(one.role), one.created_at, one.actor, one.expires_at, one.revoked_at) for one in found]
    columns = ("name", "role", "made", "by", "expires", "taken back")
    output.table(columns, rows, empty="There is no token. Make one: desk token create NAME --role … --expires …")


ROLES: dict[str, Callable[..., None]] = {"set": set_role, "list": list_roles}
TOKENS: dict[str, Callable[..., None]] = {"create": create_token, "list": list_tokens, "revoke": revoke_token}
