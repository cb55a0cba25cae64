"""The linear probe equals the reference: predictions, accuracy, coefficients, grid; the sweep finds peaks."""

import numpy as np
import pytest

from tests.reference._golden import load_npz, some
from zsbench.methods.classification._search import sweep
from zsbench.methods.classification.linear_probe import fit

GOLDEN = load_npz("clip", "linear_probe.npz")
needs_case = pytest.mark.skipif("train_features" not in GOLDEN, reason="no linear probe in the golden folder")


def probe():
    labels, options = GOLDEN["train_labels"], {"C": float(GOLDEN["C"]), "max_iter": int(GOLDEN["max_iter"])}
    return fit(GOLDEN["train_features"], labels, int(labels.max()) + 1, **options)


@needs_case
def test_predictions_coefficients_and_accuracy():
    some(GOLDEN, "clip")
    fitted = probe()
    predicted = fitted.scores(GOLDEN["test_features"]).argmax(axis=1)
    assert (predicted == GOLDEN["pred"]).all()
    if "acc" in GOLDEN:
        assert (predicted == GOLDEN["test_labels"]).mean() == pytest.approx(float(GOLDEN["acc"]))
    if "coef" in GOLDEN and len(GOLDEN["coef"]) == len(fitted.weights):
        np.testing.assert_allclose(fitted.weights, GOLDEN["coef"], atol=5e-3)
    assert fitted.converged


@needs_case
def test_the_sweep_moves_on_the_published_grid():
    if "c_grid" not in GOLDEN:
        pytest.skip("no grid in the golden folder")
    for peak in range(0, len(GOLDEN["c_grid"]), 5):
        _, tried = sweep(lambda c, peak=peak: -abs(int(np.abs(np.log(GOLDEN["c_grid"] / c)).argmin()) - peak))
        assert all(np.isclose(GOLDEN["c_grid"], c, rtol=1e-9).any() for c in tried)


@pytest.mark.parametrize("peak", [0, 1, 37, 48, 90, 96])
def test_the_sweep_finds_a_single_peak(peak):
    grid = np.logspace(-6, 6, 97)
    best, tried = sweep(lambda c: -abs(int(np.abs(np.log(grid / c)).argmin()) - peak))
    assert best == pytest.approx(grid[peak])
    assert len(tried) <= 7 + 2 * 4


def test_of_equal_values_the_smallest_wins():
    best, tried = sweep(lambda _c: 5)
    assert best == min(tried) == pytest.approx(1e-6)


def test_two_classes_and_an_absent_one():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(40, 3)), np.repeat([0, 2], 20)
    rows[labels == 2] += 1
    fitted = fit(rows, labels, 3, C=1.0)
    scores = fitted.scores(rows)
    assert (scores[:, 1] == -np.inf).all()
    assert ((scores[:, 2] > scores[:, 0]) == (scores.argmax(axis=1) == 2)).all()
    assert (scores.argmax(axis=1) == labels).mean() > 0.7


def test_running_out_of_steps_is_told():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(60, 20)), np.arange(60) % 3
    assert not fit(rows, labels, 3, C=1e6, max_iter=2).converged
