"""The store gives back what it was given, or computes it again: no bit of an entry may change unseen."""

import json
import logging
import multiprocessing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zsbench.core.cache import Cache

ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


def entry(root):
    """Store the array and return its file."""
    Cache(root).array(["k"], lambda: ARRAY)
    [path] = root.rglob("*.arr")
    return path


def again(root):
    """Ask for the array, which is computed as zeros where the entry is not trusted."""
    return Cache(root).array(["k"], lambda: np.zeros((3, 4), np.float32))


def test_a_sound_entry_is_read(tmp_path):
    entry(tmp_path)
    np.testing.assert_array_equal(again(tmp_path), ARRAY)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_noticed(tmp_path, data):
    path = entry(tmp_path)
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(raw))
    found = again(tmp_path)
    assert not found.any() or np.array_equal(found, ARRAY)
    assert found.dtype == np.float32
    path.unlink()


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": "<i4"},
        {"dtype": "O"},
        {"shape": [4, 3]},
        {"shape": [12]},
        {"shape": None},
        {"checksum": None},
        {"dtype": "nonsense"},
    ],
)
def test_a_changed_header_is_noticed(change, tmp_path, caplog):
    path = entry(tmp_path)
    line, _, body = path.read_bytes().partition(b"\n")
    path.write_bytes(json.dumps({**json.loads(line), **change}).encode() + b"\n" + body)
    with caplog.at_level(logging.WARNING):
        assert not again(tmp_path).any()
    assert "damaged" in caplog.text
    np.testing.assert_array_equal(again(tmp_path), np.zeros((3, 4)))  # the new entry is sound


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"[1]\n", b"{}\n", b"{" * 200_000, b"[" * 200_000 + b"\n", b"\xff\n", b"null\nx"]
)
def test_what_is_no_entry_is_computed_again(raw, tmp_path):
    entry(tmp_path).write_bytes(raw)
    assert not again(tmp_path).any()


def test_an_entry_of_an_older_version_is_computed_again_without_a_word(tmp_path, caplog):
    path = entry(tmp_path)
    old = {"dtype": "<f4", "shape": [3, 4], "length": 48, "sha256": "0"}
    path.write_bytes(json.dumps(old).encode() + b"\n" + ARRAY.tobytes())
    with caplog.at_level(logging.WARNING):
        assert not again(tmp_path).any()
    assert not caplog.records


def test_damage_is_told_once(tmp_path, caplog):
    cache = Cache(tmp_path)
    for key in "ab":
        cache.array([key], lambda: ARRAY)
    for path in tmp_path.rglob("*.arr"):
        path.write_bytes(b"x")
    other = Cache(tmp_path)
    with caplog.at_level(logging.WARNING):
        for key in "ab":
            other.array([key], lambda: ARRAY)
    assert len(caplog.records) == 1


def test_an_empty_or_single_array_comes_back(tmp_path):
    for value in (np.zeros((0, 5), np.float32), np.array(2.5), np.array([[1]], np.int64)):
        found = Cache(tmp_path).array([str(value.shape)], lambda value=value: value)
        np.testing.assert_array_equal(Cache(tmp_path).array([str(value.shape)], lambda: None), found)


def rows_of(names):
    """Return the rows that these tests keep: each says its name's number."""
    return np.array([[int(name), -int(name)] for name in names], np.float32)


def ask(cache, names):
    """Return the rows of names, which of them were computed now, and how many were kept."""
    computed = []

    def compute(places):
        computed.extend(names[place] for place in places)
        return rows_of([names[place] for place in places])

    rows, n_kept = cache.rows(["model", "float32"], names, compute)
    np.testing.assert_array_equal(rows, rows_of(names))
    assert rows.dtype == np.float32
    return computed, n_kept


def names(*parts):
    return [str(number) for part in parts for number in part]


def test_any_subset_of_rows_is_found_in_any_order(tmp_path):
    assert ask(Cache(tmp_path), names(range(10))) == (names(range(10)), 0)
    later = Cache(tmp_path)
    assert ask(later, names([7, 2, 5])) == ([], 3)
    assert ask(later, names([12, 3, 11])) == (["12", "11"], 1)
    assert ask(later, names([11, 9, 12])) == ([], 3)
    assert ask(Cache(tmp_path), names([11, 9, 12], range(9))) == ([], 12)


def test_rows_of_another_kind_are_others(tmp_path):
    cache = Cache(tmp_path)
    ask(cache, names(range(3)))
    other, n_kept = cache.rows(["model", "float16"], names(range(3)), lambda places: np.ones((len(places), 1)))
    assert other.tolist() == [[1]] * 3
    assert n_kept == 0


def test_rows_are_computed_and_written_in_parts(tmp_path, monkeypatch):
    monkeypatch.setattr("zsbench.core.kept_rows.ROWS", 4)
    asked = []

    def stops(places):
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(places)
        return rows_of([str(place) for place in places])

    with pytest.raises(KeyboardInterrupt):
        Cache(tmp_path).rows(["model", "float32"], names(range(10)), stops)
    assert asked == [[0, 1, 2, 3], [4, 5, 6, 7]]
    assert ask(Cache(tmp_path), names(range(10))) == (["8", "9"], 8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_of_a_block_is_noticed(tmp_path, data):
    ask(Cache(tmp_path), names(range(4)))
    ask(Cache(tmp_path), names(range(4, 6)))
    path = sorted(tmp_path.rglob("*.arr"), key=lambda path: path.stat().st_size)[-1]
    raw = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(raw))
    computed, n_kept = ask(Cache(tmp_path), names(range(6)))
    # A letter of the header may change its case without a change of what it says.
    assert (computed, n_kept) in ((names(range(4)), 2), ([], 6))
    assert ask(Cache(tmp_path), names(range(6))) == ([], 6)


def test_damaged_blocks_are_told_once_and_taken_away(tmp_path, caplog):
    for number in range(3):
        ask(Cache(tmp_path), [str(number)])
    for path in tmp_path.rglob("*.arr"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    with caplog.at_level(logging.WARNING):
        assert ask(Cache(tmp_path), names(range(2))) == (["0", "1"], 0)
        assert len(caplog.records) == 1
        assert ask(Cache(tmp_path), names(range(2))) == ([], 2)
        assert len(caplog.records) == 1


@pytest.mark.parametrize("raw", [b"", b"\n", b"{}\n", b"[1]\n", b"null\nx", b"{" * 200_000, b"[" * 200_000 + b"\n"])
def test_what_is_no_block_is_passed_over(raw, tmp_path):
    ask(Cache(tmp_path), names(range(3)))
    [path] = tmp_path.rglob("*.arr")
    path.with_name("other.arr").write_bytes(raw)
    assert ask(Cache(tmp_path), names(range(4))) == (["3"], 3)


def test_fresh_rows_are_computed_once_and_are_the_ones_that_count(tmp_path):
    key, wrong = ["model", "float32"], np.zeros((3, 2), np.float32)
    Cache(tmp_path).rows(key, names(range(3)), lambda _: wrong)
    fresh = Cache(tmp_path, read=False)
    assert ask(fresh, names(range(2))) == (["0", "1"], 0)
    assert ask(fresh, names(range(2))) == ([], 2)
    rows, n_kept = Cache(tmp_path).rows(key, names(range(3)), pytest.fail)
    assert n_kept == 3
    np.testing.assert_array_equal(rows, [*rows_of(names(range(2))), [0, 0]])


def test_what_another_process_adds_is_found_by_one_that_has_begun(tmp_path):
    cache = Cache(tmp_path)
    ask(cache, names(range(3)))
    ask(Cache(tmp_path), names(range(3, 6)))
    assert ask(cache, names(range(6))) == ([], 6)


def add(root, start):
    """Ask for overlapping rows, a few at a time; what another process of the test runs."""
    cache = Cache(root)
    for first in range(start, start + 40, 4):
        ask(cache, names(range(first, first + 6)))


def test_processes_may_add_rows_at_once(tmp_path):
    start = multiprocessing.get_context("spawn").Process
    workers = [start(target=add, args=(tmp_path, first)) for first in (0, 2, 0)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert ask(Cache(tmp_path), names(range(44))) == ([], 44)


def test_without_a_folder_rows_are_computed_each_time():
    cache = Cache(None)
    for _ in range(2):
        assert ask(cache, names(range(3))) == (names(range(3)), 0)


def test_a_folder_that_cannot_be_written_loses_nothing(tmp_path, caplog):
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert ask(Cache(tmp_path / "file" / "cache"), names(range(3))) == (names(range(3)), 0)
    assert "the cache is not used" in caplog.text
