"""Waiting for a PostgreSQL server that is being restarted, where nothing has been asked of it yet."""

from sqlalchemy import Connection, Engine

from ensemble_desk.database import failures
from ensemble_desk.errors import extras

_SECONDS_BETWEEN = 0.3


def connected(engine: Engine, *, seconds: float) -> Connection:
    """Connect, again and again for some seconds while the server cannot be reached; raises what the last try did."""
    with extras.needed():
        import tenacity

    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception(failures.is_unreachable),
        stop=tenacity.stop_after_delay(seconds),
        wait=tenacity.wait_fixed(_SECONDS_BETWEEN),
        reraise=True,
    )
    return attempts(engine.connect)
