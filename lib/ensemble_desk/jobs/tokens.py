"""Commands about tokens, by which programs are known to the API: create, list, revoke."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

import typer

from ensemble_desk.jobs import desk, output
from ensemble_desk.jobs.arguments import ActorName, Json
from ensemble_desk.registry import tokens
from ensemble_desk.registry.actors import Role

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_LONGEST = timedelta(days=3650)

_Name = Annotated[str, typer.Argument(metavar="NAME", help="Who uses it, such as nightly-jobs; history records it.")]


def create(
    name: _Name,
    *,
    role: Annotated[str, typer.Option("--role", help="viewer, analyst, operator or admin.")],
    expires: Annotated[
        str | None, typer.Option("--expires", help="How long it lasts: 12h, 90d or 52w; for ever by default.")
    ] = None,
    actor: ActorName = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this one time; only its digest is kept."""
    try:
        chosen = Role.named(role)
    except KeyError:
        message = "say --role viewer, analyst, operator or admin"
        raise typer.BadParameter(message) from None
    lasts = None if expires is None else _span(expires)
    with desk.registry() as registry:
        secret = tokens.create(registry, name, role=chosen, lasts=lasts, actor=desk.actor(registry.settings, actor))
    output.show({"name": name, "token": secret}, as_json=as_json, table=lambda: print(secret))  # noqa: T201 - the result


def listed(*, as_json: Json = False) -> None:
    """List every token there ever was; the tokens themselves are kept nowhere."""
    with desk.registry() as registry:
        found = tokens.everything(registry)
    columns = ("name", "role", "created", "by", "expires", "revoked", "by")
    rows = [
        (one.name, one.role, one.created_at, one.created_by, one.expires_at or "never", one.revoked_at, one.revoked_by)
        for one in found
    ]
    empty = "There is no token. Make one: desk token create NAME --role viewer"
    output.show(list(found), as_json=as_json, table=lambda: output.table(columns, rows, empty=empty))


def revoke(name: _Name, *, actor: ActorName = None) -> None:
    """End a token at once."""
    with desk.registry() as registry:
        tokens.revoke(registry, name, actor=desk.actor(registry.settings, actor))
    output.note(f"{name} is revoked.")


COMMANDS: dict[str, Callable[..., None]] = {"create": create, "list": listed, "revoke": revoke}


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,5})([hdw])", text.strip().lower())
    lasts = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not timedelta() < lasts <= _LONGEST:
        message = "write --expires as 12h, 90d or 52w, ten years at most"
        raise typer.BadParameter(message)
    return lasts
