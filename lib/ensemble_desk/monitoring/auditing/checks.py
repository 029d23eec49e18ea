"""What was kept of a key, each piece compared with what the log tells anew; '' where they agree.

Another machine may round otherwise, and then also choose otherwise between what is equal but for that. Where the plain
numbers are the same to the last bit, all else must be, too.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from functools import cache, partial
from typing import Any

from sqlalchemy import func, select

from ensemble_desk.database import daily_digests as digests
from ensemble_desk.database.opening import Database
from ensemble_desk.database.tables.monitoring_tables import forecasts, outcomes
from ensemble_desk.database.tables.registry_tables import symbols
from ensemble_desk.forecasting import definitions, matured
from ensemble_desk.forecasting.definitions import Definition
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.forecasting.upkeep import marks
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring import daily, verdicts
from ensemble_desk.monitoring.alerting import alarm_states
from ensemble_desk.monitoring.auditing import distances
from ensemble_desk.monitoring.evidence.bands import Policy
from ensemble_desk.monitoring.upkeep import kept, summing
from ensemble_desk.registry.opening import Registry

_CHOSEN = ("before", "read", "alarm_at", "sparkline", "band", "evidence", "margin")  # by what is least or most
_OF_STATE = ("key", "version", "kinds", "horizon", "horizon_bars", "as_of", "overall", "baseline", "e_value", "promise")


def of_key(registry: Registry, key: Key, policy: Policy) -> tuple[str, ...]:
    """Say everything that is wrong with what was kept of a key."""
    found = [_mark(registry, key), _days(registry, key, policy)]
    definition = definitions.of_production(registry.database, key).get(key)
    if definition is not None:
        anew = _Anew(registry.database, definition, policy)
        found += (check(registry, definition, policy, anew) for check in (_sums, _state, _alarm))
    return tuple(filter(None, found))


class _Anew:
    """What was known of a version when an outcome was the newest one, and what that comes to; each read once."""

    def __init__(self, database: Database, definition: Definition, policy: Policy) -> None:
        asked = partial(matured.read, database, definition.key, version=definition.version)
        self.rows = cache(lambda outcome_id: asked(until=outcome_id).of_kinds(None))
        self.sums = cache(lambda outcome_id: verdicts.summed(self.rows(outcome_id), definition, policy))


def _sums(registry: Registry, definition: Definition, policy: Policy, anew: _Anew) -> str:
    """Compare the sums of the version in production, up to the outcome that they go to."""
    found = summing.kept_sums(registry.database, definition, policy)
    if found is None:
        return ""
    mark, before = found
    problem = _mark_of_sums(registry, definition.key, mark)
    if problem:
        return problem
    rows = anew.rows(mark.outcome_id)
    if not len(rows) or rows.kinds[0] is not mark.kind:
        return "sums are kept of other outcomes than there are"
    agree = _agree(asdict(before), asdict(anew.sums(mark.outcome_id)), _plain_of_sums)
    return "" if agree else "its sums are not those of its outcomes"


def _state(registry: Registry, definition: Definition, policy: Policy, anew: _Anew) -> str:
    """Compare how the version in production was said to do, where nothing has come since."""
    key = definition.key
    sign, made = kept.states(registry.database, key).get(key, ("", ""))
    if not sign or sign != kept.signs(registry.database, policy, key).get(key):
        return ""
    now = digests.standing(registry.database, digests.OUTCOMES, key)
    rows = anew.rows(now.last_id if now is not None else 0)
    sums = anew.sums(now.last_id) if now is not None and len(rows) else None
    tells = kept.written(verdicts.of_sums(sums, rows.kinds if sums is not None else (), definition, policy))
    agree = made == tells or _agree(asdict(kept.state(made)), asdict(kept.state(tells)), _plain_of_state)
    return "" if agree else "how it does is not what its outcomes say"


def _alarm(registry: Registry, definition: Definition, policy: Policy, anew: _Anew) -> str:
    """Compare the alarm of the version in production, up to the outcome that it goes to."""
    found = alarm_states.kept_and_anew(registry.database, definition, policy, anew.rows)
    if found is None or _was_exported(registry, definition.key):
        return ""
    before, after = found
    ahead = _n_ahead(registry, digests.OUTCOMES, definition.key, before.outcome_id)
    if ahead or after is None:
        return ahead or "an alarm is kept of outcomes that are not there"
    has, tells = (asdict(one) | {"state": one.state.plain()} for one in (before, after))
    return "" if _agree(has, tells, _plain_of_alarm) else "its alarm is not that of its outcomes"


def _days(registry: Registry, key: Key, policy: Policy) -> str:
    """Compare the days of drift, where nothing has come since they were written."""
    written = kept.days(registry.database, key, kept.sign_of_days(registry.database, key, policy))
    if written is None:
        return ""
    rows = matured.read(registry.database, key)
    told_by, first, last = "", None, None
    if len(rows):
        of_day = rows.target.astype("datetime64[D]")
        newest = daily.in_days(of_day, rows.is_live, rows.target, rows.as_of, rows.id)[-1]
        told_by = f"{rows.versions[rows.version[newest]]} {Kind.LIVE if rows.is_live[newest] else Kind.REPLAY}"
        first, last = of_day.min().astype(object), of_day.max().astype(object)
    has, tells = (written.first, written.last, written.told_by), (first, last, told_by)
    return "" if has == tells else f"its days of drift go {_from_to(*has)}, its outcomes {_from_to(*tells)}"


def _mark(registry: Registry, key: Key) -> str:
    """Compare how far its forecasts were looked at, and how many of them wait, with the log."""
    told = marks.read(registry.database, key, also_ahead=True)
    if told is None or _was_exported(registry, key):
        return ""
    ahead = _n_ahead(registry, digests.FORECASTS, key, told.forecast_id) or _n_ahead(
        registry, digests.OUTCOMES, key, told.outcome_id
    )
    if ahead or told.meaning != definitions.sign(registry.database, key):
        return ahead
    return marks.contradiction(registry.database, key, told, definitions.of_key(registry.database, key))


def _mark_of_sums(registry: Registry, key: Key, mark: summing.Mark) -> str:
    ahead = _n_ahead(registry, digests.OUTCOMES, key, mark.outcome_id)
    if ahead:
        return ahead
    wanted = select(func.count()).select_from(outcomes.join(forecasts).join(symbols))
    of_key = (symbols.c.ticker == key.symbol, forecasts.c.timeframe == key.timeframe)
    with registry.database.reading() as connection:
        n_rows = connection.execute(wanted.where(*of_key, outcomes.c.id <= mark.outcome_id)).scalar_one()
    now = digests.standing(registry.database, digests.OUTCOMES, key)
    is_other = now is not None and now.n_rows == mark.n_rows and now.hash != mark.hash
    return "sums are kept of other outcomes than there are" if n_rows != mark.n_rows or is_other else ""


def _n_ahead(registry: Registry, kind: str, key: Key, number: int) -> str:
    """Say that something has seen a row later than all of which there is a digest."""
    now = digests.standing(registry.database, kind, key)
    last = now.last_id if now is not None else 0
    return f"row {number} of {kind} was seen, and the newest one is {last}" if number > last else ""


def _from_to(first: date | None, last: date | None, told_by: str) -> str:
    return f"from {first} to {last} by {told_by or 'nobody'}"


def _was_exported(registry: Registry, key: Key) -> bool:
    return digests.is_begun_anew(registry.database, key)


def _agree(has: Mapping[str, Any], anew: Mapping[str, Any], plain: Callable[[Mapping[str, Any]], Any]) -> bool:
    apart = distances.between(plain(has), plain(anew))
    return 0 < apart <= distances.CLOSE or (not apart and not distances.between(has, anew))


def _plain_of_sums(told: Mapping[str, Any]) -> Any:
    judged = told["judged"]
    if judged is None:
        return told
    own = {name: value for name, value in judged.items() if name not in _CHOSEN}
    process = {name: value for name, value in judged["process"].items() if name in ("n", "logs", "lowest")}
    return {**told, "judged": own | {"process": process}}


def _plain_of_state(told: Mapping[str, Any]) -> Any:
    return {name: told[name] for name in _OF_STATE}


def _plain_of_alarm(told: Mapping[str, Any]) -> Any:
    state = told["state"]
    return {**told, "state": [state["n"], state["logs"], state["lowest"]]}
