"""What a version says: the forecast in numbers, who voted how, and everything as a table."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.figures import votes
from ensemble_desk.forecasting import batches
from ensemble_desk.market.keys import Key
from ensemble_desk.market.labels import CLASSES
from ensemble_desk.registry.entities import State, VersionRecord
from ensemble_desk.ui.frame import caching, charts, components, data, wording
from ensemble_desk.ui.frame.browser import voice
from ensemble_desk.ui.predict.upload import Input
from ensemble_desk.ui.predict.version_forecast import Answer

WORDS = {"BULLISH": ":blue[Bullish]", "NEUTRAL": ":gray[Neutral]", "BEARISH": ":orange[Bearish]"}
_SERVABLE = (State.IN_PRODUCTION, State.AVAILABLE, State.QUARANTINED)
_NONE = "None"


def version_picker(key: Key) -> VersionRecord:
    """Production or any other version that can serve."""
    usable = _usable(key)
    if not usable:
        components.empty(f"No version of {key} can serve.", "The versions page says why.")
        st.stop()
    return components.version_picker(key, only=usable)


def beside_picker(record: VersionRecord) -> VersionRecord | None:
    """A second version to ask about the same bars; none until somebody chooses one."""
    others = {one.version: one for one in _usable(record.key) if one.version != record.version}
    chosen = components.bound_choice(
        "Beside",
        [_NONE, *others],
        name="against",
        of=f"{record.key} {record.version}",
        first=_NONE,
        missing=f"{record.key} has no version {{}}.",
    )
    return others.get(chosen)


def _usable(key: Key) -> list[VersionRecord]:
    return [record for record in data.versions(key) if record.state in _SERVABLE]


def badges(record: VersionRecord, asked: Input, answer: Answer) -> None:
    """Where the bars come from, and whether the version has seen the bar it speaks about."""
    with st.container(horizontal=True):
        st.badge(wording.plain(asked.origin), icon=":material/database:", color="gray")
        components.state_badge(record)
        if answer.as_of is not None and record.last_bar is not None:
            seen = answer.as_of <= record.last_bar
            st.badge(
                "In sample" if seen else "Out of sample",
                icon=":material/visibility:" if seen else ":material/visibility_off:",
                color="orange" if seen else "blue",
                help="This version learnt from this bar, so the forecast proves nothing."
                if seen
                else "This version has never seen this bar.",
            )
        told = answer.result  # said behind the badges, for it takes a place in the row
        voice.say(
            f"{record.key} {record.version} says {str(told['label']).capitalize()}, confidence "
            f"{wording.percent(told['confidence'])}, as of {wording.day(answer.as_of)}.",
            key="forecast",
        )


def result(record: VersionRecord, answer: Answer) -> None:
    """The forecast at the trained horizon in numbers."""
    told = answer.result
    with st.grid(4, min_column_width=150):
        _metric("Label", WORDS[told["label"]])
        _metric("Confidence", wording.percent(told["confidence"]), "Probability of the label.")
        _metric("Agreement", wording.percent(told["agreement"]), "Weight share of the members whose own choice it is.")
        _metric("As of", wording.day(answer.as_of), wording.time(answer.as_of))
    _beside_usual(told)
    _bands(told)
    span = "unknown, nobody has told it"
    if told["horizon"]:
        span = f"{told['horizon']} ({told['horizon_bars']} bar{'s' if told['horizon_bars'] != 1 else ''})"
    st.caption(f"Horizon {span}, version {record.version}. Validated: {wording.accuracy_of(record)}")


def _beside_usual(told: Mapping[str, Any]) -> None:
    """Every probability beside how often its class came, where the version tells that."""
    if told["lean"] is None:
        st.caption("The version does not tell how often each class came, so there is no lean.")
        return
    beside = ", ".join(
        f"{WORDS[name]} {wording.percent(told['probabilities'][name])} (usually {wording.percent(rate)})"
        for name, rate in told["usual_rates"].items()
    )
    st.markdown(f"{beside}. Lean: **{WORDS[told['lean']]}**, {wording.points(told['edges'][told['lean']])}.")


def _bands(told: Mapping[str, Any]) -> None:
    """What each price member expects of the move, with the limits it stays between; nothing where none votes."""
    for name, moves in told["bands"].items():
        limits = ", ".join(
            f"{share} %: {wording.move(moves[f'low_{share}'])} to {wording.move(moves[f'high_{share}'])}"
            for share in (50, 80, 95)
        )
        st.caption(f"**{name}** expects {wording.move(moves['expected'])} over the horizon; {limits}.")


def _metric(label: str, value: str, explained: str | None = None) -> None:
    st.metric(label, value, border=True, height="stretch", help=explained)


def who_voted(record: VersionRecord, answer: Answer) -> None:
    """Probabilities of the pool and of each member with the weight it had in this forecast."""
    told = answer.result
    bars = [votes.Bar("<b>Ensemble</b>", told["probabilities"], "calibrated pool")]
    for name, vote in sorted(told["component_predictions"].items(), key=lambda pair: -pair[1]["weight"]):
        weight = wording.percent(told["weights_used"].get(name, 0.0))
        bars.append(votes.Bar(f"{name} · {weight}", vote["probabilities"], f"weight {weight}"))
    charts.show(
        caching.figure(votes.stacked, bars),
        key=f"votes_{record.version}",
        alt=f"Class probabilities of version {record.version} and its members",
    )
    for name, reason in told["abstentions"].items():
        st.caption(
            f":material/do_not_disturb_on: **{name}** abstained: {wording.plain(reason)}. Others took its weight."
        )


def numbers(record: VersionRecord, answer: Answer) -> None:
    """Everything that was said, as a table."""
    frame = table(answer)
    shares = [*CLASSES, "Weight", "Edge"]
    shown = frame.assign(**{name: 100 * frame[name].astype(float) for name in shares})
    named = {name: frame[name].str.capitalize() for name in ("Label", "Lean") if frame[name].notna().any()}
    components.table(
        shown.assign(**named).rename(columns=str.capitalize),
        key="forecast_table",
        alt="The forecast in numbers",
        columns=dict.fromkeys(map(str.capitalize, shares), components.percent_column()),
    )
    st.download_button(
        "Download as CSV",
        batches.harmless(frame.assign(key=str(record.key), version=record.version, sha256=record.sha256)).to_csv(
            index=False
        ),
        file_name=file_name(record, "forecast.csv"),
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="forecast_download",
    )


def _shares(moves: Mapping[str, float]) -> dict[str, float]:
    """Columns of a price member's move: log returns as they are, so that they add up over bars."""
    return {name.capitalize().replace("_", " "): value for name, value in moves.items()}


def file_name(record: VersionRecord, what: str) -> str:
    return f"{record.key.symbol}_{record.key.timeframe}_{record.version}_{what}".replace("/", "-")


def table(answer: Answer) -> pd.DataFrame:
    """One row for the pool, for each member, and for every other horizon.

    The pool's row has its lean and edge, and a row below it the usual rates, where the version tells them.
    """
    told = answer.result
    trained = {"Horizon": told["horizon"] or wording.UNKNOWN, "Basis": told["basis"]}
    lean = told["lean"]
    leaning = {"Lean": lean, "Edge": None if lean is None else told["edges"][lean]}
    rows = [{"Who": "ensemble", **trained, "Label": told["label"], **leaning, "Weight": None, **told["probabilities"]}]
    if told["usual_rates"] is not None:
        rows.append({"Who": "usual rates", **trained, "Label": "", "Weight": None, **told["usual_rates"]})
    rows += [
        {"Who": name, **trained, "Label": vote["label"], "Weight": vote["weight"], **vote["probabilities"]}
        | _shares(told["bands"].get(name, {}))
        for name, vote in told["component_predictions"].items()
    ]
    for name, given in answer.horizons.forecasts.items() if answer.horizons is not None else ():
        if name != trained["Horizon"]:
            other = {"Horizon": name, "Basis": given.basis, "Label": given.label, "Weight": None}
            rows.append({"Who": "ensemble", **other, **given.probabilities})
    return pd.DataFrame(rows)
