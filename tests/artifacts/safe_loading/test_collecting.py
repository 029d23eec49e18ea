"""The garbage collector pauses while an artifact is read, and always goes on afterwards."""

import gc
import multiprocessing
import pickle

import pytest
from tests.artifacts.conftest import MAX_BYTES

from ensemble_desk.artifacts.safe_loading import collecting, loading
from ensemble_desk.errors import ArtifactError


@pytest.fixture(autouse=True)
def collector():
    assert gc.isenabled()
    yield
    gc.enable()


def test_it_pauses_and_goes_on():
    with collecting.paused():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_an_error():
    with pytest.raises(ZeroDivisionError), collecting.paused():
        raise ZeroDivisionError
    assert gc.isenabled()


@pytest.mark.parametrize("data", [b"", b"cos\nsystem\n.", pickle.dumps([1])], ids=["nothing", "hostile", "no artifact"])
def test_it_goes_on_after_a_file_that_is_refused(data):
    with pytest.raises(ArtifactError):
        loading.load(data, name="x", max_bytes=MAX_BYTES)
    assert gc.isenabled()


def test_it_stays_off_where_it_was_off():
    gc.disable()
    with collecting.paused():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_a_load_within_another_neither_ends_the_pause_nor_makes_it_longer():
    first, second = collecting.paused(), collecting.paused()
    first.__enter__()
    with collecting.paused():
        pass
    assert not gc.isenabled()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_it_goes_on_in_a_process_that_is_forked_meanwhile():
    with collecting.paused(), multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(gc.isenabled)
        assert not gc.isenabled()
