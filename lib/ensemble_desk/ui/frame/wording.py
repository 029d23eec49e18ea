"""How values are written for people: accuracies, times, ages, durations, sizes and labels."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ensemble_desk.evaluation import intervals, skill
from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.figures.accuracy import LEAST_N_EFF
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.market import timeframes
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.market.usual_rates import Rates
from ensemble_desk.registry.entities import VersionRecord

UNKNOWN = "unknown"
_MARKDOWN = frozenset("\\`*_{}[]()#+-!|<>~:$")


def plain(text: str) -> str:
    """Keep a text from other programs or people from being read as Markdown."""
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in text)


def percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.0f} %"


def points(difference: float) -> str:
    """Write a difference of shares in points, with its sign; none where it rounds to nothing."""
    rounded = round(100 * difference, 1)
    return f"{rounded:+.1f} points".replace("-", "−") if rounded else "0.0 points"


def accuracy(
    value: float | None,
    *,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    baseline: float | None = None,
) -> str:
    """Write ``43 % [33–54], n 250, majority 39 %``; what is not known is left out, an unknown accuracy says so."""
    if value is None:
        return UNKNOWN
    interval = f" [{100 * low:.0f}–{100 * high:.0f}]" if low is not None and high is not None else ""
    counted = "" if n is None else f", n {n:,}"
    beaten = "" if baseline is None else f", majority {percent(baseline)}"
    return f"{percent(value)}{interval}{counted}{beaten}"


def accuracy_of(record: VersionRecord) -> str:
    return accuracy(
        record.ensemble_accuracy,
        low=record.accuracy_low,
        high=record.accuracy_high,
        n=record.n_holdout,
        baseline=record.baseline_accuracy,
    )


def accuracy_of_member(record: VersionRecord, value: float | None) -> str:
    """Write what one member scored on the same holdout as the version."""
    if value is None or not record.n_holdout or not record.n_eff:
        return accuracy(value, baseline=record.baseline_accuracy)
    bars = max(1, round(record.n_holdout / record.n_eff))
    told = intervals.wilson(value, record.n_holdout, horizon_bars=bars)
    return accuracy(value, low=told.low, high=told.high, n=told.n, baseline=record.baseline_accuracy)


def estimate(told: AccuracyEstimate | None, *, majority: float | None = None) -> str:
    """Write a measured accuracy; where outcomes overlap also how many of them count as independent."""
    if told is None or math.isnan(told.value):
        return UNKNOWN
    if not told.n:
        return accuracy(told.value, baseline=majority)
    written = accuracy(told.value, low=told.low, high=told.high, n=told.n, baseline=majority)
    overlapping = round(told.n_eff) != told.n
    return written.replace(f"n {told.n:,}", f"n {told.n:,} ({told.n_eff:,.0f} independent)") if overlapping else written


def holdout_skill(evaluation: Mapping[str, Any]) -> str:
    """Whether a version beat the usual rates on its holdout, in one word, and which classes it never names."""
    found = skill.of_manifest(evaluation)
    missing = skill.no_call([str(name).capitalize() for name in evaluation.get("never_named") or []])
    return f"{UNKNOWN if found is None else f'{found.in_words} log-loss'}{'. ' if missing else ''}{missing}"


def usual_rates(rates: Rates | None) -> str:
    """Write how often each class came among the rows that a version learnt from."""
    if rates is None:
        return UNKNOWN
    return ", ".join(f"{name.capitalize()} {percent(rate)}" for name, rate in zip(CLASSES, rates, strict=True))


def lean(name: str | None, edges: Mapping[str, float] | None) -> str:
    """Write the class furthest above its usual rate, with its edge."""
    return UNKNOWN if name is None or edges is None else f"{name.capitalize()} {points(edges[name])}"


def move(log_return: float) -> str:
    """Write a log return as the percentage that the price changes by."""
    return f"{100 * math.expm1(log_return):+.1f} %".replace("-", "−")


def kinds(given: Sequence[Kind]) -> str:
    """Write whether forecasts were live or replayed; both when they are mixed."""
    names = {Kind.LIVE: "live", Kind.REPLAY: "replayed"}
    return " and ".join(names[kind] for kind in given)


def is_firm(n_eff: float | None) -> bool:
    """Whether an accuracy rests on enough independent outcomes to be written in full colour."""
    return n_eff is not None and n_eff >= LEAST_N_EFF


def time(at: datetime | None) -> str:
    return UNKNOWN if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def local_time(at: datetime | None, zone: str | None) -> str:
    """Write the same time where the viewer is, for the hover; nothing when the browser does not tell its zone."""
    if at is None or not zone:
        return ""
    try:
        return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} in {zone}"
    except ZoneInfoNotFoundError:
        return ""


def as_utc(at: datetime) -> datetime:
    """Take a time without a zone for UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def day(at: datetime | None) -> str:
    return UNKNOWN if at is None else f"{at.astimezone(UTC):%Y-%m-%d}"


def ago(at: datetime, now: datetime) -> str:
    """Write how long ago something was, in the largest whole unit."""
    seconds = max(0, int((now - at).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:,} {unit} ago"
    return "just now"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def size(n_bytes: int) -> str:
    return f"{n_bytes / 2**20:.2f} MiB" if n_bytes >= 2**20 else f"{n_bytes / 2**10:.0f} KiB"


def weights(given: Mapping[str, float]) -> str:
    """Write ``rf 31 %, gb 27 %``, heaviest first."""
    return ", ".join(f"{name} {percent(share)}" for name, share in sorted(given.items(), key=lambda pair: -pair[1]))


def label_in_words(label: Mapping[str, Any] | None, *, timeframe: str) -> str:
    """Explain a version's label definition; one that nobody has told is unknown."""
    if not label:
        return UNKNOWN
    bars = label["horizon_bars"]
    span = f"{bars} bar{'s' if bars != 1 else ''} of {timeframes.get(timeframe).title}"
    if label["rule"] == "fixed":
        limit = f"{100 * label['fixed_threshold']:.2f} %"
    else:
        limit = f"{label['multiplier']:g} × the trailing {label['sigma_window']}-bar volatility × √{bars}"
    return f"The {label['return_kind']} return of the {label['price']} over {span}, beyond ± {limit}; between: NEUTRAL."


def remarks(record: VersionRecord) -> str:
    """What somebody choosing a version should know about it, in a few words."""
    told = [record.problem, record.quarantine_reason and f"quarantined: {record.quarantine_reason}"]
    told += ["leakage suspected"] if record.leakage_suspected else []
    told += ["previously live"] if record.previously_live else []
    return "; ".join(part for part in told if part)
