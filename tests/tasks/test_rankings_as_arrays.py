"""Rankings kept as arrays: the best of a block by definition, and files that are read by buffer like row by row."""

import json
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.errors import RunError, UserError
from zsbench.metrics.rankings.positives import of_scores
from zsbench.tasks.formats import rankings
from zsbench.tasks.formats.ranking_tables import Ranking
from zsbench.tasks.formats.rankings import Rankings
from zsbench.tasks.image_text._pairs import Pairs
from zsbench.tasks.image_text._ranks import best, ranks

FORMAT = Rankings()


def queries(n):
    return [SimpleNamespace(id=f"q{i}") for i in range(n)]


@given(
    seed=st.integers(0, 2**16),
    n=st.integers(1, 5),
    gallery=st.integers(1, 200),
    depth=st.integers(1, 120),
    levels=st.sampled_from([2, 5, 1000]),
)
def test_the_best_are_those_of_a_full_sort_and_their_ties(seed, n, gallery, depth, levels):
    scores = np.random.default_rng(seed).integers(0, levels, (n, gallery)).astype(np.float32)
    table = best(scores, queries(n), np.arange(gallery) + 7, [str(i) for i in range(gallery + 7)], depth=depth)
    for row, start, length in zip(scores, table.starts, table.lengths, strict=True):
        order = np.argsort(-row, kind="stable")
        expected = order[row[order] >= row[order[min(depth, gallery) - 1]]]
        assert (table.numbers[start : start + length] == expected + 7).all()
        assert (table.scores[start : start + length] == row[expected]).all()


def test_the_query_with_a_nan_is_named():
    scores = np.zeros((3, 4), dtype=np.float32)
    scores[1, 2:] = np.nan
    with pytest.raises(RunError, match="q1: 2 of 4 scores are NaN"):
        best(scores, queries(3), np.arange(4), list("abcd"), depth=2)


def written(path, rows, scores=pa.float32()):
    keys, found, values = zip(*rows, strict=True)
    pq.write_table(pa.table({"id": keys, "found": found, "scores": pa.array(values, pa.list_(scores))}), path)
    return path


def as_dicts(read):
    return {
        key: dict(zip((ranking.table.ids[i] for i in part.numbers), part.scores.tolist(), strict=True))
        for key, ranking in read.items()
        for part in [ranking.table.take(np.array([ranking.row]))]
    }


ROWS = [("q0", ["b", "a"], [2.0, 1.0]), ("q1", ["c"], [0.5]), ("q2", ["a", "b", "c"], [3.0, 3.0, -1.0])]


def test_buffers_and_rows_give_the_same_rankings(tmp_path):
    expected = {key: dict(zip(ids, scores, strict=True)) for key, ids, scores in ROWS}
    path = written(tmp_path / "r.parquet", ROWS)
    assert rankings._columns(path) is not None
    assert as_dicts(FORMAT.read(path, [])) == expected
    whole = written(tmp_path / "whole.parquet", [(k, i, [int(s) for s in v]) for k, i, v in ROWS[2:]], pa.int64())
    assert rankings._columns(whole) is None
    assert as_dicts(FORMAT.read(whole, [])) == {"q2": expected["q2"]}
    lines = [json.dumps({"id": key, "found": ids, "scores": scores}) for key, ids, scores in ROWS]
    (tmp_path / "r.jsonl").write_text("\n".join(lines))
    assert as_dicts(FORMAT.read(tmp_path / "r.jsonl", [])) == expected


def test_what_is_written_reads_back_from_several_tables(tmp_path):
    read = FORMAT.read(written(tmp_path / "a.parquet", ROWS), [])
    more = FORMAT.read(written(tmp_path / "b.parquet", [("q3", ["z"], [1.0])]), [])
    mixed = {"q2": read["q2"], "q3": more["q3"], "q0": read["q0"]}
    FORMAT.write(tmp_path / "c.parquet", [SimpleNamespace(id=key) for key in mixed], list(mixed.values()))
    assert as_dicts(FORMAT.read(tmp_path / "c.parquet", [])) == as_dicts(mixed)
    assert FORMAT.preview(read["q2"]) == "a b c"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*ROWS, ("q1", ["a"], [1.0])], "row 3: query 'q1' stands twice"),
        ([*ROWS, ("q3", ["a", "b", "a"], [3.0, 2.0, 1.0])], "row 3: query 'q3' has 'a' twice"),
        ([*ROWS, ("q3", ["a", "b"], [3.0])], "row 3: `found` and `scores` are no lists of one length"),
        ([*ROWS, ("q3", None, [3.0])], "row 3: `found` and `scores` are no lists of one length"),
        ([*ROWS, ("q3", ["a"], [None])], "row 3: `found` or `scores` holds something else"),
        ([*ROWS, ("q3", [None], [1.0])], "row 3: `found` or `scores` holds something else"),
    ],
)
def test_a_wrong_row_is_named(rows, message, tmp_path):
    with pytest.raises(UserError, match=message):
        FORMAT.read(written(tmp_path / "r.parquet", rows), [])


def test_an_empty_ranking_and_nan_are_named(tmp_path):
    nan = float("nan")
    read = FORMAT.read(written(tmp_path / "r.parquet", [*ROWS, ("e", [], []), ("n", ["a", "b"], [nan, 1.0])]), [])
    problems = {key: FORMAT.check(SimpleNamespace(id=key), ranking) for key, ranking in read.items()}
    assert problems == {
        **dict.fromkeys(("q0", "q1", "q2"), ""),
        "e": "query e: an empty ranking",
        "n": "query n: a score is NaN",
    }


def matrix(tmp_path, scores, pairs):
    np.savez(tmp_path / "m.npz", scores=scores)
    return FORMAT.read(tmp_path / "m.npz", pairs.queries())


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.int64])
@pytest.mark.parametrize("folds", [1, 3])
def test_a_matrix_is_judged_like_the_lists_of_its_rows(kind, folds, tmp_path):
    rng = np.random.default_rng(0)
    captions = [["c"] * n for n in rng.integers(1, 4, 8)]
    pairs = Pairs.of([SimpleNamespace(id=f"i{n}") for n in range(8)], captions, folds=folds)
    scores = rng.integers(0, 9, (len(pairs.owner), 8)).astype(kind)
    read = matrix(tmp_path, scores, pairs)
    for wanted in ("text", "image"):
        asked = [query for query in pairs.queries() if query.kind == wanted]
        rows = scores if wanted == "text" else scores.T
        of = pairs.owner[:, None] == np.arange(8)
        near = pairs.folds[pairs.owner][:, None] == pairs.folds
        of, near = (of, near) if wanted == "text" else (of.T, near.T)
        query, _ = np.nonzero(near)
        for ties in ("worst", "best"):
            expected = of_scores(query, rows[near].astype(float), of[near], of.sum(axis=1), ties=ties)
            table = ranks(pairs, asked, [read[query.id] for query in asked])(ties)
            assert table.ranks.tolist() == expected.ranks.tolist()
            assert table.sizes.tolist() == expected.sizes.tolist()


def test_nan_in_a_matrix_is_named_in_both_directions(tmp_path):
    pairs = Pairs.of([SimpleNamespace(id=f"i{n}") for n in range(3)], [["c"]] * 3, folds=1)
    scores = np.ones((3, 3))
    scores[1, 2] = np.nan
    read = matrix(tmp_path, scores, pairs)
    wrong = [query.id for query in pairs.queries() if FORMAT.check(query, read[query.id])]
    assert wrong == ["i1#0", "i2"]


def test_a_matrix_of_texts_is_refused(tmp_path):
    pairs = Pairs.of([SimpleNamespace(id="i0")], [["c"]], folds=1)
    with pytest.raises(UserError, match="not a score matrix"):
        matrix(tmp_path, np.array([["0.5"]]), pairs)


def test_an_item_of_no_gallery_is_named(tmp_path):
    pairs = Pairs.of([SimpleNamespace(id="i0"), SimpleNamespace(id="i1")], [["c"]] * 2, folds=1)
    path = written(tmp_path / "r.parquet", [("i0#0", ["i0"], [1.0]), ("i1#0", ["i1", "i0#0"], [2.0, 1.0])])
    read = FORMAT.read(path, [])
    with pytest.raises(UserError, match="query 'i1#0' has 'i0#0', which is no image of the task"):
        ranks(pairs, pairs.queries()[:2], [Ranking(one.table, one.row) for one in read.values()])
