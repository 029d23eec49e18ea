"""Work on many items: in this process, on its cores, as joblib says, and when processes are killed."""

import os
import signal
from functools import partial
from pathlib import Path

import joblib
import pytest

from ensemble_desk.work import walking
from ensemble_desk.work.places import Place
from ensemble_desk.work.walking import Lost

TWO = Place(n_jobs=2, fewest=2)


def square(number):
    return number * number, os.getpid()


def each(items, *, place=TWO, task=square, **more):
    return walking.each(task, task, items, place=place, **more)


def processes(found):
    return {process for _, process in found}


def test_little_work_stays_in_this_process():
    assert each(range(10), place=Place(n_jobs=2)) == tuple((n * n, os.getpid()) for n in range(10))


def test_much_work_is_done_by_others_told_as_it_is_done_and_given_in_order():
    told = {}
    found = each(range(100), told=told.__setitem__)
    assert [square for square, _ in found] == [n * n for n in range(100)]
    assert told == dict(enumerate(found))
    assert os.getpid() not in processes(found)


def test_items_of_a_lane_are_done_in_their_order(tmp_path):
    found = each(range(12), task=partial(write_down, tmp_path), lane=parity)
    assert [Path(tmp_path / str(rest)).read_text() for rest in range(2)] == ["0 2 4 6 8 10 ", "1 3 5 7 9 11 "]
    assert len(found) == 12


def parity(number):
    return number % 2


def write_down(folder, number):
    with (folder / str(number % 2)).open("a") as file:
        file.write(f"{number} ")
    return number


@pytest.mark.parametrize(("backend", "is_here"), [("threading", True), ("sequential", True), ("loky", False)])
def test_what_joblib_was_told_around_it_is_respected(backend, is_here):
    with joblib.parallel_config(backend=backend, n_jobs=2):
        found = each(range(8), place=Place(fewest=2))
    assert (os.getpid() in processes(found)) is is_here


def test_one_job_as_joblib_was_told_is_this_process():
    with joblib.parallel_config(n_jobs=1):
        assert processes(each(range(8), place=Place(fewest=2))) == {os.getpid()}


def test_a_process_that_is_killed_once_costs_nothing(tmp_path):
    found = each(range(9), task=partial(die_once, tmp_path))
    assert found == tuple(range(9))


def die_once(folder, number):
    if number == 4 and not (folder / "died").exists():
        (folder / "died").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_an_item_that_always_kills_its_process_is_lost_alone():
    found = each(range(9), task=die)
    assert found[4] == Lost(walking.ENDED)
    assert found[:4] + found[5:] == (0, 1, 2, 3, 5, 6, 7, 8)


def die(number):
    if number == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.filterwarnings("ignore:Exception in thread ExecutorManagerThread")  # loky's own, when it is ended at work
def test_an_error_that_a_task_raises_ends_all():
    with pytest.raises(ZeroDivisionError):
        each(range(3), task=inverse)


def inverse(number):
    return 1 / number
