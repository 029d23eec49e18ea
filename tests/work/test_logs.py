import json
import logging
import sys

import pytest

from ensemble_desk.settings import Settings
from ensemble_desk.work import logs


def written(how, **marks):
    made = logs.formatter(Settings(log_format=how))
    try:
        message = 'the channel "slack://a/b/c" is away'
        raise ValueError(message)  # noqa: TRY301 - a record with its traceback is wanted
    except ValueError:
        record = logging.LogRecord("desk.x", logging.WARNING, "", 1, "%s broke", ("it",), sys.exc_info())
    with logs.marked(**marks):
        return made.format(record)


def test_a_record_is_one_json_object_with_its_ids_and_its_traceback():
    line = written("json", run="r1", request="q1")
    assert "\n" not in line
    told = json.loads(line)
    assert (told["event"], told["level"], told["logger"]) == ("it broke", "warning", "desk.x")
    assert (told["run"], told["request"]) == ("r1", "q1")
    assert told["timestamp"].endswith("Z")
    assert 'the channel "slack://***" is away' in told["exception"]


def test_a_record_of_text_ends_with_its_ids():
    first, *traceback = written("text", run="r1").splitlines()
    assert first.endswith("WARNING desk.x: it broke [run=r1]")
    assert traceback[0].startswith("Traceback")


@pytest.mark.parametrize("how", ["text", "json"])
def test_ids_end_with_what_they_were_for(how):
    assert "r1" in written(how, run="r1")
    assert "r1" not in written(how)
