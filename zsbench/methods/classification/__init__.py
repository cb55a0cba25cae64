"""Classification rules: from class names and cached features to scores.

Three steps, each a file, each usable in any chain (`method: [cupl, tip-adapter, loki]`):

    score builder  texts of the classes     -> a first `Classifier`     (prompt-ensemble, cupl, zpe)
    adapter        a support set, test set  -> a better `Classifier`    (tip-adapter, gda)
    rule           scores                   -> other scores or labels   (loki, s3a)

A method file returns a `Rule`: `rule(encoder, problem, before) -> Classifier`. Builders ignore `before`; an adapter
or rule that stands alone goes on from the builder its decorator names in `after=`. Scores are
`logit_scale * cosine`, float32, whatever precision the model computes in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from zsbench.core.lazy import BoolArray, DoubleArray, FloatArray, IntArray, np
from zsbench.core.score_kinds import ScoreKind
from zsbench.core.templates import fill_class


@dataclass(frozen=True)
class Labelled:
    """Images or texts with labels that a rule may learn or choose from.

    Attributes
    ----------
    split : names them in the result.
    test : the test items, none of which should be among these.
    """

    items: Sequence[Any]
    labels: IntArray
    split: str
    test: Sequence[Any] = ()

    @cached_property
    def of_test(self) -> int:
        """How many of these are test images too, by the digest of what they hold; read when a rule asks for it."""
        known = {item.digest() for item in self.test}
        return sum(item.digest() in known for item in self.items) if known else 0

    @property
    def meets_test(self) -> bool:
        """Whether more than a stray copy or two of these are test items."""
        return bool(self.of_test) and 100 * self.of_test >= len(self.items)


@dataclass(frozen=True)
class Problem:
    """What a rule may know of the task.

    Attributes
    ----------
    class_names : in label order.
    templates : prompt templates; `{}` or `{c}` is the class.
    logit_scale : factor on cosines.
    support : labelled training images (few shots), or None.
    validation : labelled images for choosing hyper-parameters, or None.
    unlabeled : further images without labels, or None.
    support_names : classes of support and validation images when they are not the task's own (the base classes of
        a task about new ones).
    unseen : (n_classes,) True where a class has no labelled example, or None.
    distances : (n_classes, n_classes) between classes, or None.
    probability_scale : factor on cosines where probabilities are taken; None for the model's own.
    counts : (n_classes,) how often each class stands in pretraining data, or None; for metrics alone.
    also_called : further names of classes, for the rules that fill the templates; others write of the first name.
    """

    class_names: list[str]
    templates: list[str]
    logit_scale: float
    support: Labelled | None = None
    validation: Labelled | None = None
    unlabeled: Sequence[Any] | None = None
    support_names: list[str] | None = None
    unseen: BoolArray | None = None
    distances: DoubleArray | None = None
    probability_scale: float | None = None
    counts: IntArray | None = None
    also_called: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def prompts(self, class_name: str) -> list[str]:
        """Return the templates filled with each name of a class."""
        names = (class_name, *self.also_called.get(class_name, ()))
        return [fill_class(template, name) for name in names for template in self.templates]


class Batch(Protocol):
    """Images to classify: their items (ids, pixels) and, computed once and cached, their features."""

    items: Sequence[Any]

    @property
    def features(self) -> FloatArray:
        """L2-normalised image features (n_images, width)."""

    @property
    def raw(self) -> FloatArray:
        """Image features (n_images, width) as the model gives them."""


class Encoder(Protocol):
    """What a rule may ask: features, each image and text encoded once and cached, L2-normalised, float32."""

    model: Any
    """The adapter itself, for rules that need more than features (gradients, views)."""
    items: Sequence[Any]
    """All test images, in order; a rule that uses them declares itself transductive."""
    seed: int

    def texts(self, texts: Sequence[str]) -> FloatArray:
        """Return text features (n_texts, width)."""

    def images(self, items: Sequence[Any], *, raw: bool = False) -> FloatArray:
        """Return image features (n_images, width); `raw` ones are not normalised."""

    def chunks(self) -> Any:
        """Yield the test images' features in order, a bounded number of rows at a time."""

    def note(self, key: str, value: Any) -> None:
        """Record a choice made on the way (a searched hyper-parameter) in the result."""

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table."""


@dataclass(frozen=True)
class Classifier:
    """What one step hands to the next.

    Attributes
    ----------
    score : batch -> scores (n_images, n_classes), or labels (n_images,) of an integer type.
    kind : what the scores are.
    weights : (n_classes, width) when scores are a factor times `features @ weights.T`, else None.
    names : what the task's templates were filled with, (n_classes,), where the weights are of such prompts alone.
    chain : the rules that made it, one after another, for who needs the like of it for other classes.
    """

    score: Callable[[Batch], Any]
    kind: ScoreKind
    weights: FloatArray | None = None
    names: list[str] | None = None
    chain: Rule | None = None


Rule = Callable[[Encoder, Problem, "Classifier | None"], Classifier]


@dataclass(frozen=True)
class Known:
    """A batch whose features are at hand: how a rule applies a classifier to support or validation images."""

    features: FloatArray
    items: Sequence[Any] = ()

    @property
    def raw(self) -> FloatArray:
        """The same features: who holds raw ones hands them over as they are."""
        return self.features


def compose(rules: Sequence[Rule]) -> Rule:
    """Return the rule that applies `rules` one after another."""

    def chained(encoder: Encoder, problem: Problem, before: Classifier | None = None) -> Classifier:
        for number, rule in enumerate(rules, start=1):
            before = replace(rule(encoder, problem, before), chain=compose(rules[:number]))
        assert before is not None
        return before

    return chained


def linear(weights: FloatArray, logit_scale: float, names: list[str] | None = None) -> Classifier:
    """Return the classifier `logit_scale * features @ weights.T`; weights are (n_classes, width), names as there."""

    def score(batch: Batch) -> Any:
        return np.asarray(logit_scale * batch.features @ weights.T)

    return Classifier(score, ScoreKind("logits", logit_scale), weights, names)


def normalise(features: Any, *, what: str = "features") -> FloatArray:
    """Return rows of length 1, float32.

    Raises
    ------
    ValueError
        A row is NaN or zero.
    """
    rows = np.asarray(features, dtype=np.float32)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise ValueError(f"{what}: a vector is NaN or zero")
    return np.asarray(rows / lengths)


def softmax(logits: Any) -> FloatArray:
    """Return the softmax over the last axis, computed in float64."""
    shifted = np.asarray(logits, dtype=np.float64)
    exponentials = np.exp(shifted - shifted.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
