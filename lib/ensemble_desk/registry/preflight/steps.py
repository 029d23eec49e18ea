"""The preflight of a version: everything that can be known before it goes live, step by step, each with its time."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ensemble_desk.errors import DeskError, MissingExtraError
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import PreflightReport, Step
from ensemble_desk.registry.opening import Registry
from ensemble_desk.registry.preflight import compatibility, examination, rehearsal
from ensemble_desk.registry.preflight.examination import FAILED, SKIPPED, Examination, Outcome


@dataclass(frozen=True, slots=True)
class _Check:
    """A step to come; ``hard`` ones stop a move, and nothing that ``needs`` a failed one can be told."""

    name: str
    examine: Callable[[Examination], Outcome]
    hard: bool
    needs: tuple[str, ...] = ()


_CHECKS = (
    _Check("exists", examination.exists, hard=True),
    _Check("digest", examination.digest, hard=True, needs=("exists",)),
    _Check("safe load", examination.safe_load, hard=True, needs=("digest",)),
    _Check("code surface", compatibility.code_surface, hard=False, needs=("digest",)),
    _Check("schema", compatibility.schema, hard=True, needs=("safe load",)),
    _Check("environment", compatibility.environment, hard=False, needs=("safe load",)),
    _Check("golden sample", rehearsal.golden_sample, hard=True, needs=("safe load",)),
    _Check("smoke forecast", rehearsal.smoke_forecast, hard=True, needs=("safe load", "schema")),
    _Check("label compatibility", compatibility.label, hard=False, needs=("safe load",)),
    _Check("quarantine", examination.quarantine, hard=True),
)
STEPS = tuple(check.name for check in _CHECKS)


def run(registry: Registry, key: Key, version: str, *, lifting: bool = False) -> PreflightReport:
    """Examine a version without changing production; every step has an outcome, whatever the file holds.

    Only a digest that does not match leaves a trace: the index then says that the version was tampered with.
    ``lifting`` says that the move which asks lifts the version's quarantine. Raises UnknownVersionError.
    """
    at = registry.clock()
    subject = examination.begin(registry, key, version, lifting=lifting)
    steps: dict[str, Step] = {}
    untold: set[str] = set()  # failed, or skipped because of such a one
    for check in _CHECKS:
        unmet = next((need for need in check.needs if need in untold), None)
        step = _run(check, subject) if unmet is None else _skipped(check, f"{unmet} did not pass")
        if unmet is not None or step.outcome == FAILED:
            untold.add(check.name)
        steps[check.name] = step
    return PreflightReport(key, version, at, tuple(steps.values()), subject.lacking)


def as_row(step: Step) -> Mapping[str, Any]:
    """Give a step as history stores it."""
    return asdict(step)


def _skipped(check: _Check, reason: str) -> Step:
    return Step(check.name, SKIPPED, check.hard, reason, 0.0)


def _run(check: _Check, subject: Examination) -> Step:
    begun = time.perf_counter()
    try:
        found = check.examine(subject)
    except MissingExtraError as error:
        subject.lacking = str(error)
        found = Outcome(FAILED, str(error))
    except DeskError as error:
        found = Outcome(FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a foreign estimator raises, the version has failed this step
        found = Outcome(FAILED, f"{type(error).__name__}: {error}")
    milliseconds = round((time.perf_counter() - begun) * 1000, 3)
    return Step(check.name, found.outcome, check.hard, found.detail, milliseconds)
