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


def lm_prior(case):
    return pac_bayes.kl_of_tokens(case["token_logprobs"])


@pytest.mark.parametrize("case", CASES)
def test_divergences(case):
    assert lm_prior(case) == pytest.approx(case["kl_lm_prior"], rel=1e-9)
    tokens = sum(len(prompt) for prompt in case["token_logprobs"])
    assert pac_bayes.kl_uniform(tokens, case["vocab_size"]) == pytest.approx(case["kl_uniform_prior"], rel=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_bounds(case):
    error, n, delta = case["train_error"], case["n"], case["delta"]
    found = pac_bayes.bounds(error, lm_prior(case), n, delta=delta)
    assert found.mcallester == pytest.approx(case["mcallester"], abs=1e-9)
    assert pac_bayes.clipped(found.mcallester) == pytest.approx(case["mcallester_clipped"], abs=1e-9)
    assert found.union == pytest.approx(case["union_bound_hoeffding"], abs=1e-9)
    assert pac_bayes.seeger_budget(lm_prior(case), n, delta) == pytest.approx(case["seeger_kl_rhs"], abs=1e-9)
    assert found.seeger == pytest.approx(case["seeger"], abs=1e-7)
    uniform = pac_bayes.bounds(error, case["kl_uniform_prior"], n, delta=delta)
    assert uniform.mcallester == pytest.approx(case["mcallester_uniform"], abs=1e-9)


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
