"""Tokens: made once, kept as a digest, valid until their day or until they are revoked."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from ensemble_desk.database.tables.registry_tables import tokens as table
from ensemble_desk.errors import NotAllowedError, SettingsError, TokenNameTakenError, UnknownTokenError
from ensemble_desk.registry import tokens
from ensemble_desk.registry.actors import Actor, Role

ADMIN = Actor("ann", Role.ADMIN)


def make(desk, name="job", *, role=Role.OPERATOR, lasts=None, actor=ADMIN):
    return tokens.create(desk.registry, name, role=role, lasts=lasts, actor=actor)


def test_a_token_is_its_program_with_its_role(desk):
    secret = make(desk)
    assert tokens.actor(desk.registry, secret) == Actor("job", Role.OPERATOR)
    assert tokens.actor(desk.registry, secret + "x") is None
    assert tokens.actor(desk.registry, "") is None
    assert tokens.actor(desk.registry, "desk_\ud800") is None


def test_the_token_itself_is_kept_nowhere(desk):
    secret = make(desk)
    with desk.registry.database.reading() as connection:
        (row,) = connection.execute(select(table)).all()
    assert secret not in repr(tuple(row))
    assert secret not in repr(tokens.everything(desk.registry))


def test_it_ends_on_its_day_or_when_it_is_revoked(desk):
    lasting, short = make(desk, "lasting"), make(desk, "short", lasts=timedelta(days=1))
    desk.clock.now += timedelta(days=2)
    assert tokens.actor(desk.registry, short) is None
    assert tokens.actor(desk.registry, lasting) is not None
    tokens.revoke(desk.registry, "lasting", actor=ADMIN)
    assert tokens.actor(desk.registry, lasting) is None
    with pytest.raises(UnknownTokenError):
        tokens.revoke(desk.registry, "lasting", actor=ADMIN)
    assert {one.name: one.revoked_by for one in tokens.everything(desk.registry)} == {"lasting": "ann", "short": None}


def test_a_name_is_used_once_because_history_tells_of_it(desk):
    make(desk)
    tokens.revoke(desk.registry, "job", actor=ADMIN)
    with pytest.raises(TokenNameTakenError):
        make(desk)
    with pytest.raises(SettingsError):
        make(desk, " ")


def test_only_an_admin_makes_and_revokes(desk):
    make(desk)
    operator = Actor("bob", Role.OPERATOR)
    with pytest.raises(NotAllowedError):
        make(desk, "mine", actor=operator)
    with pytest.raises(NotAllowedError):
        tokens.revoke(desk.registry, "job", actor=operator)
