"""The fleet: one row per key with marks instead of sentences, a page at a time; its name opens the key."""

import csv
import functools
import io
from collections.abc import Sequence

import streamlit as st

from ensemble_desk.figures import marks
from ensemble_desk.ui.frame import caching, components, wording
from ensemble_desk.ui.frame.help import glossary
from ensemble_desk.ui.frame.keys.search import PARAMETER
from ensemble_desk.ui.overview import cells, filters
from ensemble_desk.ui.overview.reads import Board
from ensemble_desk.ui.overview.rows import Row

ROWS_A_PAGE = 20
HEADS = {"Key": 124, "Live": 136, "Standing": 216, "Accuracy since training": 184, "Rolling": 92, "Age": 84,
           "Way back": 140}  # fmt: skip  # pixels; a narrow screen breaks a row into a card
_PADDING = 16
_CARDS_HAVE_NO_HEADS = "<style>@media (max-width: 900px) {.st-key-fleet_heads {display: none}}</style>"
_of_bars = caching.every(300)


def show(board: Board, *, watched: frozenset[str]) -> None:
    """Ask which rows are wanted, and show a page of them."""
    view = filters.ask(board.rows)
    found = filters.apply(view, board.rows, watched=watched)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"**{_title(found, board)}**", width="content")
        st.caption(_legend(), width="content")
    if not found:
        components.empty("No key matches these filters.", "Clear one of them to see more.")
        return
    pages = -(-len(found) // ROWS_A_PAGE)
    number = _page(pages)
    shown = found[(number - 1) * ROWS_A_PAGE : number * ROWS_A_PAGE]
    names = tuple(row.name for row in shown)
    stars = tuple(name for name in names if name in watched)
    st.html(_CARDS_HAVE_NO_HEADS)
    caching.show_once(
        (caching.Same(board), names, stars, _of_bars()), functools.partial(_rows, shown, watched=frozenset(stars))
    )
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        if pages > 1:
            st.pagination(pages, key="page", bind="query-params")
        st.download_button(
            "Download as CSV",
            functools.partial(as_csv, found),
            file_name="fleet.csv",
            mime="text/csv",
            key="fleet_download",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
        )


def _title(found: Sequence[Row], board: Board) -> str:
    if len(found) == len(board.rows):
        return f"All {len(found):,} keys" if len(found) != 1 else "One key"
    return f"{len(found):,} of {len(board.rows):,} keys"


def _legend() -> str:
    low, high = marks.SCALE
    return f"Accuracy {100 * low:.0f}–{100 * high:.0f} %: ● now with its interval, ○ validated, | majority"


def _page(pages: int) -> int:
    """Number of the page to show; the place of its widget is below the rows."""
    asked = st.session_state.get("page") or st.query_params.get("page") or 1
    number = min(max(int(asked), 1), pages) if str(asked).isdigit() else 1
    if "page" in st.session_state and st.session_state["page"] != number:
        st.session_state["page"] = number
    return number


def _rows(shown: Sequence[Row], *, watched: frozenset[str]) -> None:
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, gap="xsmall", key="fleet_heads"):
            for number, (name, width) in enumerate(HEADS.items()):
                inside = 0 if number else _PADDING  # the rows have a border
                st.caption(name, width=width + inside, help=glossary.GLOSSARY.get(name.lower()))
        for row in shown:
            _row(row, star=row.name in watched)


def _row(row: Row, *, star: bool) -> None:
    written = (cells.live, cells.standing, cells.accuracy, cells.rolling, cells.age)
    _, *widths, last = HEADS.values()
    with st.container(border=True, horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.page_link(
            "pages/performance.py",
            label=f"**{wording.plain(row.name)}**{' ★' if star else ''}",
            query_params={PARAMETER: row.name},
            width=HEADS["Key"],
        )
        for write, width in zip(written, widths, strict=True):
            st.markdown(write(row), width=width)
        st.page_link("pages/rollback.py", label=cells.way_back(row), query_params={PARAMETER: row.name}, width=last)


def as_csv(rows: Sequence[Row]) -> bytes:
    """The rows as a file, numbers as numbers and each accuracy with its whole sentence."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(_told(rows[0])))
    writer.writeheader()
    writer.writerows(map(_told, rows))
    return text.getvalue().encode()


def _told(row: Row) -> dict[str, object]:
    pointer, record, state = row.pointer, row.record, row.state
    overall = state.overall if state is not None and state.kinds else None
    return {
        "key": row.name,
        "version": pointer.version or "",
        "mode": str(pointer.mode),
        "standing": str(row.grade),
        "because": cells.because(row),
        "accuracy": None if overall is None else round(overall.value, 4),
        "accuracy_low": None if overall is None else round(overall.low, 4),
        "accuracy_high": None if overall is None else round(overall.high, 4),
        "n": None if overall is None else overall.n,
        "validated": None if record is None else record.ensemble_accuracy,
        "accuracy_in_words": cells.sentence(row),
        "e_value": None if state is None else state.e_value,
        "last_bar": "" if record is None or record.last_bar is None else record.last_bar.isoformat(),
        "way_back": "" if row.way_back is None else str(row.way_back.state),
        "newer_waiting": pointer.newer_waiting or "",
        "needs": ", ".join(row.needs),
        "since": pointer.since.isoformat(),
        "by": pointer.actor,
        "why": pointer.reason,
    }
