"""What Streamlit logs, the errors of pages included, is part of our log: in its form, and without secrets."""

import json
import os
import subprocess
import sys

SECRET = "hunter2geheim"  # noqa: S105 - no one's
PROGRAM = """
from streamlit import error_util, logger
from ensemble_desk import settings
from ensemble_desk.ui.server import one_log

before = logger.get_logger("streamlit.before")
found = settings.load()
one_log.begin(found)
before.warning("cannot reach %s", found.database_url)
try:
    raise ValueError(found.database_url)
except ValueError as error:
    error_util._log_uncaught_app_exception(error)
logger.get_logger("streamlit.after").warning("nor %s", found.database_url)
"""

OF_THE_SERVER = """
import logging
import uvicorn
from streamlit import logger
from ensemble_desk import settings
from ensemble_desk.ui.server import one_log

logger.init_uvicorn_logs()  # as Streamlit does before it starts its server
uvicorn.Config("app:app", access_log=False)
one_log.begin(settings.load())
logging.getLogger("uvicorn.error").warning("said once")
print(logging.getLogger("uvicorn.access").hasHandlers())
"""


def written(log_format: str) -> list[str]:
    environment = {
        "DESK_DATABASE_URL": f"postgresql://desk:{SECRET}@db/x",
        "DESK_LOG_FORMAT": log_format,
        "STREAMLIT_LOGGER_ENABLE_RICH": "false",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_streamlits_messages_are_written_once_and_without_secrets():
    lines = written("text")
    told = [line for line in lines if " streamlit." in line]
    assert [line.split(":")[2].split()[-1] for line in told] == [
        "streamlit.before",
        "streamlit.error_util",
        "streamlit.after",
    ]
    assert any(line.startswith("ValueError: postgresql://***@db/x") for line in lines)


def test_what_uvicorn_says_is_written_once_and_requests_stay_unwritten():
    done = subprocess.run([sys.executable, "-c", OF_THE_SERVER], capture_output=True, text=True, check=True)
    assert done.stderr.count("said once") == 1
    assert done.stdout == "False\n"


def test_they_are_objects_where_the_log_is_json():
    lines = [json.loads(line) for line in written("json")]
    assert [one["logger"] for one in lines] == ["streamlit.before", "streamlit.error_util", "streamlit.after"]
    assert "ValueError: postgresql://***@db/x" in lines[1]["exception"]
