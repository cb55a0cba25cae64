"""What is said beside an interval that does not cover the truth as often as it says; nothing where it does.

By simulation (`make coverage`, docs/intervals.md), a nominal 95 % interval covers 93 to 97 % unless

- there are fewer than 50 items, or 30 clusters, to resample: the interval is too short, as a normal one in place of
  Student's t, and what the items lack of the long side of their values shows nowhere;
- its replicates are skewed: it leaves out too much on the long side. The skewness of a mean of n items is that of the
  items / sqrt(n), so this is Cochran's rule n > 25 skewness^2 at other numbers. A percentile interval of nearly all
  items alike is the plainest case;
- resampling moves the statistic (see `replicated`), or some classes have too few items for any resampling.
"""

from __future__ import annotations

from collections.abc import Iterable

from zsbench.core.lazy import DoubleArray, IntArray, np

_FEWEST_ITEMS, _FEWEST_CLUSTERS = 50, 30
_MOST_SKEWED = 0.25
BEYOND = "upper end beyond the depth of the rankings"


def few(units: int, clusters: IntArray | None) -> str:
    """Return what is said of few items or clusters: `few items: 12`."""
    if clusters is None:
        return "" if units >= _FEWEST_ITEMS else f"few items: {units}"
    return "" if units >= _FEWEST_CLUSTERS else f"few clusters: {units}"


def few_clusters(clusters: IntArray | None) -> str:
    """Return what is said of few clusters, for intervals that are right for any number of items."""
    return "" if clusters is None else few(int(clusters.max()) + 1, clusters)


def skewed(replicates: DoubleArray) -> str:
    """Return what is said of skewed replicates (n_resamples,).

    Where more than half of them are one value, such as that of a median of whole numbers, skewness says nothing.

    Examples
    --------
    >>> skewed(np.random.default_rng(0).normal(size=1000)), skewed(np.random.default_rng(0).exponential(size=1000))
    ('', 'few items: resamples are skewed (2.2)')
    """
    is_one_value = np.count_nonzero(replicates == np.median(replicates)) > len(replicates) / 2
    return "" if is_one_value else _of_skewness(skewness_of(replicates))


def skewed_mean(values: DoubleArray) -> str:
    """Return what is said of the mean of skewed values (n,), by the skewness that its resamples would have."""
    return _of_skewness(skewness_of(values) / len(values) ** 0.5)


def _of_skewness(skewness: float) -> str:
    return "" if abs(skewness) <= _MOST_SKEWED else f"few items: resamples are skewed ({skewness:.1f})"


def skewness_of(values: DoubleArray) -> float:
    """Return the skewness of values (n,), 0 where they do not differ."""
    deviations = values - values.mean()
    spread = float(np.sqrt((deviations**2).mean()))
    # Equal values differ by rounding alone, which has no shape.
    return float((deviations**3).mean()) / spread**3 if spread > 1e-12 * max(1.0, float(np.abs(values).max())) else 0.0


def biased(bias: float, unit: str) -> str:
    """Return what is said of a statistic that resampling moves by `bias`.

    Examples
    --------
    >>> biased(0.031, "%"), biased(-2.0, "")
    ('biased: reads high by about 3.1 points', 'biased: reads low by about 2')
    """
    size = f"{100 * abs(bias):.2g} points" if unit == "%" else f"{abs(bias):.2g}{' ' + unit if unit else ''}"
    return f"biased: reads {'high' if bias > 0 else 'low'} by about {size}"


def few_in_classes(counts: DoubleArray, *, fewest: int, what: str, classes: str = "classes") -> str:
    """Return what is said of classes of few items.

    Parameters
    ----------
    counts : (n_classes,), how many items each has.
    what : what is counted: `items`, `positives`.

    Examples
    --------
    >>> few_in_classes(np.array([3, 30, 4]), fewest=10, what="positives")
    'few positives: 2 of 3 classes have fewer than 10'
    """
    few = int((counts < fewest).sum())
    return f"few {what}: {few} of {len(counts)} {classes} have fewer than {fewest}" if few else ""


def joined(notes: Iterable[str]) -> str:
    """Return notes as one text, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
