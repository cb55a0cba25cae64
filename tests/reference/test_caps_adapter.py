"""Tip-Adapter, TIP-X and CapS equal the reference: searched values exactly, scores, accuracies."""

import numpy as np
import pytest

from tests.reference._golden import GOLDEN, load_npz, some
from zsbench.methods.classification import Known, linear
from zsbench.methods.classification._cache_model import CacheModel, table
from zsbench.methods.classification._divergence import Span, divergence, log_distributions, rescale
from zsbench.methods.classification._search import first_best, steps
from zsbench.methods.classification._support import Values
from zsbench.methods.classification.tip_adapter import from_support
from zsbench.methods.classification.tip_adapter import table as tip_table
from zsbench.metrics import naming

SLUG = "caps-adapter"
CASES = {path.name: load_npz(SLUG, path.name) for path in sorted((GOLDEN / SLUG).glob("*.npz"))}


def cases(*keys):
    """The cases that hold what a test compares with."""
    needed = {"cache_keys", "cache_values", "clip_weights", "test_features", *keys}
    names = [name for name, case in CASES.items() if needed <= case.keys()]
    return pytest.mark.parametrize("case", [pytest.param(CASES[name], id=name) for name in names])


def test_there_is_a_case():
    some([name for name, case in CASES.items() if "cache_keys" in case], SLUG)


def values(case):
    assert (np.sort(case["cache_values"], axis=1)[:, :-1] == 0).all()
    return Values(case["cache_values"].argmax(axis=1), case["cache_values"].shape[1])


def zero_shot(case, part="test"):
    return 100 * case[f"{part}_features"] @ case["clip_weights"]


def percent(scores, labels):
    return 100 * (scores.argmax(axis=1) == labels).mean()


def model(case, *, captions, kl_space="class"):
    return CacheModel(
        images=case["cache_keys"].T,
        captions=case["caption_keys"].T if captions else None,
        values=values(case),
        weights=case["clip_weights"].T if kl_space == "class" else None,
        temperature=float(case["temperature"]),
    )


def combined(case, memory, prefix, *, delta=0.0, target="test"):
    """Scores of the test images at the golden hyper-parameters, the way the rule puts them together."""
    features, chosen = case["test_features"], {k: float(case[f"{prefix}_{k}"]) for k in ("alpha", "beta", "gamma")}
    of_k, [of_a] = memory.spans([features[:7], features[7:]] if len(features) > 7 else [features], [delta])
    if target == "val":
        _, [of_a] = memory.spans([case["val_features"]], [delta])
    phi = -rescale(memory.divergence(features), of_k, of_a)
    cache = from_support(memory.affinity(features, delta), memory.values, beta=chosen["beta"])
    return zero_shot(case) + chosen["alpha"] * cache + chosen["gamma"] * memory.values.apply(phi)


@cases("tip_logits_init", "tip_test_acc_init")
def test_tip_adapter_with_the_papers_first_values(case):
    scores = zero_shot(case) + 1.17 * from_support(case["test_features"] @ case["cache_keys"], values(case), beta=1.0)
    np.testing.assert_allclose(scores, case["tip_logits_init"], atol=1e-3)
    assert percent(scores, case["test_labels"]) == pytest.approx(float(case["tip_test_acc_init"]))


@cases("tip_search_scale", "tip_search_step", "tip_best_beta", "tip_best_alpha")
def test_tip_adapter_finds_the_same_values_and_scores(case):
    (beta_max, alpha_max), (beta_steps, alpha_steps) = case["tip_search_scale"], case["tip_search_step"]
    axes = {"beta": steps(0.1, beta_max, int(beta_steps)), "alpha": steps(0.1, alpha_max, int(alpha_steps))}
    affinity = case["val_features"] @ case["cache_keys"]
    correct = tip_table(zero_shot(case, "val"), affinity, values(case), case["val_labels"], **axes)
    chosen = first_best(correct, axes)
    assert chosen["beta"] == pytest.approx(float(case["tip_best_beta"]), rel=1e-9)
    assert chosen["alpha"] == pytest.approx(float(case["tip_best_alpha"]), rel=1e-9)
    assert 100 * correct.max() / len(affinity) == pytest.approx(float(case["tip_val_acc_best"]))
    cache = from_support(case["test_features"] @ case["cache_keys"], values(case), beta=chosen["beta"])
    scores = zero_shot(case) + chosen["alpha"] * cache
    np.testing.assert_allclose(scores, case["tip_logits_best"], atol=1e-3)
    assert percent(scores, case["test_labels"]) == pytest.approx(float(case["tip_test_acc_best"]))


@cases("zeroshot_test_acc")
def test_the_zero_shot_row(case):
    labels = case["test_labels"]
    found = linear(case["clip_weights"].T, 100.0).score(Known(case["test_features"], range(len(labels))))
    accuracy = naming.resolve("acc@1", kinds=("classification",)).compute(found, labels)
    assert 100 * accuracy == pytest.approx(float(case["zeroshot_test_acc"]))
    np.testing.assert_allclose(found, zero_shot(case), atol=1e-4)


@cases("kl_test", "kl_val", "temperature")
def test_divergences_between_class_distributions(case):
    memory = model(case, captions=False)
    for part in ("test", "val"):
        found = memory.divergence(case[f"{part}_features"])
        np.testing.assert_allclose(found, case[f"kl_{part}"], atol=1e-5)
        p, q = (
            np.exp(log_distributions(rows, memory.weights, temperature=memory.temperature))
            for rows in (case[f"{part}_features"], memory.images)
        )
        by_definition = [[np.sum(a * np.log(a / b)) for b in q] for a in p]
        np.testing.assert_allclose(found, by_definition, atol=1e-9)


@cases("caps_kl_test", "caps_kl_val", "temperature")
def test_divergences_over_the_features_own_coordinates(case):
    memory = model(case, captions=False, kl_space="feature")
    for part in ("test", "val"):
        np.testing.assert_allclose(memory.divergence(case[f"{part}_features"]), case[f"caps_kl_{part}"], atol=1e-5)


@cases("tipx_search_scale", "tipx_search_step", "tipx_alpha", "tipx_beta", "tipx_gamma", "temperature")
def test_tip_x_finds_the_same_values(case):
    # The reference keeps beta's end and number first, then alpha's and gamma's.
    (b, a, c), (j, i, k) = case["tipx_search_scale"], (int(n) for n in case["tipx_search_step"])
    axes = {"alpha": steps(0.1, a, i), "beta": steps(1, b, j), "delta": [0.0], "gamma": steps(0.1, c, k)}
    memory = model(case, captions=False)
    chosen = first_best(table(zero_shot(case, "val"), case["val_features"], memory, case["val_labels"], axes), axes)
    for name in ("alpha", "beta", "gamma"):
        assert chosen[name] == pytest.approx(float(case[f"tipx_{name}"]), rel=1e-9), name


@cases("tipx_logits", "tipx_test_acc", "tipx_alpha", "tipx_beta", "tipx_gamma", "temperature")
def test_tip_x_scores(case):
    scores = combined(case, model(case, captions=False), "tipx")
    np.testing.assert_allclose(scores, case["tipx_logits"], atol=1e-3)
    assert percent(scores, case["test_labels"]) == pytest.approx(float(case["tipx_test_acc"]))


@cases("tipx_logits_ref", "tipx_ref_test_acc", "tipx_alpha", "tipx_beta", "tipx_gamma", "temperature")
def test_tip_x_reference_flavour(case):
    scores = combined(case, model(case, captions=False), "tipx", target="val")
    np.testing.assert_allclose(scores, case["tipx_logits_ref"], atol=1e-3)
    assert percent(scores, case["test_labels"]) == pytest.approx(float(case["tipx_ref_test_acc"]))


@cases("caps_search_scale", "caps_search_step", "caps_alpha", "caps_delta", "caption_keys", "temperature")
def test_caps_finds_the_same_values(case):
    (b, a, c, d), (j, i, k, n) = case["caps_search_scale"], (int(n) for n in case["caps_search_step"])
    axes = {
        "alpha": steps(0.1, a, i),
        "beta": steps(1, b, j),
        "delta": [m / d for m in range(n)],
        "gamma": steps(0.1, c, k),
    }
    memory = model(case, captions=True, kl_space="feature")
    correct = table(zero_shot(case, "val"), case["val_features"], memory, case["val_labels"], axes)
    chosen = first_best(correct, axes)
    for name in axes:
        assert chosen[name] == pytest.approx(float(case[f"caps_{name}"]), rel=1e-9), name


@cases("caps_logits", "caps_test_acc", "caps_delta", "caption_keys", "temperature")
def test_caps_scores(case):
    memory = model(case, captions=True, kl_space="feature")
    scores = combined(case, memory, "caps", delta=float(case["caps_delta"]))
    np.testing.assert_allclose(scores, case["caps_logits"], atol=1e-3)
    assert percent(scores, case["test_labels"]) == pytest.approx(float(case["caps_test_acc"]))


@cases("caps_logits_intended", "caps_delta", "caption_keys", "temperature")
def test_caps_scores_with_distributions_over_the_classes(case):
    scores = combined(case, model(case, captions=True), "caps", delta=float(case["caps_delta"]))
    np.testing.assert_allclose(scores, case["caps_logits_intended"], atol=1e-3)


def test_a_matrix_without_extent_is_rescaled_to_the_low_end():
    found = rescale(np.full((2, 3), 0.7), Span(0.7, 0.7), Span(-1.0, 1.0))
    assert (found == -1.0).all()


def test_the_divergence_of_a_distribution_from_itself_is_zero():
    log_p = log_distributions(np.eye(4)[:2], np.eye(4)[:3], temperature=0.5)
    np.testing.assert_allclose(np.diag(divergence(log_p, log_p)), 0, atol=1e-12)
