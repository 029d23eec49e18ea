"""Roles of the database and tokens: given, taken back, expired, and never readable again."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from ensemble_desk.errors import (
    NotAllowedError,
    ReasonRequiredError,
    TokenNameTakenError,
    TokenRefusedError,
    UnknownTokenError,
)
from ensemble_desk.registry.access import identity, roles, tokens
from ensemble_desk.registry.actors import Actor, Role

ADMIN = Actor("ada", Role.ADMIN)
CLAIMS = {"iss": "https://id.example.org", "sub": "7", "email": "Ann@Example.org", "email_verified": True}


def who(**changed):
    return identity.of(CLAIMS | changed, groups_claim="groups")


def test_the_database_counts_before_settings_until_it_is_taken_back(desk):
    assert roles.of(desk.registry, who()) is Role.VIEWER
    roles.give(desk.registry, "ann@EXAMPLE.org", Role.OPERATOR, actor=ADMIN, reason="on call")
    assert roles.of(desk.registry, who()) is Role.OPERATOR
    assert roles.of(desk.registry, who(email_verified=False)) is Role.VIEWER
    roles.give(desk.registry, "https://id.example.org|7", Role.ANALYST, actor=ADMIN, reason="less")
    assert roles.of(desk.registry, who()) is Role.ANALYST
    roles.give(desk.registry, "ann@example.org", None, actor=ADMIN, reason="left")
    roles.give(desk.registry, "https://id.example.org|7", None, actor=ADMIN, reason="left")
    assert roles.of(desk.registry, who()) is Role.VIEWER
    assert [one.reason for one in roles.changes(desk.registry, newest_only=False)] == [
        "left",
        "left",
        "less",
        "on call",
    ]
    assert len(roles.changes(desk.registry)) == 2


def test_only_an_admin_gives_roles_and_says_why(desk):
    with pytest.raises(NotAllowedError):
        roles.give(desk.registry, "a@b.c", Role.ADMIN, actor=desk.operator, reason="me")
    with pytest.raises(ReasonRequiredError):
        roles.give(desk.registry, "a@b.c", Role.ADMIN, actor=ADMIN, reason=" ")
    assert roles.changes(desk.registry) == ()


def test_a_token_acts_until_it_expires_or_is_taken_back(desk):
    until = desk.clock() + timedelta(days=1)
    secret = tokens.create(desk.registry, "nightly", role=Role.OPERATOR, expires_at=until, actor=ADMIN)
    assert tokens.actor_of(desk.registry, secret) == Actor("nightly", Role.OPERATOR)
    with desk.registry.database.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM access_tokens")).all())
    assert secret not in kept
    assert secret not in str(tokens.listing(desk.registry))
    for wrong in ("", secret[:-1], secret.upper(), "desk_x"):
        with pytest.raises(TokenRefusedError):
            tokens.actor_of(desk.registry, wrong)
    desk.clock.now += timedelta(days=2)
    with pytest.raises(TokenRefusedError):
        tokens.actor_of(desk.registry, secret)
    other = tokens.create(
        desk.registry, "service", role=Role.VIEWER, expires_at=desk.clock() + timedelta(days=1), actor=ADMIN
    )
    tokens.revoke(desk.registry, "service", actor=ADMIN)
    with pytest.raises(TokenRefusedError):
        tokens.actor_of(desk.registry, other)
    with pytest.raises(TokenNameTakenError):
        tokens.create(desk.registry, "service", role=Role.ADMIN, expires_at=until, actor=ADMIN)
    with pytest.raises(UnknownTokenError):
        tokens.revoke(desk.registry, "nobody", actor=ADMIN)
    with pytest.raises(NotAllowedError):
        tokens.create(desk.registry, "mine", role=Role.ADMIN, expires_at=until, actor=desk.operator)
