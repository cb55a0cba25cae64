"""Loki equals the reference: Frechet scores, missing classes, embeddings as metric, locus and active selection."""

from dataclasses import replace

import numpy as np
import pytest

from tests.methods.fakes import FakeEncoder, images, unit
from tests.reference._golden import load_npz, some
from zsbench.analysis.comparison.difference import Difference
from zsbench.analysis.locus import Tree
from zsbench.core.score_kinds import ScoreKind
from zsbench.data.class_distances import Graph, graph_distances, graph_of
from zsbench.methods.classification import Classifier, Known, Problem
from zsbench.methods.classification.loki import frechet_scores, loki, squared_euclidean
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels

GOLDEN = load_npz("loki", "loki.npz")


def tree():
    """Return the golden tree, node k the k-th."""
    graph = graph_of([(str(a), str(b)) for a, b in GOLDEN["tree_edges"]])
    order = np.argsort([int(name) for name in graph.names])
    return Tree(Graph([graph.names[i] for i in order], graph.links[order][:, order]))


def answers(probabilities, squared, *, observed=None, **options):
    """What the rule answers after a classifier whose scores are these probabilities."""
    names = [f"class {number}" for number in range(len(squared))]
    columns = np.arange(len(names)) if observed is None else observed
    scores = np.zeros((len(probabilities), len(names)))
    scores[:, columns] = probabilities
    before = Classifier(lambda batch: scores, ScoreKind("probabilities"))
    rule = loki(observed=None if observed is None else [names[i] for i in observed], **options)
    problem = Problem(names, ["{}"], 100.0, distances=np.sqrt(squared))
    built = rule(FakeEncoder(images(1), unit), problem, before)
    return np.asarray(built.score(Known(np.zeros((len(scores), 8)), range(len(scores)))))


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
    found = answers(GOLDEN["probs"], GOLDEN["sq_dist"])
    same_answers(found, GOLDEN["pred"])
    baseline = answers(GOLDEN["probs"], GOLDEN["sq_dist"], answer="argmax")
    if "argmax_pred" in GOLDEN:
        np.testing.assert_array_equal(baseline, GOLDEN["argmax_pred"])
    pairs = (found.argmax(1), baseline)
    compare(("mean_sq_dist", "mean_sq_dist_argmax"), pairs, GOLDEN["sq_dist"])
    if "err" in GOLDEN:
        accuracy = naming.resolve("acc@1", kinds=("classification",)).compute(found, GOLDEN["labels"])
        assert 1 - accuracy == pytest.approx(float(GOLDEN["err"]), abs=1e-9)
    if "relative_improvement" in GOLDEN:
        difference = compared(baseline, found.argmax(1))
        assert difference.relative_improvement == pytest.approx(float(GOLDEN["relative_improvement"]), abs=1e-5)
        assert replace(difference, better="higher").relative_improvement == -difference.relative_improvement


def compared(first, second):
    """The difference of two lists of answers in mean squared distance, as `zsbench compare` has it."""
    metric = naming.resolve("mean-sq-distance", kinds=("hierarchy",))
    gold = Labels(GOLDEN["labels"], distances=np.sqrt(GOLDEN["sq_dist"]))
    a, b = (metric.compute(labels, gold) for labels in (first, second))
    return Difference("t", metric.name, "", "lower", a, b, b - a, 0, 0, 1, "", len(first), 0)


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
    ties = GOLDEN.get("tie_rows_missing", ())
    same_answers(scores, GOLDEN["pred_missing"], ties)
    found = answers(GOLDEN["probs_observed"], GOLDEN["sq_dist"], observed=observed)
    same_answers(found, GOLDEN["pred_missing"], ties)
    if "pred_missing_argmax" in GOLDEN:
        baseline = answers(GOLDEN["probs_observed"], GOLDEN["sq_dist"], observed=observed, answer="argmax")
        np.testing.assert_array_equal(baseline, GOLDEN["pred_missing_argmax"])
        # Of rows whose best costs tie either answer is right, and the golden mean is that of the reference's.
        answered = found.argmax(1)
        answered[np.asarray(ties, dtype=int)] = GOLDEN["pred_missing"][np.asarray(ties, dtype=int)]
        keys = ("mean_sq_dist_missing", "mean_sq_dist_missing_argmax")
        compare(keys, (answered, baseline), GOLDEN["sq_dist"])


def test_embeddings_as_metric():
    if not {"class_embeddings", "emb_sq_dist", "pred_emb", "probs", "labels"} <= GOLDEN.keys():
        return
    squared = squared_euclidean(GOLDEN["class_embeddings"])
    np.testing.assert_allclose(squared, GOLDEN["emb_sq_dist"], atol=1e-5)
    same_answers(frechet_scores(GOLDEN["probs"], squared), GOLDEN["pred_emb"])
    found = answers(GOLDEN["probs"], squared)
    same_answers(found, GOLDEN["pred_emb"])
    pairs = (found.argmax(1), answers(GOLDEN["probs"], squared, answer="argmax"))
    compare(("mean_sq_dist_emb", "mean_sq_dist_emb_argmax"), pairs, squared)


def test_locus():
    if {"tree_edges", "lambda", "locus"} <= GOLDEN.keys():
        found = tree().locus(GOLDEN["lambda"])
        np.testing.assert_array_equal(found, np.sort(GOLDEN["locus"]))
        np.testing.assert_array_equal(found, np.sort(GOLDEN.get("locus_bruteforce", GOLDEN["locus"])))


def test_active_selection():
    if not {"tree_edges", "lambda", "active_selected"} <= GOLDEN.keys():
        return
    whole, members = tree(), list(GOLDEN["lambda"])
    for row in GOLDEN["active_selected"]:
        assert whole.next_class(members) == tuple(row)
        members.append(int(row[0]))
    if "locus_after" in GOLDEN:
        np.testing.assert_array_equal(whole.locus(members), np.sort(GOLDEN["locus_after"]))
