"""Ties, ignored items, queries without positives, depth: what a rank means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.metrics import naming
from zsbench.metrics.rankings.retrieval import Relevant, positive_ranks


def ranks(ranking, positives, **options):
    ignore = options.pop("ignore", "")
    return positive_ranks([ranking], [Relevant(frozenset(positives), frozenset(ignore))], **options).ranks.tolist()


def test_a_tied_item_of_another_query_counts_against_the_query():
    ranking = {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.1}
    assert ranks(ranking, "a") == [3]
    assert ranks(ranking, "a", ties="best") == [1]
    assert ranks(ranking, "ab") == [2, 3]  # positives do not stand in each other's way when tied


def test_ignored_items_take_no_place():
    assert ranks({"a": 3.0, "b": 2.0, "c": 1.0}, "c", ignore="ab") == [1]


def test_a_positive_that_was_not_returned_is_not_found():
    assert ranks({"a": 3.0}, "az") == [1, np.inf]
    assert naming.resolve("retrieval:mAP").compute([{"a": 3.0}], [Relevant(frozenset("az"))]) == pytest.approx(0.5)
    assert naming.resolve("hit@5").compute([{"a": 1.0}], [Relevant(frozenset("z"))]) == 0


def test_queries_without_positives_and_of_the_other_kind_are_undefined():
    gold = [Relevant(frozenset(), query="text"), Relevant(frozenset("a"), query="image")]
    found = naming.resolve("hit(query=text)@1").statistics([{"a": 1.0}, {"a": 1.0}], gold)
    assert np.isnan(found).all()


@given(
    st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.integers(0, 3), min_size=1),
    st.sets(st.text("abcdef", min_size=1, max_size=2), min_size=1),
)
def test_ranks_equal_their_definition(scores, positives):
    for ties, ahead in (("worst", lambda s, own: s >= own), ("best", lambda s, own: s > own)):
        own = sorted((scores[p] for p in positives if p in scores), reverse=True)
        others = [s for key, s in scores.items() if key not in positives]
        expected = [1 + n + sum(ahead(s, score) for s in others) for n, score in enumerate(own)]
        assert ranks(scores, positives, ties=ties)[: len(own)] == expected
