"""Two runs over the same items, metric by metric: the difference, how sure it is, and which items make it.

Runs are joined by item id. A metric is compared from the per-item statistics that every result keeps:

- shares of items (accuracies): McNemar's exact test;
- means over items (nDCG, average precision): sign flips of the differences;
- everything else (F1, class means, pooled errors): the paired bootstrap of the difference.

Where items come in clusters, clusters are flipped and drawn as a whole, in McNemar's place too. The interval of a
difference is always that of the paired bootstrap. All differences of one comparison are one family: p is adjusted by
Holm, or by Benjamini and Hochberg.
"""

from zsbench.analysis.comparison.comparable import require_comparable
from zsbench.analysis.comparison.difference import Difference, adjusted
from zsbench.analysis.comparison.entrants import Entrant, pairs
from zsbench.analysis.comparison.joined import Joined
from zsbench.analysis.comparison.judge import Settings, differences, judged

__all__ = [
    "Difference", "Entrant", "Joined", "Settings", "adjusted", "differences", "judged", "pairs", "require_comparable",
]  # fmt: skip
