"""What versions say they forecast: label and horizon, read from the index in one query."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Row, Select, bindparam, func, null, select

from ensemble_desk.database.opening import Database
from ensemble_desk.database.queries.compiled_select import CompiledSelect
from ensemble_desk.database.tables.registry_tables import (
    model_versions,
    production_pointers,
    pruned_versions,
    version_manifests,
)
from ensemble_desk.market import aims, usual_rates
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import LabelSpec
from ensemble_desk.market.usual_rates import Rates

_USUAL_RATES = ("evaluation", "usual_rates")  # place in a manifest


@dataclass(frozen=True, slots=True)
class Definition:
    """What a version forecasts and what it promised.

    Attributes
    ----------
    label : None where neither the version nor a person has told it; nothing then scores its forecasts.
    horizon : name of the trained horizon, None where nobody has told it.
    accuracy, low, high : of the validation's holdout, shares in 0..1; None when the artifact does not tell.
    n_holdout, n_eff : rows of the holdout, and how many of them count as independent.
    usual_rates : how often each class came among the rows it learnt from; None when the artifact does not tell.
    """

    key: Key
    version: str
    label: LabelSpec | None
    horizon: str | None
    accuracy: float | None
    low: float | None
    high: float | None
    n_holdout: int | None
    n_eff: float | None
    usual_rates: Rates | None = None


def of_key(database: Database, key: Key) -> Mapping[str, Definition]:
    """Read the definitions of every version of a key, by version; also of pruned ones, whose forecasts still mature."""
    table = model_versions
    wanted = _wanted().where(table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)
    with database.reading() as connection:
        rows = [*connection.execute(_pruned(key)), *connection.execute(wanted)]
        return {row.version: _definition(row) for row in rows}


def sign(database: Database, key: Key) -> str:
    """What differs as soon as a version of a key came, was described or pruned; by indexed reads."""
    (found,) = database.ask(_SIGN, symbol=key.symbol, timeframe=key.timeframe)
    return " ".join(map(str, found))


def of_production(database: Database, key: Key | None = None) -> Mapping[Key, Definition]:
    """Read the definition of the version in production of every key that has one, or of one key."""
    table, pointer = model_versions, production_pointers
    wanted = _wanted().join(
        pointer,
        (pointer.c.symbol == table.c.symbol)
        & (pointer.c.timeframe == table.c.timeframe)
        & (pointer.c.version == table.c.version),
    )
    if key is not None:
        wanted = wanted.where(pointer.c.symbol == key.symbol, pointer.c.timeframe == key.timeframe)
    with database.reading() as connection:
        found = [_definition(row) for row in connection.execute(wanted)]
    return {one.key: one for one in sorted(found, key=lambda one: one.key)}


def _signed() -> CompiledSelect:
    parts = []
    for table, told in (
        (model_versions, (func.max(model_versions.c.id), func.max(model_versions.c.description_id))),
        (pruned_versions, (func.count(),)),
    ):
        here = (table.c.symbol == bindparam("symbol"), table.c.timeframe == bindparam("timeframe"))
        parts += [select(one).select_from(table).where(*here).scalar_subquery() for one in told]
    return CompiledSelect(select(*(part.label(f"part{at}") for at, part in enumerate(parts))))


_SIGN = _signed()


def _wanted() -> Select[tuple[object, ...]]:
    table, manifest = model_versions, version_manifests.c.manifest
    return select(
        table.c.symbol,
        table.c.timeframe,
        table.c.version,
        table.c.ensemble_accuracy,
        table.c.accuracy_low,
        table.c.accuracy_high,
        table.c.n_holdout,
        table.c.n_eff,
        manifest["label"].label("label"),
        manifest["horizon"].label("horizon"),
        manifest[_USUAL_RATES].label("usual_rates"),
        manifest["config"].label("config"),
    ).select_from(table.outerjoin(version_manifests, version_manifests.c.version_id == table.c.id))


def _pruned(key: Key) -> Select[tuple[object, ...]]:
    table, manifest = pruned_versions, pruned_versions.c.manifest
    untold = ("ensemble_accuracy", "accuracy_low", "accuracy_high", "n_holdout", "n_eff")  # nothing is measured by it
    return select(
        *(table.c[name] for name in ("symbol", "timeframe", "version")),
        *(null().label(name) for name in untold),
        manifest["label"].label("label"),
        manifest["horizon"].label("horizon"),
        manifest[_USUAL_RATES].label("usual_rates"),
        manifest["config"].label("config"),
    ).where(table.c.symbol == key.symbol, table.c.timeframe == key.timeframe)


def _definition(row: Row[tuple[object, ...]]) -> Definition:
    told = {"label": row.label, "horizon": row.horizon, "config": row.config}
    aim = aims.of_content(told, timeframe=row.timeframe)
    return Definition(
        key=Key(row.symbol, row.timeframe),
        version=row.version,
        label=aim.label,
        horizon=aim.horizon,
        accuracy=row.ensemble_accuracy,
        low=row.accuracy_low,
        high=row.accuracy_high,
        n_holdout=row.n_holdout,
        n_eff=row.n_eff,
        usual_rates=usual_rates.read(row.usual_rates),
    )
