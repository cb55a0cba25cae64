"""How often does a 95 % interval hold the truth, and how often does a paired test at 5 % find what is not there?

    python benchmarks/coverage.py                    # everything: several minutes; or `make coverage`
    python benchmarks/coverage.py --share 0.1        # a tenth of the repetitions

Every setting is drawn many times; each time the interval is the one that `zsbench eval` would print. Counted apart are
the sets of which the interval carries no note, because only those promise 95 %. What a metric's truth is stands in its
setting: a share of the population, or the metric of a sample so large that its noise does not matter. Results go to
benchmarks/results/coverage.json, the tables to docs/intervals.md.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zsbench.metrics import naming
from zsbench.metrics.bootstrap import resampled, sums_of
from zsbench.metrics.intervals import interval
from zsbench.metrics.paired import bootstrap_p, mcnemar, sign_flips

RESULTS = Path(__file__).parent / "results" / "coverage.json"
PAGE = Path(__file__).parent.parent / "docs" / "intervals.md"
RESAMPLES = 500
Drawn = tuple[Any, Any]
"""A table of statistics (n_items, n_statistics), and the names of the items' clusters or None."""


@dataclass(frozen=True)
class Setting:
    """A population: what is drawn of it, and what is true of it (None: the metric of a very large sample)."""

    metric: str
    what: str
    n: int
    draw: Callable[[np.random.Generator], Drawn]
    truth: float | None = None
    repetitions: int = 400
    kind: str | None = None


@dataclass(frozen=True)
class Coverage:
    """How often the interval held the truth, of all sets and of those without a note; `noted` is the share of notes."""

    metric: str
    what: str
    n: int
    repetitions: int
    coverage: float
    noted: float
    coverage_without_note: float | None
    width: float
    method: str


@dataclass(frozen=True)
class Rejections:
    """How often a paired test at 5 % rejected: equal runs (size), and runs that differ (power)."""

    test: str
    what: str
    n: int
    repetitions: int
    size: float
    power: float


def plain(rows: Callable[[np.random.Generator, int], Any], n: int) -> Callable[[np.random.Generator], Drawn]:
    """Return a draw of n independent items."""
    return lambda rng: (np.asarray(rows(rng, n), dtype=np.float64), None)


def clustered(
    rows: Callable[[np.random.Generator, Any], Any], groups: int, size: int
) -> Callable[[np.random.Generator], Drawn]:
    """Return a draw of clusters of equal size; `rows` makes items of a normal number that the items of one share."""

    def draw(rng: np.random.Generator) -> Drawn:
        numbers = np.repeat(np.arange(groups), size)
        return np.asarray(rows(rng, rng.normal(size=groups)[numbers]), dtype=np.float64), numbers.astype(str)

    return draw


def right(share: float) -> Callable[[np.random.Generator, int], Any]:
    """Return rows of items that are right with one probability."""
    return lambda rng, n: (rng.random((n, 1)) < share).astype(float)


def right_together(share: float, icc: float) -> Callable[[np.random.Generator, Any], Any]:
    """Return rows of items that are right together: with probability `icc`, as all of their cluster that say so."""
    from scipy.stats import norm

    def rows(rng: np.random.Generator, common: Any) -> Any:
        as_cluster = rng.random(len(common)) < icc**0.5
        return np.where(as_cluster, norm.cdf(common) < share, rng.random(len(common)) < share)[:, None]

    return rows


def spans(quality: float) -> Callable[[np.random.Generator, Any], Any]:
    """Return counts of right, wrong and missed spans of sentences; with common numbers, documents differ."""

    def rows(rng: np.random.Generator, common: Any) -> Any:
        n = common if isinstance(common, int) else len(common)
        gold = rng.poisson(2.0, n)
        odds = np.log(quality / (1 - quality)) + rng.normal(size=n) + (0 if isinstance(common, int) else common)
        chance = 1 / (1 + np.exp(-odds))
        found, invented = rng.binomial(gold, chance), rng.binomial(gold, 0.8 * (1 - chance))
        return np.stack([found, invented, gold - found], axis=1)

    return rows


def mostly_one(share: float) -> Callable[[np.random.Generator, int], Any]:
    """Return values that are 1 with a probability, and anywhere below else: nDCG of a good ranking."""
    return lambda rng, n: np.where(rng.random(n) < share, 1.0, rng.random(n))[:, None]


def reciprocal(share: float) -> Callable[[np.random.Generator, int], Any]:
    """Return reciprocal ranks of queries, of which a share have their document among the ten first."""
    return lambda rng, n: np.where(rng.random(n) < share, 1 / rng.integers(1, 11, n), 0.0)[:, None]


def classes(sizes: Any, shares: Any) -> Callable[[np.random.Generator, int], Any]:
    """Return (class, right or not) of classes of given sizes."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return lambda rng, _: np.stack([labels, rng.random(len(labels)) < np.asarray(shares)[labels]], axis=1)


def answers(chances: Any, shares: Any) -> Callable[[np.random.Generator, int], Any]:
    """Return (class, answer) where wrong answers are drawn like classes."""

    def rows(rng: np.random.Generator, n: int) -> Any:
        labels, others = (rng.choice(len(chances), n, p=chances) for _ in range(2))
        return np.stack([labels, np.where(rng.random(n) < np.asarray(shares)[labels], labels, others)], axis=1)

    return rows


def macro_f1(chances: Any, shares: Any) -> float:
    """Return what F1-over-classes of `answers` is over the population."""
    wrong = (1 - shares) * chances
    hits = shares * chances + wrong * chances
    return float(np.mean(2 * hits / (chances + shares * chances + wrong.sum() * chances)))


def two_groups(seen: float, unseen: float) -> Callable[[np.random.Generator, int], Any]:
    """Return rows of generalised zero-shot: half the items of seen classes, half of unseen ones."""

    def rows(rng: np.random.Generator, n: int) -> Any:
        of_unseen = np.arange(n) % 2
        is_right = rng.random(n) < np.where(of_unseen, unseen, seen)
        return np.stack([of_unseen, is_right, of_unseen, np.zeros(n), of_unseen], axis=1)

    return rows


def ranked(n_classes: int, share: float) -> Callable[[np.random.Generator, int], Any]:
    """Return scores and targets of classes whose positives score one standard deviation higher."""

    def rows(rng: np.random.Generator, n: int) -> Any:
        targets = rng.random((n, n_classes)) < share
        return np.concatenate([rng.normal(size=(n, n_classes)) + targets, targets], axis=1)

    return rows


def precision_of(share: float) -> float:
    """Return the average precision of a class of `ranked` over the population."""
    from scipy.stats import norm

    levels = np.linspace(-8, 9, 200_001)
    above = share * norm.sf(levels - 1)
    return float(np.trapezoid(norm.pdf(levels - 1) * above / (above + (1 - share) * norm.sf(levels)), levels))


def settings() -> Iterator[Setting]:
    """Yield every setting, kind by kind of interval."""
    zipf = 1 / np.arange(1, 31)
    of_zipf, falling = zipf / zipf.sum(), np.linspace(0.9, 0.5, 30)
    for n in (30, 300, 3000):
        few = 400 if n < 3000 else 300
        yield Setting("acc@1", "share .7", n, plain(right(0.7), n), 0.7, few)
        yield Setting("acc@1", "share .97", n, plain(right(0.97), n), 0.97, few)
        yield Setting("nDCG@10", "spread over 0 to 1", n, plain(mostly_one(0.3), n), 0.65, few)
        yield Setting("nDCG@10", "97 % of the queries at 1", n, plain(mostly_one(0.97), n), 0.985, few)
        first_ten = float(np.mean(1 / np.arange(1, 11)))
        yield Setting("MRR@10", "half found", n, plain(reciprocal(0.5), n), 0.5 * first_ten, few)
        yield Setting("MRR@10", "a tenth found", n, plain(reciprocal(0.1), n), 0.1 * first_ten, few)
        yield Setting("F1", "about .8", n, plain(spans(0.8), n), None, few, "spans")
        yield Setting("F1", "about .98", n, plain(spans(0.99), n), None, few, "spans")
        error = lambda rng, size: rng.lognormal(-2.5, 0.6, (size, 1))  # noqa: E731
        yield Setting("AbsRel", "log-normal errors", n, plain(error, n), float(np.exp(-2.5 + 0.18)), few)
        share = lambda rng, size: rng.binomial(75, 0.8, (size, 1)) / 75  # noqa: E731
        yield Setting("episode-acc", "about .8", n, plain(share, n), 0.8, few)
        even, shares = np.full(10, 0.1), np.linspace(0.9, 0.5, 10)
        truth = macro_f1(even, shares)
        yield Setting("F1-over-classes", "10 even classes", n, plain(answers(even, shares), n), truth, min(few, 200))
        truth = macro_f1(of_zipf, falling)
        yield Setting(
            "F1-over-classes", "30 Zipf classes", n, plain(answers(of_zipf, falling), n), truth, min(few, 200)
        )
        yield Setting("H", "seen .8, unseen .03", n, plain(two_groups(0.8, 0.03), n), 2 * 0.8 * 0.03 / 0.83, few)
        yield Setting("H", "seen .8, unseen .6", n, plain(two_groups(0.8, 0.6), n), 2 * 0.8 * 0.6 / 1.4, few)
        same = np.full(6, n // 6)
        draw = plain(classes(same, np.full(6, 0.8)), n)
        yield Setting("worst-group-acc@1", "6 groups alike", n, draw, 0.8, few)
        each = classes(np.full(10, n // 10), np.linspace(0.4, 0.9, 10))
        yield Setting("mean-per-class", "10 even classes", n, plain(each, n), 0.65, few)
        for chance in (0.05, 0.2):
            repetitions = {30: 200, 300: 200, 3000: 60}[n]
            what = f"10 classes, {round(n * chance)} positives each"
            truth = precision_of(chance)
            yield Setting("mAP", what, n, plain(ranked(10, chance), n), truth, repetitions, "multilabel")
    for each in (1, 2, 3):
        draw = plain(classes(np.full(30 // each, each), np.linspace(0.4, 0.9, 30 // each)), 30)
        yield Setting("mean-per-class", f"classes of {each}", 30, draw, 0.65)
    for groups in (10, 30, 300):
        for icc in (0.1, 0.3, 0.6):
            draw = clustered(right_together(0.6, icc), groups, 5)
            yield Setting("hit@1", f"{groups} images x 5 captions, ICC {icc}", 5 * groups, draw, 0.6)
    for groups in (10, 30, 100):
        draw = clustered(spans(0.8), groups, 10)
        yield Setting("F1", f"{groups} documents x 10 sentences", 10 * groups, draw, None, 300, "spans")
    frames = lambda rng, common: np.exp(-2.5 + 0.4 * common + 0.4 * rng.normal(size=len(common)))[:, None]  # noqa: E731
    for groups in (10, 28):
        truth = float(np.exp(-2.5 + 0.16))
        yield Setting("AbsRel", f"{groups} drives x 25 frames", 25 * groups, clustered(frames, groups, 25), truth, 300)
    episodes = lambda rng, common: rng.binomial(15, np.clip(0.7 + 0.1 * common, 0, 1))[:, None] / 15  # noqa: E731
    yield Setting("episode-acc", "40 classes x 10 episodes", 400, clustered(episodes, 40, 10), None, 300)


def of_setting(setting: Setting, repetitions: int, seed: int = 0) -> Coverage:
    """Return how often the interval of one setting held its truth."""
    rng = np.random.default_rng(seed)
    metric = naming.resolve(setting.metric, kinds=(setting.kind,) if setting.kind else None)
    truth = setting.truth
    if truth is None:
        truth = metric.reduce(np.concatenate([setting.draw(rng)[0] for _ in range(-(-400_000 // setting.n))]))
    held, noted, widths, method = [], [], [], ""
    for number in range(repetitions):
        table, clusters = setting.draw(rng)
        ends = interval(metric, table, clusters=clusters, resamples=RESAMPLES, seed=number)
        held.append(ends.low <= truth <= ends.high)
        noted.append(bool(ends.note))
        widths.append(ends.high - ends.low)
        method = ends.method
    covered, without = np.array(held), ~np.array(noted)
    promised = float(covered[without].mean()) if without.sum() >= repetitions / 5 else None
    method = re.sub(r"\(.*?\)", "", method)
    return Coverage(
        setting.metric,
        setting.what,
        setting.n,
        repetitions,
        float(covered.mean()),
        float(1 - without.mean()),
        promised,
        float(np.mean(widths)),
        method,
    )


def of_tests(repetitions: int) -> Iterator[Rejections]:
    """Yield size and power of every paired test, at n items."""
    shares = {"McNemar": p_of_mcnemar, "sign flips": p_of_flips, "bootstrap": p_of_bootstrap}
    for n in (30, 300):
        for test, p in shares.items():
            size, power = (rejected(p, pair_of_shares(n, gain), repetitions) for gain in (0.0, 0.1))
            yield Rejections(test, "right or wrong, 70 %; one run 10 points better", n, repetitions, size, power)
    for groups in (12, 60):
        for test, p in {"sign flips of items": p_of_flips, "sign flips of clusters": p_of_cluster_flips}.items():
            size, power = (rejected(p, pair_of_clusters(groups, gain), repetitions) for gain in (0.0, 0.3))
            yield Rejections(
                test, f"{groups} clusters x 5, ICC .5; 0.3 std better", 5 * groups, repetitions, size, power
            )


def rejected(p: Callable[..., float], draw: Callable[..., Any], repetitions: int) -> float:
    """Return how often p is at most 5 %."""
    rng = np.random.default_rng(1)
    return float(np.mean([p(*draw(rng), number) <= 0.05 for number in range(repetitions)]))


def pair_of_shares(n: int, gain: float) -> Callable[[np.random.Generator], Any]:
    """Return two runs' right answers, which agree on two of three items."""

    def draw(rng: np.random.Generator) -> Any:
        same, agree = rng.random(n), rng.random(n) < 2 / 3
        first = same < 0.7
        second = np.where(agree, same, rng.random(n)) < 0.7 + gain
        return first.astype(float), second.astype(float), None

    return draw


def pair_of_clusters(groups: int, gain: float) -> Callable[[np.random.Generator], Any]:
    """Return differences of items in clusters of five, half of whose variance is the cluster's."""

    def draw(rng: np.random.Generator) -> Any:
        clusters = np.repeat(np.arange(groups), 5)
        values = gain + 0.5**0.5 * (rng.normal(size=groups)[clusters] + rng.normal(size=5 * groups))
        return np.zeros(5 * groups), values, clusters

    return draw


def p_of_mcnemar(a: Any, b: Any, clusters: Any, seed: int) -> float:  # noqa: ARG001 - one signature for all
    """Return the exact p of equal shares."""
    return mcnemar(a, b)


def p_of_flips(a: Any, b: Any, clusters: Any, seed: int) -> float:  # noqa: ARG001 - one signature for all
    """Return the p of sign flips, item by item."""
    return sign_flips(b - a, draws=499, seed=seed)


def p_of_cluster_flips(a: Any, b: Any, clusters: Any, seed: int) -> float:
    """Return the p of sign flips of whole clusters: of the sums of their differences."""
    return sign_flips(sums_of((b - a)[:, None], clusters)[:, 0], draws=499, seed=seed)


def p_of_bootstrap(a: Any, b: Any, clusters: Any, seed: int) -> float:
    """Return the p of resampled differences."""
    metric = naming.resolve("acc@1")
    (first, second), _ = resampled(metric, [a[:, None], b[:, None]], clusters=clusters, resamples=RESAMPLES, seed=seed)
    return bootstrap_p(second - first)


def percent(value: float | None) -> str:
    """Return a share as a table shows it."""
    return "-" if value is None else f"{100 * value:.1f}"


def tables(coverages: list[Coverage], rejections: list[Rejections]) -> str:
    """Return both tables in Markdown."""
    lines = [
        "| metric | setting | n | interval | covers % | has a note % | covers % without a note | width | sets |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.metric} | {row.what} | {row.n} | {row.method} | {percent(row.coverage)} | {percent(row.noted)} "
        f"| {percent(row.coverage_without_note)} | {row.width:.3f} | {row.repetitions} |"
        for row in coverages
    ]
    lines += ["", "| paired test at 5 % | setting | n | size % | power % | sets |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {row.test} | {row.what} | {row.n} | {percent(row.size)} | {percent(row.power)} | {row.repetitions} |"
        for row in rejections
    ]
    return "\n".join(lines)


def main() -> None:
    """Simulate, print, and write the results and the page's tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the repetitions")
    options = parser.parse_args()
    coverages = []
    for setting in settings():
        coverages.append(of_setting(setting, max(20, round(options.share * setting.repetitions))))
        row = coverages[-1]
        print(f"{row.metric:18} {row.what:38} {row.n:5} {percent(row.coverage)} {percent(row.noted)}", flush=True)
    rejections = list(of_tests(max(20, round(options.share * 1000))))
    text = tables(coverages, rejections)
    print(text)
    rows = {"coverage": [asdict(row) for row in coverages], "paired_tests": [asdict(row) for row in rejections]}
    RESULTS.write_text(json.dumps({"resamples": RESAMPLES, "confidence": 0.95, **rows}, indent=2) + "\n")
    page = PAGE.read_text(encoding="utf-8")
    start, end = "<!-- coverage -->\n", "<!-- end of coverage -->"
    before, after = page.partition(start)[0], page.partition(end)[2]
    PAGE.write_text(f"{before}{start}\n{text}\n\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
