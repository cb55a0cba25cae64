"""The table of ranks: every way into it gives the ranks of the definition, and its sums are rounded as one row's."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.metrics.rankings import positives
from zsbench.metrics.rankings.positives import PositiveRanks, of_hits, of_lists, of_matrix, of_scores

INF = float("inf")


def defined(scores, positive, ties):
    """Return ranks as the module's docstring defines them."""
    ranks = []
    for row, wanted in zip(scores, positive, strict=True):
        others = row[~wanted]
        for number, score in enumerate(np.sort(row[wanted])[::-1]):
            ahead = (others >= score) if ties == "worst" else (others > score)
            ranks.append(1 + number + ahead.sum())
    return ranks


@pytest.mark.parametrize("ties", ["worst", "best"])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray])
@given(seed=st.integers(0, 2**16), queries=st.integers(1, 6), gallery=st.integers(1, 12), block=st.integers(1, 40))
def test_whole_rows_and_single_scores_give_the_ranks_of_the_definition(ties, layout, seed, queries, gallery, block):
    rng = np.random.default_rng(seed)
    levels = np.array([-np.inf, -1, 0, 0.5, np.inf], dtype=np.float32)
    scores = layout(levels[rng.integers(0, 5, (queries, gallery))])
    positive = rng.random((queries, gallery)) < 0.3
    expected = defined(scores, positive, ties)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(positives, "_AT_ONCE", block)
        whole = of_matrix(scores, *np.nonzero(positive), ties=ties)
    query, order = np.repeat(np.arange(queries), gallery), rng.permutation(queries * gallery)
    single = of_scores(query[order], scores.ravel()[order], positive.ravel()[order], positive.sum(axis=1), ties=ties)
    for table in (whole, single):
        assert table.ranks.tolist() == expected
        assert table.sizes.tolist() == positive.sum(axis=1).tolist()


def test_a_positive_that_a_ranking_lacks_has_an_infinite_rank():
    table = of_scores(np.array([1, 1]), np.array([0.2, 0.9]), np.array([True, False]), np.array([1, 3]))
    assert table.ranks.tolist() == [INF, 2, INF, INF]
    assert table.hit(2).tolist() == [0, 1]
    assert table.complete(2).tolist() == [0, 0]


@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_nan_is_refused_wherever_it_stands(place):
    scores = np.zeros((2, 3))
    scores[place] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        of_matrix(scores, np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="NaN"):
        of_scores(np.zeros(6, int), scores.ravel(), np.zeros(6, bool), np.array([1]))


@given(st.lists(st.lists(st.integers(1, 60), unique=True, max_size=40).map(sorted), min_size=1), st.integers(1, 70))
def test_sums_are_those_of_each_query_alone_to_the_last_digit(rows, k):
    table = PositiveRanks.of(rows)
    sums = table.sums((table.numbers + 1) / table.ranks, k)
    for row, value in zip(rows, sums, strict=True):
        near = np.array([rank for rank in row if rank <= k], dtype=float)
        assert np.isnan(value) if not row else value == (np.arange(1, len(near) + 1) / near).sum()


def test_undefined_queries_stay_undefined():
    table = of_lists([["a"], None, ["a"]], [[], ["a"], ["a"]])
    for column in (table.first(), table.last(), table.within(1), table.hit(1), table.complete(1), table.hits(2)[:, 0]):
        assert np.isnan(column).tolist() == [True, True, False]
    assert np.isnan(table.only(np.array([True, True, False])).first()).all()


def test_no_rank_is_read_behind_the_hits_that_are_asked_for():
    read = []

    def judged():
        for number in range(5):
            read.append(number)
            yield number in (1, 3)

    assert of_hits([judged()], most=1).ranks.tolist() == [2]
    assert read == [0, 1]


def test_the_examples_of_the_docstrings_hold():
    assert doctest.testmod(positives, extraglobs={"np": np}) == (0, 8)
