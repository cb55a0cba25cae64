"""PAC-Bayes bounds equal an independent computation in double and in 40-digit arithmetic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.reference._golden import load_json, some
from zsbench.analysis import pac_bayes

CASES = load_json("pac-bayes-prompts", "bounds.json") or []


def test_the_folder_holds_cases():
    some(CASES, "pac-bayes-prompts")


def compare(case, found):
    """Every value the case holds equals ours."""
    for key, (value, tolerance) in found.items():
        if key in case:
            assert value == pytest.approx(case[key], abs=tolerance, rel=tolerance), key


@pytest.mark.parametrize("case", CASES)
def test_divergences_and_bounds(case):
    error, n, delta, logprobs = (case[key] for key in ("train_error", "n", "delta", "token_logprobs"))
    kl = pac_bayes.kl_of_tokens(logprobs)
    uniform = pac_bayes.kl_uniform(sum(len(prompt) for prompt in logprobs), case["vocab_size"])
    found = pac_bayes.bounds(error, kl, n, delta=delta)
    wanted = {
        "kl_lm_prior": (kl, 1e-9),
        "kl_uniform_prior": (uniform, 1e-9),
        "mcallester": (found.mcallester, 1e-9),
        "mcallester_clipped": (pac_bayes.clipped(found.mcallester), 1e-9),
        "mcallester_uniform": (pac_bayes.bounds(error, uniform, n, delta=delta).mcallester, 1e-9),
        "seeger_kl_rhs": (pac_bayes.seeger_budget(kl, n, delta), 1e-9),
        "seeger": (found.seeger, 1e-7),
        "union_bound_hoeffding": (found.union, 1e-9),
    }
    compare(case, wanted)


def test_the_published_cifar_10_figures_are_38_nats_a_prompt():
    # Training error 2.3 %, 50,000 images, bound 8.6 %: solved for KL, then spread over ten classes.
    assert pac_bayes.mcallester(0.023, 380.0, 50_000, 0.01) == pytest.approx(0.086, abs=5e-4)


errors = st.floats(0, 1)
nats = st.floats(0, 1e5)
sizes = st.integers(2, 10**7)


@given(error=errors, kl=nats, n=sizes)
def test_more_images_and_fewer_nats_tighten_every_bound(error, kl, n):
    here = pac_bayes.bounds(error, kl, n)
    more, worse = pac_bayes.bounds(error, kl, 2 * n), pac_bayes.bounds(error, kl + 1, n)
    for name in ("mcallester", "seeger", "union"):
        assert error <= getattr(more, name) <= getattr(here, name) + 1e-12, name
        assert getattr(here, name) <= getattr(worse, name) + 1e-12, name


@given(error=errors, kl=nats, n=sizes)
def test_seegers_bound_spends_its_budget(error, kl, n):
    found = pac_bayes.seeger(error, kl, n, 0.01)
    budget = pac_bayes.seeger_budget(kl, n, 0.01)
    assert pac_bayes.binary_kl(error, found) <= budget + 1e-9
    beyond = min(1.0, found + 1e-6)
    assert pac_bayes.binary_kl(error, beyond) > budget or beyond == 1.0


def test_no_error_has_a_closed_form():
    budget = pac_bayes.seeger_budget(5.0, 1000, 0.05)
    assert pac_bayes.seeger(0.0, 5.0, 1000, 0.05) == pytest.approx(1 - math.exp(-budget), abs=1e-12)
    assert pac_bayes.seeger(1.0, 5.0, 1000, 0.05) == 1.0


@pytest.mark.parametrize("wrong", [{"error": 1.1}, {"kl": -1.0}, {"n": 0}, {"delta": 0.0}, {"delta": 1.0}])
def test_arguments_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="KL"):
        pac_bayes.bounds(**{"error": 0.1, "kl": 3.0, "n": 10, "delta": 0.1, **wrong})
