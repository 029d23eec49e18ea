"""Current and target on the same recent bars, before the decision."""

from datetime import datetime

import pandas as pd
import streamlit as st

from ensemble_desk.evaluation import comparison
from ensemble_desk.evaluation.comparison import Comparison, Verdict
from ensemble_desk.evaluation.intervals import Mean
from ensemble_desk.market.keys import Key
from ensemble_desk.registry.preflight.replay import Replay
from ensemble_desk.ui.frame import actions, caching, components, data, wording

_VERDICTS = {
    Verdict.BETTER: ":green-badge[:material/trending_up: {} did better]",
    Verdict.WORSE: ":orange-badge[:material/trending_down: {} did worse]",
    Verdict.NOT_SETTLED: ":gray-badge[:material/balance: not settled]",
}


def replay(key: Key, *, current: str | None, target: str, until: datetime | None = None) -> None:
    """How both versions would have forecast the newest bars, or those before a moment.

    A replay that is impossible never blocks a rollback.
    """
    if current is None:
        return
    with st.container(border=True):
        actions.guard(_replay)(key, current, target, until)


def _replay(key: Key, current: str, target: str, until: datetime | None) -> None:
    with st.spinner(f"Replay of {current} and {target}"):
        found = data.replay(key, current, target, until=until)
    compared = found.compared
    heading = f"**Replay of {target} against {current}**"
    if compared is None:
        st.markdown(heading)
        why = (
            "define their label differently"
            if found.horizon_bars
            else "do not both have a label that somebody has told"
        )
        st.caption(f"The two versions {why}, so their scores cannot be compared.")
        return
    st.markdown(f"{heading} {_VERDICTS[compared.verdict].format(target)}")
    st.caption(_scope(found, compared))
    if compared.n > 0:
        caching.show_once(("replay", caching.Same(found)), lambda: _table(found, compared))


def _table(found: Replay, compared: Comparison) -> None:
    alt = f"Replay of {found.target_version} against {found.current_version}"
    components.table(_rows(found, compared), key="replay_table", alt=alt)


def _scope(found: Replay, compared: Comparison) -> str:
    left_out = int(found.in_sample.sum())
    return (
        f"Replayed now on the newest {len(found.times)} bars ({data.source_of(found.key)}); nothing here was live. "
        f"{compared.n} bars are scored; {left_out} that a version was trained on are left out. "
        f"On {found.flips} of all bars the two name different classes.{_settles(compared)}"
    )


def _settles(compared: Comparison) -> str:
    if compared.verdict is not Verdict.NOT_SETTLED or compared.bars_to_settle is None:
        return ""
    return f" About {compared.bars_to_settle:,} bars would tell a difference of {comparison.WORTH_HAVING} from none."


def _rows(found: Replay, compared: Comparison) -> pd.DataFrame:
    difference = compared.log_loss_difference
    p_value = "" if compared.dm_p is None else f", p {compared.dm_p:.2f} (Diebold–Mariano)"
    return pd.DataFrame(
        {
            "Score": ["Accuracy", "Log-loss (lower is better)"],
            f"{found.target_version} (target)": [
                wording.estimate(compared.second_accuracy, majority=found.majority),
                _loss(compared.second_log_loss),
            ],
            f"{found.current_version} (current)": [
                wording.estimate(compared.first_accuracy, majority=found.majority),
                _loss(compared.first_log_loss),
            ],
            "Difference": [
                accuracy_difference(compared.accuracy_difference),
                f"{_loss(difference, signed=True)}{p_value}",
            ],
        }
    )


def _loss(mean: Mean, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{mean.value:{sign}.3f} [{mean.low:{sign}.3f}, {mean.high:{sign}.3f}]".replace("-", "−")


def accuracy_difference(mean: Mean) -> str:
    """Write a paired difference with its interval; none where not one bar tells the two apart."""
    if mean.low == mean.high == 0:
        return "none: both were right on the same bars"
    return f"{wording.points(mean.value)} [{100 * mean.low:+.1f}, {100 * mean.high:+.1f}]".replace("-", "−")
