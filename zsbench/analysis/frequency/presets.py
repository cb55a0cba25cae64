"""What the paper on concept frequency draws its curves of: data sets, edges, and the bins that it leaves out.

Source: Udandarao et al. 2024, arXiv:2404.04125, and the notebooks of bethgelab/frequency_determines_performance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["classification", "retrieval"]

PAPER = "paper"
"""The name that stands for the paper's data sets."""

_CLASSIFICATION = (
    "imagenet", "cifar10", "cifar100", "caltech101", "caltech256", "sun397", "birdsnap", "country211", "cub", "dtd",
    "eurosat", "fgvcaircraft", "flowers102", "food101", "imagenet-sketch", "oxfordpets", "stanfordcars", "ucf101",
)  # fmt: skip
_RETRIEVAL = ("coco", "flickr")
_WITHOUT_TEXT_COUNTS = ("imagenet-sketch",)

_EDGES = {"classification": 12, "retrieval": 7}
_FIRST = {
    "cc3m": 1, "cc12m": 1, "yfcc15m": 1, "synthci30m": 1,
    "laion400m": 2, "laion200m": 2, "laion200m_train_test_sim_normalized": 2,
}  # fmt: skip
_FIRST_OF_RETRIEVAL = 2


@dataclass(frozen=True)
class Bins:
    """Edges of the bins, the first bin that r is made of, and whose rule that is (empty: nobody's, the default)."""

    edges: int
    first: int
    preset: str


def bins(kind: Kind, pretraining: str) -> Bins:
    """Return the rule for a corpus by its exact name; others have 12 edges and leave out the lowest bin alone.

    Bin 0 holds the least count, which is that of all concepts that were never found. For retrieval the paper leaves
    out one bin more, whatever the corpus.

    Examples
    --------
    >>> bins("classification", "laion400m"), bins("classification", "my-corpus").first
    (Bins(edges=12, first=2, preset='laion400m'), 1)
    """
    if kind == "retrieval":
        return Bins(_EDGES[kind], _FIRST_OF_RETRIEVAL, "retrieval")
    return Bins(_EDGES[kind], _FIRST.get(pretraining, 1), pretraining if pretraining in _FIRST else "")


def datasets(kind: Kind, source: str) -> tuple[str, ...]:
    """Return the paper's data sets; counts of captions (`text`) were not published for imagenet-sketch.

    Examples
    --------
    >>> len(datasets("classification", "image")), len(datasets("classification", "text")), datasets("retrieval", "text")
    (18, 17, ('coco', 'flickr'))
    """
    if kind == "retrieval":
        return _RETRIEVAL
    return tuple(name for name in _CLASSIFICATION if source != "text" or name not in _WITHOUT_TEXT_COUNTS)
