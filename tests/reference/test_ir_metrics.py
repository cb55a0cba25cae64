"""Ranking metrics equal pytrec_eval on every edge case of the golden set; where others differ, the rule is ours."""

import json

import numpy as np
import pytest

from tests.reference._golden import load_json, some
from zsbench.metrics import naming
from zsbench.metrics.rankings.pytrec import trec_order

GOLDEN = load_json("ir-metrics", "metrics.json") or {}
QRELS = {query: row for query, row in GOLDEN.get("qrels", {}).items() if row}
RUN = GOLDEN.get("run", {})
OURS = {"map": "MAP", "ndcg": "nDCG", "recip_rank": "MRR", "Rprec": "R-Prec", "bpref": "Bpref"}
CUT = {"ndcg_cut": "nDCG", "map_cut": "MAP", "P": "P", "recall": "Recall", "success": "Success"}
# Two measures of ir_measures break ties another way (ASCENDING); every other one is trec_eval's.
IR_MEASURES = {
    "AP": "MAP", "AP@10": "MAP@10", "AP(rel=2)": "MAP(rel=2)", "nDCG@5": "nDCG@5", "nDCG@10": "nDCG@10",
    "R@5": "Recall@5", "R@10": "Recall@10", "P@5": "P@5", "P(rel=2)@5": "P(rel=2)@5", "Success@5": "Success@5",
    "RR": "MRR", "Rprec": "R-Prec", "Bpref": "Bpref",
}  # fmt: skip

ASCENDING = {"RR@5": "MRR@5", "Judged@10": "Judged@10"}
RANX = {
    "hit_rate@5": "Success@5", "map": "MAP", "map@10": "MAP@10", "mrr": "MRR", "mrr@5": "MRR@5", "ndcg@5": "nDCG@5",
    "ndcg@10": "nDCG@10", "ndcg_burges@10": "nDCG(gain=exp)@10", "precision@5": "P@5", "r-precision": "R-Prec",
    "recall@5": "Recall@5",
}  # fmt: skip
RANX_UNSTABLE = ("q6", "q7", "q8")
SKLEARN = {"ndcg_score@10 (retrieved docs only)": "nDCG@10", "ndcg_score@10 ignore_ties": "nDCG@10"}
TORCHMETRICS = {"ndcg@10": "nDCG@10", "ap": "MAP", "rr": "MRR", "recall@5": "Recall@5"}


def our_name(measure, rel=1):
    base, _, k = measure.rpartition("_")
    name = OURS.get(measure) or (CUT.get(base) if k.isdigit() else None)
    cut = "" if measure in OURS else f"@{k}"
    level = f"(rel={rel})" if rel != 1 and name not in ("nDCG", None) else ""
    return None if name is None else f"{name}{level}{cut}"


def rows(name, queries=None):
    queries = list(QRELS) if queries is None else queries
    statistics = naming.resolve(name).statistics
    return dict(zip(queries, statistics([RUN.get(q, {}) for q in queries], [QRELS[q] for q in queries]), strict=True))


@pytest.mark.parametrize(("key", "rel"), [("pytrec_per_query", 1), ("pytrec_relevance_level_2", 2)])
def test_per_query_values_equal_pytrec_eval(key, rel):
    expected = GOLDEN.get(key, {})
    measures = {m for values in expected.values() for m in values if our_name(m, rel)}
    for measure in measures:
        got = rows(our_name(measure, rel))
        for query, values in expected.items():
            assert got[query] == pytest.approx(values[measure], abs=1e-9), (query, measure)
    assert measures or key not in GOLDEN


def test_the_mean_over_returned_queries_is_what_skipping_absent_ones_gives():
    expected, returned = GOLDEN.get("pytrec_mean_over_returned", {}), set(GOLDEN.get("returned_queries", []))
    rankings = [RUN[q] if q in returned else None for q in QRELS]
    for measure, value in expected.items():
        name = our_name(measure)
        if name is not None:
            got = naming.resolve(name).compute(rankings, list(QRELS.values()))
            assert got == pytest.approx(value, abs=1e-9), measure


def test_the_mean_over_all_judged_queries_equals_ir_measures():
    for theirs, value in GOLDEN.get("ir_measures_mean", {}).items():
        if theirs in IR_MEASURES:
            got = np.mean(list(rows(IR_MEASURES[theirs]).values()))
            assert got == pytest.approx(value, abs=1e-9), theirs


def in_order(name, query, order):
    """Return our value of a query whose documents stand in another library's order of ties."""
    documents = order(RUN.get(query, {}))
    strict = {document: float(len(documents) - rank) for rank, document in enumerate(documents)}
    return float(naming.resolve(name).statistics([strict], [QRELS[query]])[0])


def test_every_value_of_a_query_equals_ir_measures():
    # Over all queries at once: a level of relevance that no query judges is undefined.
    ours = {theirs: rows(name) for theirs, name in IR_MEASURES.items()}
    for query, values in GOLDEN.get("ir_measures_per_query", {}).items():
        for theirs, value in values.items():
            if theirs in IR_MEASURES:
                assert ours[theirs][query] == pytest.approx(value, abs=1e-9), (query, theirs)
                continue
            # These two of its providers order equal scores by ascending id.
            got = in_order(ASCENDING[theirs], query, lambda run: sorted(run, key=lambda d: (-run[d], d)))
            if query not in RUN and theirs == "Judged@10":
                # Nothing was retrieved, so no share of it was judged: undefined here, 0 there.
                assert (np.isnan(got), value) == (True, 0)
            else:
                assert got == pytest.approx(value, abs=1e-9), (query, theirs)


def test_means_of_the_measures_with_another_order_of_ties():
    for theirs, name in ASCENDING.items():
        found = [in_order(name, q, lambda run: sorted(run, key=lambda d: (-run[d], d))) for q in QRELS]
        value = np.mean(np.nan_to_num(found))
        assert GOLDEN.get("ir_measures_mean", {}).get(theirs, value) == pytest.approx(value, abs=1e-9), theirs


def test_every_value_of_a_query_equals_ranx():
    for query, values in GOLDEN.get("ranx_per_query", {}).items():
        for theirs, value in values.items():
            name = RANX[theirs]
            if query in RANX_UNSTABLE:
                # The order of ties in its longer lists is nobody's rule; a set of five is trec_eval's all the same.
                if name in ("Success@5", "P@5", "Recall@5"):
                    assert rows(name, [query])[query] == pytest.approx(value, abs=1e-6), (query, theirs)
                continue
            got = in_order(name, query, lambda run: sorted(run, key=lambda d: -run[d]))
            assert got == pytest.approx(value, abs=1e-6), (query, theirs)


@pytest.mark.parametrize(("key", "names"), [("sklearn_per_query", SKLEARN), ("torchmetrics_per_query", TORCHMETRICS)])
def test_libraries_that_see_retrieved_documents_alone(key, names):
    """On queries without ties, with the judgements of what was retrieved, their formulas are ours."""
    compared = 0
    for query, values in GOLDEN.get(key, {}).items():
        run = RUN[query]
        retrieved = {doc: grade for doc, grade in QRELS[query].items() if doc in run} or {"": 0}
        if len({np.float32(score) for score in run.values()}) < len(run):
            continue
        for theirs, name in names.items():
            [got] = naming.resolve(name).statistics([run], [retrieved])
            assert got == pytest.approx(values[theirs], abs=1e-6), (query, theirs)
            compared += 1
    assert compared or key not in GOLDEN


def test_judged_queries_missing_from_the_run_score_zero():
    missing = some([q for q in QRELS if q not in RUN], "ir-metrics")
    assert set(rows("nDCG@10", missing).values()) == {0.0}


def test_a_cut_before_judging_changes_nothing():
    """The measures at k see the first k documents only, whatever stands below and however scores tie."""
    rng = np.random.default_rng(0)
    for _ in range(30):
        n = int(rng.integers(2, 40))
        scores = rng.integers(0, 5, n) + rng.choice([0, 1e-9], n)
        ranking = {f"d{i}": float(s) for i, s in zip(rng.permutation(n), scores, strict=True)}
        row = {f"d{i}": int(g) for i, g in enumerate(rng.integers(-1, 3, n))}
        whole = trec_order(ranking)
        assert whole == sorted(ranking, key=lambda d: (np.float32(ranking[d]), d.encode()), reverse=True)
        for k in (1, 3, n, n + 5):
            assert trec_order(ranking, k) == whole[:k]
            strict = {doc: float(n - rank) for rank, doc in enumerate(whole[:k])}
            for name in (f"nDCG@{k}", f"MAP@{k}", f"P@{k}", f"Recall@{k}", f"Success@{k}", f"R_cap@{k}"):
                metric = naming.resolve(name)
                assert list(metric.statistics([ranking], [row])) == list(metric.statistics([strict], [row])), name
            first = next((rank for rank, doc in enumerate(whole[:k], 1) if row[doc] >= 1), 0)
            [mrr] = naming.resolve(f"MRR@{k}").statistics([ranking], [row])
            assert mrr == pytest.approx(1 / first if first else 0, abs=1e-12)


def test_capped_recall_and_holes():
    rankings = [{"a": 3.0, "b": 2.0, "x": 1.0}, {"c": 2.0, "a": 1.0}, {}]
    qrels = [{"a": 1, "b": 1, "c": 2, "d": 0}, {"e": 0}, {"a": 1}]
    # three relevant, cut at 2: two of two reachable hits; no relevant document: 0, as trec_eval's recall
    assert list(naming.resolve("R_cap@2").statistics(rankings, qrels)) == [1.0, 0.0, 0.0]
    assert list(naming.resolve("R_cap(rel=2)@5").statistics(rankings, qrels)) == [0.0, 0.0, 0.0]
    # x was judged for no query; the others were, if for another one
    assert list(naming.resolve("Hole@3").statistics(rankings, qrels)) == pytest.approx([1 / 3, 0.0, 0.0])
    assert list(naming.resolve("Judged@2").statistics(rankings[:2], qrels[:2])) == [1.0, 0.0]


@pytest.mark.parametrize("name", ["nDCG@10", "MRR@10", "MAP", "Hole@3", "Judged@3", "R_cap@3"])
def test_a_query_left_out_is_undefined_and_a_nan_score_is_refused(name):
    metric = naming.resolve(name)
    values = metric.statistics([None, {"a": 1.0}], [{"a": 1}, {"a": 1}])
    assert np.isnan(values[0])
    assert not np.isnan(values[1])
    for bad in (float("nan"), float("inf"), -float("inf")):
        with pytest.raises(ValueError, match="NaN or infinite"):
            metric.statistics([{"a": bad}], [{"a": 1}])


def write_trec(tmp_path):
    (tmp_path / "qrels").write_text("".join(f"{q} 0 {d} {g}\n" for q, row in QRELS.items() for d, g in row.items()))
    lines = [f"{q} Q0 {d} 0 {s!r} x\n" for q, row in RUN.items() for d, s in row.items()]
    (tmp_path / "run").write_text("".join(lines))
    return tmp_path / "run", tmp_path / "qrels"


def test_score_stands_in_for_trec_eval(tmp_path, capsys):
    from zsbench.cli.score import score

    run, qrels = write_trec(tmp_path)
    expected = GOLDEN.get("pytrec_per_query", {})
    measures = [m for m in next(iter(expected.values()), {}) if our_name(m)]
    score(run=run, qrels=qrels, metric=measures, items=tmp_path / "items.tsv", json=True)
    table = {row["metric"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    found = {tuple(line.split("\t")[:2]): float(line.split("\t")[2]) for line in (tmp_path / "items.tsv").open()}
    for measure in measures:
        name, values = our_name(measure), [row[measure] for row in expected.values()]
        assert table[name]["n"] == len(QRELS)
        assert table[name]["value"] == pytest.approx(sum(values) / len(QRELS), abs=1e-9)
        for query, row in expected.items():
            assert found[name, query] == pytest.approx(row[measure], abs=1e-9)
    measure = next((m for m in measures if m.startswith("ndcg_cut")), None)
    if measure:
        score(run=run, qrels=qrels, metric=[measure], missing="skip", json=True)
        [row] = json.loads(capsys.readouterr().out)["rows"]
        assert row["n"] == len(expected)
        assert row["value"] == pytest.approx(sum(v[measure] for v in expected.values()) / len(expected), abs=1e-9)
