import os
import platform
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from ensemble_desk.training import processes
from ensemble_desk.training.processes import Process

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def test_this_process_lives_whatever_the_clock_says():
    assert processes.lives(processes.this_one(), last_seen=NOW - 1_000 * HOUR, now=NOW)


def test_a_dead_process_does_not(dead_process):
    assert not processes.lives(dead_process, last_seen=NOW, now=NOW)


def test_a_living_child_does_until_it_is_reaped_or_not():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process(child.pid, platform.node())
    try:
        assert processes.lives(process, last_seen=datetime.now(UTC), now=NOW)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but still in the table of processes
        assert not processes.lives(process, last_seen=datetime.now(UTC), now=NOW)
    finally:
        child.kill()
        child.communicate()


def test_a_number_used_again_by_a_later_process_is_another_one():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not processes.lives(Process(child.pid, platform.node()), last_seen=NOW - HOUR, now=NOW)
    finally:
        child.communicate()


def test_a_process_elsewhere_lives_while_it_reports():
    other = Process(1, "another-machine")
    assert processes.lives(other, last_seen=NOW - HOUR / 2, now=NOW)
    assert not processes.lives(other, last_seen=NOW - 2 * HOUR, now=NOW)
