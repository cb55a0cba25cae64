"""YAML: numbers as people write them, and files that would grow, loop or run are one sentence with file and line."""

import math
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from zsbench.config import assignments
from zsbench.core import yamlio
from zsbench.core.errors import UserError

ROOT = Path(__file__).parent.parent


def value(text):
    return yamlio.parse(f"key: {text}\n", Path("x.yaml")).value["key"]


FORMATS = [repr, "{:g}".format, "{:e}".format, "{:E}".format, "{:G}".format, "{:.3e}".format, "{:+g}".format]
FORMATS += ["{:.17g}".format, "{:f}".format]


@given(st.floats(-1e308, 1e308), st.sampled_from(FORMATS))
def test_any_float_that_python_or_c_writes_is_that_number(number, written):
    text = written(number)
    assert isinstance(value(text), int | float)
    assert value(text) == float(text)
    assert assignments.pairs("task", (f"task.key={text}",))["key"] == float(text)


@given(st.integers(-(10**20), 10**20), st.sampled_from([str, "{:+d}".format, "{:_d}".format, hex, bin]))
def test_any_whole_number_is_that_number(number, written):
    text = written(number)
    assert value(text) == number
    assert isinstance(value(text), int)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-5", 1e-5),
        ("1E5", 1e5),
        (".5e3", 500.0),
        ("1.", 1.0),
        ("-.5", -0.5),
        ("1_000.5", 1000.5),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("0", 0),
        ("-0", 0),
        ("0.5", 0.5),
        ("00.5", 0.5),
        # Text, because no number is written so: a leading zero belongs to a name, a colon to a time.
        ("010", "010"),
        ("007", "007"),
        ("08", "08"),
        ("1:30", "1:30"),
        ("190:20:30.15", "190:20:30.15"),
        ("2020-01-31", "2020-01-31"),
        ("2020-99-99", "2020-99-99"),
        ("1e", "1e"),
        ("e5", "e5"),
        (".", "."),
        ("0b", "0b"),
        ("1.2.3", "1.2.3"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("=", "="),
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("", None),
        ("'1e-5'", "1e-5"),
        ("!!str 12", "12"),
        ("!!float 12", 12.0),
    ],
)
def test_scalars(text, expected):
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_nan_is_a_number():
    assert math.isnan(value(".nan"))


@pytest.mark.parametrize("path", sorted(ROOT.glob("configs/**/*.yaml")), ids=lambda path: path.stem)
def test_the_shipped_configs_mean_what_yaml_1_1_says(path):
    """Nothing in them is a date, an octal or a number without its point."""
    text = path.read_text(encoding="utf-8")
    assert yamlio.parse(text, path).value == yaml.safe_load(text)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(9)
)
DOUBLING = "a0: &a0 {x: 1}\n" + "".join(f"a{i + 1}: &a{i + 1} {{l: *a{i}, r: *a{i}}}\n" for i in range(25))

WRONG = {
    "aliases of lists": (BOMB, None),
    "aliases of mappings": (DOUBLING, None),
    "a list in itself": ("x: 1\na: &a [1, *a]\n", 2),
    "a mapping in itself": ("a: &a {path: *a}\n", 1),
    "the file in itself": ("&a\nx: *a\n", None),
    "deep lists": ("a: " + "[" * 300 + "]" * 300 + "\n", 1),
    "very deep lists": ("a: " + "[" * 200_000 + "\n", 1),
    "deep mappings": ("".join("  " * i + "a:\n" for i in range(400)), None),
    "a tag of python": ("x: 1\na: !!python/object/apply:os.system [ls]\n", 2),
    "a tag on a mapping": ("a: !!python/object:x.Y {b: 1}\n", 1),
    "a tag on a text": ("a: !mine b\n", 1),
    "a set": ("a: !!set {b, c}\n", 1),
    "a binary": ("a: !!binary aGVsbG8=\n", 1),
    "a date by tag": ("a: !!timestamp 2020-01-01\n", 1),
    "text on a list": ("a: !!str [b]\n", 1),
    "a merge": ("a: &a {b: 1}\nc:\n  <<: *a\n", 3),
    "an empty int": ("x: 1\na: !!int ''\n", 2),
    "a float of letters": ("a: !!float abc\n", 1),
    "a binary number of nothing": ("a: 0b__\n", 1),
    "too many digits": ("x: 1\na: " + "9" * 6000 + "\n", 2),
    "too many hex digits": ("a: 0x" + "f" * 6000 + "\n", 1),
    "a number past all floats": ("a: 1e400\n", 1),
    "a NUL": ('x: 1\npath: "a\\0b"\n', 2),
    "a NUL in a key": ('x: 1\n"a\\0b": c\n', 2),
    "half of a character": ('a: "\\ud800"\n', 1),
    "a raw escape": ("x: 1\na: b\x1b[31m\n", 2),
    "a list as a key": ("? [a, b]\n: c\n", 1),
    "a number as a key": ("x: 1\n5: c\n", 2),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_a_config_is_one_sentence_with_its_line_and_quick(name):
    text, line = WRONG[name]
    started = time.monotonic()
    with pytest.raises(UserError) as caught:
        yamlio.parse(text, Path("/x/y.yaml"))
    assert time.monotonic() - started < 5
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300
    where = "/x/y.yaml:" if line is None else f"/x/y.yaml:{line}:"
    assert str(caught.value).startswith(where), str(caught.value)


@pytest.mark.parametrize("name", [name for name in WRONG if "\n" not in WRONG[name][0].rstrip("\n")])
def test_values_of_the_command_line_go_the_same_way(name):
    raw = WRONG[name][0].rstrip("\n").partition(": ")[2]
    if not raw:
        pytest.skip("not a value")
    with pytest.raises(UserError, match=r"^--set task\.a="):
        assignments.pairs("task", (f"task.a={raw}",))


def test_aliases_that_repeat_little_are_read_with_the_lines_they_name():
    document = yamlio.parse("a: &a\n  b: 1\nc: *a\nd: [*a, *a]\n", Path("x.yaml"))
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}
    assert document.where(("c", "b")).endswith(":2")
    document.value["c"]["b"] = 2
    assert document.value["a"]["b"] == 1
