"""The report of one key as a single HTML file: numbers, charts and everything they need, to open or mail anywhere."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import plotly.graph_objects as go

from ensemble_desk.evaluation.intervals import AccuracyEstimate
from ensemble_desk.figures import confusion, evidence, reliability, rolling
from ensemble_desk.forecasting.log import Kind
from ensemble_desk.monitoring.diagnosis import NOT_AN_ALARM, Diagnosis
from ensemble_desk.monitoring.evidence.bands import Band, Evidence
from ensemble_desk.monitoring.live import LiveAccuracy
from ensemble_desk.monitoring.reporting import Report
from ensemble_desk.monitoring.scoreboard import MemberScore
from ensemble_desk.monitoring.verdicts import DriftState

_MOST_FEATURES = 10
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: black; background: white; max-width: 60rem;
       margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.2rem; } p.faint, td.faint { color: dimgray; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .25rem 1.2rem .25rem 0;
       border-bottom: 1px solid lightgray; vertical-align: top; }
.verdict { font-size: 1.15rem; border-left: .3rem solid gray; padding-left: .8rem; }
@media print { body { margin: 0; max-width: none; } }
"""


def html(report: Report) -> str:
    """Write the report; plotly is embedded once, nothing is loaded from anywhere."""
    charts = _Charts()
    parts = [*_head(report), *_accuracy(report, charts), *_members(report.members), *_features(report.diagnosis)]
    return (
        "<!doctype html>\n"
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(str(report.key))}</title>'
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


@dataclass(slots=True)
class _Charts:
    """Turns charts into HTML; the first one brings plotly along."""

    n_drawn: int = 0

    def draw(self, made: go.Figure) -> str:
        made.update_layout(template="plotly_white")
        text = made.to_html(
            full_html=False, include_plotlyjs=not self.n_drawn, config={"displayModeBar": False, "responsive": True}
        )
        self.n_drawn += 1
        return str(text)


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


def _accuracy(report: Report, charts: _Charts) -> Iterator[str]:
    for title, found in (("This version", report.own), ("The key, each bar by its own version", report.whole)):
        if found is None:
            continue
        yield f"<h2>{title}</h2>"
        yield f"<p>{escape(_said(found))}</p>"
        if not found.kinds:
            continue
        yield _table((), _facts(found))
        validated = found.validated.value if found.validated else None
        majority = found.majority.value if found.majority else None
        yield charts.draw(rolling.chart(found.series, validated=validated, majority=majority))
        if found is report.own:
            if report.evidence is not None:
                yield "<h3>Evidence of a fall</h3>"
                yield charts.draw(evidence.path(report.evidence))
            yield "<h3>Reliability</h3>"
            yield charts.draw(reliability.diagram(found.reliability))
            yield "<h3>What was said and what came</h3>"
            yield charts.draw(confusion.matrix(found.scores["confusion"]))


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
    return f"<table>{f'<tr>{head}</tr>' if head else ''}\n{body}</table>"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _words(text: str) -> str:
    return text.replace("_", " ")
