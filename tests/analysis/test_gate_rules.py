"""When a loss fails: the truth table of the modes, losses of exactly the tolerance, and what a file of them says."""

import itertools

import pytest

from zsbench.analysis.gate.rules import LEAST_UNITS, MODES, ROUNDING, Rule, Tolerances, rounding, tolerances
from zsbench.core.errors import UserError

T = 0.02
CASES = {
    # (loss is beyond T, its interval is beyond 0, its interval is beyond T): loss, lower end
    (False, False, False): (0.01, -0.01),
    (False, True, False): (0.01, 0.005),
    (True, False, False): (0.03, -0.01),
    (True, True, False): (0.03, 0.01),
    (True, True, True): (0.05, 0.03),
}


@pytest.mark.parametrize(("facts", "mode"), list(itertools.product(CASES, MODES)))
def test_the_truth_table(facts, mode):
    beyond_tolerance, beyond_noise, surely = facts
    loss, low = CASES[facts]
    expected = {
        "tolerance": beyond_tolerance,
        "noise": beyond_noise,
        "either": beyond_tolerance or beyond_noise,
        "both": surely,
    }[mode]
    assert bool(Rule(mode).failure(loss, low, T, 1e-5)) is expected


@pytest.mark.parametrize("mode", ["either", "both"])
def test_without_a_tolerance_noise_decides(mode):
    assert Rule(mode).failure(0.01, 0.005, None, 1e-5) == "beyond noise"
    assert Rule(mode).failure(0.5, -0.01, None, 1e-5) == ""


@pytest.mark.parametrize("mode", MODES)
def test_few_items_have_no_interval_that_counts(mode):
    few = float("nan")
    beyond = "beyond the tolerance" if mode in ("tolerance", "either") else ""
    assert Rule(mode).failure(0.03, few, T, 1e-5) == beyond
    assert Rule(mode).failure(0.01, few, T, 1e-5) == ""
    assert 0.5 ** (LEAST_UNITS - 1) < 0.05 <= 0.5 ** (LEAST_UNITS - 2)


def test_a_loss_of_exactly_the_tolerance_is_tolerated_and_rounding_is_no_loss():
    slack = rounding("%", 0.7, 0.68)
    assert slack == ROUNDING
    rule = Rule("tolerance")
    assert rule.failure(0.7 - 0.68, 0.0, 0.02, slack) == ""  # 0.020000000000000018
    assert rule.failure(0.0201, 0.0, 0.02, slack) == "beyond the tolerance"
    assert rule.failure(0.0201, 0.0, 0.0, slack) == "beyond the tolerance"
    assert Rule("noise").failure(1e-6, 1e-7, None, slack) == ""
    assert rounding("m", 2000.0, -1.0) == pytest.approx(0.02)


def test_both_reasons_are_named():
    assert Rule("either").failure(0.03, 0.01, T, 1e-5) == "beyond the tolerance and beyond noise"


KNOWN = [("acc@1", "digits"), ("acc@1", "glyphs"), ("RMSE", "rooms")]


def test_a_number_is_in_the_unit_that_tables_show():
    read = tolerances("0.5", KNOWN)
    assert read.of("acc@1", "digits", "%") == 0.005
    assert read.of("RMSE", "rooms", "m") == 0.5
    assert tolerances(None, KNOWN).of("acc@1", "digits", "%") is None


def test_a_file_names_metrics_and_single_tasks(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("default: 1\nmetrics: {acc: 0.5, acc@1 on glyphs: 2, RMSE: 0.01}\n")
    read = tolerances(str(path), KNOWN)
    assert read.of("acc@1", "digits", "%") == 0.005
    assert read.of("acc@1", "glyphs", "%") == 0.02
    assert read.of("RMSE", "rooms", "m") == 0.01
    assert read.of("other", "digits", "%") == 0.01
    path.write_text("metrics: {RMSE: 0.01}\n")
    read = tolerances(str(path), KNOWN)
    assert read.of("acc@1", "digits", "%") is None
    with pytest.raises(UserError, match=r"no tolerance for acc@1; expected"):
        Rule("tolerance", read).require_complete(KNOWN)
    Rule("both", read).require_complete(KNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaul: 1\n", "t.yaml:1: no key 'defaul'; did you mean 'default'?"),
        ("default: -1\n", "t.yaml:1: -1; expected a number that is not negative"),
        ("default: .nan\n", "t.yaml:1: nan; expected"),
        ("default: 1\nmetrics: {acc@l: 1}\n", "no checked metric 'acc@l'; did you mean 'acc@1'?"),
        ("metrics:\n  acc@1 on digit: 1\n", "t.yaml:2: no checked task 'digit'; did you mean 'digits'?"),
        ("metrics:\n  acc@1: much\n", "t.yaml:2: 'much'; expected a number"),
        ("metrics: 3\n", "not a mapping"),
    ],
)
def test_what_a_file_may_not_say(tmp_path, text, said):
    path = tmp_path / "t.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        tolerances(str(path), KNOWN)
    assert said in str(error.value)


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "much", "0,5"])
def test_what_is_no_tolerance(text):
    with pytest.raises(UserError, match=f"--tolerance {text}"):
        tolerances(text, KNOWN)


def test_a_rule_says_what_it_is():
    assert str(Rule("either", Tolerances(0.5))) == "mode either, tolerance 0.5 in the metric's unit"
    assert str(Rule("noise")) == "mode noise"
