"""Statistics of a baseline: the line of text gives back every number, is small, and is refused when it is damaged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.analysis.gate.packing import integers, packed, unpacked


def bits_of(table):
    """The bit patterns, with one NaN for all of them."""
    return np.where(np.isnan(table), np.nan, table).view(np.uint64)


SHARES = st.sampled_from([0.0, 1.0])
GRADES = st.sampled_from([0.0, -0.0, 0.5, 1.0, 3.0, float("nan")])
ANY = st.floats(width=64)


@given(
    st.one_of(
        *(st.tuples(st.integers(1, 4), st.lists(st.lists(v, min_size=4, max_size=4))) for v in (SHARES, GRADES, ANY))
    )
)
def test_every_number_comes_back_bit_by_bit(case):
    width, rows = case
    table = np.array([row[:width] for row in rows], dtype=np.float64).reshape(len(rows), width)
    line = packed(table)
    assert "\n" not in line
    assert line == packed(table.copy())
    back = unpacked(line)
    assert back.shape == table.shape
    assert np.array_equal(bits_of(back), bits_of(table))


@pytest.mark.parametrize("width", [1, 3])
def test_many_different_numbers_come_back_too(width):
    table = np.random.default_rng(0).normal(size=(500, width))
    line = packed(table)
    assert line.startswith(f"float64 500x{width} ")
    assert np.array_equal(unpacked(line), table)


def test_right_and_wrong_take_little_more_than_a_bit_an_item():
    table = np.random.default_rng(0).integers(0, 2, (50_000, 1)).astype(float)
    assert len(packed(table)) < 50_000 / 8 * 4 / 3 + 60


def test_where_the_table_lies_in_memory_changes_nothing():
    table = np.random.default_rng(0).integers(0, 5, (40, 3)).astype(float)
    assert packed(np.asfortranarray(table)) == packed(table) == packed(np.repeat(table, 2, axis=1)[:, ::2])


GOOD = packed(np.array([[0.0], [1.0], [1.0]]))
DAMAGE = {
    "another kind": GOOD.replace("bits", "bytes"),
    "cut off": GOOD[:-6],
    "no base64": GOOD[:-4] + "****",
    "more items": GOOD.replace("3x1", "90x1"),
    "fewer items": packed(np.ones((300, 1))).replace("300x1", "3x1"),
    "a number less": GOOD.replace("0.0,1.0", "0.0"),
    "no number": GOOD.replace("0.0,1.0", "0.0,x"),
    "no shape": GOOD.replace("3x1", "3"),
    "a negative shape": GOOD.replace("3x1", "-3x1"),
    "no columns": GOOD.replace("3x1", "3x0"),
    "memory for ever": GOOD.replace("3x1", "999999999999x9"),
    "empty": "",
    "numbers of their own": GOOD.replace("bits", "float64"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_line_is_refused(damage):
    assert len(unpacked(GOOD)) == 3
    with pytest.raises(ValueError):
        unpacked(DAMAGE[damage])


def test_names_are_numbered_as_they_come_up():
    numbers, names = integers(["b", "a", "b"])
    assert (numbers[:, 0].tolist(), names) == ([0, 1, 0], ["b", "a"])
    assert integers([])[0].shape == (0, 1)
