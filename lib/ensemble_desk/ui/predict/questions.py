"""The questions that an upload leaves open, asked one at a time, and the mapping of its columns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from ensemble_desk.errors import (
    AmbiguousDatesError,
    DeskError,
    InvalidBarsError,
    OtherTimeframeError,
    Question,
    SeveralTickersError,
    UnknownColumnsError,
)
from ensemble_desk.sources.upload.answers import Answers
from ensemble_desk.ui.frame import components, wording

_MEANINGS = ("time", "open", "high", "low", "close", "volume")
_NONE = "–"


def ask(error: DeskError, file: Any, answers: Answers, problems: Callable[[InvalidBarsError], None]) -> Answers | None:
    """Ask what an error leaves open; None until it is answered. An error that nothing settles is raised again."""
    match error:
        case SeveralTickersError():
            return _which_ticker(error, file.file_id, answers)
        case AmbiguousDatesError():
            return _which_order(error, file.file_id, answers)
        case OtherTimeframeError() if error.can_resample and not answers.resample:
            return replace(answers, resample=True) if _may_resample(error, file.file_id) else None
        case UnknownColumnsError():
            return _which_columns(error, file.file_id, answers)
        case Question():
            return _which(error, file.file_id, answers)
        case InvalidBarsError() if error.n_separable and not answers.leave_out:
            return replace(answers, leave_out=True) if _may_leave_out(error, file.file_id, problems) else None
    raise error


def _which(error: Question, file_id: str, answers: Answers) -> Answers | None:
    """One of the choices that the error carries."""
    chosen = st.radio(
        wording.plain(error.question[:1].upper() + error.question[1:]),
        error.choices,
        index=None,
        format_func=lambda choice: wording.plain(choice.said[:1].upper() + choice.said[1:]),
        key=f"{error.answer}_{file_id}",
    )
    if chosen is None:
        return None
    if error.answer == "volume":
        return replace(answers, mapping=(*answers.mapping, ("volume", str(chosen.value))))
    changed: dict[str, Any] = {error.answer: chosen.value}
    return replace(answers, **changed)


def _which_ticker(error: SeveralTickersError, file_id: str, answers: Answers) -> Answers | None:
    if error.can_join and st.toggle(
        f"Join {wording.plain(', '.join(error.tickers))}: one symbol that was renamed", key=f"join_{file_id}"
    ):
        return replace(answers, join=True, ticker=None)
    ticker = st.selectbox(
        f"The file holds {len(error.tickers):,} tickers: which one?",
        error.tickers,
        index=None,
        placeholder="Choose a ticker",
        key=f"ticker_{file_id}",
        width=320,
    )
    return None if ticker is None else replace(answers, ticker=ticker)


def _which_order(error: AmbiguousDatesError, file_id: str, answers: Answers) -> Answers | None:
    said = {
        f"{'Day' if one.day_first else 'Month'} first: {one.first} to {one.last}": one.day_first
        for one in error.readings
    }
    chosen = st.radio(
        f"Dates such as {wording.plain(error.example)} can be read both ways: which is right?",
        list(said),
        index=None,
        key=f"order_{file_id}",
    )
    return None if chosen is None else replace(answers, day_first=said[chosen])


def _may_resample(error: OtherTimeframeError, file_id: str) -> bool:
    st.info(wording.plain(str(error)), icon=":material/stacked_bar_chart:")
    return st.toggle(f"Put them together to {error.wanted} bars", key=f"resample_{file_id}")


def _may_leave_out(error: InvalidBarsError, file_id: str, problems: Callable[[InvalidBarsError], None]) -> bool:
    told = st.container()
    one = error.n_separable == 1
    which = "this row" if one else f"these {error.n_separable:,} rows"
    go_on = st.toggle(f"Leave out {which} and go on with the others", key=f"leave_out_{file_id}")
    if not go_on:
        with told:
            problems(error)
    return go_on


def _which_columns(error: UnknownColumnsError, file_id: str, answers: Answers) -> Answers | None:
    """The first rows, and a select for every meaning, filled with the best guess; its reason stands below."""
    why = f"No column is called {', '.join(error.missing)}" if error.has_names else "The file names no columns"
    st.info(f"Which column is which? {why}.", icon=":material/table_chart:")
    rows = pd.DataFrame(list(error.rows), columns=list(error.columns))
    components.table(rows, key=f"rows_{file_id}", alt="The first rows of the file")
    guesses = {guess.field: guess for guess in error.guesses}
    chosen: dict[str, str] = {}
    with st.form(f"columns_{file_id}"):
        places = st.columns(3)
        for number, meaning in enumerate(_MEANINGS):
            guess = guesses.get(meaning)
            options = [*error.columns, *([_NONE] if meaning == "volume" else [])]
            known = guess is not None and guess.column in options
            with places[number % 3]:
                column = st.selectbox(
                    meaning.capitalize(),
                    options,
                    index=options.index(guess.column) if guess is not None and known else None,
                    placeholder="Choose a column",
                    key=f"column_{meaning}_{file_id}",
                    help=None if guess is None else f"Guessed because {wording.plain(guess.reason)}.",
                )
            if column is not None:
                chosen[meaning] = "" if column == _NONE else column
        st.form_submit_button("Read it so", type="primary", key=f"read_so_{file_id}", on_click=_said, args=(file_id,))
    if not st.session_state.get(_key(file_id)):
        return None
    missing = [meaning for meaning in _MEANINGS if meaning not in chosen and meaning != "volume"]
    held = [column for column in chosen.values() if column]
    twice = sorted({column for column in held if held.count(column) > 1})
    if missing or twice:
        said = f"Choose a column for {', '.join(missing)}." if missing else f"{', '.join(twice)} is chosen twice."
        st.error(wording.plain(said), icon=":material/error:")
        return None
    return replace(answers, mapping=tuple(chosen.items()))


def _said(file_id: str) -> None:
    st.session_state[_key(file_id)] = True


def _key(file_id: str) -> str:
    return f"columns_said_{file_id}"
