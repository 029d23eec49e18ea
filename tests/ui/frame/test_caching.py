"""What the pages keep is kept once for all visitors, and looked for once."""

import sys
from concurrent.futures import ThreadPoolExecutor

from ensemble_desk.ui.frame import caching


def test_many_visitors_wait_for_one_look(monkeypatch):
    looks, interval = [], sys.getswitchinterval()
    monkeypatch.setattr(caching.freshness, "if_folder_changed", looks.append)
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as visitors:
            list(visitors.map(caching._look_at_folder, range(4_000)))
    finally:
        sys.setswitchinterval(interval)
    assert looks
