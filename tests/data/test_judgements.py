"""Qrels and runs: tabs where the file has tabs, ids with blanks, and what is refused with its line."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.data.collections import judgements, run_columns
from zsbench.data.collections.judgements import LARGEST_GRADE, read_qrels, read_run

NEW_YORK = {"q 1": {"New York": 1, "York": 0}}

QRELS = {
    "BEIR": ("query-id\tcorpus-id\tscore\nq 1\tNew York\t1\nq 1\tYork\t0\n", NEW_YORK),
    "BEIR, columns in another order": ("score\tcorpus-id\tquery-id\n1\tNew York\tq 1\n0\tYork\tq 1\n", NEW_YORK),
    "TREC with tabs": ("q 1\t0\tNew York\t1\nq 1\t0\tYork\t0\n", NEW_YORK),
    "blanks around fields": ("q\t0\t d1 \t 2\n", {"q": {"d1": 2}}),
    "TREC with blanks": ("q 0  d1\t2.0 \nq 0 d2 -1\n", {"q": {"d1": 2, "d2": -1}}),
    "a no-break space is a letter": ("q 0 Café\u00a0X 1\n", {"q": {"Café\u00a0X": 1}}),
    "no header, three columns": ("q d1 1\nq d2 0\n", {"q": {"d1": 1, "d2": 0}}),
    "the largest grade": (f"q 0 d {LARGEST_GRADE}\n", {"q": {"d": LARGEST_GRADE}}),
}


@pytest.mark.parametrize("case", QRELS)
def test_judgements(case, tmp_path):
    text, expected = QRELS[case]
    (tmp_path / "q").write_text(text)
    assert read_qrels(tmp_path / "q") == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q New York 1\nq York 0\n", "q:2: 3 columns; expected 4 as in the first line"),
        ("q York 0\nq New York 1\n", "q:2: 4 columns; expected 3 as in the first line"),
        ("q\t0\t\t1\n", "q:1: an empty id"),
        ("\t0\td\t1\n", "q:1: an empty id"),
        (f"q 0 d {'9' * 26}\n", "q:1: grade '9{26}'; expected a whole number up to 1,000,000,000"),
        (f"q 0 d {'9' * 6000}\n", r"q:1: grade '9{59}\.\.\."),
        ("q 0 d 1_0\n", "q:1: grade '1_0'"),
        ("q 0 d nan\n", "q:1: grade 'nan'"),
        ("q 0 d inf\n", "q:1: grade 'inf'"),
        ("query-id\tcorpus-id\tscore\nq\td\t1\textra\n", "q:2: 4 columns; expected 3 as in the first line"),
        ("query-id\tcorpus-id\tscore\n", "no judgements"),
    ],
)
def test_bad_judgements_are_named(text, message, tmp_path):
    (tmp_path / "q").write_text(text)
    with pytest.raises(UserError, match=message):
        read_qrels(tmp_path / "q")


def test_ids_with_blanks_in_a_run_with_tabs(tmp_path):
    (tmp_path / "r").write_text("q 1\tQ0\tNew York\t1\t2.5\tmy tag\nq 1\tQ0\tYork\t2\t1e-3\tmy tag\n")
    assert read_run(tmp_path / "r") == {"q 1": {"New York": 2.5, "York": 0.001}}
    (tmp_path / "r").write_bytes(gzip.compress("q Q0 a\u00a0b 1 2\n".encode()))
    assert read_run(tmp_path / "r") == {"q": {"a\u00a0b": 2.0}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("q Q0 New York 1 0.5\n", "r:1: rank 'York'; expected a number"),
        ("q Q0 New York 1 0.5 x\n", "r:1: 7 columns"),
        ("q Q0 d 1 nan x\n", "r:1: score 'nan'; expected a finite number"),
        ("q Q0 d 1 2 x\nq Q0 e 2 1e999 x\n", "r:2: score '1e999'"),
        ("q Q0 d 1 1_5 x\n", "r:1: score '1_5'"),
        ("q Q0 d 1 x x\n", "r:1: score 'x'"),
        ("q\tQ0\t\t1\t2\tx\n", "r:1: an empty id"),
        ("q Q0 d 1 2 x\nq Q0 d 2 1 x\n", "r:2: query q: document id 'd' stands twice"),
        ("\n", "an empty run"),
    ],
)
def test_bad_runs_are_named(text, message, tmp_path):
    (tmp_path / "r").write_text(text)
    with pytest.raises(UserError, match=message):
        read_run(tmp_path / "r")


def test_a_query_in_two_places_of_a_run_is_one(tmp_path):
    (tmp_path / "r").write_text("a Q0 d 1 2\nb Q0 d 1 2\na Q0 e 2 1\n")
    assert read_run(tmp_path / "r") == {"a": {"d": 2.0, "e": 1.0}, "b": {"d": 2.0}}


CELLS = st.one_of(
    st.sampled_from(["q", "d1", "1", "0.5", "-2", "1e-3", "", " ", "\t", "nan", "inf", "1e999", "+1", "1_0", "é", "\u00a0", "\ufeff", '"a', "\r"]),
    st.text(st.sampled_from("ab1. \t\"',é\u00a0\x1c"), max_size=4),
)  # fmt: skip
NUMBERS = st.one_of(st.floats(allow_nan=False, allow_infinity=False).map(repr), st.integers().map(str))
PLAIN = st.tuples(st.sampled_from("qrs"), st.just("Q0"), st.text("abcé'\"", min_size=1, max_size=3), NUMBERS, NUMBERS)


@given(
    st.lists(st.one_of(PLAIN, PLAIN, PLAIN, st.lists(CELLS, min_size=4, max_size=7))),
    st.sampled_from([" ", "\t", "  "]),
    st.sampled_from(["", "\tx", " x"]),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_columns_are_read_as_lines_are_or_not_at_all(tmp_path_factory, rows, blank, tag, end):
    path = tmp_path_factory.getbasetemp() / "columns"
    path.write_bytes("".join(blank.join(row) + tag + end for row in rows).encode())
    by_columns = run_columns.read_columns(path)
    if by_columns is not None:
        by_lines = judgements.read_run_lines(path)
        assert by_columns == by_lines
        assert list(by_columns) == list(by_lines)
        assert [list(ranking.items()) for ranking in by_columns.values()] == [
            list(r.items()) for r in by_lines.values()
        ]


@pytest.mark.parametrize("block", [30, 1 << 18])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_plain_run_is_read_by_columns(block, pack, tmp_path, monkeypatch):
    monkeypatch.setattr(textfiles, "BLOCK", block)
    rows = [(f"q{n % 3}", f"d{n}", n % 7 / 3) for n in range(40)]
    for blank, end in ((" ", "\n"), ("\t", "\r\n")):
        lines = (blank.join([query, "Q0", document, "1", repr(score), "tag"]) + end for query, document, score in rows)
        (tmp_path / "r").write_bytes(pack("".join(lines).encode()))
        wanted = {f"q{n}": {d: score for query, d, score in rows if query == f"q{n}"} for n in range(3)}
        assert run_columns.read_columns(tmp_path / "r") == wanted
