"""The standing strip: what is live of a key and how it stands, at the top of every page about it."""

import streamlit as st

from ensemble_desk.market.keys import Key
from ensemble_desk.monitoring.verdicts import DriftState
from ensemble_desk.registry.access.personal import Kind
from ensemble_desk.registry.entities import Production, VersionRecord
from ensemble_desk.registry.preflight.readiness import Going
from ensemble_desk.ui.frame import actions, components, wording
from ensemble_desk.ui.frame.help import glossary, personal
from ensemble_desk.ui.frame.keys import facts, search
from ensemble_desk.ui.frame.keys import wording as drift_wording
from ensemble_desk.ui.frame.keys.facts import Colour, Facts, Grade

GOING_COLOURS: dict[Going, Colour] = {
    Going.READY: "green",
    Going.NOT_READY: "red",
    Going.NOT_REHEARSED: "gray",
    Going.NOWHERE: "red",
    Going.NO_EARLIER: "gray",
}
_SKILL_COLOURS: dict[str, Colour] = {"better than usual": "green", "worse than usual": "yellow"}


def of_chosen_key(*, preselect: bool = True) -> Key:
    """Give the key that people look at, with its strip drawn; stops the page when there is none.

    With ``preselect`` False the page waits until somebody has chosen one.
    """
    key = search.chosen(preselect=preselect)
    show(facts.of(key))
    return key


def show(found: Facts) -> None:
    """What is alarming comes as loud on every page; then one line of what is live, and one of what is known of it."""
    _alarm(found)
    with st.container(border=True, key="standing_strip", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(_title(found.pointer), width="content")
            _standing(found)
            if found.record is not None:
                components.age_badge(found.record)
            components.mode_badge(found.pointer.mode)
            _way_back(found)
            if found.pointer.newer_waiting:
                st.badge(f"{found.pointer.newer_waiting} waits", icon=":material/upgrade:", color="blue",
                         help=glossary.of("newer version waits"))  # fmt: skip
            _star(str(found.pointer.key))
        st.caption(_known(found), help=wording.local_time(found.pointer.since, st.context.timezone) or None)


def _title(pointer: Production) -> str:
    return f"**{wording.plain(str(pointer.key))}** live: **{pointer.version or 'nothing usable'}**"


def _standing(found: Facts) -> None:
    """Band with its evidence, and skill in one word."""
    if found.grade is Grade.NOT_SERVED:
        st.badge(f"{found.refused or 'nothing usable'} · not served".capitalize(), color="red",
                 icon=":material/gpp_bad:")  # fmt: skip
        return
    state = found.state
    colour, icon = facts.COLOURS[found.grade], _icon(found.grade)
    st.badge(drift_wording.chip(state), color=colour, icon=icon, help=glossary.of("band"))
    if state is not None and state.kinds:
        word = drift_wording.settled_skill(state) or "skill not settled"
        st.badge(
            word.capitalize(),
            color=_SKILL_COLOURS.get(word, "gray"),
            help=f"{glossary.of('skill')} Here: {drift_wording.skill(state) or wording.UNKNOWN}",
        )


def _star(key: str) -> None:
    """Watch the key, or no longer."""
    watched = key in personal.marked(Kind.WATCHED)
    st.button(
        "Watched" if watched else "Watch",
        key="watch",
        icon=":material/star:" if watched else ":material/star_border:",
        type="tertiary",
        help=glossary.of("watched"),
        on_click=_mark,
        args=(key, not watched),
    )


@actions.guard
def _mark(key: str, on: bool) -> None:  # noqa: FBT001 - Streamlit hands arguments on by place
    personal.mark(Kind.WATCHED, key, on=on)


def _icon(grade: Grade) -> str:
    return {
        Grade.FELL: ":material/trending_down:",
        Grade.WATCH: ":material/visibility:",
        Grade.NOT_MEASURED: ":material/straighten:",
        Grade.OK: ":material/check_circle:",
    }.get(grade, ":material/hourglass_empty:")


def _way_back(found: Facts) -> None:
    ready = found.way_back
    old = "" if ready.at is None else f", {wording.ago(ready.at, components.now())}"
    st.badge(
        f"Way back: {ready.state}{old}",
        color=GOING_COLOURS[ready.state],
        icon=":material/undo:",
        help=glossary.of("way back"),
    )


def _known(found: Facts) -> str:
    """Since when and by whom it is live, and the accuracies behind its standing."""
    pointer, record, state = found.pointer, found.record, found.state
    since = f"Since {wording.time(pointer.since)}, by {wording.plain(pointer.actor) or 'nobody yet'}"
    if record is None:
        return since
    measured = f" · now {drift_wording.forecasts(state)}" if state is not None and state.kinds else ""
    problem = f" · not measured: {state.problem}" if state is not None and state.problem else ""
    return f"{since}{measured} · validated {wording.accuracy_of(record)}{problem}"


def _alarm(found: Facts) -> None:
    """Say loudly that accuracy has fallen for certain, or that nothing serves, with the ways on."""
    if found.grade is Grade.FELL and found.state is not None and found.record is not None:
        st.error(fall(found.state, found.record), icon=":material/trending_down:")
        _ways_on(found)
    elif found.grade is Grade.NOT_SERVED:
        st.error(_refusal(found), icon=":material/gpp_bad:")
        _ways_on(found)


def fall(state: DriftState, record: VersionRecord) -> str:
    """Say in one sentence what fell, since when, and on how many outcomes."""
    return (
        f"**Accuracy of {wording.plain(str(state.key))} has fallen{drift_wording.since(state)}, confirmed:** "
        f"{wording.estimate(state.live)} where {wording.percent(record.ensemble_accuracy)} was validated. "
        f"{drift_wording.recommendation(state)}, or go back."
    )


def _refusal(found: Facts) -> str:
    key, record = wording.plain(str(found.pointer.key)), found.record
    if record is None:
        return f"**Nothing serves {key}:** no version of it is usable. Lift a quarantine, or train a version."
    because = f" ({wording.plain(record.problem)})" if record.problem else ""
    return (
        f"**Nothing serves {key}:** {record.version} is {record.state}, so the loader refuses it{because}. "
        "Go back to another version, or restore the file."
    )


def _ways_on(found: Facts) -> None:
    asked = {search.PARAMETER: str(found.pointer.key)}
    with st.container(horizontal=True, gap="small"):
        st.page_link("pages/drift.py", label="Evidence", icon=":material/trending_down:", query_params=asked)
        st.page_link("pages/rollback.py", label="Roll back", icon=":material/history:", query_params=asked)
