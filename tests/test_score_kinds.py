"""What scores are travels with them, and probabilities follow from it."""

import json

import numpy as np
import pytest

from zsbench.config import catalog
from zsbench.core import score_kinds
from zsbench.core.cache import Cache
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Classifier
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run import runner

SCORES = np.array([[20.0, 10.0, 0.0], [3.0, 2.0, 1.0]])


def softmax(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


class Model:
    logit_scale, logit_bias = 20.0, None


class Sigmoid:
    logit_scale, logit_bias = 20.0, -3.0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (ScoreKind("logits"), softmax(SCORES)),
        (ScoreKind("logits", 100.0), softmax(SCORES)),
        (ScoreKind("logits", 100.0).for_model(Model(), None), softmax(SCORES / 5)),
        (ScoreKind("logits", 100.0).for_model(Model(), 50.0), softmax(SCORES / 2)),
        (ScoreKind("logits", 100.0).for_model(None, None), softmax(SCORES)),
        (ScoreKind("logits").for_model(Model(), 50.0), softmax(SCORES)),  # a head of its own keeps its scale
        (ScoreKind("cosines").for_model(Model(), None), softmax(SCORES * 20)),
        (ScoreKind("log-probabilities").for_model(Model(), 50.0), softmax(SCORES)),
        (ScoreKind("logits", 100.0).for_model(Sigmoid(), None), 1 / (1 + np.exp(3 - SCORES / 5))),
        (ScoreKind("logits", 100.0).for_model(Sigmoid(), 50.0), softmax(SCORES / 2)),
        (ScoreKind("votes"), SCORES / SCORES.sum(axis=1, keepdims=True)),
        (ScoreKind("probabilities"), SCORES / SCORES.sum(axis=1, keepdims=True)),
    ],
)
def test_probabilities_follow_from_what_scores_are(kind, expected):
    np.testing.assert_allclose(kind.probabilities(SCORES), expected, atol=1e-12)
    assert score_kinds.from_json(kind.to_json()) == kind
    certain = naming.resolve("certain-ratio(threshold=0.6)").statistics(SCORES, Labels(np.array([0, 1]), scores=kind))
    assert list(certain) == list(expected.max(axis=1) >= 0.6)


def test_temperature_divides_logits_and_leaves_shares_at_one_as_they_are():
    votes, sigmoid = ScoreKind("votes"), ScoreKind("logits", 100.0).for_model(Sigmoid(), None)
    shares = SCORES / SCORES.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(votes.probabilities(SCORES, temperature=1.0), shares, atol=1e-12)
    roots = np.sqrt(shares) / np.sqrt(shares).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(votes.probabilities(SCORES, temperature=2.0), roots, atol=1e-12)
    np.testing.assert_allclose(ScoreKind("logits").probabilities(SCORES, temperature=4.0), softmax(SCORES / 4))
    # The logit of a sigmoid is the scaled cosine with its bias.
    np.testing.assert_allclose(sigmoid.probabilities(SCORES, temperature=2.0), 1 / (1 + np.exp((3 - SCORES / 5) / 2)))


def test_an_item_without_any_probability_is_an_error():
    for kind, row in ((ScoreKind("votes"), [0.0, 0.0]), (ScoreKind("log-probabilities"), [-np.inf, -np.inf])):
        with pytest.raises(ValueError, match="1 items have no"):
            kind.probabilities([row, [0.5, 0.5]])


def test_distances_and_labels_have_no_probabilities():
    for what in ("distances", "labels"):
        with pytest.raises(ValueError, match=f"the scores are {what}"):
            ScoreKind(what).probabilities(SCORES)
    for text in ("[]", '{"what": "guesses"}', '{"what": "logits", "scale": "x"}', "no json"):
        with pytest.raises(ValueError):
            score_kinds.from_json(text)


def test_a_classifier_has_to_say_what_its_scores_are():
    with pytest.raises(TypeError, match="kind"):
        Classifier(lambda batch: batch)
    methods = [name for name, entry in catalog.components("methods").items() if entry.family == "classification"]
    assert len(methods) > 20


@pytest.fixture(scope="module")
def certainty(tmp_path_factory):
    """Certainty at the model's own scale and at 100, judged by eval and by score on eval's predictions."""
    from tests.test_cli import zsbench

    folder = tmp_path_factory.mktemp("certainty")
    found = {}
    for scale in ("own", "100"):
        text = "extends: glyphs-certainty\ndescription: d\nmetrics: [acc@1, certain-ratio]\n"
        (folder / f"{scale}.yaml").write_text(text + ("" if scale == "own" else f"logit_scale: {scale}\n"))
        [job] = planning.make(str(folder / f"{scale}.yaml"), Choices(("clip-glyphs",), (), {"resamples": 100})).jobs
        result = runner.run(job, job.model.build(), runner.Options(folder / "out", Cache(None)), lambda *_: None)
        written = next((folder / "out" / scale).rglob("predictions"))
        done = zsbench("score", f"{scale}.yaml", "--predictions", str(written), "--json", cwd=folder)
        [again] = json.loads(done.stdout)["suites"][0]["results"]
        found[scale] = result, again
    return found


def test_certainty_is_taken_at_the_models_own_scale_unless_the_task_sets_one(certainty):
    (own, own_again), (fixed, fixed_again) = certainty["own"], certainty["100"]
    for result, again in ((own, own_again), (fixed, fixed_again)):
        for name, score in result["metrics"].items():
            assert again["metrics"][name]["value"] == score["value"]
        assert again["notes"]["scores"] == result["notes"]["scores"]
    assert own["metrics"]["acc@1"]["value"] == fixed["metrics"]["acc@1"]["value"]
    assert own["metrics"]["certain-ratio"]["value"] < fixed["metrics"]["certain-ratio"]["value"] - 0.2
    assert "30.567 x cosine" in own["notes"]["scores"]
    assert "the model's own scale" in own["protocol"]
    assert "probabilities at logit_scale 100" in fixed["protocol"]
