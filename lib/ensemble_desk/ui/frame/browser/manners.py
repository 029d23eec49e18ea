"""What Streamlit's parts cannot do in a browser: keys that lead to the search, a menu that makes room, one step back.

Streamlit (1.67) takes two steps of the history where a search leads to another page: one for the key, one for the page.
On a phone the sidebar covers the page that a link in it has led to.
"""

from ensemble_desk.figures.style import palette

_STYLE = """
[data-testid*='Button-primary']:not(:disabled), [data-testid*='Button-primary']:not(:disabled) * {
  color: light-dark(white, %s);
}
[data-testid=stTooltipHoverTarget] > button[aria-label^=Help] {
  box-sizing: border-box; min-width: 24px; min-height: 24px; margin: -5px;
  display: inline-flex; align-items: center; justify-content: center;
}
[data-testid=stTable] :is(th, td), [data-testid=stTable] td code { overflow-wrap: anywhere; }
@media (min-width: 768px) and (max-width: 1199px) {
  [data-testid=stMain] > [data-testid=stMainBlockContainer] { padding-inline: 2rem; }
}
"""
_SCRIPT = """
(() => {
  const part = name => document.querySelector(`[data-testid=${name}]`);
  const isOpen = () => part('stSidebar')?.getBoundingClientRect().right > 0;
  const makeRoom = () => {
    if (matchMedia('(max-width: 767px)').matches && isOpen()) {
      part('stSidebarCollapseButton')?.querySelector('button')?.click();
    }
  };
  const focusSearch = () => {
    const box = part('stSidebar')?.querySelector('.st-key-find_key input');
    if (box) { box.focus(); box.select(); }
    return Boolean(box);
  };
  document.addEventListener('keydown', event => {
    const slash = event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey;
    const command = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k';
    const typing = event.target.closest('input, textarea, select, [contenteditable=true]');
    if (!(slash || command) || typing || part('stDialog')) return;
    event.preventDefault();
    if (isOpen() && focusSearch()) return;
    part('stExpandSidebarButton')?.click();
    setTimeout(focusSearch, 400);
  });
  document.addEventListener('click', event => {
    if (event.target.closest('[data-testid=stSidebar] a')) setTimeout(makeRoom);
  });
  let gestures = 0, before = -1;
  for (const one of ['pointerdown', 'keydown', 'popstate']) addEventListener(one, () => { gestures += 1; }, true);
  const push = history.pushState.bind(history);
  history.pushState = (state, title, address) => {
    const to = new URL(address ?? location.href, location.href);
    const goesOn = gestures === before && to.pathname !== location.pathname && to.search === location.search;
    before = to.pathname === location.pathname ? gestures : -1;
    if (to.href !== location.href) setTimeout(makeRoom);
    return goesOn ? history.replaceState(state, title, address) : push(state, title, address);
  };
})();
"""


def head() -> str:
    """Give the style and the script as they stand in the head of every page."""
    return f"<style>{_STYLE % palette.ON_ACCENT_IN_THE_DARK}</style>\n<script>{_SCRIPT}</script>\n"
