"""Ranking metrics equal pytrec_eval on every edge case of the golden set."""

import pytest

from tests.reference._golden import load_json, some
from zsbench import metrics

GOLDEN = load_json("ir-metrics", "metrics.json") or {}
OURS = {"map": "MAP", "ndcg": "nDCG", "recip_rank": "MRR", "Rprec": "R-Prec", "bpref": "Bpref"}
CUT = {"ndcg_cut": "nDCG", "map_cut": "MAP", "P": "P", "recall": "Recall", "success": "Success"}


def our_name(measure, rel=1):
    base, _, k = measure.rpartition("_")
    name = OURS.get(measure) or (CUT.get(base) if k.isdigit() else None)
    cut = "" if measure in OURS else f"@{k}"
    level = f"(rel={rel})" if rel != 1 and name not in ("nDCG", None) else ""
    return None if name is None else f"{name}{level}{cut}"


@pytest.mark.parametrize(("key", "rel"), [("pytrec_per_query", 1), ("pytrec_relevance_level_2", 2)])
def test_per_query_values_equal_pytrec_eval(key, rel):
    checked = 0
    for query, values in GOLDEN.get(key, {}).items():
        for measure, expected in values.items():
            name = our_name(measure, rel)
            if name is None:
                continue
            statistics = metrics.resolve(name).statistics
            [got] = statistics([GOLDEN["run"][query]], [GOLDEN["qrels"][query]])
            assert got == pytest.approx(expected, abs=1e-9), (query, measure)
            checked += 1
    assert checked or key not in GOLDEN


def test_judged_queries_missing_from_the_run_score_zero():
    qrels, run = GOLDEN["qrels"], GOLDEN["run"]
    missing = some([q for q in qrels if qrels[q] and q not in run], "ir-metrics")
    metric = metrics.resolve("nDCG@10")
    assert list(metric.statistics([{} for _ in missing], [qrels[q] for q in missing])) == [0.0] * len(missing)
