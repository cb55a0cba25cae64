"""X-CLIP's protocol equals the reference: which frames, how views are fused, mean and spread over splits."""

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, some
from zsbench.methods.video import frame_numbers, fuse
from zsbench.metrics import naming
from zsbench.results.averages import spread

FRAMES = load_json("x-clip", "frame_sampling.json") or []
VIEWS = load_npz("x-clip", "views.npz")


def test_frames_of_long_and_short_videos():
    for case in some(FRAMES, "x-clip") if not VIEWS else FRAMES:
        assert frame_numbers(case["total_frames"], case["num_frames"]) == case["indices"], case


@pytest.mark.skipif("view_logits" not in VIEWS, reason="the folder holds no views")
def test_views_are_fused_as_probabilities_not_as_logits():
    fused = fuse(VIEWS["view_logits"])
    np.testing.assert_allclose(fused, VIEWS["summed_probs"], atol=1e-4)
    for name, key in (("acc@1", "top1_pct"), ("acc@5", "top5_pct")):
        assert 100 * naming.resolve(name).compute(fused, VIEWS["labels"]) == pytest.approx(float(VIEWS[key]), abs=1e-4)
    # Its loader takes two videos at a time and drops an odd last one; here every video counts.
    kept = len(fused) // 2 * 2
    dropped = 100 * naming.resolve("acc@1").compute(fused[:kept], VIEWS["labels"][:kept])
    assert dropped == pytest.approx(float(VIEWS["top1_pct_reference_drop_last_batch2"]), abs=1e-4)
    if VIEWS["top1_pct_mean_logits"] != VIEWS["top1_pct"]:
        wrong = naming.resolve("acc@1").compute(VIEWS["view_logits"].mean(axis=1), VIEWS["labels"])
        assert 100 * wrong == pytest.approx(float(VIEWS["top1_pct_mean_logits"]), abs=1e-4)


@pytest.mark.skipif("split_acc" not in VIEWS, reason="the folder holds no splits")
def test_mean_and_spread_over_splits():
    found = spread(list(VIEWS["split_acc"]))
    assert np.mean(VIEWS["split_acc"]) == pytest.approx(float(VIEWS["split_mean"]))
    assert found["std_population"] == pytest.approx(float(VIEWS["split_std_pop"]))
    assert found["std_sample"] == pytest.approx(float(VIEWS["split_std_sample"]))
