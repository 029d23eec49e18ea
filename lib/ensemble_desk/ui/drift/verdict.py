"""Drift of one key: the verdict, the evidence behind it, how it came about, and what to do."""

import math

import streamlit as st

from ensemble_desk.figures import evidence, history, rolling
from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.evidence import bands, lacks
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry import actors
from ensemble_desk.ui.frame import actions, caching, components, data, monitoring_data, session, wording
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.time_axis import marked
from ensemble_desk.ui.time_axis.ranges import Range


def state_of(key: Key) -> DriftState | None:
    """What the fleet says of a key; None while it is not read yet, or another version serves by now."""
    return monitoring_data.standing().of(data.production(key))


def not_known(key: Key) -> None:
    """Why there is no state: nothing serves, or the outcomes of a large log are being read."""
    if data.production(key).version is None:
        components.empty(
            f"No version of {wording.plain(str(key))} is usable, so there is nothing to judge.",
            "Lift a quarantine on the rollback page, or train a version:",
            command=f"desk train --symbol {key.symbol} --timeframe {key.timeframe}",
        )
        return
    with st.container(border=True):
        st.markdown("**Forecasts and their outcomes are being read.**")
        st.caption("Nothing is known of this key yet; the fleet above shows it as soon as it is.")
        st.button("Look again", key="look_again", icon=":material/refresh:")


def verdict(state: DriftState) -> None:
    """Band, evidence and recommendation in one sentence, with the accuracies behind them."""
    chips = f":{drift_wording.colour(state)}-badge[{drift_wording.chip(state)}]"
    if state.kinds:
        chips += f" :violet-badge[{wording.kinds(state.kinds).capitalize()}]"
    advice = f" {drift_wording.recommendation(state)}." if state.kinds else ""
    st.markdown(f"{chips} **{wording.plain(drift_wording.verdict(state))}{advice}**")
    if not state.kinds:
        _nothing(state)
        return
    validated = data.version(state.key, state.version).baseline_accuracy if state.version else None
    majority = state.overall_majority.value if state.overall_majority else None
    st.markdown(
        f"{drift_wording.judged(state)} · all of this version {wording.estimate(state.overall, majority=majority)} · "
        f"validated {wording.estimate(state.baseline, majority=validated)}"
    )
    with st.grid(4, min_column_width=150):
        _number("Version", str(state.version))
        _number("Against validated", wording.UNKNOWN if state.margin is None else wording.points(state.margin))
        _number("E-value", drift_wording.e_value(state.e_value), drift_wording.E_VALUE)
        _number(
            "Outcomes to wait for",
            "none" if not state.more_outcomes else f"{state.more_outcomes:,}",
            "More forecasts with their outcome until the alarm rings, as often sooner as later, if it goes on so.",
        )
    fleet = " Among all keys of the fleet the alarm stands as well." if state.confirmed else ""
    st.caption(f"{drift_wording.settling(state)} Trend: {drift_wording.trend(state)}.{fleet}")


def _number(label: str, value: str, explanation: str | None = None) -> None:
    st.metric(label, value, border=True, height="stretch", help=explanation)


def _nothing(state: DriftState) -> None:
    told = {
        lacks.NO_OUTCOMES: "Replay past bars by the version that was newest at each, then score what came:",
        lacks.NO_LABEL: "Tell them once, in the form on the card of the version or by:",
    }
    advice = told.get(state.problem, "This mends it:")
    components.empty("There is no green light either.", advice, command=state.remedy.replace(" && ", "\n"))
    if state.version and state.problem == lacks.NO_LABEL:
        components.describe_link(state.key, state.version)


def e_process(state: DriftState, *, over: Range) -> None:
    """The e-process with its alarm line, and since when it rings."""
    found = monitoring_data.evidence(state.key, str(state.version))
    if found is None:
        components.empty(
            "There is no evidence to follow.", "The version does not tell its validated accuracy, so none is defended."
        )
        return
    marked.show(
        found,
        evidence.path,
        found,
        since=state.since,
        alarm_at=state.alarm_at,
        of=state.key,
        times=found.times,
        over=over,
        key="e_process",
        alt=f"E-process of {state.key} with its alarm line",
    )
    rang = "" if state.alarm_at is None else f" It first reached the line on {wording.day(state.alarm_at)}."
    rang += "" if state.since is None else f" The likeliest change was about {wording.day(state.since)}."
    st.caption(
        f"Defended: accuracy of at least {wording.percent(found.null)}, the lower end of the 68 % interval of what was "
        f"validated ({wording.estimate(state.baseline)}); {wording.kinds(found.kinds)} forecasts.{rang} {marked.MOVED}"
    )


def promised(state: DriftState, *, over: Range) -> None:
    """Promised against realised accuracy over time."""
    found = monitoring_data.accuracy(state.key, version=state.version)
    majority = found.majority.value if found.majority else None
    marked.show(
        found,
        rolling.chart,
        found.series,
        validated=None,
        majority=majority,
        of=state.key,
        times=found.series.times,
        over=over,
        key="promised",
        alt=f"Promised against realised accuracy of {state.key}",
    )
    promise = state.promise
    if promise is None:
        return
    z = "" if promise.z is None or math.isnan(promise.z) else f", Z {promise.z:+.1f}".replace("-", "−")
    st.caption(
        f"Promised {wording.percent(promise.promised)}, realised {wording.estimate(state.overall, majority=majority)}: "
        f"{wording.points(promise.gap)} [{100 * promise.low:+.0f}, {100 * promise.high:+.0f}]{z}. "
        f"{drift_wording.kept(promise)}"
    )


def band_history(key: Key, *, over: Range) -> None:
    """The band of every day, whichever version spoke."""
    found = monitoring_data.bands_of(key)
    if not len(found):
        components.empty("No day has an outcome yet.")
        return
    policy = bands.policy(caching.settings())
    marked.show(
        found,
        history.chart,
        found,
        policy=policy,
        of=key,
        times=found.days,
        over=over,
        key="bands",
        alt=f"Band history of {key}, day by day",
    )
    detected = int(found.detected.sum())
    st.caption(
        f"{len(found):,} days, {len(set(found.version))} versions, each against its own validated accuracy; "
        f"{detected:,} days on which the alarm rang. The shaded bands begin {policy.monitor_points}, "
        f"{policy.drift_points} and {policy.emergency_points} points below it."
    )


def retrain(key: Key) -> None:
    """Train a new version of the key, for those who may."""
    actor = session.actor(caching.settings())
    busy = next((run for run in data.running() if run.key == key), None)
    why = _why_not(key, may=actor.may(actors.TO_MOVE), role=str(actor.role), busy=busy is not None)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Retrain {key}", key="retrain", icon=":material/model_training:", disabled=bool(why), help=why or None
        )
        st.page_link("pages/training_runs.py", label="Training runs", icon=":material/arrow_forward:")
        st.page_link(
            "pages/rollback.py",
            label=f"Roll back {key}",
            icon=":material/arrow_forward:",
            query_params={"key": str(key)},
        )
    st.caption(why or "Trains on all bars there are. What serves changes only if the key follows latest.")
    if pressed:
        actions.train(key, as_of=None)


def _why_not(key: Key, *, may: bool, role: str, busy: bool) -> str:
    if not may:
        return f"Retraining takes the role operator; you are {role}."
    if busy:
        return "A training of this key is running."
    if key not in data.source_keys():
        return f"It cannot be trained: {data.source_of(key)}."
    return ""
