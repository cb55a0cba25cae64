"""What a rule's scores are: it travels with them, to the result's notes and into the predictions file.

Whoever needs probabilities asks here instead of guessing. Logits of a two-tower model are a factor times cosines; the
factor that rules compute with (100 unless the task says otherwise) need not be the one the model was trained with, so
probabilities are taken at a scale of their own: the task's `logit_scale` where it is set, else the model's. A model
trained with a sigmoid and a bias (SigLIP) gives each class a probability of its own.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from zsbench.core.lazy import DoubleArray, np

What = Literal["cosines", "logits", "log-probabilities", "probabilities", "votes", "distances", "labels"]
"""`votes` are shares of neighbours; `distances` are written so that higher is better.

Of probabilities and votes that do not sum to 1 each counts as its share of an item's sum.
"""
_WHATS = ("cosines", "logits", "log-probabilities", "probabilities", "votes", "distances", "labels")


@dataclass(frozen=True)
class ScoreKind:
    """What scores (n_items, n_classes) are.

    Attributes
    ----------
    what : the kind.
    scale : the factor on cosines inside logits; None for logits of a head of their own, whose scale is theirs.
    probability_scale : the factor on cosines at which probabilities are taken; None for the scores' own.
    bias : what a sigmoid adds to the logits at `probability_scale`; None for a softmax over the classes.
    """

    what: What
    scale: float | None = None
    probability_scale: float | None = None
    bias: float | None = None

    def for_model(self, model: Any, asked: float | None) -> ScoreKind:
        """Return the kind with the scale at which this model's probabilities are taken.

        Parameters
        ----------
        model : the encoder behind the scores, or None; its `logit_scale` and, where it has one, `logit_bias` count.
        asked : the scale that the task sets instead, or None.
        """
        if self.what not in ("logits", "cosines") or (self.what == "logits" and self.scale is None):
            return self
        if asked is not None:
            return replace(self, probability_scale=asked)
        scale = getattr(model, "logit_scale", None)
        return (
            self if scale is None else replace(self, probability_scale=scale, bias=getattr(model, "logit_bias", None))
        )

    def probabilities(self, scores: Any, *, temperature: float = 1.0) -> DoubleArray:
        """Return probabilities (n_items, n_classes), float64; a score of minus infinity has none.

        `temperature` divides the logits, to which a sigmoid's bias belongs.

        Raises
        ------
        ValueError
            The scores are distances or labels, which no probabilities follow from, or an item has none of any class.
        """
        logits = self.logits(scores)
        if self.bias is not None:
            return np.asarray(np.exp(-np.logaddexp(0, -(logits + self.bias) / temperature)))
        logits = logits / temperature
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))

    def logits(self, scores: Any) -> DoubleArray:
        """Return logits (n_items, n_classes), float64, at the scale for probabilities; errors as `probabilities`."""
        scores = np.asarray(scores, dtype=np.float64)
        if not self.has_probabilities:
            raise ValueError(f"the scores are {self.what}, so there are no probabilities")
        shares = self.what in ("probabilities", "votes")
        without = (scores.sum(axis=-1) == 0) if shares else np.isneginf(scores).all(axis=-1)
        if without.any():
            raise ValueError(f"{int(without.sum())} items have no {self.what} of any class that counts")
        if shares:
            shared = scores / scores.sum(axis=-1, keepdims=True)
            return np.asarray(np.log(np.maximum(shared, np.finfo(np.float64).tiny)))
        return np.asarray(scores * self.factor)

    @property
    def has_probabilities(self) -> bool:
        """Whether probabilities follow from the scores."""
        return self.what not in ("distances", "labels")

    @property
    def factor(self) -> float:
        """What turns the scores into logits at the scale for probabilities."""
        scale = 1.0 if self.what == "cosines" else self.scale
        if scale is None or self.probability_scale is None or self.what == "log-probabilities":
            return 1.0
        return self.probability_scale / scale

    def described(self) -> str:
        """Return one line for the result's notes."""
        text = self.what if self.scale is None else f"{self.what} ({self.scale:g} x cosine)"
        if self.what in ("logits", "cosines") and self.probability_scale is not None:
            text += f"; probabilities at {self.probability_scale:g} x cosine"
        return text if self.bias is None else f"{text} {self.bias:+g}, by a sigmoid"

    def to_json(self) -> str:
        """Return the fields as they stand in the metadata of a predictions file."""
        return json.dumps(asdict(self))


def from_json(text: str | bytes) -> ScoreKind:
    """Return what `to_json` wrote.

    Raises
    ------
    ValueError
        It is something else.
    """
    try:
        kind = ScoreKind(**json.loads(text))
    except TypeError as error:
        raise ValueError(str(error)) from None
    numbers = (kind.scale, kind.probability_scale, kind.bias)
    if kind.what not in _WHATS or not all(n is None or isinstance(n, (int, float)) for n in numbers):
        raise ValueError(f"unknown kind of scores: {str(text)[:80]}")
    return kind
