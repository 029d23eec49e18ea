"""Made-up mappings, JSON documents, OpenDocument sheets and Feather files: bars or one of our errors, nothing else."""

import io
import json
import warnings
import zipfile

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.sources.upload.test_fuzzing import CELLS, NAMES, SAMPLE, TEXT, fuzzed, lines, survives, table_survives

from ensemble_desk.sources.upload.answers import Answers

FIELDS = ["time", "open", "high", "low", "close", "volume", "adj_close", "ticker", "currency", "nonsense"]
COLUMNS = ["time", "open", "high", "low", "close", "volume", "#1", "#3", "#99", "", "x"]
mappings = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(COLUMNS)), max_size=6).map(tuple)
said = st.builds(
    Answers,
    mapping=mappings,
    columns=st.just(()) | st.lists(st.sampled_from([*FIELDS, "-"]), max_size=7).map(tuple),
    skip_lines=st.none() | st.integers(0, 9),
    time_format=st.sampled_from(["", "%Y-%m-%d", "%d.%m.%Y %H:%M", "%", "%q"]),
    stamped_end=st.booleans(),
    shift_days=st.none() | st.integers(-7, 7),
    week=st.sampled_from(["", "begins", "ends"]),
    decimal=st.sampled_from(["", "point", "comma"]),
    price_scale=st.none() | st.sampled_from([0.0, 1.0, 1e4, -1.0, float("nan")]),
    keep=st.sampled_from(["", "first", "last"]),
    leave_out=st.booleans(),
    sort=st.booleans(),
    join=st.booleans(),
    adjust_splits=st.booleans(),
    rescale=st.booleans(),
)
BARE = SAMPLE.to_csv(header=False).encode()
scalars = st.sampled_from(CELLS) | st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.none()
keys = st.sampled_from([*NAMES, "data", "columns", "t"])
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=6), max_leaves=25
)


def feather():
    buffer = io.BytesIO()
    SAMPLE.reset_index().to_feather(buffer)
    return buffer.getvalue()


def sheet():
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        SAMPLE.tz_localize(None).to_excel(buffer, engine="odf")
    return buffer.getvalue()


FEATHER, SHEET = feather(), sheet()
with zipfile.ZipFile(io.BytesIO(SHEET)) as _parts:
    MEMBERS = {name: _parts.read(name) for name in _parts.namelist()}


@settings(fuzzed, max_examples=250)
@given(data=st.sampled_from([TEXT, BARE, b"a,b,c,d,e,f\n" + BARE]), answers=said)
@example(data=TEXT, answers=Answers(mapping=(("close", "close"), ("open", "close"))))
def test_any_mapping_and_answers(data, answers):
    survives(data, answers=answers)


@settings(fuzzed, max_examples=250)
@given(document=documents, answers=said)
def test_any_json(document, answers):
    data = json.dumps(document).encode("utf-8", "replace")
    survives(data, answers=answers)
    table_survives(data)


@settings(fuzzed, max_examples=200)
@given(rows=lines, names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8), whole=st.booleans())
def test_any_records(rows, names, whole):
    records = [dict(zip(names, row, strict=False)) for row in rows]
    text = json.dumps({"data": records}) if whole else "\n".join(map(json.dumps, records))
    survives(text.encode("utf-8", "replace"))


@settings(fuzzed, max_examples=150)
@given(member=st.sampled_from(sorted(MEMBERS)), at=st.floats(0, 1, exclude_max=True), put=st.binary(max_size=8))
def test_an_open_document_with_some_bytes_changed(member, at, put):
    part, buffer = MEMBERS[member], io.BytesIO()
    place = int(at * len(part))
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, held in MEMBERS.items():
            archive.writestr(name, part[:place] + put + part[place + len(put) :] if name == member else held)
    survives(buffer.getvalue())


@settings(fuzzed, max_examples=150)
@given(at=st.floats(0, 1, exclude_max=True), put=st.binary(max_size=8), length=st.integers(0, 30))
def test_a_feather_file_with_some_bytes_changed(at, put, length):
    place = int(at * len(FEATHER))
    survives(FEATHER[:place] + put + FEATHER[place + length :])
