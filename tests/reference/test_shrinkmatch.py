"""Shrinking the class space equals the reference: cuts, classes kept, confidences and losses."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_json, load_npz, some
from zsbench.methods.classification.shrink_certainty import shrink, shrunk_loss

CASES = sorted(path.stem for path in (GOLDEN / "shrinkmatch").glob("shrink_*.npz"))


def case(name):
    arrays, facts = load_npz("shrinkmatch", f"{name}.npz"), load_json("shrinkmatch", f"{name}.json") or {}
    threshold = facts.get("threshold", 0.95)
    return arrays, facts, threshold, shrink(arrays["prob_weak"], threshold=threshold)


def untied(probabilities):
    """Rows whose probabilities are all different: elsewhere the order of the ranks is anybody's choice."""
    ranked = np.sort(probabilities, axis=1)
    return (ranked[:, 1:] > ranked[:, :-1]).all(axis=1)


def test_the_folder_holds_cases():
    some(CASES, "shrinkmatch")


@pytest.mark.parametrize("name", CASES)
def test_cut_and_confidence(name):
    arrays, _, _, found = case(name)
    np.testing.assert_array_equal(found.cut_index, arrays["cut_index"])
    set_ = arrays["cut_index"] > 0
    np.testing.assert_allclose(found.confidence[set_], arrays["shrunk_confidence"][set_], atol=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_kept_classes(name):
    arrays, _, _, found = case(name)
    rows = untied(arrays["prob_weak"])
    np.testing.assert_array_equal(found.kept[rows], arrays["kept"][rows])
    np.testing.assert_array_equal(found.kept.sum(axis=1), arrays["kept"].sum(axis=1))


@pytest.mark.parametrize("name", CASES)
def test_losses(name):
    arrays, facts, threshold, found = case(name)
    rows = untied(arrays["prob_weak"])
    loss = shrunk_loss(arrays["logits_strong"], arrays["prob_weak"], found, threshold=threshold)
    np.testing.assert_allclose(loss[rows], arrays["per_sample_loss"][rows], atol=1e-9)
    if rows.all() and "loss_sum" in facts:
        assert loss.sum() == pytest.approx(facts["loss_sum"], abs=1e-9)
        assert loss.sum() / len(loss) == pytest.approx(facts.get("loss_mean", loss.mean()), abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_cuts_of_the_unsure_images_in_order(name):
    arrays, facts, _, found = case(name)
    if "removed_index" in facts and (arrays["cut_index"] > 0).all():
        assert list(found.cut_index[found.cut_index > 1]) == facts["removed_index"]
