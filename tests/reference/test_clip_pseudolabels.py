"""Pseudolabel selection, GRIP's schedule and the seen/unseen metrics equal the reference."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_npz, some
from zsbench.config.components import option_defaults
from zsbench.methods.classification._pseudolabels import board, counts, grip_counts, label_all, topk_plain
from zsbench.methods.classification.pseudolabels import pseudolabels
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
    logits, by_round = wanted(case, "logits", "grip_k_per_iter")
    assert grip_counts(*logits.shape, rounds=len(by_round)) == by_round.tolist()


def test_rounds_of_grip_are_100_over_the_quantile_step(case):
    logits, step, by_round = wanted(case, "logits", "grip_step_quantile", "grip_k_per_iter")
    n, n_classes = logits.shape
    found = counts("grip", per_class=1, n_images=n, n_classes=n_classes, rounds=100 // int(step))
    assert found == [k for k in by_round.tolist() if k]
    by_default = option_defaults(pseudolabels)["rounds"] == 100 // int(step)
    assert by_default == (int(step) == 10)  # the code's own step


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
