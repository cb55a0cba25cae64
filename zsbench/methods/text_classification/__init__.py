"""Rules that classify texts without labelled examples: from class names or keywords to scores of every class.

A method file returns a `Rule`: `rule(texts, problem) -> Classifier`, and `classifier.score(items) -> (n_items,
n_classes)` for any part of the test texts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from zsbench.core.lazy import FloatArray
from zsbench.core.score_kinds import ScoreKind
from zsbench.methods.classification import Labelled

DescribedBy = Literal["keywords", "names"]
"""What stands for a class: the keywords that the task gives it, or its name alone."""


class TextItem(Protocol):
    """What a rule sees of a text."""

    @property
    def id(self) -> str:
        """The text's id."""

    @property
    def text(self) -> str:
        """The text itself."""


@dataclass(frozen=True)
class TextProblem:
    """What a rule may know of the task.

    Attributes
    ----------
    class_names : in label order.
    keywords : the keywords of each class, in the same order; None where the task gives none.
    validation : labelled texts to choose hyper-parameters with, or None.
    unlabeled : further texts without labels, or None.
    """

    class_names: list[str]
    keywords: list[list[str]] | None = None
    validation: Labelled | None = None
    unlabeled: Sequence[TextItem] | None = None

    def described(self, by: DescribedBy) -> list[list[str]]:
        """Return the words that stand for each class, at least one; the plan has seen to it that there are keywords."""
        return [[name] for name in self.class_names] if by == "names" or self.keywords is None else self.keywords


class Texts(Protocol):
    """What a rule may ask: vectors, each distinct text encoded once and cached, and a place for notes."""

    model: Any
    """The adapter itself."""
    items: Sequence[TextItem]
    """All test texts, in order; a rule that uses them declares itself transductive."""

    def documents(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of texts (n_texts, width), encoded as documents."""

    def words(self, texts: Sequence[str]) -> FloatArray:
        """Return the vectors of class names or keywords (n_texts, width), encoded as queries."""

    def asked(self, texts: Sequence[str]) -> None:
        """Record the texts that stand for the classes, as the model reads them."""

    def note(self, key: str, value: Any) -> None:
        """Record a choice made on the way in the result."""

    def warn(self, text: str) -> None:
        """Record a doubt that stands beside the result in every table."""

    def count(self, name: str, n: int = 1) -> None:
        """Count something about test texts that is shown with the result."""


@dataclass(frozen=True)
class Classifier:
    """Scores texts.

    Attributes
    ----------
    score : texts -> scores (n_texts, n_classes).
    kind : what the scores are, and so which probabilities follow from them.
    """

    score: Callable[[Sequence[TextItem]], FloatArray]
    kind: ScoreKind


Rule = Callable[[Texts, TextProblem], Classifier]
