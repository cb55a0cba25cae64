"""How alike corpora are in what they hold: Spearman of the counts of concepts that both have.

A concept's count is that of the first data set that has it, data sets in the order of their names, and concepts are
aligned by name. The paper's notebook paired lists of different lengths by position.

Source: Udandarao et al. 2024, arXiv:2404.04125, and bethgelab/frequency_determines_performance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from zsbench.analysis.frequency.corpus import Corpus
from zsbench.core.words import number_of
from zsbench.metrics.correlation import LEAST, spearman


@dataclass(frozen=True)
class Alike:
    """Two corpora, the concepts that both have, and Spearman's rho of their counts (None where undefined)."""

    first: Corpus
    second: Corpus
    n: int
    rho: float | None

    @property
    def why_undefined(self) -> str:
        """Why there is no correlation."""
        common = f"{number_of(self.n, 'concept')} in common"
        return f"undefined: {common}, at least {LEAST} needed" if self.n < LEAST else "undefined: equal counts in one"


def alike(corpora: Sequence[Corpus]) -> list[Alike]:
    """Return every pair of corpora whose counts were found in the same way."""
    counts = [corpus.first() for corpus in corpora]
    found = []
    for i, j in combinations(range(len(corpora)), 2):
        if _way(corpora[i]) != _way(corpora[j]):
            continue
        common = [concept for concept in counts[i] if concept in counts[j]]
        sides = ([float(side[concept]) for concept in common] for side in (counts[i], counts[j]))
        found.append(Alike(corpora[i], corpora[j], len(common), spearman(*sides)))
    return found


def _way(corpus: Corpus) -> tuple[str, ...]:
    return tuple(value for key, value in corpus.facts.items() if key != "pretraining")
