"""The bridge to pytrec_eval: what is checked, cut and filled in before and after trec_eval judges.

trec_eval sorts every ranking in full. No measure here depends on what stands below the last relevant document, a
measure at k on nothing below the k-th; such documents are left out before. That is exact, because documents that tie
with the last one kept (as float32) stay, and trec_eval orders them.

trec_eval allocates one counter for each grade up to the largest, and measures of binary relevance ask no more of a
grade than on which side of `rel` it lies; they get 1 or 0, so that large grades cost nothing. Grades below 0 say
"not judged" to Bpref, and stay.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from zsbench.core.lazy import DoubleArray, FloatArray, np
from zsbench.metrics.rankings.scored import Scored

Ranking = Mapping[str, float]
Judged = Mapping[str, int]
Values = dict[tuple[str, int, "int | None"], DoubleArray]
"""By measure, least relevant grade and depth: one value a query."""

# The largest grade whose linear gain trec_eval is asked for; its counters then take 8 MB.
LARGEST_GRADE = 1_000_000

# Asked for in one go: nearly all of the work is what they share.
_OF_WHOLE_LISTS = ("map", "recip_rank", "Rprec", "bpref")
# Measures that look no further share one cut of the rankings.
_SHORT = 100
# Queries that are handed to trec_eval at a time: their documents are Python objects then.
_BATCH = 256


class Grades(dict[str, int]):
    """The judgements of one query, {document: grade}, with the documents that are judged for any query at all."""

    anywhere: frozenset[str] = frozenset()

    @classmethod
    def of(cls, qrels: Mapping[str, Judged], queries: Sequence[str]) -> list[Grades]:
        """Return the judgements of some queries of a collection, in their order."""
        anywhere = frozenset(document for row in qrels.values() for document in row)
        judged = [cls(qrels[query]) for query in queries]
        for row in judged:
            row.anywhere = anywhere
        return judged


def heads(rankings: Sequence[Ranking | None], depth: int | None) -> Sequence[Ranking | None]:
    """Return rankings that hold at least what stands among the first `depth`: short ones where they are at hand."""
    return rankings.heads(depth) if isinstance(rankings, SharedRankings) else rankings


def trec_order(ranking: Ranking, depth: int | None = None) -> list[str]:
    """Return document ids in trec_eval's order: float32 score, then id as bytes, both descending."""
    return list(trec_scores(ranking, depth))


def trec_scores(ranking: Ranking, depth: int | None = None) -> dict[str, float]:
    """Return documents in trec_eval's order with the scores that it compares, of single precision."""
    kept = _head(_finite(ranking), depth)
    scores = single(scores_of(kept)).tolist()
    pairs = sorted(zip(scores, map(str.encode, kept), strict=True), reverse=True)
    return {document.decode(): score for score, document in pairs[:depth]}


def trec_orders(rankings: Sequence[Ranking | None], depth: int | None = None) -> Iterator[list[str] | None]:
    """Yield the first `depth` documents of each ranking in trec_eval's order; None for one that is left out."""
    for ranking in heads(rankings, depth):
        yield None if ranking is None else trec_order(ranking, depth)


class SharedRankings(list["Ranking | None"]):
    """The rankings of one judging, with what several metrics need of them."""

    def __init__(self, rankings: Iterable[Ranking | None]) -> None:
        super().__init__(rankings)
        self._heads: list[Ranking | None] = []
        self._qrels: Sequence[Judged] = ()
        self._values: Values = {}

    def heads(self, depth: int | None) -> list[Ranking | None]:
        """Return rankings that hold at least what stands among the first `depth`.

        Raises
        ------
        ValueError
            A score is NaN or infinite.
        """
        if depth is None or depth > _SHORT:
            return self
        if not self._heads:
            for number, ranking in enumerate(self):
                self._heads.append(None if ranking is None else _head(_finite(ranking, number), _SHORT))
        return self._heads

    def values(self, qrels: Sequence[Judged]) -> Values:
        """Return what trec_eval said of them against these judgements; more may be put in."""
        if self._qrels is not qrels:
            self._qrels, self._values = qrels, {}
        return self._values


def evaluate(
    rankings: Sequence[Ranking | None],
    qrels: Sequence[Judged],
    measure: str,
    *,
    rel: int = 1,
    depth: int | None = None,
) -> DoubleArray:
    """Return one trec_eval measure for each query.

    A query without documents scores 0; one without judgement, or whose ranking is None, is undefined (NaN). All are
    where `rel` is above every grade: judgements of 0 and 1 have no relevant document at `rel=2`.

    Parameters
    ----------
    rankings : {document: score} of each query, or None for a query to leave out.
    qrels : the aligned {document: grade}.
    measure : trec_eval's name, with a dot before a cut-off (`ndcg_cut.10`).
    rel : least grade of a relevant document.
    depth : the measure depends on the first `depth` documents only.

    Raises
    ------
    ValueError
        The lengths differ, a score is NaN or infinite, a linear gain is absurdly large, or trec_eval gives no value.
    """
    if rel < 1:
        raise ValueError(f"relevant from grade {rel}; a relevant document has a grade of at least 1")
    known = rankings.values(qrels) if isinstance(rankings, SharedRankings) else {}
    if (measure, rel, depth) not in known:
        measures = _OF_WHOLE_LISTS if depth is None and measure in _OF_WHOLE_LISTS else (measure,)
        table = _evaluated(rankings, qrels, measures, rel, depth)
        known |= {(name, rel, depth): table[:, column] for column, name in enumerate(measures)}
    return known[measure, rel, depth]


def _evaluated(
    rankings: Sequence[Ranking | None], qrels: Sequence[Judged], measures: Sequence[str], rel: int, depth: int | None
) -> DoubleArray:
    """Return measures that are all of binary relevance, or all of grades, for each query (n_queries, n_measures)."""
    import pytrec_eval

    binary = not measures[0].startswith("ndcg")
    table = np.full((len(qrels), len(measures)), np.nan)
    if rel > 1 and not any(grade >= rel for row in qrels for grade in row.values()):
        return table  # nothing is relevant at this level: there is nothing to find
    # The key pytrec_eval answers with has an underscore where the question has a dot.
    keys = [measure.replace(".", "_") for measure in measures]
    pairs = checked_pairs(rankings, qrels, depth)
    while batch := list(itertools.islice(pairs, _BATCH)):
        run, judged = {}, {}
        for number, ranking, row in batch:
            head = _to_judge(ranking, [document for document, grade in row.items() if grade >= 1], depth)
            table[number] = 0.0
            if head:
                judged[str(number)], run[str(number)] = _binary(row, rel) if binary else _linear(row), head
        evaluator = pytrec_eval.RelevanceEvaluator(judged, set(measures), relevance_level=1 if binary else rel)
        values = evaluator.evaluate(run)
        for query in run:
            if query not in values:
                raise ValueError(f"trec_eval gives no {measures[0]} for ranking {query}")
            table[int(query)] = [values[query][key] for key in keys]
    return table


def _to_judge(ranking: Ranking, relevant: Sequence[str], depth: int | None) -> dict[str, float]:
    """Return the documents that a measure depends on, or none where it is 0 because nothing relevant is found."""
    head = _native(_head(ranking, depth))
    scores = [head[document] for document in relevant if document in head]
    return _native(_head(head, None, min(scores))) if scores else {}


def checked_pairs(
    rankings: Sequence[Ranking | None], qrels: Sequence[Judged], depth: int | None
) -> Iterator[tuple[int, Ranking, Judged]]:
    """Yield (number, ranking down to `depth` or further, judgements) of the judged queries that have a ranking.

    Raises
    ------
    ValueError
        The lengths differ, or a score is NaN or infinite.
    """
    if len(rankings) != len(qrels):
        raise ValueError(f"{len(rankings)} rankings for {len(qrels)} queries")
    for number, (ranking, row) in enumerate(zip(heads(rankings, depth), qrels, strict=True)):
        if ranking is not None and row:
            yield number, _finite(ranking, number), row


def _binary(row: Judged, rel: int) -> dict[str, int]:
    """Return 1 for relevant documents and 0 for others; a grade below 0 stays below 0."""
    return {doc: 1 if grade >= rel else max(-1, min(grade, 0)) for doc, grade in row.items()}


def _linear(row: Judged) -> dict[str, int]:
    """Return the grades as trec_eval takes them."""
    doc = max(row, key=lambda name: row[name])
    if row[doc] > LARGEST_GRADE:
        raise ValueError(
            f"document '{doc}' is judged {row[doc]}, more than {LARGEST_GRADE:,} in linear gain; "
            "nDCG(gain=exp) has no such limit"
        )
    return {doc: max(-1, int(grade)) for doc, grade in row.items()}


def _finite(ranking: Ranking, number: int = 0) -> Ranking:
    if not np.isfinite(scores_of(ranking)).all():
        raise ValueError(f"ranking {number} holds a score that is NaN or infinite")
    return ranking


def scores_of(ranking: Ranking) -> DoubleArray:
    """Return the scores of a ranking (n,), in its order."""
    if isinstance(ranking, Scored):
        return ranking.scores
    return np.fromiter(ranking.values(), dtype=np.float64, count=len(ranking))


def single(scores: DoubleArray | float) -> FloatArray:
    """Return scores as trec_eval keeps them."""
    with np.errstate(over="ignore"):  # trec_eval's floats overflow to infinity, and then tie
        return np.asarray(scores).astype(np.float32)


def _head(ranking: Ranking, depth: int | None, lowest: float = -math.inf) -> Ranking:
    """Return the documents that score at least `lowest` and may be among the first `depth`, scores unchanged."""
    scores = scores_of(ranking)
    short = single(scores)
    rows = np.flatnonzero(short >= single(lowest))
    if depth is not None and depth < len(rows):
        kth = np.partition(short[rows], len(rows) - depth)[len(rows) - depth]
        rows = rows[short[rows] >= kth]
    if len(rows) == len(scores):
        return ranking
    if isinstance(ranking, Scored):
        return ranking.at(rows)
    documents = list(ranking)
    return {documents[i]: float(scores[i]) for i in rows.tolist()}


def _native(ranking: Ranking) -> dict[str, float]:
    """Return a ranking as pytrec_eval takes it: a dict of Python numbers."""
    if isinstance(ranking, Scored):
        return dict(ranking.items())
    if type(ranking) is dict and set(map(type, ranking.values())) <= {float}:
        return ranking
    return {doc: float(score) for doc, score in ranking.items()}
