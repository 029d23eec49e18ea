"""Libraries of extras are imported by one thread at a time, whatever their modules import in circles."""

import importlib
import os
import sys
import threading

from ensemble_desk.errors import extras

SLOW = "import sys, time; sys.imported.append('begun'); time.sleep(0.1); sys.imported.append('done')"


def test_one_thread_imports_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "imported", [], raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"slow_module_{n}" for n in range(3)]
    for name in names:
        (tmp_path / f"{name}.py").write_text(SLOW)

    def bring(name: str) -> None:
        with extras.needed():
            importlib.import_module(name)

    threads = [threading.Thread(target=bring, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sys.imported == ["begun", "done"] * 3


def test_a_fork_amid_an_import_of_another_thread_can_import():
    held, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with extras.needed():
            held.set()
            may_end.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(60)
    child = os.fork()
    if child == 0:
        tried = threading.Thread(target=_import_something, daemon=True)
        tried.start()
        tried.join(20)
        os._exit(1 if tried.is_alive() else 0)
    may_end.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _import_something() -> None:
    with extras.needed():
        import json  # noqa: F401 - anything
