"""Bytes to lines, lines to fields, JSON to values, tables to rows: what each means, and what is refused where."""

import gzip
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.text_variants import BAD, GOOD
from zsbench.core import jsonfiles, tablefiles, textfiles
from zsbench.core.errors import UserError


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def file(content, name="f"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return file


def test_a_line_ends_at_a_line_feed_and_nowhere_else(write):
    text = "a\rb\r\nc\u2028d\x85e\x0cf\n\n\u00a0g"
    assert list(textfiles.lines(write(text))) == [(1, "a\rb"), (2, "c\u2028d\x85e\x0cf"), (3, ""), (4, "\u00a0g")]


@pytest.mark.parametrize("shape", GOOD)
@pytest.mark.parametrize("block", [1, 3, 1 << 20])
def test_every_shape_gives_the_same_lines_at_every_block_size(shape, block, write, monkeypatch):
    monkeypatch.setattr(textfiles, "BLOCK", block)
    text = "ä\tb\n\n漢字 x\nlast\n"
    path = write(GOOD[shape](text.encode()))
    assert list(textfiles.lines(path)) == list(enumerate(text.split("\n")[:-1], 1))
    assert textfiles.read(path).rstrip("\n") == text.rstrip("\n")


def test_files_put_one_after_another_keep_no_marks_and_no_members(write):
    part = b"\xef\xbb\xbfq1\n"
    assert [line for _, line in textfiles.lines(write(part * 2))] == ["q1", "q1"]
    assert [line for _, line in textfiles.lines(write(gzip.compress(part) * 2 + b"\0" * 8))] == ["q1", "q1"]


@pytest.mark.parametrize("damage", BAD)
def test_damage_is_named_with_the_line(damage, write):
    damaged, message = BAD[damage]
    lines = b"".join(b"line %d\n" % number for number in range(1, 3000))
    with pytest.raises(UserError, match=message) as error:
        list(textfiles.lines(write(damaged(lines))))
    place = int(str(error.value).split(":")[1])
    # A checksum speaks of everything before it, and zstandard is unpacked 128 KB at a time.
    early = "flipped" in damage or "zstandard" in damage
    assert place == 1 if early else 2000 < place <= 3000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a".encode("utf-16"), "f: UTF-16 text; expected UTF-8 text, plain, gzip or zstandard"),
        ("ab".encode("utf-16-le"), "f: UTF-16 text or binary data"),
        (b"BZh91AY&SY", "f: a bzip2 file"),
        (b"PK\x03\x04", "f: a zip archive"),
        (b"ok\n\x89PNG", "f:2: byte 0x89 is not UTF-8"),
        (b"\xed\xa0\x80", "f:1: byte 0xed is not UTF-8"),
    ],
)
def test_what_is_no_utf8_is_called_by_its_name(content, message, write):
    with pytest.raises(UserError, match=message):
        textfiles.read(write(content))


def test_what_cannot_be_opened_is_said_in_words(write, tmp_path):
    for path, message in (
        (tmp_path / "none", "none: no such file"),
        (write("x") / "below", "f/below: no such file"),
        (tmp_path, "a folder; expected a file"),
    ):
        with pytest.raises(UserError, match=message) as error:
            textfiles.read(path)
        assert "Errno" not in str(error.value)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(write):
    path = write("x")
    path.chmod(0)
    with pytest.raises(UserError, match="no permission"):
        textfiles.read(path)


def test_a_pipe_is_read_as_a_file_is(tmp_path):
    import threading

    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(gzip.compress(b"a\nb\n")))
    writer.start()
    assert [line for _, line in textfiles.lines(path)] == ["a", "b"]
    writer.join()


@given(st.lists(st.text(st.sampled_from("ab\u00a0\u3000\x1c\x85 \t"), min_size=0, max_size=8)))
def test_words_are_what_bytes_split_gives(parts):
    line = " ".join(parts)
    assert textfiles.words(line) == [word.decode() for word in line.encode().split()]


FIELDS = {
    "blanks": ("q1 0  d1\t1\n\n q2\t0 d2 1 \n", [["q1", "0", "d1", "1"], ["q2", "0", "d2", "1"]]),
    "tabs": ("\nq1\t0\tNew York\t1\r\nq2\t0\t d2 \t1\n \n", [["q1", "0", "New York", "1"], ["q2", "0", "d2", "1"]]),
    "a no-break space is a letter": ("q1 0 Café\u00a0X 1\n", [["q1", "0", "Café\u00a0X", "1"]]),
    "a file separator is a letter": ("q1 0 a\x1cb 1\n", [["q1", "0", "a\x1cb", "1"]]),
    "no fields at all": ("\n \n", []),
}


@pytest.mark.parametrize("case", FIELDS)
@pytest.mark.parametrize("block", [2, 1 << 20])
def test_fields(case, block, write, monkeypatch):
    monkeypatch.setattr(textfiles, "BLOCK", block)
    text, expected = FIELDS[case]
    assert [parts for _, parts in textfiles.fields(write(text), (3, 4), "columns")] == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q1\t0\td1\t1\nq2 0 d2 1\n", "f:2: 1 column, parted by tabs"),
        ("q1 0 d1 1\nq2\t0\tNew York\t1\n", "f:2: 5 columns; expected columns"),
        ("q1 0 d1 1 x\n", "f:1: 5 columns"),
    ],
)
def test_lines_of_another_width_are_named(text, message, write):
    with pytest.raises(UserError, match=message):
        list(textfiles.fields(write(text), (3, 4), "columns"))


JSON = {
    '{"a": "\\ud800"}': r"f:1: '\\ud800', half of a character",
    '{"\\udc00": 1}': r"f:1: '\\udc00', half of a character",
    '{"a": ' + "9" * 5000 + "}": r"f:1: not valid JSON \(a number of thousands of digits\)",
    "[" * 200_000: r"f:1: not valid JSON \(nested too deeply\)|f:1: not valid JSON",
    "[1]": "f:1: a list; expected one object a line",
    "{x": "f:1: not valid JSON",
    '{"a": "x", "k": 3}': "f:1: key 'k' is 3; expected a text",
    "{}": "f:1: key 'k' is missing",
    '{"k": null}': "f:1: key 'k' is null; expected a text",
    '{"k": "a", "l": [{"m": 1, "m": 2}]}': r"f:1: not valid JSON \(key 'm' stands twice\)",
}


@pytest.mark.parametrize("text", JSON, ids=lambda text: text[:12])
def test_json_lines_are_refused_with_their_line(text, write):
    with pytest.raises(UserError, match=JSON[text]) as error:
        list(jsonfiles.lines(write(text + "\n"), {"k": str}))
    assert len(str(error.value)) < 300


def test_json_keeps_whole_characters_and_has_no_nan(write):
    path = write('{"a": "\\ud83d\\ude00 \\u00e9", "b": NaN, "c": [Infinity]}\n')
    assert jsonfiles.read(path) == {"a": "😀 é", "b": None, "c": [None]}
    assert list(jsonfiles.lines(path, {})) == [(1, {"a": "😀 é", "b": None, "c": [None]})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b":}\n', r"f:2: not valid JSON \(Expecting value\); expected a thing"),
        ('{"a": 1,\n "b": "\\udfff"}\n', r"f:2: '\\udfff', half"),
        ('{"a": 1,\n "a": 2}\n', r"f:2: not valid JSON \(key 'a' stands twice\)"),
    ],
)
def test_a_json_file_is_refused_with_its_line(text, message, write):
    with pytest.raises(UserError, match=message):
        jsonfiles.read(write(text), "a thing")


def test_texts_one_a_line_or_a_list(write):
    assert jsonfiles.texts(write("\ufeffa b \n\n\tc\u00a0d\n")) == ["a b", "c\u00a0d"]
    assert jsonfiles.texts(write('["a", "b"]', "f.json.gz")) == ["a", "b"]
    assert jsonfiles.texts(write(' \n[\n"a",\n"b"]\n', "f.txt")) == ["a", "b"]
    assert jsonfiles.texts(write("[a] b\n{}\n", "f.txt")) == ["[a] b", "{}"]
    assert jsonfiles.texts(write("{} {class}\n", "f.txt")) == ["{} {class}"]
    for text, name, message in (
        ("\n", "f", "no texts"),
        ("[ ]\n", "f.txt", "no texts"),
        ('{"a": 1}', "f.txt", "not a list of texts"),
        ('["a",\n"b"', "f.txt", r"f.txt:2: not valid JSON"),
        ("[1]", "f.json", "not a list of texts"),
        ("[]", "f.json", "no texts"),
    ):
        with pytest.raises(UserError, match=message):
            jsonfiles.texts(write(text, name))


def test_rows_of_a_table(write):
    text = 'path, label \na.png," a, ""b"""\n\n"c\nd",x\n'
    assert list(tablefiles.rows(write(text), ("label", "path"))) == [(2, ['a, "b"', "a.png"]), (4, ["x", "c\nd"])]
    tabs = tablefiles.read(write("id\tscores\n1\t[1, 2]\n", "f.csv"), ["id"], optional=["scores", "none"])
    assert [(row.place, row) for row in tabs] == [("f.csv:2", {"id": "1", "scores": "[1, 2]"})]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1\n", "f:2: 1 column under a header of 2"),
        ("a,b\n1,2\n3,x, y\n", "f:3: 3 columns under a header of 2"),
        ("a,c\n1,2\n", "f:1: no column 'b'.*columns: a, c"),
        ("a,b,b\n1,2,3\n", "f:1: column 'b' stands twice"),
        ("", "f:1: no column 'a'.*columns: none"),
        ('a,b\n1,2\n3,"x\n4,y\n', "f:3: a quoted cell that never ends"),
        ('a,b\n"x" y,2\n', "f:2: a quoted cell that goes on after its closing quote"),
        ("a,b\n1\r2,3\n", "f:2: a carriage return within a row"),
    ],
)
def test_rows_that_do_not_fit_are_named(text, message, write):
    with pytest.raises(UserError, match=message):
        list(tablefiles.rows(write(text), ("a", "b"), ","))


@pytest.mark.parametrize("delimiter", ['"', "\n", "\r"])
def test_a_delimiter_that_is_none(delimiter, write):
    with pytest.raises(UserError, match="delimiter"):
        list(tablefiles.rows(write("a\n1\n"), ("a",), delimiter))
