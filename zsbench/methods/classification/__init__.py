"""Classification rules: from class names and cached features to scores.

A method file returns a `Rule`. It is called once as `rule(encoder, problem)`, may encode texts there, and answers
with a `Scorer` that turns a batch of images into scores (n_images, n_classes).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from zsbench.lazy import lazy

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float32]
else:
    np = lazy("numpy")


@dataclass(frozen=True)
class Problem:
    """What a rule may know: class names, prompt templates (`{}` or `{c}` is the class) and the logit scale."""

    class_names: list[str]
    templates: list[str]
    logit_scale: float

    def prompts(self, class_name: str) -> list[str]:
        """Return the templates filled with one class name."""
        return [fill(template, class_name) for template in self.templates]


class Batch(Protocol):
    """Images to classify: their items (ids, pixels) and, computed once and cached, their features."""

    items: Sequence[Any]

    @property
    def features(self) -> FloatArray:
        """L2-normalised image features (n_images, width)."""


class TextFeatures(Protocol):
    """The text side of an encoder: normalised features (n_texts, width), each text encoded once."""

    def texts(self, texts: Sequence[str]) -> FloatArray:
        """Return L2-normalised features (n_texts, width)."""


Scorer = Callable[[Batch], "FloatArray"]
Rule = Callable[[TextFeatures, Problem], Scorer]


def fill(template: str, class_name: str) -> str:
    """Put the class name into a template; both placeholders of the field are known."""
    return template.replace("{c}", class_name).replace("{}", class_name)


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
