"""Files of bars that are written together: each is told of on its own, and what is wrong with one undoes no other."""

from datetime import UTC, datetime
from pathlib import Path

from ensemble_desk.database import self_check
from ensemble_desk.market.keys import Key
from ensemble_desk.sources import database as stored
from ensemble_desk.sources import many_files
from ensemble_desk.sources.importing import Rules
from ensemble_desk.sources.many_files import Part
from ensemble_desk.sources.sample import SampleSource
from ensemble_desk.sources.upload.answers import Answers

RULES = Rules(Answers(), 2**20, datetime(2020, 1, 1, tzinfo=UTC), None, may_restate=False)
KEYS = tuple(Key(symbol, "d1") for symbol in ("MSFT", "AAPL", "IBM"))


def bars(key, last):
    return SampleSource().bars(key).tail(last).frame


def part(folder, name, frame, key):
    file = folder / name
    frame.to_csv(file)
    return Part(name, key, file, RULES.max_bytes)


def test_what_is_wrong_with_one_file_undoes_no_other(database, tmp_path):
    first = [part(tmp_path, f"{key.symbol}.csv", bars(key, 60), key) for key in KEYS]
    assert [one.report.n_added for one in many_files.tried(database, first, RULES)] == [60, 60, 60]
    other = bars(KEYS[1], 60)
    (tmp_path / "page.csv").write_text("<html>Sign in</html>")
    second = [
        part(tmp_path, "MSFT.csv", bars(KEYS[0], 60).assign(volume=7.0).tail(3), KEYS[0]),
        part(tmp_path, "AAPL.csv", other.assign(volume=other["volume"] + 1), KEYS[1]),
        part(tmp_path, "IBM.csv", bars(KEYS[2], 70), KEYS[2]),
        Part("page.csv", Key("FB", "d1"), tmp_path / "page.csv", RULES.max_bytes),
        Part("gone.csv", Key("FB", "d1"), tmp_path / "gone.csv", RULES.max_bytes),
        Part("notes.csv", None, tmp_path / "page.csv", RULES.max_bytes),
    ]
    done = many_files.tried(database, second, RULES)
    assert [one.name for one in done] == [one.name for one in second]
    assert (done[0].report.n_restated, done[2].report.n_added, done[2].report.n_unchanged) == (3, 10, 60)
    for one, said in zip(
        done[1:2] + done[3:],
        ("would change 60 of 60", "it is a web page", "it cannot be read (No such file", "its name says no symbol"),
        strict=True,
    ):
        assert said in one.problem
    assert len(stored.restatements(database, KEYS[0])) == 3
    assert stored.restatements(database, KEYS[1]) == ()
    with database.reading() as connection:
        assert list(self_check.differences(connection, since=None)) == []


def test_files_of_one_key_are_in_one_group_in_their_order(tmp_path):
    parts = [Part(f"S{number}_d1.csv", Key(f"S{number % 640}", "d1"), tmp_path, 1) for number in range(700)]
    groups = many_files.groups(parts)
    assert sorted(one.name for group in groups for one in group) == sorted(one.name for one in parts)
    where = {one.name: at for at, group in enumerate(groups) for one in group}
    for number in range(60):
        first, again = f"S{number}_d1.csv", f"S{number + 640}_d1.csv"
        assert where[first] == where[again]
        names = [one.name for one in groups[where[first]]]
        assert names.index(first) < names.index(again)
    assert max(map(len, groups)) <= 10


def test_a_large_file_is_alone(tmp_path):
    (tmp_path / "large").write_bytes(b" " * 2**21)
    names = ["large", *(f"small{number}" for number in range(200))]
    groups = many_files.groups([Part(name, Key(name.upper(), "d1"), Path(tmp_path / name), 1) for name in names])
    assert [one.name for one in groups[0]] == ["large"]


def test_bars_later_than_all_others_leave_the_same_digest_as_all_at_once(database, tmp_path):
    key = KEYS[1]
    frame = bars(key, 80)
    for name, some in (("a", frame.head(50)), ("b", frame.iloc[50:]), ("c", frame.tail(10))):
        (one,) = many_files.tried(database, [part(tmp_path, name, some, key)], RULES)
        assert one.problem == ""
    assert (one.report.n_added, one.report.n_unchanged) == (0, 10)
    with database.reading() as connection:
        assert list(self_check.differences(connection, since=None)) == []
