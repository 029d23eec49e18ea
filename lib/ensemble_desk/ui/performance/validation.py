"""One version as validated: against baselines, member by member, mistake by mistake; and the report to mail."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.evaluation import intervals, skill
from ensemble_desk.figures import accuracy, confusion, members
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.entities import VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, data, monitoring_data, wording
from ensemble_desk.ui.performance import since

SINCE, VALIDATED, WORTH = "Since then", "As validated", "After costs"

_BASELINES = {
    "majority": "Majority class",
    "always_bullish": "Always bullish",
    "persistence": "Last known label",
    "prior": "Class prior",
}


def view_picker() -> str:
    """Choose between what came since, what training knows and what it was worth; it lives in the URL."""
    chosen = st.segmented_control(
        "View",
        (SINCE, VALIDATED, WORTH),
        default=SINCE,
        required=True,
        key="told",
        bind="query-params",
        label_visibility="collapsed",
    )
    return str(chosen or SINCE)


def report_button(key: Key) -> None:
    """Offer the report of a key; it is made when somebody asks for it."""
    known = key in data.source_keys()
    st.download_button(
        "Report to mail",
        functools.partial(monitoring_data.report_of, key),
        file_name=f"{key.symbol}_{key.timeframe}.html".replace("/", "-"),
        mime="text/html",
        key="report",
        icon=":material/download:",
        on_click="ignore",
        disabled=not known,
        help="One HTML file about what is in production, with its charts; it needs nothing else."
        if known
        else f"There is no report: {wording.plain(data.source_of(key))}.",
    )


def evaluation(record: VersionRecord) -> Mapping[str, Any]:
    """The holdout's verdict; empty for plain artifacts, which tell accuracies only."""
    told: Mapping[str, Any] = data.manifest(record.key, record.version).get("evaluation") or {}
    return told


def headline(record: VersionRecord, told: Mapping[str, Any]) -> None:
    """How much better than chance the holdout was."""
    found = skill.of_manifest(told)
    sentence = "" if found is None else f"**{since.SENTENCES[found.verdict]}**  \n"
    st.markdown(f"{sentence}Against usual rates on the holdout: {wording.holdout_skill(told)}")
    ensemble: Mapping[str, Any] = told.get("ensemble") or {}
    prior = ((told.get("baselines") or {}).get("prior") or {}).get("log_loss")
    with st.grid(5, min_column_width=150):
        _above_majority(record)
        _metric("Volatility skill", told.get("volatility_skill"), "Calling whether a move comes at all, above chance.")
        _metric(
            "Direction skill",
            told.get("direction_skill"),
            "Calling up or down among the bars that moved, above chance.",
        )
        loss = ensemble.get("log_loss")
        st.metric(
            "Log-loss",
            "unknown" if loss is None else f"{loss:.3f}",
            border=True,
            height="stretch",
            help="Lower is better; knowing nothing is 1.099."
            + ("" if prior is None else f" The class prior scores {prior:.3f}."),
        )
        n_eff = wording.UNKNOWN if record.n_eff is None else f"{record.n_eff:,.0f}"
        st.metric(
            "Independent n",
            n_eff,
            border=True,
            height="stretch",
            help="Outcomes that do not overlap: n divided by the horizon in bars.",
        )


def _above_majority(record: VersionRecord) -> None:
    value, base = record.ensemble_accuracy, record.baseline_accuracy
    told = wording.UNKNOWN if value is None or base is None else wording.points(value - base)
    st.metric(
        "Above the majority", told, border=True, height="stretch", help="Holdout accuracy minus the majority baseline."
    )


def _metric(label: str, value: float | None, explanation: str) -> None:
    told = wording.UNKNOWN if value is None else wording.points(value)
    st.metric(label, told, border=True, height="stretch", help=explanation)


def against_baselines(record: VersionRecord, told: Mapping[str, Any]) -> None:
    """The ensemble beside equal weights, its best member and the baselines, on the same holdout."""
    points = _points(record, told)
    if len(points) < 2:  # noqa: PLR2004 - nothing to stand beside
        components.empty("This version does not tell how its holdout was scored.", "Versions trained here do.")
        return
    charts.show(
        caching.figure(accuracy.beside, points, baseline=record.baseline_accuracy),
        key="beside",
        alt="Holdout accuracy of the ensemble beside equal weights, its best member and baselines",
    )
    st.caption("All on the same holdout rows. The dotted line is the majority class; bars are 95 % intervals.")


def _points(record: VersionRecord, told: Mapping[str, Any]) -> list[accuracy.Point]:
    named: list[tuple[str, Mapping[str, Any]]] = [
        ("Ensemble", told.get("ensemble") or {}),
        ("Equal weights", told.get("equal_weights") or {}),
    ]
    best = told.get("best_member")
    if best:
        named.append((f"Best member ({best})", (told.get("members") or {}).get(best) or {}))
    named += [(title, (told.get("baselines") or {}).get(name) or {}) for name, title in _BASELINES.items()]
    n = record.n_holdout or 0
    horizon_bars = n / record.n_eff if record.n_eff else 1.0
    return [
        _point(title, float(scored["accuracy"]), n=n, horizon_bars=round(horizon_bars) or 1, mark=title == "Ensemble")
        for title, scored in named
        if scored.get("accuracy") is not None
    ]


def _point(name: str, value: float, *, n: int, horizon_bars: int, mark: bool) -> accuracy.Point:
    estimate = intervals.wilson(value, n, horizon_bars=horizon_bars)
    note = wording.accuracy(value, low=estimate.low, high=estimate.high, n=n)
    return accuracy.Point(name, value, estimate.low, estimate.high, n=n, n_eff=estimate.n_eff, mark=mark, note=note)


def overfit(record: VersionRecord) -> None:
    """Train and holdout accuracy of each member; the line between them is the overfit gap."""
    told: Mapping[str, Mapping[str, Any]] = data.manifest(record.key, record.version).get("performances") or {}
    fits = [
        members.Fit(name, scored.get("train_accuracy"), scored.get("valid_accuracy"))
        for name, scored in sorted(told.items(), key=lambda pair: -(pair[1].get("valid_accuracy") or 0.0))
    ]
    if not fits:
        components.empty("This version does not tell how its members performed.")
        return
    charts.show(
        caching.figure(members.overfit, fits, baseline=record.baseline_accuracy),
        key="overfit",
        alt="Train and holdout accuracy of each member",
    )
    st.caption("The longer the line, the more a member has learnt by heart. The dotted line is the majority class.")


def mistakes(told: Mapping[str, Any]) -> None:
    """The confusion matrix of the holdout with precision, recall and F1 of each class."""
    counts: Sequence[Sequence[float]] | None = told.get("confusion")
    if not counts:
        components.empty("This version does not tell its confusion matrix.")
        return
    left, right = st.columns([3, 2], gap="large", vertical_alignment="center")
    with left:
        charts.show(caching.figure(confusion.matrix, counts), key="confusion", alt="Confusion matrix of the holdout")
    per_class = (told.get("ensemble") or {}).get("per_class") or {}
    if per_class:
        frame = pd.DataFrame(
            [
                {
                    "Class": name.capitalize(),
                    "Precision": row["precision"],
                    "Recall": row["recall"],
                    "F1": row["f1"],
                    "Rows": row["support"],
                }
                for name, row in per_class.items()
            ]
        )
        shares = ["Precision", "Recall", "F1"]
        frame[shares] *= 100
        with right:
            components.table(
                frame,
                key="per_class",
                alt="Scores by class",
                columns=dict.fromkeys(shares, components.percent_column()),
            )
