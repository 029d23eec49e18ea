"""Every file of the hostile corpus is decided: nothing runs, nothing ends this process, all within time and memory."""

import resource
import time

from tests.artifacts.conftest import MAX_BYTES, NOW
from tests.artifacts.safe_loading import hostile_corpus

from ensemble_desk.artifacts.examiner import asking
from ensemble_desk.artifacts.examiner.looking import Subject
from ensemble_desk.errors import ArtifactError, ExaminerEndedError
from ensemble_desk.market.keys import Key

MOST_LETTERS = 1_000
HARMLESS = {"jobs without end"}  # what lied in it is dropped


def test_every_file_is_decided():
    ended, slow, served, n_files = [], [], [], 0
    for name, data in hostile_corpus.files():
        n_files += 1
        begun = time.perf_counter()
        told = ""
        try:
            told = asking.look(
                Subject(data, "AAPL_d1_20250121.pkl", Key("AAPL", "d1"), "20250121", NOW, MAX_BYTES)
            ).problem
        except ExaminerEndedError as error:
            ended.append(f"{name}: {error.how}")
        except ArtifactError as error:
            told = str(error)
        if time.perf_counter() - begun > 10:
            slow.append(name)
        if not told and name not in HARMLESS and not ended:
            served.append(name)
        assert len(told) < MOST_LETTERS, name
    assert n_files >= 200
    assert (ended, slow, served) == ([], [], [])
    asking.close()
    most_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert most_kib < 1.5 * 2**20
