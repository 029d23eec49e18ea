import pytest

from ensemble_desk.errors import InvalidShardError, SymbolListError
from ensemble_desk.market.keys import Key
from ensemble_desk.work import selection
from ensemble_desk.work.selection import Shard

KEYS = [Key(f"S{number}", timeframe) for number in range(200) for timeframe in ("d1", "h1")]


def test_the_parts_together_are_all_keys_each_once_and_none_is_empty():
    parts = [[key for key in KEYS if Shard(number, 8).holds(key)] for number in range(1, 9)]
    assert sorted(key for part in parts for key in part) == sorted(KEYS)
    assert min(map(len, parts)) > len(KEYS) // 16


def test_a_key_stays_in_its_part_whatever_other_keys_there_are():
    assert Shard(1, 8).holds("AAPL/d1") is Shard.parse(" 1/8 ").holds(Key("AAPL", "d1"))


@pytest.mark.parametrize("text", ["9/8", "0/8", "1/0", "3", "3/", "/8", "-1/8", "1.5/8", "a/b", "٣/٨", "1/9999999"])
def test_a_part_that_is_none_is_refused(text):
    with pytest.raises(InvalidShardError, match="is no part of the keys"):
        Shard.parse(text)


def test_a_file_of_symbols_is_read_line_by_line(tmp_path):
    file = tmp_path / "symbols.txt"
    file.write_bytes("\ufeffaapl\r\n# indices\n^GSPC  # S&P\n\nAAPL\n".encode())
    assert selection.symbols_from(file) == ("AAPL", "^GSPC")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"# nothing\n", "names none"), (b"AAPL\nno symbol!\n", "line 2"), (b"\xff\xfe\x00", "no text")],
)
def test_a_file_that_is_no_list_of_symbols_is_refused(tmp_path, content, why):
    file = tmp_path / "symbols.txt"
    file.write_bytes(content)
    with pytest.raises(SymbolListError, match=why):
        selection.symbols_from(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SymbolListError, match="No such file"):
        selection.symbols_from(tmp_path / "nowhere.txt")
