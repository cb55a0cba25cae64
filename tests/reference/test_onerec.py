"""OneRec equals the reference: semantic ids, metrics of sessions, rewards, the preference loss."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference._golden import GOLDEN as FOLDER
from tests.reference._golden import load_npz
from zsbench.analysis.dpo import dpo_loss, preferred
from zsbench.core.errors import UserError
from zsbench.corpus.semantic_ids import balanced_kmeans, random_start, residual_codes, shared
from zsbench.metrics import naming
from zsbench.metrics.rankings.recommended import Recommended

GOLDEN = load_npz("onerec", "onerec.npz")
RATES = {"hit_rate_at_": "HitRate", "ndcg_at_": "session-nDCG", "recall_at_": "session-recall"}


def cases(*keys):
    """Return the arrays of these keys, or skip where the folder lacks one."""
    assert GOLDEN, f"no case in {FOLDER / 'onerec'}"
    missing = [key for key in keys if key not in GOLDEN]
    if missing:
        pytest.skip(f"no {', '.join(missing)} in this golden folder")
    return [GOLDEN[key] for key in keys]


def metric(name):
    return naming.resolve(name, kinds=("sessions", "session_rewards"))


def test_codes_and_centroids_equal_the_reference():
    items, first, codes = cases("items", "init_centroids", "codes")
    found, centroids = residual_codes(items, len(first), lambda level, _: first[level])
    assert found.tolist() == codes.tolist()
    if "centroids" in GOLDEN:
        assert centroids == pytest.approx(GOLDEN["centroids"], abs=1e-8)


def test_metrics_of_sessions_equal_the_reference():
    recommended, gold = cases("recommended", "gold")
    pred = [Recommended([str(item) for item in row]) for row in recommended]
    sessions = [[str(item) for item in row if item >= 0] for row in gold]
    found = 0
    for key, expected in GOLDEN.items():
        start = next((start for start in RATES if key.startswith(start)), None)
        if start is not None:
            k = key.removeprefix(start)
            values = metric(f"{RATES[start]}@{k}").statistics(pred, sessions)
            assert values == pytest.approx(expected, abs=1e-8), key
            found += 1
    assert found


def test_metrics_of_sessions_by_hand():
    """No list of the reference's case holds an item of its session, so all of its values are 0."""
    pred = [Recommended(list("abcde")), Recommended(list("vwxyz")), Recommended(list("vwaxb"))]
    sessions = [["a"], ["a", "b"], ["a", "b"]]
    assert metric("HitRate@5").statistics(pred, sessions).tolist() == [1, 0, 1]
    discounts = 1 / np.log2(np.arange(2, 7))
    ndcg = [1, 0, (discounts[2] + discounts[4]) / discounts[:2].sum()]
    assert metric("session-nDCG@5").statistics(pred, sessions) == pytest.approx(ndcg, abs=1e-12)


def test_rewards_equal_the_reference():
    [rewards] = cases("session_rewards")
    pred = [Recommended([], {str(t): lists[:, t].tolist() for t in range(lists.shape[1])}) for lists in rewards]
    for key, name in (("session_mean", "reward-mean"), ("session_max", "reward-max")):
        if key in GOLDEN:
            found = [metric(f"{name}(of={t})").compute(pred, [None] * len(pred)) for t in range(rewards.shape[2])]
            assert found == pytest.approx(GOLDEN[key], abs=1e-8)


def test_the_preference_loss_equals_the_reference():
    *logprobs, beta, expected = cases(
        "dpo_policy_w", "dpo_policy_l", "dpo_ref_w", "dpo_ref_l", "dpo_beta", "dpo_loss"
    )  # fmt: skip
    assert dpo_loss(*logprobs, beta=float(beta)) == pytest.approx(expected, abs=1e-8)


def test_the_loss_neither_overflows_nor_vanishes():
    far = np.array([1000.0, -1000.0, 0.0])
    loss = dpo_loss(far, np.zeros(3), np.zeros(3), np.zeros(3), beta=1.0)
    assert loss == pytest.approx([0.0, 1000.0, np.log(2)])
    assert [list(own) for own in preferred(np.array([[0.1, 0.9, 0.9], [0.3, 0.1, 0.1]]))] == [[1, 0], [0, 1]]


def test_a_repeated_item_gains_once_and_the_ideal_is_as_long_as_the_session():
    pred = [Recommended(["a", "a", "b"]), Recommended(["x", "b"]), Recommended([]), Recommended(["a"])]
    gold = [["a", "b", "c"], ["b"], ["a"], []]
    discounts = 1 / np.log2([2, 3, 4])
    first = (discounts[0] + discounts[2]) / discounts.sum()
    assert metric("session-nDCG@3").statistics(pred, gold) == pytest.approx(
        [first, discounts[1], 0, np.nan], nan_ok=True
    )
    assert metric("session-recall@2").statistics(pred, gold) == pytest.approx([1 / 3, 1, 0, np.nan], nan_ok=True)
    assert metric("HitRate@1").statistics(pred, gold) == pytest.approx([1, 0, 0, np.nan], nan_ok=True)
    assert metric("HitRate@1").compute(pred, gold) == pytest.approx(1 / 3)
    # Longer than k: the best list is k long.
    assert metric("session-nDCG@2").compute([Recommended(["a", "b"])], [list("abcdef")]) == 1


def test_rewards_that_are_missing_are_no_zeros():
    pred = [Recommended([], {"swt": [1.0, 3.0]}), Recommended([])]
    assert metric("reward-mean(of=swt)").compute(pred, [None, None]) == 2
    assert metric("reward-max(of=swt)").compute(pred, [None, None]) == 3
    with pytest.raises(ValueError, match="no items"):
        metric("reward-mean(of=vtr)").compute(pred, [None, None])
    with pytest.raises(ValueError, match="NaN"):
        metric("reward-max").statistics([Recommended([], {"reward": [float("nan")]})], [None])


def plainly(vectors, centroids):
    """Balanced k-means as it is described, one item after another."""
    n, k = len(vectors), len(centroids)
    centres, before = centroids.copy(), None
    for _ in range(100):
        codes, free = np.full(n, k - 1), list(range(n))
        for cluster in range(k - 1):
            distances = {i: float(((vectors[i] - centres[cluster]) ** 2).sum()) for i in free}
            taken = sorted(free, key=lambda i: (distances[i], i))[: n // k]
            codes[taken] = cluster
            centres[cluster] = vectors[taken].mean(axis=0)
            free = [i for i in free if i not in taken]
        centres[k - 1] = vectors[free].mean(axis=0)
        if before is not None and (codes == before).all():
            break
        before = codes
    return codes, centres


@settings(max_examples=40)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 40), k=st.integers(1, 8), grid=st.booleans())
def test_balanced_clusters_equal_their_description_ties_included(seed, n, k, grid):
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (n, 2)).astype(float) if grid else rng.normal(size=(n, 3)) + 100
    first = vectors[rng.choice(n, min(k, n), replace=False)]
    codes, centres = balanced_kmeans(vectors, first)
    expected, means = plainly(vectors, first)
    assert codes.tolist() == expected.tolist()
    assert centres == pytest.approx(means, abs=1e-9)
    assert (np.bincount(codes)[:-1] == n // len(first)).all()


def test_codes_follow_the_residuals_and_depend_on_the_seed():
    vectors = np.random.default_rng(0).normal(size=(150, 4))
    codes, centroids = residual_codes(vectors, 3, random_start(70, seed=1))
    assert codes.shape == (150, 3)
    rest = vectors - centroids[0][codes[:, 0]] - centroids[1][codes[:, 1]]
    again, centres = balanced_kmeans(rest, random_start(70, seed=1)(2, rest))
    assert (again == codes[:, 2]).all()
    assert (centres == centroids[2]).all()
    assert (residual_codes(vectors, 3, random_start(70, seed=2))[0] != codes).any()


def test_items_that_share_all_codes_are_counted_and_too_many_codes_refused():
    assert shared(np.array([[0, 1], [0, 1], [1, 0], [2, 0], [1, 0], [0, 1]])) == 5
    with pytest.raises(UserError, match="4 codes for 3 items"):
        balanced_kmeans(np.zeros((3, 2)), np.zeros((4, 2)))
