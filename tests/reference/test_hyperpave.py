"""HyperPAVE: metrics of a score matrix as its code prints them, and its inductive split."""

import json

import numpy as np
import pytest

from tests.command import call
from tests.reference._golden import load_json, load_npz, needs
from zsbench.corpus.value_split import TEST, TRAIN, VALIDATION, parts
from zsbench.metrics import naming

MATRIX, EXPECTED = load_npz("hyperpave", "metrics.npz"), load_json("hyperpave", "metrics.json")
SPLIT = load_json("hyperpave", "inductive_split.json")
# Name in the golden file -> metric.
METRICS = {
    "auc_micro": "ROC-AUC(average=micro)",
    "macro_f1": "label-F1(average=macro)",
    "micro_f1": "label-F1(average=micro)",
    "lrap_of_binary": "lrap_of_binary",
    "lrap_of_scores": "lrap",
    "ndcg": "row-nDCG",
    "ndcg_at_50": "row-nDCG@50",
    "ndcg_at_5": "row-nDCG@5",
    "map": "row-mAP",
    "first_relevant_mrr": "row-MRR",
}


def compute(name):
    return naming.resolve(name, kinds=("multilabel",)).compute(MATRIX["scores"], MATRIX["labels"])


@pytest.mark.parametrize("key", METRICS)
def test_metrics_of_a_score_matrix(key):
    needs(MATRIX, EXPECTED)
    assert compute(METRICS[key]) == pytest.approx(EXPECTED[key], abs=1e-9)


def test_hits():
    needs(MATRIX, EXPECTED)
    for k, expected in EXPECTED["hit"].items():
        assert compute(f"row-hit@{k}") == pytest.approx(expected, abs=1e-9), k


def test_score_prints_them_of_a_saved_matrix(tmp_path, monkeypatch):
    needs(MATRIX, EXPECTED)
    monkeypatch.chdir(tmp_path)
    labels = np.asarray(MATRIX["labels"])
    names = {"product_ids": np.arange(len(labels)).astype(str), "values": [f"v: {j}" for j in range(labels.shape[1])]}
    np.savez("m.npz", scores=MATRIX["scores"], labels=labels, **names)
    (tmp_path / "t.yaml").write_text(
        "type: attribute-values\ndescription: d\nfewest_values: 1\ndata: {source: score-matrix, path: m.npz}\n"
        f"metrics: {json.dumps(list(METRICS.values()))}\n"
    )
    code, printed = call("score", "t.yaml", "--predictions", "m.npz", "--json")
    assert code == 0, printed.err
    found = {row["metric"]: row["value"] for row in json.loads(printed.out)["rows"]}
    for key, name in METRICS.items():
        assert found[naming.resolve(name, kinds=("multilabel",)).name] == pytest.approx(EXPECTED[key], abs=1e-9)


def test_the_inductive_split():
    needs(SPLIT)
    edges = SPLIT["edges"]
    values: dict[int, set[int]] = {}
    for product, value in edges:
        values.setdefault(product, set()).add(value)
    of_products = dict(
        zip(values, parts(list(values.values()), SPLIT["val_values"], SPLIT["test_values"]), strict=True)
    )
    for part, key in ((TRAIN, "train"), (VALIDATION, "val"), (TEST, "test")):
        assert [number for number, (product, _) in enumerate(edges) if of_products[product] == part] == SPLIT[key]
    tested = [product for product, part in of_products.items() if part == TEST]
    assert tested == SPLIT["test_products"]
    assert [product for product in tested if len(values[product]) > 1] == SPLIT["eval_products_with_2plus"]
