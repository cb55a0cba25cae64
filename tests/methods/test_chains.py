"""Every rule that can follow after every rule that can precede it: what the scores are, and the numbers, by hand.

The classes are ten digits, the model the embedded CLIP, whose own scale is another one than the task's 100.
"""

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from tests.close import assert_rows_close
from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.vectors.features import FeatureItem, FeatureRow
from zsbench.methods.classification import Classifier, Known, Labelled, normalise
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.metrics import naming
from zsbench.metrics.labels.gold import Labels
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.tasks.encoding import Features

GLYPHS = str(ASSETS / "models" / "clip-glyphs")
DISTANCES = np.abs(np.subtract.outer(np.arange(10.0), np.arange(10.0)))
FOLLOWERS = {
    "caps": {"alpha": 2.0, "beta": 3.0, "gamma": 0.0, "delta": 0.0},
    "gda": {"alpha": 3.0},
    "gda-em": {"iterations": 2},
    "loki": {},
    "pseudolabels": {"per_class": 2},
    "real-linear": {"retrieved": "retrieved.npz", "steps": 2, "image_batch": 4, "text_batch": 4},
    "s3a": {"clusters": 3},
    "shrink-certainty": {"threshold": 0.8},
    "tip-adapter": {"alpha": 2.0, "beta": 3.0},
    "tip-x": {"alpha": 2.0, "beta": 3.0, "gamma": 0.0},
}
BUILDERS = {
    "cupl": {"prompts": "texts.json"},
    "description-prob-mean": {"descriptions": "texts.json"},
    "given-scores": {"of": "probabilities"},
    "grain": {"descriptions": "texts.json"},
    "greedy-prompts": {"tokens": ["one", "two", "black"], "length": 1},
    "knn": {"k": 5},
    "linear-probe": {"C": 1.0},
    "majority": {"of": "digit two"},
    "prompt-ensemble": {},
    "random-class": {},
    "real-prompt": {"synonyms": "names.json"},
    "rlcf": {"reward": GLYPHS, "views": 2, "keep": 1.0, "steps": 1},
    "tpt": {"views": 2, "keep": 1.0},
    "zpe": {},
}
LINEAR = {"caps", "tip-x", "pseudolabels", "real-linear", "s3a"}
"""Rules that go on from class weights, so that scores alone are not enough for them."""
ADDING = {"caps", "gda", "tip-adapter", "tip-x"}
"""Rules that add to the logits before; with these options what they add depends on the images alone."""


def test_every_rule_of_the_registry_is_tried():
    names = {name for name, entry in catalog.components("methods").items() if entry.family == "classification"}
    own = names & set(catalog.own_components("methods"))
    assert own == FOLLOWERS.keys() | BUILDERS.keys()
    following = {name for name in own if catalog.load_component("methods", name).facts.after}
    assert following == FOLLOWERS.keys()


@dataclass
class Setting:
    """The embedded digits, few of each kind, the model behind its cache, and a folder with the rules' files."""

    encoder: Features
    problem: object
    folder: object

    def rule(self, name):
        options = {**BUILDERS, **FOLLOWERS}[name]
        files = {key: str(self.folder / v) for key, v in options.items() if str(v).endswith((".json", ".npz"))}
        return catalog.load_component("methods", name)(**(options | files))

    @property
    def batch(self):
        return Known(self.encoder.images(self.encoder.items), self.encoder.items)


@pytest.fixture(scope="module")
def setting(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chains")
    [job] = planning.make("digits-few-shot", Choices(models=("clip-glyphs",), methods=("knn",))).jobs
    data = job.build_task().load(limit=12, seed=0)
    problem, names = data.context, data.context.class_names
    few = [i for c in range(10) for i in np.flatnonzero(problem.support.labels == c)[:3]]
    support = Labelled([problem.support.items[i] for i in few], problem.support.labels[few], "train")
    validation = Labelled(problem.validation.items[:20], problem.validation.labels[:20], "validation")
    unlabeled = problem.validation.items[20:40]
    problem = replace(problem, support=support, validation=validation, unlabeled=unlabeled, distances=DISTANCES)
    (folder / "texts.json").write_text(json.dumps({n: [f"This is {n} in ink", f"That is {n}, drawn"] for n in names}))
    (folder / "names.json").write_text(json.dumps({n: n.removeprefix("digit ") for n in names}))
    run = RunContext("auto", Cache(folder / "cache"), 0, Cost())
    model = job.model.build()
    model.cost = run.cost
    encoder = Features(model, run, data.items)
    rows = encoder.images(support.items)
    np.savez(folder / "retrieved.npz", images=rows, captions=rows, labels=support.labels)
    return Setting(encoder, problem, folder)


@dataclass
class Before:
    """A rule that has been asked once: its scores of any batch are looked up."""

    classifier: Classifier
    scores: object


@pytest.fixture(scope="module")
def built(setting):
    """Every rule of the registry, built alone (after the prompt ensemble where it goes on from one)."""
    ensemble = prompt_ensemble()(setting.encoder, setting.problem, None)
    found = {}
    for name in [*BUILDERS, *FOLLOWERS]:
        made = setting.rule(name)(setting.encoder, setting.problem, ensemble)
        remembered = {}

        def score(batch, made=made, remembered=remembered):
            for i, item in enumerate(batch.items):
                if item.id not in remembered:
                    one = SimpleNamespace(items=[item], features=batch.features[i : i + 1], raw=batch.raw[i : i + 1])
                    remembered[item.id] = made.score(one)[0]
            return np.stack([remembered[item.id] for item in batch.items])

        def looked_up(batch, made=made):
            rows = [np.random.default_rng(list(item.id.encode())).dirichlet(np.full(10, 0.2)) for item in batch.items]
            items = [FeatureItem(item.id, FeatureRow(r, None)) for item, r in zip(batch.items, rows, strict=True)]
            return made.score(SimpleNamespace(items=items))

        quick = {"tpt": score, "rlcf": score, "given-scores": looked_up}.get(name)
        quick = made if quick is None else replace(made, score=quick)
        found[name] = Before(quick, np.asarray(quick.score(setting.batch)))
    return found


def softmax(rows):
    exponentials = np.exp(rows - rows.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def probabilities(before, model):
    """What probabilities the scores are or give, by their kind, spelled out."""
    scores, kind = before.scores.astype(np.float64), before.classifier.kind
    if kind.what in ("probabilities", "votes"):
        return scores / scores.sum(axis=1, keepdims=True)
    if kind.what == "log-probabilities" or kind.scale is None:
        return softmax(scores)
    return softmax(scores / kind.scale * model.logit_scale)


@pytest.mark.parametrize("name", [*BUILDERS, *FOLLOWERS])
def test_scores_are_what_a_rule_says(name, built, setting):
    before = built[name]
    scores, kind = before.scores, before.classifier.kind
    if kind.what == "labels":
        assert scores.shape == (12,)
        assert np.issubdtype(scores.dtype, np.integer)
        return
    assert scores.shape == (12, 10)
    if kind.what in ("votes", "probabilities"):
        assert (scores >= 0).all()
        # Two texts a class halve the means of descriptions; random scores are no shares of anything.
        total = {"random-class": scores.sum(axis=1), "description-prob-mean": 0.5}.get(name, 1.0)
        np.testing.assert_allclose(scores.sum(axis=1), total, atol=1e-5)
    elif kind.what == "log-probabilities":
        np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, atol=1e-5)
    elif kind.what == "distances":
        assert (scores <= 0).all()
    elif kind.scale is not None:
        assert (np.abs(scores / kind.scale) <= 1 + 1e-5).all()
    if before.classifier.weights is not None:
        # Weights that were learned at the model's own scale keep it.
        factor = setting.encoder.model.logit_scale if kind.scale is None else kind.scale
        assert_rows_close(scores, factor * setting.batch.features @ before.classifier.weights.T, share=1e-5)


@pytest.mark.parametrize("follower", FOLLOWERS)
def test_a_rule_reads_the_scores_before_it_as_what_they_are(follower, built, setting):
    for before in built:
        _follows(follower, before, built, setting)


def _follows(follower, before, built, setting):
    first, rule = built[before], setting.rule(follower)
    kind = first.classifier.kind
    lacking = follower in LINEAR and first.classifier.weights is None
    if lacking or (follower not in LINEAR and kind.what in ("distances", "labels")):
        # Said when the chain is built, before anything is scored.
        with pytest.raises(UserError, match="no class weights" if lacking else f"gives {kind.what}, not scores"):
            rule(setting.encoder, setting.problem, first.classifier)
        return
    made = rule(setting.encoder, setting.problem, first.classifier)
    found = np.asarray(made.score(setting.batch), dtype=np.float64)
    assert made.kind == built[follower].classifier.kind
    p = probabilities(first, setting.encoder.model)
    if follower in ADDING:
        ensemble = built["prompt-ensemble"].scores
        added = built[follower].scores.astype(np.float64) - ensemble
        shares = kind.what in ("votes", "probabilities")
        some = p > 0 if shares else np.isfinite(first.scores)
        logits = np.log(p[some]) if shares else first.scores[some]
        np.testing.assert_allclose((found - added)[some], logits, atol=2e-3, rtol=1e-5, err_msg=before)
        assert ((found - added)[~some] < -600).all()
    elif follower == "loki":
        assert_rows_close(found, -(p @ DISTANCES**2), share=1e-5)
    elif follower == "shrink-certainty":
        certain = p.max(axis=1) >= 0.8
        np.testing.assert_allclose(np.exp(found[certain]), p[certain], atol=1e-5)
        left = np.where(np.isfinite(found), p, 0)
        np.testing.assert_allclose(np.exp(found), left / left.sum(axis=1, keepdims=True), atol=1e-5)
        assert np.isneginf(found[~certain]).any(axis=1).all()


def test_expectation_maximisation_begins_at_the_probabilities_of_a_rule_that_gives_them(built, setting):
    """The log-probabilities of a classifier are logits that have the same softmax: gda-em cannot tell them apart."""
    before = built["description-prob-mean"]
    logs = np.log(before.scores / before.scores.sum(axis=1, keepdims=True))
    named = {item.id: row for item, row in zip(setting.encoder.items, logs, strict=True)}
    alike = replace(
        built["shrink-certainty"].classifier,
        score=lambda batch: np.stack([named[item.id] for item in batch.items]),
    )
    rule = setting.rule("gda-em")
    problem = replace(setting.problem, unlabeled=None)
    found, expected = (rule(setting.encoder, problem, one).score(setting.batch) for one in (before.classifier, alike))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_loki_after_neighbours_takes_their_votes_and_certainty_counts_them(built, setting):
    votes = built["knn"].scores
    rows = normalise(setting.encoder.images(setting.problem.support.items))
    by_hand = np.zeros((12, 10))
    for i, cosines in enumerate(setting.batch.features @ rows.T):
        near = np.argsort(-cosines)[:5]
        share = np.exp(cosines[near] / 0.07) / np.exp(cosines[near] / 0.07).sum()
        np.add.at(by_hand[i], setting.problem.support.labels[near], share)
    np.testing.assert_allclose(votes, by_hand, atol=1e-5)
    made = setting.rule("loki")(setting.encoder, setting.problem, built["knn"].classifier)
    assert_rows_close(made.score(setting.batch), -(by_hand @ DISTANCES**2), share=1e-5)
    gold = Labels(np.zeros(12, dtype=np.int64), scores=built["knn"].classifier.kind)
    certain = naming.resolve("certain-ratio", kinds=("certainty",)).statistics(votes, gold)
    assert list(certain) == list(by_hand.max(axis=1) >= 0.95)
    assert 0 < certain.mean() < 1
