"""One move of production in full, or moves made together: what, who, why, what else, and what came of it."""

import streamlit as st

from ensemble_desk.ui.activity import moves_together, one_move
from ensemble_desk.ui.frame import shell
from ensemble_desk.ui.frame.news import noting
from ensemble_desk.ui.rollback import fleet_actions, replay
from ensemble_desk.ui.rollback import move as rollback_view

shell.open_page("Move")
one_move.back()

stories = moves_together.asked()
if stories is not None:
    moves_together.headline(stories)
    moves_together.table(stories)
    if moves_together.undo_pressed(stories):
        fleet_actions.undo_all(str(stories[0].row.group_id), reason=stories[0].row.reason)
    st.stop()

story = one_move.asked()
one_move.headline(story)
one_move.proof(story)
one_move.undo(story)

st.header("What it changed besides", anchor=False)
one_move.besides(story)

st.header("Preflight", anchor=False)
report = one_move.report(story)
if report is None:
    one_move.no_preflight()
else:
    rollback_view.preflight(report)
if one_move.compares(story):
    replay.replay(story.row.key, current=story.row.from_version, target=str(story.row.to_version), until=story.row.at)

st.header("Notes", anchor=False)
noting.of_move(story.row)
