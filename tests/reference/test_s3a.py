"""Cluster, vote, prompt, realign equals the reference: votes, assignments, names and their metrics."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, some
from zsbench.methods.classification import _s3a
from zsbench.methods.classification._s3a_phrases import Phrases
from zsbench.metrics import naming

GOLDEN = load_npz("s3a", "cvpr.npz")
KINDS = ("classification", "clustering")
ROUNDS = sorted(int(key.removeprefix("agg_")) for key in GOLDEN if key.startswith("agg_"))


def judged(pred, suffix, prefix=""):
    """Every metric of the golden round equals ours."""
    names = {
        "iou": "vocabulary-IoU",
        "missing": "missing-classes",
        "missing_set": "missing-classes(when=never-named)",
    }
    for key, name in names.items():
        key = f"{prefix}{key}{suffix}"
        if key in GOLDEN:
            value = naming.resolve(name, kinds=KINDS).compute(pred, GOLDEN["gt_vocab"])
            assert value == pytest.approx(float(GOLDEN[key]), abs=1e-5), key


def same_assignment(agreement, wanted):
    """Our assignment is as good as the golden one, and is the same unless several are equally good."""
    ours, rows = _s3a.assign(agreement), np.arange(len(wanted))
    assert agreement[rows, ours].sum() == pytest.approx(agreement[rows, wanted].sum(), abs=1e-5)


def test_the_folder_holds_rounds():
    some(ROUNDS, "s3a")


def test_best_names():
    if "topk_voc" in GOLDEN:
        found = _s3a.best_names(GOLDEN["vfeatures"], GOLDEN["vocab_classifier"])
        assert GOLDEN["topk_voc"].size == len(found)  # the vote counts one name an image
        np.testing.assert_array_equal(found, GOLDEN["topk_voc"].reshape(len(found), -1)[:, 0])


@pytest.mark.parametrize("t", ROUNDS)
def test_a_round_of_vote_assign_reassign(t):
    features, weights = GOLDEN["vfeatures"], GOLDEN["vocab_classifier"]
    start = GOLDEN["kmeans_labels" if t == 0 else f"clusters_{t - 1}"]
    agreement = _s3a.vote(start, _s3a.best_names(features, weights), len(weights))
    np.testing.assert_allclose(agreement, GOLDEN[f"agg_{t}"], atol=1e-5)
    assigned = GOLDEN[f"assigned_vocab_{t}"]
    same_assignment(agreement, assigned)
    if f"assign_value_{t}" in GOLDEN:
        value = agreement[np.arange(len(assigned)), _s3a.assign(agreement)].sum()
        assert value == pytest.approx(float(np.sum(GOLDEN[f"assign_value_{t}"])), abs=1e-4)
    names = _s3a.best_names(features, weights, np.unique(assigned))
    np.testing.assert_array_equal(names, GOLDEN[f"vocab_pred_{t}"])
    np.testing.assert_array_equal(np.unique(names, return_inverse=True)[1], GOLDEN[f"clusters_{t}"])
    judged(names, f"_{t}")
    if f"inst_acc_{t}" in GOLDEN:
        # The notebook takes this one before reassignment: an image has the name of the cluster it was in.
        before = assigned[np.unique(start, return_inverse=True)[1]]
        value = naming.resolve("acc@1", kinds=KINDS).compute(before, GOLDEN["gt_vocab"])
        assert value == pytest.approx(float(GOLDEN[f"inst_acc_{t}"]), abs=1e-5)


def test_all_rounds_together():
    if {"vfeatures", "vocab_classifier", "kmeans_labels"} <= GOLDEN.keys():
        args = GOLDEN["vfeatures"], GOLDEN["vocab_classifier"], GOLDEN["kmeans_labels"]
        for t in ROUNDS:
            found = _s3a.name_clusters(*args, n_iter=t + 1)
            if not (found.assigned == GOLDEN[f"assigned_vocab_{t}"]).all():
                break  # several assignments are equally good; what follows differs with reason
            np.testing.assert_array_equal(found.names, GOLDEN[f"vocab_pred_{t}"])
            np.testing.assert_array_equal(found.clusters, GOLDEN[f"clusters_{t}"])


def test_clustering_metrics():
    keys = {"kmeans_cluster_acc": "kmeans_labels", "realign_cluster_acc": "realign_clusters"}
    keys |= {f"cluster_acc_{t}": f"clusters_{t}" for t in ROUNDS}
    for key, pred in keys.items():
        if key in GOLDEN and pred in GOLDEN:
            found = naming.resolve("clustering-acc", kinds=KINDS).compute(GOLDEN[pred], GOLDEN["gt_cluster"])
            assert found == pytest.approx(float(GOLDEN[key]), abs=1e-6), key
    for key, name in (("pair_recall", "pair-recall"), ("pair_precision", "pair-precision")):
        if key in GOLDEN and ROUNDS:
            found = naming.resolve(name, kinds=KINDS).compute(GOLDEN[f"clusters_{ROUNDS[-1]}"], GOLDEN["gt_cluster"])
            assert found == pytest.approx(float(GOLDEN[key]), abs=1e-6), key


def told():
    """The golden phrases, a `Phrases` for each cluster."""
    for names, candidate, count, vectors in zip(
        *(GOLDEN[key] for key in ("candidates_vocab", "prompt_candidate", "prompt_count", "prompt_embeddings")),
        strict=True,
    ):
        real = candidate >= 0
        yield Phrases(names, candidate[real], count[real], vectors[real])


def test_candidates_of_a_cluster_are_the_names_with_the_most_votes():
    votes = GOLDEN[f"agg_{ROUNDS[-1]}"]
    found = _s3a.candidates(votes, k1=int(GOLDEN["k_1"]))
    # Names without a vote are equally good.
    ours, theirs = (np.sort(np.take_along_axis(votes, own, axis=1)) for own in (found, GOLDEN["candidates_vocab"]))
    np.testing.assert_array_equal(ours, theirs)


def test_realignment():
    if "realign_votes" not in GOLDEN:
        return
    features, weights, clusters = (GOLDEN[k] for k in ("vfeatures", "vocab_classifier", "realign_clusters_in"))
    found = _s3a.realigned(features, weights, clusters, list(told()), k2=int(GOLDEN.get("k_2", 3)))
    np.testing.assert_allclose(found.agreement, GOLDEN["realign_votes"], atol=1e-4)
    same_assignment(found.agreement, GOLDEN["realign_assigned"])
    if (found.assigned == GOLDEN["realign_assigned"]).all():
        np.testing.assert_array_equal(found.names, GOLDEN["realign_vocab_pred"])
        np.testing.assert_array_equal(found.clusters, GOLDEN["realign_clusters"])
        judged(found.names, "", "realign_")
