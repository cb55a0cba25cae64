"""Gains of any size, relevance levels, an evaluator that says nothing, and what Hole counts as judged."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.metrics import naming
from zsbench.metrics.rankings import pytrec
from zsbench.metrics.rankings.pytrec import LARGEST_GRADE, Grades, SharedRankings, evaluate
from zsbench.metrics.rankings.scored import Scored

BINARY = ["MAP", "MAP@2", "MRR", "MRR@2", "Recall@2", "R_cap@2", "P@2", "Success@2", "R-Prec", "Bpref"]


@pytest.mark.parametrize("grade", [10, 25, 28, 30, 31, 40, 62, 63, 64, 1000, 10**12])
def test_exponential_gain_takes_any_grade(grade):
    # The document of grade 1 stands above that of the large grade; the right order has them the other way round.
    [value] = naming.resolve("nDCG(gain=exp)@10").statistics([{"a": 2.0, "b": 1.0}], [{"a": 1, "b": grade}])
    gain = 2.0 ** min(grade, 1000) - 1
    assert value == pytest.approx((1 + gain / math.log2(3)) / (gain + 1 / math.log2(3)), abs=1e-12)


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3).map(float)),
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(-3, 12), min_size=1),
    st.sampled_from([None, 1, 3, 20]),
)
def test_exponential_gain_is_linear_gain_of_the_powers(ranking, grades, k):
    powers = {document: 2 ** max(grade, 0) - 1 for document, grade in grades.items()}
    cut = "" if k is None else f"@{k}"
    [value] = naming.resolve(f"nDCG(gain=exp){cut}").statistics([ranking], [grades])
    [wanted] = naming.resolve(f"nDCG{cut}").statistics([ranking], [powers])
    assert value == pytest.approx(wanted, abs=1e-12)


def test_absurd_linear_gains_are_refused_and_binary_relevance_takes_them():
    ranking, grades = {"a": 3.0, "b": 2.0, "c": 1.0}, {"a": 0, "b": LARGEST_GRADE + 1, "c": -(10**12)}
    with pytest.raises(ValueError, match="document 'b' is judged 1000001, more than 1,000,000 in linear"):
        naming.resolve("nDCG@10").statistics([ranking], [grades])
    small = {"a": 0, "b": 1, "c": -1}
    for name in BINARY:
        metric = naming.resolve(name)
        assert list(metric.statistics([ranking], [grades])) == list(metric.statistics([ranking], [small])), name
    assert list(naming.resolve("MRR(rel=4000000000)").statistics([ranking], [{"b": 4 * 10**9}])) == [0.5]


@pytest.mark.parametrize("rel", [0, -1])
def test_a_level_below_one_is_refused_before_trec_eval_sees_it(rel):
    for measure in ("map", "bpref", "recip_rank", "P.5"):
        with pytest.raises(ValueError, match="at least 1"):
            evaluate([{"a": 1.0}], [{"a": 1}], measure, rel=rel)


def test_an_evaluator_that_answers_nothing_is_an_error(monkeypatch):
    import pytrec_eval

    class Silent:
        def __init__(self, *_, **__):
            pass

        def evaluate(self, _):
            return {}

    monkeypatch.setattr(pytrec_eval, "RelevanceEvaluator", Silent)
    with pytest.raises(ValueError, match=r"no map for ranking 0"):
        evaluate([{"a": 1.0}], [{"a": 1}], "map")
    assert list(pytrec.evaluate([{"x": 1.0}], [{"a": 1}], "map")) == [0.0]


def shared(rankings):
    """Return rankings as those that come from a file: columns, with what metrics need of them kept."""
    columns = [r and Scored(pa.array(list(r)), np.asarray(list(r.values()))) for r in rankings]
    return SharedRankings(columns)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.integers(0, 250).map(str), st.integers(0, 60).map(lambda n: n / 7), max_size=250),
            st.dictionaries(st.integers(0, 250).map(str), st.integers(-1, 3), min_size=1, max_size=40),
        ),
        min_size=1,
        max_size=3,
    ),
    st.integers(1, 2),
)
def test_measures_of_cut_rankings_are_those_of_whole_ones(pairs, rel):
    import pytrec_eval

    rankings, qrels = ([pair[side] for pair in pairs] for side in (0, 1))
    # Of a query whose grades are all below 0, trec_eval's nDCG reads memory that is not its own, and may never end.
    judged = {str(n): dict(row) for n, row in enumerate(qrels) if max(row.values()) >= 0}
    measures = ["map", "recip_rank", "Rprec", "bpref", "map_cut.5", "P.10", "recall.100", "success.3", "recall.200"]
    whole = {}
    for graded, level in ((False, rel), (True, 1)):
        names = {"ndcg", "ndcg_cut.10", "ndcg_cut.120"} if graded else set(measures)
        evaluator = pytrec_eval.RelevanceEvaluator(judged, names, relevance_level=level)
        for query, values in evaluator.evaluate({q: rankings[int(q)] for q in judged if rankings[int(q)]}).items():
            whole.setdefault(query, {}).update(values)
    undefined = rel > 1 and not any(grade >= rel for row in qrels for grade in row.values())
    for kept in (rankings, shared(rankings)):
        for measure in [*measures, "ndcg", "ndcg_cut.10", "ndcg_cut.120"]:
            graded, depth = measure.startswith("ndcg"), int(measure.partition(".")[2] or 0) or None
            found = evaluate(kept, qrels, measure, rel=1 if graded else rel, depth=depth).tolist()
            wanted = [whole.get(str(n), {}).get(measure.replace(".", "_"), 0.0) for n in range(len(qrels))]
            assert found == wanted if graded or not undefined else np.isnan(found).all(), measure


def test_what_is_shared_is_of_these_judgements():
    rankings = shared([{"a": 2.0, "b": 1.0}])
    assert [evaluate(rankings, [{name: 1}], "map").tolist() for name in "abx"] == [[1.0], [0.5], [0.0]]
    assert list(naming.resolve("Judged@1").statistics(rankings, [{"a": 1}])) == [1.0]
    with pytest.raises(ValueError, match="ranking 1 holds a score that is NaN"):
        evaluate(shared([{"a": 1.0}, {"a": math.nan}]), [{"a": 1}] * 2, "P.1", depth=1)


def test_holes_depend_on_the_judgements_of_the_collection_and_not_on_how_many_queries_are_judged():
    qrels = {"q1": {"a": 1}, "q2": {"b": 0}, "q3": {"c": 1}}
    metric, rankings = naming.resolve("Hole@3"), [{"a": 3.0, "b": 2.0, "x": 1.0}] * 3
    whole = list(metric.statistics(rankings, Grades.of(qrels, list(qrels))))
    assert whole == pytest.approx([1 / 3] * 3)
    assert list(metric.statistics(rankings[:1], Grades.of(qrels, ["q1"]))) == whole[:1]


BINARY = ["MAP", "MRR", "MRR@1", "Recall@2", "R_cap@2", "P@2", "Success@2", "R-Prec", "Bpref"]


@pytest.mark.parametrize("name", BINARY)
def test_a_level_that_no_document_is_judged_at_is_undefined_not_zero(name):
    metric = naming.resolve(f"{name.split('@')[0]}(rel=2)" + (f"@{name.split('@')[1]}" if "@" in name else ""))
    run = [{"a": 2.0, "b": 1.0}, {}]
    assert np.isnan(metric.statistics(run, [{"a": 1}, {"b": 0}])).all()
    # A query without a document of the level scores 0 as trec_eval has it, as soon as another one has such a document.
    assert metric.statistics(run, [{"a": 1, "b": 2}, {"b": 1}]).tolist()[1] == 0
