"""The peer: MLflow's model registry on SQLite, in this process (no server between), with the same versions in it."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import generated

from ensemble_desk.market.keys import Key


def build(folder: Path, n_versions: int) -> None:
    """Make MLflow's database, and insert the generated versions by its own tables in bulk."""
    with client(folder):
        pass
    from mlflow.store.model_registry.dbmodels import models
    from sqlalchemy import create_engine, insert

    engine = create_engine(_url(folder))
    made = list(generated.versions(n_versions))
    names = {name_of(one.key): one for one in made}  # the last, newest one of each key
    registered = [
        {"name": name, "creation_time": _millis(one), "last_updated_time": _millis(one)} for name, one in names.items()
    ]
    aliases = [{"name": name, "alias": generated.ALIAS, "version": one.number} for name, one in names.items()]
    with engine.begin() as connection:
        connection.execute(insert(models.SqlRegisteredModel.__table__), registered)
        connection.execute(insert(models.SqlModelVersion.__table__), [_row(one) for one in made])
        connection.execute(insert(models.SqlRegisteredModelAlias.__table__), aliases)
        connection.exec_driver_sql("ANALYZE")
    engine.dispose()


@contextmanager
def client(folder: Path) -> Iterator[Any]:
    """Give MLflow's own client on the database of a folder."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    opened = MlflowClient(tracking_uri=_url(folder), registry_uri=_url(folder))
    opened.search_registered_models(max_results=1)
    yield opened


def name_of(key: Key) -> str:
    return f"{key.symbol}_{key.timeframe}"


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'mlflow.db'}"


def _millis(one: generated.Version) -> int:
    return round(one.created_at.timestamp() * 1_000)


def _row(one: generated.Version) -> dict[str, Any]:
    return {
        "name": name_of(one.key),
        "version": one.number,
        "creation_time": _millis(one),
        "last_updated_time": _millis(one),
        "source": one.file_name,
        "current_stage": "None",
        "status": "READY",
    }
