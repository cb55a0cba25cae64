"""Series of checkpoints: order, differences and their intervals, sizes, what is refused."""

import json
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from zsbench.cli.main import app
from zsbench.core.errors import UserError
from zsbench.models import size
from zsbench.report.series import difference, steps

MODELS = ["clip-glyphs-longtail", "clip-glyphs-uniform", "clip-glyphs"]


def score(value, low=None, high=None):
    return {"value": value, "low": low, "high": high, "unit": "%", "n": 9, "better": "higher", "interval": "wilson"}


def result(model, task="t", method="m", data="d", config="c", notes=None, **metrics):
    scores = {name.replace("_", "@"): own for name, own in metrics.items()}
    return {"task": task, "method": method, "model": model, "metrics": scores, "data_fingerprint": data,
            "config_hash": model + task + config, "notes": notes or {}}  # fmt: skip


def test_a_difference_covers_as_often_as_it_says():
    rng, truth, n, hits = np.random.default_rng(0), (0.4, 0.6), 200, 0
    for _ in range(500):
        scores = []
        for p in truth:
            share = rng.binomial(n, p) / n
            half = 1.96 * (share * (1 - share) / n) ** 0.5
            scores.append(score(share, share - half, share + half))
        value, low, high = difference(*scores)
        assert low <= value <= high
        hits += low <= truth[1] - truth[0] <= high
    assert 0.92 <= hits / 500 <= 0.98


unit = st.floats(0, 1)


@given(st.tuples(unit, unit, unit), st.tuples(unit, unit, unit))
def test_a_difference_turns_around(one, other):
    a, b = (score(sorted(row)[1], min(row), max(row)) for row in (one, other))
    value, low, high = difference(a, b)
    assert difference(b, a) == pytest.approx((-value, -high, -low))


def test_rows_follow_the_order_given_and_gaps_have_no_difference():
    found = steps(
        [
            result("b", acc_1=score(0.5, 0.4, 0.6), acc_5=score(0.9, 0.8, 1.0), notes={"model": {"parameters": 7}}),
            result("c", acc_1=score(0.7, 0.6, 0.8)),
            result("a", acc_1=score(None)),
            result("a", task="u", acc_1=score(0.1, 0.0, 0.2)),
            result("x", acc_1=score(0.2, 0.1, 0.3)),
        ],
        ["c", "b", "a"],
    )
    assert [(s.task, s.model, s.value) for s in found] == [
        ("t", "c", 0.7), ("t", "b", 0.5), ("t", "a", None), ("u", "c", None), ("u", "b", None), ("u", "a", 0.1),
    ]  # fmt: skip
    assert found[1].difference == pytest.approx(-0.2)
    assert [s.difference for s in found if s is not found[1]] == [None] * 5
    assert [s.parameters for s in found] == [None, 7, None] * 2
    measured = steps([result("a", acc_1=score(0.5, 0.4, 0.6))] * 2, ["a"], sizes={"a": {"gflops": 2.0}})
    assert [s.gflops for s in measured] == [2.0]
    only = steps([result("b", acc_1=score(0.5, 0.4, 0.6), acc_5=score(0.9, 0.8, 1.0))], ["b"], metrics=["acc@5"])
    assert [s.metric for s in only] == ["acc@5"]


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UserError, match=r"no result of a model 'bb'.*did you mean 'b'"):
        steps([result("b", acc_1=score(0.5, 0.4, 0.6))], ["b", "bb"])
    with pytest.raises(UserError, match="different data"):
        steps([result("a", acc_1=score(0.5, 0, 1)), result("b", data="e", acc_1=score(0.5, 0, 1))], ["a", "b"])
    with pytest.raises(UserError, match="two different results of t / a / m"):
        steps([result("a", acc_1=score(0.5, 0, 1)), result("a", config="e", acc_1=score(0.5, 0, 1))], ["a"])


class Encoder:
    """A convolution, attention and a product whose operations can be counted by hand."""

    def __init__(self):
        self.module = torch.nn.ModuleList(
            [torch.nn.Conv2d(3, 8, 4, stride=4, bias=False), torch.nn.MultiheadAttention(8, 2, bias=False),
             torch.nn.Linear(8, 5, bias=False)]
        ).eval()  # fmt: skip

    def prepare(self, image):
        return torch.zeros(3, 16, 16)

    def encode_images(self, prepared):
        convolution, attention, product = self.module
        with torch.inference_mode():
            tokens = convolution(torch.stack(prepared)).flatten(2).permute(2, 0, 1)
            return product(attention(tokens, tokens, tokens, need_weights=False)[0].mean(dim=0)).numpy()


def test_sizes_are_counted():
    encoder, tokens = Encoder(), 16
    convolution, projections, attention, product = 16 * 8 * 3 * 16, 4 * tokens * 8 * 8, 2 * tokens * tokens * 8, 8 * 5
    assert size.parameters(encoder.module) == 8 * 3 * 16 + 4 * 8 * 8 + 8 * 5
    operations = 2 * (convolution + projections + attention + product)
    assert 1e9 * size.image_gflops(encoder) == pytest.approx(operations)
    assert torch.backends.mha.get_fastpath_enabled()


def test_the_command_over_a_run_with_an_average(tmp_path):
    def zsbench(*arguments):
        return CliRunner().invoke(app, list(arguments))

    (tmp_path / "s.yaml").write_text(
        "description: three models\nsettings: {limit: 60, resamples: 100}\nruns:\n"
        f"  - {{tasks: [digits, glyphs], models: [{', '.join(MODELS)}]}}\n"
        "averages:\n  - {name: both, tasks: [digits, glyphs]}\n"
    )
    assert zsbench("eval", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "runs"), "--quiet").exit_code == 0
    done = zsbench("series", str(tmp_path / "runs"), "--models", ",".join(MODELS), "--measure", "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["models"] == MODELS
    own = [step for step in answer["steps"] if step["task"] == "both"]
    assert [step["model"] for step in own] == MODELS
    assert own[0]["difference"] is None
    for before, step in pairwise(own):
        assert step["difference"] == pytest.approx(step["value"] - before["value"])
        assert step["difference_low"] < step["difference"] < step["difference_high"]
    assert {step["parameters"] for step in own} == {1025199.0}
    assert all(step["gflops"] > 0.001 for step in own)
    assert (
        "difference to the row above" in zsbench("series", str(tmp_path / "runs"), "--models", ",".join(MODELS)).stdout
    )
    for arguments, message in (
        (("--models", "clip-glyphs"), "at least two different names"),
        (("--models", ",".join(MODELS), "--metric", "F1"), "no metric F1"),
    ):
        with pytest.raises(UserError, match=message):
            raise zsbench("series", str(tmp_path / "runs"), *arguments).exception
