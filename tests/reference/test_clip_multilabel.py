"""CLIP's metrics of several labels, and its mean of top 1 and top 5, equal the reference's."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, needs, some
from zsbench.metrics import naming
from zsbench.metrics.labels.multilabel import area, average_precision

GOLDEN, SINGLE = load_npz("clip", "multilabel.npz"), load_npz("clip", "classifier.npz")


def untied(column):
    """Whether the scores of a class are all different: elsewhere a ranking is anybody's choice."""
    return len(np.unique(column)) == len(column)


def test_the_folder_holds_scores_and_targets():
    needs(GOLDEN)
    some([key for key in ("scores", "targets") if key in GOLDEN], "clip")


@pytest.mark.parametrize(
    ("name", "key", "per_class", "interpolation"),
    [("mAP", "map", "ap_per_class", "none"), ("mAP(interpolation=11)", "map11", "ap11_per_class", "11")],
)
def test_average_precision(name, key, per_class, interpolation):
    if key in GOLDEN and all(map(untied, GOLDEN["scores"].T)):
        found = naming.resolve(name, kinds=("multilabel",)).compute(GOLDEN["scores"], GOLDEN["targets"])
        assert found == pytest.approx(float(GOLDEN[key]), abs=1e-5)
    for column, wanted in enumerate(GOLDEN.get(per_class, ())):
        scores, targets = GOLDEN["scores"][:, column], GOLDEN["targets"][:, column]
        if untied(scores):
            found = average_precision(scores, targets, interpolation=interpolation)
            assert found == pytest.approx(wanted, abs=1e-5)


def test_roc_auc():
    if "roc_auc_per_class" in GOLDEN:
        wanted = GOLDEN["roc_auc_per_class"]
        columns = zip(GOLDEN["scores"].T, GOLDEN["targets"].T, strict=True)
        np.testing.assert_allclose([area(s, t) for s, t in columns], wanted, atol=1e-6)
        if np.isfinite(wanted).any():
            found = naming.resolve("ROC-AUC", kinds=("multilabel",)).compute(GOLDEN["scores"], GOLDEN["targets"])
            assert found == pytest.approx(np.nanmean(wanted), abs=1e-6)


def test_mean_of_top_1_and_top_5():
    if "mean_top1_top5" in SINGLE and np.isfinite(SINGLE["mean_top1_top5"]):
        found = naming.resolve("mean-top1-top5", kinds=("classification",)).compute(SINGLE["logits"], SINGLE["labels"])
        assert found == pytest.approx(float(SINGLE["mean_top1_top5"]), abs=1e-6)


def test_spread_over_classes():
    if "per_class_recall" in SINGLE:
        recalls = SINGLE["per_class_recall"][np.unique(SINGLE["labels"])]
        found = naming.resolve("per-class-std", kinds=("classification",)).compute(SINGLE["logits"], SINGLE["labels"])
        assert found == pytest.approx(np.std(recalls), abs=1e-6)
