"""Pseudolabels: what is selected, what is learnt, three ways to be short of labels, and the errors."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.close import assert_rows_close
from zsbench.core.errors import UserError
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Classifier, Known, Labelled, Problem, linear, normalise, softmax
from zsbench.methods.classification._learners import fit_linear, fit_prototypes, learn
from zsbench.methods.classification._pseudolabels import board, counts, grip_counts, label_all, topk_plain
from zsbench.methods.classification.pseudolabels import pseudolabels

NAMES = ["a_rose", "iris", "tulip"]
SCALE = 10.0
LOGITS = arrays(np.float64, st.tuples(st.integers(1, 30), st.integers(2, 5)), elements=st.integers(-6, 6))


def by_the_book(probabilities, k):
    """The board as the paper's code walks it, one comparison after the other."""
    boards = {c: [] for c in range(probabilities.shape[1])}

    def offer(c, image, p):
        if len(boards[c]) < k:
            boards[c].append((p, image))
        elif boards[c][-1][0] < p:
            boards[c] = sorted([*boards[c], (p, image)], reverse=True)[:k]
        else:
            return False
        return True

    for image, row in enumerate(probabilities):
        order = sorted(range(len(row)), key=lambda c: -row[c])
        if not offer(int(row.argmax()), image, row[row.argmax()]):
            for c in order:
                if c != row.argmax():
                    offer(c, image, row[c])
    return [(image, c) for c, entries in boards.items() for _, image in entries]


@settings(max_examples=150)
@given(LOGITS, st.integers(1, 8))
def test_board_walks_as_the_code_does(logits, k):
    images, labels = board(logits, per_class=k)
    assert list(zip(images.tolist(), labels.tolist(), strict=True)) == by_the_book(softmax(logits), k)


@settings(max_examples=50)
@given(LOGITS, st.integers(1, 40))
def test_selections_hold_what_they_promise(logits, k):
    n, n_classes = logits.shape
    images, labels = board(logits, per_class=k)
    assert (np.bincount(labels, minlength=n_classes) <= k).all()
    if k >= n:  # room for all: every image once, with its likeliest class, in order within the class
        assert sorted(images) == list(range(n))
        assert (labels == logits.argmax(axis=1)[images]).all()
    plain, plain_labels = topk_plain(logits, per_class=k)
    assert (plain_labels == logits.argmax(axis=1)[plain]).all()
    assert len(set(plain)) == len(plain)


def test_board_by_hand():
    # Three images of class 0, then one of class 1; room for one each. Image 1 beats image 0 and pushes it out; image 2
    # beats nobody there and goes to class 1; image 3 is likelier for class 1 than image 2. Image 0 is not offered again.
    p = np.array([[0.7, 0.2, 0.1], [0.9, 0.05, 0.05], [0.6, 0.3, 0.1], [0.1, 0.8, 0.1]])
    images, labels = board(np.log(p), per_class=1)
    assert (images.tolist(), labels.tolist()) == ([1, 3, 2], [0, 1, 2])


def test_the_last_entry_of_an_unsorted_board_is_the_one_to_beat():
    p = np.array([[0.55, 0.45], [0.95, 0.05], [0.9, 0.1], [0.5, 0.5]])
    images, labels = board(np.log(p), per_class=2)
    # Image 2 (0.9) does not beat the last entry (0.95), although it beats the first (0.55).
    assert images[labels == 0].tolist() == [0, 1]
    assert images[labels == 1].tolist() == [2, 3]


def test_equal_probabilities_go_by_name():
    p = np.log([[0.8, 0.2], [0.6, 0.4], [0.8, 0.2]])
    assert board(p, per_class=2)[0][:2].tolist() == [2, 0]
    assert board(p, per_class=2, names=["b", "c", "a"])[0][:2].tolist() == [0, 2]


def test_rounds():
    assert grip_counts(60, 5) == [1, 2, 3, 4, 6, 7, 8, 9, 10, 12]
    assert counts("grip", per_class=16, n_images=30, n_classes=20) == [1, 1, 1, 1]  # floor(i * 3 / 20) is 0 until i = 7
    assert counts("ifpl", per_class=4, n_images=30, n_classes=20) == [4] * 10
    assert counts("ifpl", per_class=4, n_images=30, n_classes=20, rounds=3) == [4] * 3
    assert counts("grip", per_class=4, n_images=60, n_classes=5, rounds=4) == [3, 6, 9, 12]
    with pytest.raises(UserError, match="3 unlabeled images for 20 classes"):
        counts("grip", per_class=16, n_images=3, n_classes=20)


@dataclass(frozen=True)
class Image:
    id: str
    vector: tuple
    content: str = ""

    def digest(self):
        return self.content or self.id


class Encoder:
    """Texts are the class axes; whatever else is asked lands in `asked`."""

    def __init__(self):
        self.asked, self.notes, self.model = [], {}, SimpleNamespace(logit_scale=SCALE)

    def texts(self, texts):
        self.asked += texts
        return normalise(np.eye(4)[[i % 3 for i, _ in enumerate(texts)]] + 0.1)

    def images(self, items):
        return normalise(np.array([item.vector for item in items]))

    def note(self, key, value):
        self.notes[key] = value

    def warn(self, text):
        self.notes["warning"] = text


def blobs(n, seed=0, noise=0.25, classes=3):
    """Images around directions that are turned away from the class axes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % classes
    centres = np.array([[1, 0, 0, 0.8], [0, 1, 0.8, 0], [0.8, 0, 1, 0]])
    vectors = centres[labels] + noise * rng.normal(size=(n, 4))
    return [Image(f"{seed}-{i:03d}", tuple(v)) for i, v in enumerate(vectors)], labels


def start():
    return linear(normalise(np.eye(4)[:3]), SCALE)


def run(problem_keys=None, **options):
    encoder = Encoder()
    problem = Problem(NAMES, ["a photo of a {}"], SCALE, **{"unlabeled": blobs(90)[0], **(problem_keys or {})})
    classifier = pseudolabels(**options)(encoder, problem, start())
    return encoder, classifier


def accuracy(classifier, labels_of=None):
    items, labels = blobs(600, seed=9)
    rows = labels >= 0 if labels_of is None else np.isin(labels, labels_of)
    found = classifier.score(Known(Encoder().images(items))).argmax(axis=1)
    return (found == labels)[rows].mean()


def test_grip_uses_nearly_all_images_and_learns_from_them():
    encoder, classifier = run(schedule="grip", pull=1e-3)
    assert [row["K"] for row in encoder.notes["pseudolabels"]] == [3, 6, 9, 12, 15, 18, 21, 24, 27, 30]
    assert accuracy(classifier) > accuracy(start()) + 0.03


def test_labels_are_better_than_pseudolabels():
    items, labels = blobs(30, seed=3)
    support = Labelled(items, labels, "train")
    _, ul = run(pull=1e-3)
    _, ssl = run({"support": support}, paradigm="ssl", pull=1e-3)
    assert accuracy(ssl) > accuracy(ul)


def test_trzsl_gives_labels_of_unseen_classes_only():
    items, labels = blobs(90)
    unseen = np.array([False, False, True])
    keys = {
        "support": Labelled([i for i, y in zip(items, labels, strict=True) if y < 2], labels[labels < 2], "train"),
        "unseen": unseen,
    }
    encoder, classifier = run(keys, paradigm="trzsl", schedule="grip", pull=1e-3)
    # The labelled images are taken out of the pool: 30 are left, all of the unseen class.
    assert [row["labels"] for row in encoder.notes["pseudolabels"]] == list(range(3, 31, 3))
    assert accuracy(classifier) > accuracy(start())
    mixed, _ = run(keys, paradigm="trzsl", pool="mixed", per_class=20)
    assert mixed.notes["pseudolabels"][0]["labels"] <= 20


def test_a_labelled_image_is_known_by_its_content_too():
    items, labels = blobs(6)
    others = [Image(item.id, item.vector, "another file") for item in items]
    encoder, _ = run(
        {"unlabeled": [*items, *others], "support": Labelled(items, labels, "train")}, paradigm="ssl", select="all"
    )
    assert encoder.notes["pseudolabels"] == [{"K": 16, "labels": 6, "images": 6}]


def test_prototypes_are_means_and_classes_without_images_keep_their_text():
    features = normalise(np.array([[1, 0.2, 0], [1, 0, 0.2], [0, 1, 0.5]]))
    found = fit_prototypes(features, np.array([0, 0, 2]), start=np.eye(3, dtype=np.float32))
    assert_rows_close(found, normalise(np.stack([features[:2].mean(0), [0, 1, 0], features[2]])))


def test_the_linear_learner_is_at_the_minimum_of_its_formula():
    items, labels = blobs(40)
    x, w0 = Encoder().images(items).astype(float), np.eye(4)[:3]
    say = np.full(40, 1 / 40)

    def loss(w):
        logits = SCALE * x @ w.T
        entropy = np.log(np.exp(logits).sum(1)) - logits[np.arange(40), labels]
        return say @ entropy + 0.02 / 2 * ((SCALE * (w - w0)) ** 2).sum()

    found = fit_linear(x, labels, say, start=w0.astype(np.float32), logit_scale=SCALE, pull=0.02).astype(float)
    rng = np.random.default_rng(0)
    assert all(loss(found) < loss(found + 1e-2 * rng.normal(size=found.shape)) for _ in range(50))
    assert loss(found) < loss(w0)
    held = fit_linear(x, labels, say, start=w0.astype(np.float32), logit_scale=SCALE, pull=1e6)
    np.testing.assert_allclose(held, w0, atol=1e-4)


def test_labelled_and_pseudolabelled_images_have_half_of_the_say_each():
    (one, y), (many, z) = blobs(3, seed=1), blobs(60, seed=2)
    few, lots = (Encoder().images(one), y), (Encoder().images(many), z)
    keys = {"start": np.eye(4, dtype=np.float32)[:3], "logit_scale": SCALE, "pull": 0.01}
    both = learn("linear", few, lots, **keys)
    by_hand = fit_linear(
        np.concatenate([few[0], lots[0]]), np.concatenate([y, z]), np.repeat([1 / 6, 1 / 120], [3, 60]), **keys
    )
    assert_rows_close(both, by_hand)
    nothing = (few[0][:0], y[:0])
    assert learn("linear", nothing, nothing, **keys) is keys["start"]


def test_the_reference_flavour_asks_with_the_braces_left_in():
    encoder, _ = run(flavour="reference")
    assert encoder.asked == ["a photo of a {}a rose", "a photo of a {}iris", "a photo of a {}tulip"]
    assert run()[0].asked == []


@pytest.mark.parametrize(
    ("keys", "options", "found"),
    [
        ({"unlabeled": None}, {}, "no unlabeled images"),
        ({}, {"paradigm": "ssl"}, "no support images"),
        ({"support": Labelled(*blobs(6, seed=4), "train")}, {"paradigm": "trzsl"}, "no unseen classes"),
        ({"unlabeled": blobs(2)[0]}, {"schedule": "grip"}, "2 unlabeled images for 3 classes"),
        ({}, {"schedule": "grip", "select": "all"}, "no K"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(keys, options, found):
    with pytest.raises(UserError, match=found):
        run(keys, **options)


def test_a_method_without_weights_cannot_be_learnt_from():
    with pytest.raises(UserError, match="class weights"):
        pseudolabels()(
            Encoder(),
            Problem(NAMES, ["{}"], SCALE, unlabeled=blobs(6)[0]),
            Classifier(lambda batch: batch, ScoreKind("logits")),
        )


def test_label_all():
    images, labels = label_all([[0.0, 1.0], [2.0, 2.0]])
    assert (images.tolist(), labels.tolist()) == ([0, 1], [1, 0])
