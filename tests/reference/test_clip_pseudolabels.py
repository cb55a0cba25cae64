"""Pseudolabel selection, GRIP's schedule and the seen/unseen metrics equal the reference."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_npz, some
from zsbench.methods.classification._pseudolabels import board, grip_counts, label_all, topk_plain
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels

SLUG = "clip-pseudolabels"
NAMES = sorted(p.name for p in (GOLDEN / SLUG).glob("*.npz")) if (GOLDEN / SLUG).is_dir() else []


@pytest.fixture(params=NAMES)
def case(request):
    return load_npz(SLUG, request.param)


def wanted(case, *keys):
    if any(key not in case for key in keys):
        pytest.skip("not in this folder")
    return [case[key] for key in keys]


def test_there_are_cases():
    some(NAMES, SLUG)


def test_board_in_its_order(case):
    logits, k, index, label = wanted(case, "logits", "k", "selected_index", "selected_label")
    images, labels = board(logits, per_class=int(k))
    assert images.tolist() == index.tolist()
    assert labels.tolist() == label.tolist()


def test_every_image_by_its_likeliest_class(case):
    logits, index, label = wanted(case, "logits", "all_index", "all_label")
    images, labels = label_all(logits)
    assert images.tolist() == index.tolist()
    assert labels.tolist() == label.tolist()


def test_plain_top_k(case):
    logits, k, rows = wanted(case, "logits", "k", "plain_topk")
    images, labels = topk_plain(logits, per_class=int(k))
    assert np.stack([labels, images], axis=1).tolist() == rows.tolist()


def test_grip_schedule(case):
    logits, counts = wanted(case, "logits", "grip_k_per_iter")
    assert grip_counts(*logits.shape, rounds=len(counts)) == counts.tolist()


def test_rounds_of_grip_are_100_over_the_quantile_step(case):
    step, counts = wanted(case, "grip_step_quantile", "grip_k_per_iter")
    assert len(counts) == 100 // int(step)


@pytest.mark.parametrize(
    ("name", "key"),
    [("seen-acc", "seen_acc"), ("unseen-acc", "unseen_acc"), ("H", "harmonic_mean"), ("acc", "accuracy")],
)
def test_metrics(case, name, key):
    predicted, true, unseen, value = wanted(case, "pred_class", "true_class", "unseen", key)
    is_unseen = np.zeros(1 + max(predicted.max(), true.max(), unseen.max(initial=0)), dtype=bool)
    is_unseen[unseen] = True
    gold = true if name == "acc" else Labels(true, is_unseen)
    assert naming.resolve(name).compute(predicted, gold) == pytest.approx(float(value), abs=1e-12)
