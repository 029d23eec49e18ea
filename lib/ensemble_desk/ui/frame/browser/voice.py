"""Results said to screen readers, and what to do when the server does not answer, in our words.

Streamlit draws results anew, which a screen reader says only when they are written into a region that was there before.
Its words for a server that is away advise developers to start it; they are text of its program that no setting changes.
"""

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st

_AWAY = (
    "The dashboard's server does not answer. What was done before is recorded, what you are typing is still here, and "
    "the page goes on by itself once the server is back. If it stays away, tell whoever runs it."
)
_HTML = '<p role="status" aria-live="polite"></p>'
_CSS = "p { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); }"
_JS = """
const theirs = /Is Streamlit still running|Streamlit server is not responding/;
function reword(words) {
  const dialog = document.querySelector('[role=dialog]');
  if (!dialog || !theirs.test(dialog.textContent)) return;
  const texts = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) if (theirs.test(texts.currentNode.nodeValue)) texts.currentNode.nodeValue = words;
  dialog.querySelectorAll('[data-testid=stCode], pre').forEach(one => { one.style.display = 'none'; });
}
export default function ({ parentElement, data }) {
  const region = parentElement.querySelector('[role=status]');
  if (region.textContent !== data.said) region.textContent = data.said;
  if (!data.away) return;
  const watch = new MutationObserver(() => reword(data.away));
  watch.observe(document.body, { childList: true, subtree: true, characterData: true });
  return () => watch.disconnect();
}
"""


@functools.cache
def _component() -> Callable[..., Any]:
    return st.components.v2.component("ensemble_desk_voice", html=_HTML, css=_CSS, js=_JS)


def say(text: str, *, key: str) -> None:
    """Have a result said; the same key again says what has changed."""
    _component()(key=f"said_{key}", data={"said": text, "away": ""}, width=1, height=1)


def watch() -> None:
    """Be there when the server goes away."""
    _component()(key="voice_of_the_server", data={"said": "", "away": _AWAY}, width=1, height=1)
