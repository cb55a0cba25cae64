"""The store gives back what it was given, or computes it again: no bit of an entry may change unseen."""

import json
import logging

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
