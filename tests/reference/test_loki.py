"""Loki equals the reference: Frechet scores, missing classes, embeddings as metric, locus and active selection."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, some
from zsbench.data.class_distances import graph_distances
from zsbench.methods.classification._locus import locus, next_class
from zsbench.methods.classification.loki import frechet_scores, squared_euclidean
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels

GOLDEN = load_npz("loki", "loki.npz")


def tree():
    """Return distances between all nodes of the golden tree, node k in row k."""
    edges = [(str(a), str(b)) for a, b in GOLDEN["tree_edges"]]
    return graph_distances(edges, [str(i) for i in range(GOLDEN["tree_edges"].max() + 1)])


def test_the_folder_holds_cases():
    some(GOLDEN, "loki")


def test_distances_of_the_tree():
    if {"tree_edges", "leaves", "sq_dist"} <= GOLDEN.keys():
        edges = [(str(a), str(b)) for a, b in GOLDEN["tree_edges"]]
        found = graph_distances(edges, [str(node) for node in GOLDEN["leaves"]])
        np.testing.assert_array_equal(found**2, GOLDEN["sq_dist"])


def same_answers(scores, wanted, skip=()):
    """Answers agree except where the two best scores are as near as rounding (or the golden data say: tied)."""
    best = np.sort(scores, axis=1)
    clear = best[:, -1] - best[:, -2] > 1e-5 * np.maximum(1, np.abs(best[:, -1]))
    clear[np.asarray(skip, dtype=int)] = False
    np.testing.assert_array_equal(scores.argmax(1)[clear], np.asarray(wanted)[clear])


def compare(keys, pred, squared):
    """Mean squared distances of predictions equal the golden ones, through the metric."""
    gold = Labels(GOLDEN["labels"], distances=np.sqrt(squared))
    for key, answer in zip(keys, pred, strict=True):
        if key in GOLDEN:
            value = naming.resolve("mean-sq-distance", kinds=("hierarchy",)).compute(answer, gold)
            assert value == pytest.approx(float(GOLDEN[key]), abs=1e-5), key


def test_frechet_scores_and_metrics():
    if not {"probs", "labels", "sq_dist", "pred"} <= GOLDEN.keys():
        return
    scores = frechet_scores(GOLDEN["probs"], GOLDEN["sq_dist"])
    if "neg_frechet_variance" in GOLDEN:
        np.testing.assert_allclose(scores, GOLDEN["neg_frechet_variance"], rtol=1e-5, atol=1e-5)
    same_answers(scores, GOLDEN["pred"])
    if "argmax_pred" in GOLDEN:
        np.testing.assert_array_equal(GOLDEN["probs"].argmax(1), GOLDEN["argmax_pred"])
        pairs = (GOLDEN["pred"], GOLDEN["argmax_pred"])
        compare(("mean_sq_dist", "mean_sq_dist_argmax"), pairs, GOLDEN["sq_dist"])
    if "err" in GOLDEN:
        accuracy = naming.resolve("acc@1", kinds=("classification",)).compute(GOLDEN["pred"], GOLDEN["labels"])
        assert 1 - accuracy == pytest.approx(float(GOLDEN["err"]), abs=1e-9)
    if {"mean_sq_dist", "mean_sq_dist_argmax", "relative_improvement"} <= GOLDEN.keys():
        loki, baseline = float(GOLDEN["mean_sq_dist"]), float(GOLDEN["mean_sq_dist_argmax"])
        assert (baseline - loki) / baseline == pytest.approx(float(GOLDEN["relative_improvement"]), abs=1e-5)


def test_squaring_a_squared_matrix_changes_the_answers():
    if {"probs", "sq_dist"} <= GOLDEN.keys() and (GOLDEN["sq_dist"] > 1).any():
        wrong = frechet_scores(GOLDEN["probs"], GOLDEN["sq_dist"] ** 2)
        right = frechet_scores(GOLDEN["probs"], GOLDEN["sq_dist"])
        assert not np.allclose(wrong, right)


def test_missing_classes():
    if not {"observed", "probs_observed", "cost_missing", "pred_missing", "labels", "sq_dist"} <= GOLDEN.keys():
        return
    observed = GOLDEN["observed"]
    scores = frechet_scores(GOLDEN["probs_observed"], GOLDEN["sq_dist"][observed])
    np.testing.assert_allclose(-scores, GOLDEN["cost_missing"], rtol=1e-5, atol=1e-5)
    same_answers(scores, GOLDEN["pred_missing"], GOLDEN.get("tie_rows_missing", ()))
    if "pred_missing_argmax" in GOLDEN:
        baseline = observed[GOLDEN["probs_observed"].argmax(1)]
        np.testing.assert_array_equal(baseline, GOLDEN["pred_missing_argmax"])
        keys = ("mean_sq_dist_missing", "mean_sq_dist_missing_argmax")
        compare(keys, (GOLDEN["pred_missing"], baseline), GOLDEN["sq_dist"])


def test_embeddings_as_metric():
    if not {"class_embeddings", "emb_sq_dist", "pred_emb", "probs", "labels"} <= GOLDEN.keys():
        return
    squared = squared_euclidean(GOLDEN["class_embeddings"])
    np.testing.assert_allclose(squared, GOLDEN["emb_sq_dist"], atol=1e-5)
    same_answers(frechet_scores(GOLDEN["probs"], squared), GOLDEN["pred_emb"])
    pairs = (GOLDEN["pred_emb"], GOLDEN["probs"].argmax(1))
    compare(("mean_sq_dist_emb", "mean_sq_dist_emb_argmax"), pairs, squared)


def test_locus():
    if {"tree_edges", "lambda", "locus"} <= GOLDEN.keys():
        found = locus(tree(), GOLDEN["lambda"])
        np.testing.assert_array_equal(found, np.sort(GOLDEN["locus"]))
        np.testing.assert_array_equal(found, np.sort(GOLDEN.get("locus_bruteforce", GOLDEN["locus"])))


def test_active_selection():
    if not {"tree_edges", "lambda", "active_selected"} <= GOLDEN.keys():
        return
    distances, members = tree(), list(GOLDEN["lambda"])
    for node, distance, _ in GOLDEN["active_selected"]:
        assert next_class(distances, members) == (node, distance)
        members.append(int(node))
    if "locus_after" in GOLDEN:
        np.testing.assert_array_equal(locus(distances, members), np.sort(GOLDEN["locus_after"]))
