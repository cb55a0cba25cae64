"""Training-free adapters: invariances, edge cases, what is refused, and whole runs on the embedded digits."""

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.close import assert_rows_close
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.core.score_kinds import ScoreKind
from zsbench.data.images.digits import digits
from zsbench.data.vectors.features import FeatureItem, FeatureRow
from zsbench.engine import local
from zsbench.methods.classification import Classifier, Known, Labelled, Problem, compose, linear, normalise
from zsbench.methods.classification._augment import crop_box, views
from zsbench.methods.classification._gaussians import new_classes, per_class, pooled
from zsbench.methods.classification._search import correct_along, first_best, steps
from zsbench.methods.classification._support import Values, keys
from zsbench.methods.classification.caps import caps
from zsbench.methods.classification.gda import gda
from zsbench.methods.classification.gda_em import gda_em
from zsbench.methods.classification.linear_probe import linear_probe
from zsbench.methods.classification.tip_adapter import from_support, tip_adapter
from zsbench.methods.classification.tip_x import tip_x
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

WIDTH, CLASSES = 8, 3


@dataclass(frozen=True)
class Item:
    """An image whose feature is known."""

    id: str
    feature: tuple

    def digest(self):
        return self.id

    def open(self):
        return Image.fromarray(np.random.default_rng(len(self.id)).integers(0, 255, (40, 60, 3)).astype("uint8"))


@dataclass
class Encoder:
    """The features of such images, and notes."""

    items: list
    notes: dict = field(default_factory=dict)
    seed: int = 0

    def images(self, items, *, raw=False):
        # A view of an image has the image's feature, a little turned.
        rows = [np.array(getattr(i, "item", i).feature) + 0.01 * getattr(i, "number", 0) for i in items]
        return np.stack(rows) if raw else normalise(np.stack(rows))

    def texts(self, texts):
        return normalise(np.stack([np.random.default_rng(list(t.encode())).normal(size=WIDTH) for t in texts]))

    def chunks(self):
        for start in range(0, len(self.items), 5):
            yield self.images(self.items[start : start + 5])

    def note(self, key, value):
        self.notes[key] = value

    def warn(self, text):
        self.notes["warning"] = text


def images(name, labels, seed):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(len(labels), WIDTH)) + 1.5 * np.eye(WIDTH)[labels]
    return [Item(f"{name}{i}", tuple(row)) for i, row in enumerate(rows)]


def setting(shots=4, seed=0):
    """A problem of three classes, its encoder, and the zero-shot classifier before the adapter."""
    few, many = np.repeat(np.arange(CLASSES), shots), np.arange(24) % CLASSES
    problem = Problem(
        ["a", "b", "c"],
        ["{}"],
        100.0,
        support=Labelled(images("s", few, seed), few, "train"),
        validation=Labelled(images("v", many, seed + 1), many, "validation"),
    )
    encoder = Encoder(images("t", many, seed + 2))
    weights = normalise(np.eye(WIDTH)[:CLASSES] + 0.6 * np.random.default_rng(seed).normal(size=(CLASSES, WIDTH)))
    return encoder, problem, linear(weights, 100.0)


def scores(rule, encoder, problem, before):
    return np.asarray(rule(encoder, problem, before).score(Known(encoder.images(encoder.items), encoder.items)))


FIXED = {
    "tip-adapter": tip_adapter(alpha=1.3, beta=4.0),
    "tip-x": tip_x(alpha=1.3, beta=4.0, gamma=0.7),
    "caps": caps(alpha=1.3, beta=4.0, gamma=0.7, delta=0.3),
    "gda": gda(alpha=10.0),
    "gda-per-class": gda(alpha=10.0, covariance="per-class"),
    "linear-probe": linear_probe(C=1.0),
}
SEARCHED = {
    "tip-adapter": tip_adapter(beta_steps=5, alpha_steps=4),
    "tip-x": tip_x(alpha_steps=3, beta_steps=4, gamma_steps=5),
    "caps": caps(alpha_steps=3, beta_steps=4, gamma_steps=5, delta_steps=2),
    "gda": gda(),
    "linear-probe": linear_probe(),
}


def each(rules):
    return pytest.mark.parametrize("rule", [pytest.param(rule, id=name) for name, rule in rules.items()])


@each(FIXED | {f"{name}-searched": rule for name, rule in SEARCHED.items()})
@given(st.randoms(use_true_random=False))
@settings(max_examples=5)
def test_the_order_of_the_support_images_changes_nothing(rule, random):
    encoder, problem, before = setting()
    order = list(range(len(problem.support.items)))
    random.shuffle(order)
    shuffled = Labelled([problem.support.items[i] for i in order], problem.support.labels[order], "train")
    first = scores(rule, encoder, problem, before)
    again = scores(rule, encoder, replace(problem, support=shuffled), before)
    np.testing.assert_allclose(again, first, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    "rule",
    [
        tip_adapter(alpha=0.0, beta=3.0),
        tip_x(alpha=0.0, beta=3.0, gamma=0.0),
        caps(alpha=0.0, beta=3.0, gamma=0.0, delta=0.5),
        gda(alpha=0.0),
        gda_em(alpha=0.0),
    ],
)
@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_without_weight_the_scores_are_the_zero_shot_ones(rule, seed):
    encoder, problem, before = setting(seed=seed)
    zero_shot = before.score(Known(encoder.images(encoder.items)))
    assert_rows_close(scores(rule, encoder, problem, before), zero_shot)


@each({**FIXED, "gda-em": gda_em()})
def test_an_image_has_the_same_scores_alone_and_among_others(rule):
    encoder, problem, before = setting()
    classifier = rule(encoder, problem, before)
    features = encoder.images(encoder.items)
    together = classifier.score(Known(features, encoder.items))
    alone = [classifier.score(Known(features[i : i + 1], encoder.items[i : i + 1])) for i in range(len(features))]
    np.testing.assert_allclose(np.concatenate(alone), together, rtol=1e-4, atol=1e-4)


def test_tip_x_without_captions_is_caps_with_images_only():
    encoder, problem, before = setting()
    alike = {"alpha": 2.0, "beta": 3.0, "gamma": 4.0}
    assert_rows_close(
        scores(tip_x(**alike), encoder, problem, before), scores(caps(**alike, delta=0.0), encoder, problem, before)
    )


@given(
    st.integers(0, 10_000),
    st.integers(1, 6),
    st.lists(st.floats(-5, 20), min_size=1, max_size=8),
)
@settings(max_examples=60)
def test_counting_along_a_line_equals_an_argmax_at_every_value(seed, n_classes, values):
    rng = np.random.default_rng(seed)
    base, slope = rng.normal(size=(2, 20, n_classes))
    # A class without support images adds nothing; two classes of one name are the same everywhere.
    slope[:, rng.random(n_classes) < 0.3] = 0
    if n_classes > 2:
        base[:, 1], slope[:, 1] = base[:, 0], slope[:, 0]
    labels = rng.integers(0, n_classes, 20)
    expected = [int(((base + v * slope).argmax(axis=1) == labels).sum()) for v in values]
    assert correct_along(base, slope, labels, values).tolist() == expected


def test_the_first_of_equal_choices_wins():
    axes = {"outer": [1.0, 2.0], "inner": [5.0, 6.0, 7.0]}
    assert first_best(np.array([[1, 3, 3], [3, 2, 3]]), axes) == {"outer": 1.0, "inner": 6.0}
    assert first_best(np.zeros((2, 3)), axes) == {"outer": 1.0, "inner": 5.0}


def test_steps_leave_out_the_end():
    assert steps(0.1, 7.0, 3) == pytest.approx([0.1, 2.4, 4.7])


@given(st.integers(0, 1000), st.lists(st.integers(0, 3), min_size=1, max_size=12))
@settings(max_examples=40)
def test_sums_over_classes_equal_the_one_hot_product(seed, labels):
    kernel = np.random.default_rng(seed).random((5, len(labels)))
    np.testing.assert_allclose(Values(np.array(labels), 5).apply(kernel), kernel @ np.eye(5)[labels], atol=1e-12)


def test_no_similar_support_image_adds_almost_nothing():
    assert from_support(np.full((1, 2), -1.0), Values(np.array([0, 1]), 2), beta=50.0).max() < 1e-40


@each(SEARCHED)
def test_what_was_chosen_and_on_which_images_is_on_record(rule):
    encoder, problem, before = setting()
    rule(encoder, problem, before)
    assert encoder.notes["chosen"]
    assert encoder.notes["chosen on"]["split"] == "validation"
    assert encoder.notes["chosen on"]["images"] == 24
    assert 0 <= encoder.notes["chosen on"]["accuracy"] <= 1
    assert "warning" not in encoder.notes


@each(SEARCHED)
def test_a_choice_on_the_test_images_is_marked(rule):
    encoder, problem, before = setting()
    rule(encoder, replace(problem, validation=replace(problem.validation, split="test")), before)
    assert "test images" in encoder.notes["warning"]


def test_a_choice_at_the_end_of_its_range_is_marked():
    encoder, problem, before = setting()
    gda(alpha=None)(encoder, problem, linear(-before.weights, 100.0))
    assert encoder.notes["chosen"] == {"alpha": 100.0}
    assert encoder.notes["chosen at the end of the values tried"] == ["alpha"]


@each(FIXED)
def test_fixed_values_need_no_validation_images(rule):
    encoder, problem, before = setting()
    assert np.isfinite(scores(rule, encoder, replace(problem, validation=None), before)).all()


@each(SEARCHED)
def test_missing_images_are_named_with_the_key_that_brings_them(rule):
    encoder, problem, before = setting()
    with pytest.raises(UserError, match=r"no support images.*`support:`"):
        rule(encoder, replace(problem, support=None), before)
    with pytest.raises(UserError, match=r"no validation images.*`validation:`"):
        rule(encoder, replace(problem, validation=None), before)


@each({name: rule for name, rule in FIXED.items() if not name.startswith("gda")})
def test_support_images_of_other_classes_are_refused(rule):
    encoder, problem, before = setting()
    with pytest.raises(UserError, match=r"other classes.*gda"):
        rule(encoder, replace(problem, support_names=["x", "y", "z"]), before)


def test_scores_without_weights_are_enough_where_only_scores_are_needed():
    encoder, problem, before = setting()
    bare = Classifier(before.score, before.kind)
    for rule in (FIXED["tip-adapter"], FIXED["gda"], gda_em()):
        np.testing.assert_array_equal(scores(rule, encoder, problem, bare), scores(rule, encoder, problem, before))
    for name in ("tip-x", "caps"):
        with pytest.raises(UserError, match="no class weights"):
            FIXED[name](encoder, problem, bare)
    labels_only = Classifier(lambda batch: np.zeros(len(batch.features), dtype=np.int64), ScoreKind("labels"))
    with pytest.raises(UserError, match="labels, not scores"):
        scores(FIXED["tip-adapter"], encoder, problem, labels_only)


def test_one_shot_has_no_covariance_of_its_own():
    encoder, problem, before = setting(shots=1)
    zero_shot = before.score(Known(encoder.images(encoder.items)))
    found = scores(gda(), encoder, problem, before)
    np.testing.assert_array_equal(found.argmax(axis=1), zero_shot.argmax(axis=1))
    assert "one row a class" in encoder.notes["covariance"]
    with pytest.raises(UserError, match=r"class 'a' has 1 support rows.*`augment:`"):
        gda(covariance="per-class")(encoder, problem, before)
    assert np.isfinite(scores(gda(covariance="per-class", augment=3), encoder, problem, before)).all()


def test_a_class_without_support_images_is_refused_by_gda_and_never_chosen_by_the_probe():
    encoder, problem, before = setting()
    kept = problem.support.labels != 1
    support = Labelled(
        [i for i, k in zip(problem.support.items, kept, strict=True) if k], problem.support.labels[kept], ""
    )
    problem = replace(problem, support=support)
    with pytest.raises(UserError, match="class 'b' has 0 support rows"):
        gda()(encoder, problem, before)
    assert (scores(FIXED["linear-probe"], encoder, problem, before).argmax(axis=1) != 1).all()
    cache = scores(FIXED["tip-adapter"], encoder, problem, before) - before.score(Known(encoder.images(encoder.items)))
    assert_rows_close(cache[:, 1], 0)


def test_a_probe_of_one_class_is_refused():
    encoder, problem, before = setting()
    support = Labelled(problem.support.items[:4], problem.support.labels[:4], "")
    with pytest.raises(UserError, match="one class only"):
        linear_probe(C=1.0)(encoder, replace(problem, support=support), before)


def test_new_classes_follow_the_definition():
    encoder, problem, _ = setting()
    new = replace(problem, class_names=["d", "e"], support_names=problem.class_names)
    weights = encoder.texts(["some d", "some e"])
    rule = compose([of_texts, gda(k=5, text_repeat=2, covariance="per-class")])
    found = scores(rule, encoder, new, None)
    rows = encoder.images(problem.support.items).astype(float)
    means, inverses = [], []
    for w in weights.astype(float):
        near = rows[np.argsort(-(rows @ w))[:5]]
        means.append((near.sum(axis=0) + 2 * w) / 7)
        covariance = (near - w).T @ (near - w) / 4
        inverses.append(WIDTH * np.linalg.inv(4 * covariance + np.trace(covariance) * np.eye(WIDTH)))
    precision, test = np.mean(inverses, axis=0), encoder.images(encoder.items).astype(float)
    gaussian = np.stack([test @ precision @ m + np.log(1 / 2) - m @ precision @ m / 2 for m in means], axis=1)
    alpha = encoder.notes["chosen"]["alpha"]
    np.testing.assert_allclose(found, 100 * test @ weights.T + alpha * gaussian, rtol=1e-4, atol=1e-4)
    assert encoder.notes["k"] == 5


def of_texts(encoder, problem, _before):
    """A builder that is not the prompt ensemble of the task's templates, and says whom it was asked about."""
    encoder.note("asked about", problem.class_names)
    return linear(encoder.texts([f"some {name}" for name in problem.class_names]), 100.0)


@pytest.mark.parametrize("seed", range(6))
def test_both_halves_of_a_data_set_have_one_alpha_whatever_stands_before(seed):
    encoder, problem, _ = setting(seed=seed)
    new = replace(problem, class_names=["d", "e"], support_names=problem.class_names)
    rule, chosen = compose([of_texts, gda(covariance="per-class")]), []
    for half in (problem, new):
        rule(encoder, half, None)
        chosen.append((encoder.notes["chosen"], encoder.notes["chosen on"]))
        assert encoder.notes["asked about"] == half.class_names  # not what alpha was chosen by
    assert chosen[0] == chosen[1]


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_gaussians_do_not_depend_on_the_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    rows, labels, order = normalise(rng.normal(size=(12, 5))), np.arange(12) % 3, rng.permutation(12)
    for make in (pooled, per_class):
        first, again = make(rows, labels, 3), make(rows[order], labels[order], 3)
        assert_rows_close(again.precision, first.precision)
    texts = normalise(rng.normal(size=(2, 5)))
    np.testing.assert_allclose(new_classes(rows[order], texts, k=4).means, new_classes(rows, texts, k=4).means)


def test_feature_vectors_have_no_views():
    item = FeatureItem("row 3", FeatureRow(np.ones(WIDTH), None))
    with pytest.raises(UserError, match=r"row 3: a feature vector.*`augment: 1`"):
        views(item, 2)[1].open()


def test_captions_are_read_by_the_id_of_the_image(tmp_path):
    encoder, problem, before = setting()
    path = tmp_path / "captions.json"
    texts = {item.id: f"a photo of {item.id}" for item in problem.support.items}
    path.write_text(json.dumps({**texts, "other": "unused"}))
    fixed = {"captions": str(path), "alpha": 1.0, "beta": 2.0, "gamma": 0.0}
    found = scores(caps(**fixed, delta=1.0), encoder, problem, before)
    affinity = encoder.images(encoder.items) @ encoder.texts(list(texts.values())).T
    cache = np.exp(2 * (affinity - 1)) @ np.eye(CLASSES)[problem.support.labels]
    zero_shot = before.score(Known(encoder.images(encoder.items)))
    assert_rows_close(found, zero_shot + cache)
    del texts["s3"]
    path.write_text(json.dumps(texts))
    with pytest.raises(UserError, match=r"1 support images have no caption \(first: 's3'\)"):
        caps(**fixed, delta=1.0)(encoder, problem, before)
    for wrong in ("[]", '{"s0": 1}', "{"):
        path.write_text(wrong)
        with pytest.raises(UserError, match=r"captions\.json"):
            caps(**fixed, delta=1.0)(encoder, problem, before)


def test_the_reference_flavour_of_tip_x_takes_the_validation_range():
    encoder, problem, before = setting()
    fixed = {"alpha": 1.0, "beta": 2.0, "gamma": 5.0}
    correct, reference = (
        scores(tip_x(**fixed, flavour=flavour), encoder, problem, before) for flavour in ("correct", "reference")
    )
    support, test, validation = (
        encoder.images(i) for i in (problem.support.items, encoder.items, problem.validation.items)
    )
    own, other = test @ support.T, validation @ support.T
    zero = before.score(Known(test)) + np.exp(2 * (own - 1)) @ np.eye(CLASSES)[problem.support.labels]
    # The mean over a class's four images of the same matrix, mapped once to one range and once to the other.
    share = [
        (-(found - zero) / (4 * 5.0) - affinity.min()) / (affinity.max() - affinity.min())
        for found, affinity in ((correct, own), (reference, other))
    ]
    np.testing.assert_allclose(*share, atol=1e-4)
    assert np.abs(correct - reference).max() > 1e-2
    with pytest.raises(UserError, match="no validation images"):
        tip_x(**fixed, flavour="reference")(encoder, replace(problem, validation=None), before)


def test_keys_are_normalised_means_over_views():
    encoder, problem, _ = setting()
    found = keys(encoder, problem.support, augment=3)
    first = problem.support.items[0]
    mean = encoder.images(views(first, 3), raw=True).mean(axis=0)
    assert_rows_close(found[0], mean / np.linalg.norm(mean))


def test_views_depend_on_the_image_and_their_number_alone():
    items = digits(split="train").items[:3]
    forward = [v.open().tobytes() for item in items for v in views(item, 4)]
    backward = [v.open().tobytes() for item in reversed(items) for v in reversed(views(item, 4))]
    assert forward == backward[::-1]
    assert len(set(forward)) == len(forward)
    every = [v for item in items for v in views(item, 4)]
    assert len({v.digest() for v in every}) == len({v.id for v in every}) == len(every)
    assert {v.open().size for v in every} == {(224, 224)}


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 1000))
@settings(max_examples=60)
def test_crops_lie_in_the_image(width, height, seed):
    left, upper, right, lower = crop_box(width, height, np.random.default_rng(seed))
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    if min(width, height) > 50 and 3 / 4 <= width / height <= 4 / 3:
        area = (right - left) * (lower - upper) / (width * height)
        assert 0.47 <= area <= 1
        assert 0.7 <= (right - left) / (lower - upper) <= 1.42


def test_the_digits_fall_into_three_splits():
    parts = [digits(split=name) for name in ("train", "validation", "test")]
    every = digits()
    assert [item.id for part in parts for item in part.items] == [item.id for item in every.items]
    assert [label for part in parts for label in part.labels] == list(every.labels)
    assert [len(part.items) for part in parts] == [900, 300, 597]
    assert all(set(part.labels) == set(range(10)) for part in parts)


SUITE = """description: adapters on a few digits
settings: {threads: 1, limit: 60, resamples: 100}
runs:
  - models: clip-glyphs
    methods:
      - prompt-ensemble
      - {name: tip-adapter, beta_steps: 5, alpha_steps: 5, alpha_max: 50}
      - {name: tip-x, alpha_steps: 3, beta_steps: 3, gamma_steps: 3}
      - {name: caps, alpha_steps: 3, beta_steps: 3, gamma_steps: 3, delta_steps: 2}
      - gda
      - gda-em
      - {name: linear-probe, C: 10}
    tasks: {use: digits-few-shot, shots: 4}
  - models: clip-glyphs
    methods: {name: gda, covariance: per-class}
    tasks:
      - {use: digits-few-shot, label: base, half: base}
      - {use: digits-few-shot, label: new, half: new}
"""


def run(path, tmp_path):
    made = planning.make(str(path), Choices())
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    outcomes = list(local.run(made, options, lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return {(o.result["task"], o.result["method"]): o.result for o in outcomes}


def test_whole_runs_on_digits(tmp_path):
    suite = tmp_path / "suite.yaml"
    suite.write_text(SUITE)
    results = run(suite, tmp_path)
    accuracy = {
        method: r["metrics"]["acc@1"]["value"] for (task, method), r in results.items() if task.startswith("dig")
    }
    assert len(accuracy) == 7
    assert all(value > 0.5 for value in accuracy.values())
    assert max(accuracy.values()) > accuracy["prompt-ensemble"]
    kinds = {method: r["method_kind"] for (_, method), r in results.items()}
    assert {m for m, kind in kinds.items() if kind == "transductive"} == {"tip-x", "caps", "gda-em"}
    base, new = results["base", "gda"], results["new", "gda"]
    assert base["notes"]["chosen"] == new["notes"]["chosen"]
    assert base["notes"]["chosen on"]["split"] == "validation"
    assert base["data_fingerprint"] != new["data_fingerprint"]


def test_a_task_without_support_images_says_which_key_to_add():
    with pytest.raises(UserError, match="`support:`"):
        planning.make("digits", Choices(models=("clip-glyphs",), methods=("tip-adapter",)))


@pytest.mark.parametrize("suite", ["few-shot-digits", "base-to-new-digits"])
def test_the_suites_average_what_they_run(suite):
    made = planning.make(suite, Choices())
    tasks = {job.task_name for job in made.jobs}
    assert made.averages
    assert {task for average in made.averages for task in average.tasks} == tasks


def test_tasks_with_other_shots_are_other_rows():
    made = planning.make("few-shot-digits", Choices())
    protocols = {job.build_task().protocol() for job in made.jobs}
    assert protocols == {f"1 template, {n} shot{'s' * (n > 1)}" for n in (1, 2, 4, 8, 16)}
