"""Who asks: the token that a request carries, and the role it was made with."""

from fastapi import Request

from ensemble_desk.errors import TokenRefusedError
from ensemble_desk.registry.access import tokens
from ensemble_desk.registry.actors import TO_ASK, TO_MOVE, Actor
from ensemble_desk.service.problems import UnauthorizedError

__all__ = ["TO_ASK", "TO_MOVE", "of"]


def of(request: Request) -> Actor:
    """Give the program whose token came with the request; raises UnauthorizedError."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise UnauthorizedError
    try:
        return tokens.actor_of(request.app.state.registry(), secret.strip())
    except TokenRefusedError as error:
        raise UnauthorizedError from error
