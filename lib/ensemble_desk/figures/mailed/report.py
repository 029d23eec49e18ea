"""The report of one key as a single HTML file: numbers, charts and everything they need, to open or mail anywhere."""

import math
from collections.abc import Iterator, Sequence
from html import escape

from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.figures import value
from ensemble_desk.figures.mailed import pictures
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.monitoring.diagnosis import NOT_AN_ALARM, Diagnosis
from ensemble_desk.monitoring.evidence.bands import Band, Evidence
from ensemble_desk.monitoring.live import LiveAccuracy
from ensemble_desk.monitoring.reporting import Report
from ensemble_desk.monitoring.scoreboard import MemberScore
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.monitoring.worth.records import Record

_MOST_FEATURES = 10
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       overflow-wrap: break-word; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; } p.faint, figcaption { opacity: .8; }
div.wide { overflow-x: auto; } table { border-collapse: collapse; }
td, th { text-align: left; padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
table.cells { font-size: .9rem; } table.cells td, table.cells th { padding: .3rem .45rem; text-align: center; }
figure { margin: 1rem 0; max-width: 38rem; } figure > svg { width: 100%; height: auto; display: block; }
figure text { font: 12px system-ui, sans-serif; fill: currentColor; } figcaption { font-size: .85rem; }
figcaption span { margin-right: 1rem; white-space: nowrap; }
.verdict { font-size: 1.15rem; border-left: .3rem solid gray; padding-left: .8rem; }
@media (max-width: 40rem) { body { margin-top: 1rem; } td, th { padding-right: .6rem; } }
@media print { body { margin: 0; max-width: none; } }
"""


def html(report: Report) -> str:
    """Write the report; it holds no program, and nothing is loaded from anywhere."""
    parts = [*_head(report), *_accuracy(report), *_members(report.members)]
    parts += [*_value(report.value), *_features(report.diagnosis)]
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(str(report.key))}</title>"
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def percent(estimate: AccuracyEstimate | None) -> str:
    """Write an accuracy with its interval and n."""
    if estimate is None or math.isnan(estimate.value):
        return "unknown"
    if not estimate.n:
        return _share(estimate.value)
    low, high = round(100 * estimate.low), round(100 * estimate.high)
    return f"{_share(estimate.value)} [{low}–{high}], n {estimate.n}, n_eff {estimate.n_eff:.0f}"


def verdict(state: DriftState) -> str:
    """Say in one sentence how the version does."""
    if state.problem:
        return f"{state.band}: {state.problem}. To mend that, run: {state.remedy}"
    band = f"{state.band}, {state.evidence.lower()}"
    since = f" since about {state.since:%Y-%m-%d} (n {state.live.n})" if state.since else ""
    if state.confirmed:
        return f"Accuracy has fallen{since}: {band}. Recommended: {_words(state.recommendation)}."
    if state.evidence is Evidence.INSUFFICIENT:
        return f"Too few outcomes to judge ({band}, n_eff {state.overall.n_eff:.0f} of 20)."
    if state.rings_alone:
        return f"Its alarm rings{since}, but does not stand among so many keys ({band})."
    if state.band is Band.OK:
        return f"It does what its validation promised ({state.band})."
    more = "" if state.more_outcomes is None else f" The alarm would ring after about {state.more_outcomes} more."
    return f"It lies below its validation, but the evidence does not confirm a fall ({band}).{more}"


def _head(report: Report) -> Iterator[str]:
    pointer, record, state = report.production, report.record, report.state
    yield f"<h1>{escape(str(report.key))}</h1>"
    yield f'<p class="faint">{escape(report.bars)}. Written {report.at:%Y-%m-%d %H:%M} UTC.</p>'
    yield f'<p class="verdict">{escape(verdict(state))}</p>'
    facts = [
        ("Version in production", pointer.version or "none"),
        ("How", f"{pointer.mode} since {pointer.since:%Y-%m-%d %H:%M} UTC, by {pointer.actor}: {pointer.reason}"),
    ]
    if record is not None:
        majority = "unknown" if record.baseline_accuracy is None else _share(record.baseline_accuracy)
        facts.append(("Validated accuracy", f"{percent(state.baseline)}, majority {majority}"))
        facts.append(("Trained on bars to", f"{record.last_bar:%Y-%m-%d}" if record.last_bar else "unknown"))
    if pointer.newer_waiting:
        facts.append(("Newer version waits", pointer.newer_waiting))
    yield _table((), facts)


def _accuracy(report: Report) -> Iterator[str]:
    for title, found in (("This version", report.own), ("The key, each bar by its own version", report.whole)):
        if found is None:
            continue
        yield f"<h2>{title}</h2>"
        yield f"<p>{escape(_said(found))}</p>"
        if not found.kinds:
            continue
        yield _table((), _facts(found))
        yield "<h3>Accuracy by month, in percent</h3>"
        yield _wide(pictures.months(found.months, middle=found.accuracy.value))
        if found is report.own:
            yield from _charts(report, found)


def _charts(report: Report, found: LiveAccuracy) -> Iterator[str]:
    if report.so_far is not None:
        yield "<h3>Accuracy since training</h3>"
        validated = found.validated.value if found.validated else None
        majority = found.majority.value if found.majority else None
        yield pictures.so_far(report.so_far, validated=validated, majority=majority)
    if report.evidence is not None:
        yield "<h3>Evidence of a fall</h3>"
        yield pictures.evidence(report.evidence, since=report.state.since)
    yield "<h3>Right (upwards) against promised (to the right)</h3>"
    yield pictures.reliability(found.reliability)
    yield "<h3>What was said and what came</h3>"
    yield _wide(pictures.confusion(found.scores["confusion"]))


def _said(found: LiveAccuracy) -> str:
    if not found.kinds or found.first is None or found.last is None:
        return f"Nothing to show: {found.state}."
    told = {Kind.LIVE: "live forecasts", Kind.REPLAY: "replayed forecasts (made afterwards from what was known then)"}
    kinds = " and ".join(told[kind] for kind in found.kinds)
    return f"{kinds.capitalize()} of {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}, horizon {found.horizon}."


def _facts(found: LiveAccuracy) -> list[tuple[str, str]]:
    scores, promise = found.scores, found.promise
    facts = [
        ("Accuracy", percent(found.accuracy)),
        (f"Newest {found.series.window} outcomes at most (interval for one look)", percent(found.recent)),
        ("Majority on the same rows", percent(found.majority)),
        ("Persistence on the same rows", percent(found.persistence)),
    ]
    if promise is not None:
        z = "" if promise.z is None else f", Z {promise.z:+.1f}"
        limits = f"[{100 * promise.low:+.0f}, {100 * promise.high:+.0f}]"
        facts.append(("Promised", f"{_share(promise.promised)}, gap {100 * promise.gap:+.0f} points {limits}{z}"))
    facts.append(("Against usual rates", "unknown" if found.skill is None else f"{found.skill.in_words} log-loss"))
    facts += [("Lean", found.lean.in_words)] if found.lean is not None else []
    facts += [("Never named", ", ".join(found.never_named))] if found.never_named else []
    facts += [
        (title, "unknown" if scores[name] is None else f"{scores[name]:.3f}")
        for title, name in (
            ("Log-loss", "log_loss"),
            ("Brier", "brier"),
            ("RPS", "rps"),
            ("Volatility skill", "volatility_skill"),
            ("Direction skill", "direction_skill"),
        )
    ]
    return facts


def _members(members: Sequence[MemberScore]) -> Iterator[str]:
    if not members:
        return
    yield "<h2>Members against the equal-weight pool</h2>"
    rows = [
        (
            one.name,
            percent(one.accuracy),
            f"{one.log_loss.value:.3f}",
            f"{one.difference.value:+.3f} [{one.difference.low:+.3f}, {one.difference.high:+.3f}]",
            one.verdict,
        )
        for one in members
    ]
    yield _table(("", "accuracy", "log-loss", "minus the pool's", ""), rows)


def _value(found: Record | None) -> Iterator[str]:
    if found is None:
        return
    yield "<h2>Acting on it, after costs</h2>"
    yield f"<p>{escape(found.in_words)} Costs: {found.cost_bps:g} basis points of what is traded.</p>"
    if found.acted is not None:
        yield _table(("", *value.ROWS), value.rows(found))


def _features(found: Diagnosis | None) -> Iterator[str]:
    if found is None:
        return
    yield "<h2>Features</h2>"
    if not found.features:
        yield f"<p>There is no diagnosis: {escape(found.problem)}.</p>"
        return
    yield f"<p>{NOT_AN_ALARM} The newest {found.n_bars} bars against {found.n_shifts} earlier windows.</p>"
    rows = [
        (
            one.name,
            "constant" if one.distance is None else f"{one.distance:.2f} σ",
            f"{one.ks:.2f}",
            _share(one.outside),
            f"{one.p:.2f}",
            "unusual" if one.unusual else "",
        )
        for one in found.features[:_MOST_FEATURES]
    ]
    yield _table(("", "distance", "KS", "outside", "p", ""), rows)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>\n" for cells in rows)
    return _wide(f"<table>{f'<tr>{head}</tr>' if head else ''}\n{body}</table>")


def _wide(table: str) -> str:
    """Let a table that is wider than a phone be moved sideways by itself."""
    return f'<div class="wide">{table}</div>'


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _words(text: str) -> str:
    return text.replace("_", " ")
