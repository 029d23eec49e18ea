import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from ensemble_desk.training import processes
from ensemble_desk.training.processes import Process

NOW = datetime.now(UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def lives(process, *, silence=SECOND, last_seen=NOW):
    return processes.lives(process, silence=silence, last_seen=last_seen, now=NOW)


def test_this_process_lives_whatever_the_clock_says():
    assert lives(processes.this_one(), silence=HOUR, last_seen=NOW - 1_000 * HOUR)


def test_a_process_that_is_known_to_be_gone_needs_no_waiting(dead_process):
    assert not lives(dead_process)


def test_a_living_child_does_until_it_is_reaped_or_not():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process(child.pid, processes.this_one().host)
    try:
        assert lives(process)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, but still in the table of processes
        assert not lives(process)
    finally:
        child.kill()
        child.communicate()


def test_a_number_used_again_by_a_later_process_has_no_heart_that_beats():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert not lives(Process(child.pid, processes.this_one().host), silence=HOUR)
    finally:
        child.communicate()


def test_a_process_elsewhere_lives_while_its_heart_beats_whatever_its_clock_says():
    other = Process(1, "another-machine")
    assert lives(other, last_seen=NOW - 24 * HOUR)
    assert not lives(other, silence=2 * processes.SILENT_FOR, last_seen=NOW + HOUR)


def test_the_number_of_a_process_in_another_container_of_this_machine_says_nothing(dead_process):
    assert lives(Process(dead_process.pid, f"{dead_process.host}1"))


def test_a_run_of_a_release_without_heartbeats_lives_while_it_reports_steps():
    other = Process(1, "another-machine")
    assert lives(other, silence=None, last_seen=NOW - HOUR / 2)
    assert not lives(other, silence=None, last_seen=NOW - 2 * HOUR)
