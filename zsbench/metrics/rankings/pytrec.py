"""The bridge to pytrec_eval: what is checked, cut and filled in before and after trec_eval judges.

trec_eval sorts every ranking in full. No measure here depends on what stands below the last relevant document, a
measure at k on nothing below the k-th; such documents are left out before. That is exact, because documents that tie
with the last one kept (as float32) stay, and trec_eval orders them.

trec_eval allocates one counter for each grade up to the largest, and measures of binary relevance ask no more of a
grade than on which side of `rel` it lies; they get 1 or 0, so that large grades cost nothing. Grades below 0 say
"not judged" to Bpref, and stay.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from zsbench.core.lazy import DoubleArray, FloatArray, np

Ranking = Mapping[str, float]
Judged = Mapping[str, int]

# The largest grade whose linear gain trec_eval is asked for; its counters then take 8 MB.
LARGEST_GRADE = 1_000_000


class Grades(dict[str, int]):
    """The judgements of one query, {document: grade}, with the documents that are judged for any query at all."""

    anywhere: frozenset[str] = frozenset()

    @classmethod
    def of(cls, qrels: Mapping[str, Judged], queries: Sequence[str]) -> list[Grades]:
        """Return the judgements of some queries of a collection, in their order."""
        anywhere = frozenset(document for row in qrels.values() for document in row)
        found = [cls(qrels[query]) for query in queries]
        for row in found:
            row.anywhere = anywhere
        return found


def trec_order(ranking: Ranking, depth: int | None = None) -> list[str]:
    """Return document ids in trec_eval's order: float32 score, then id as bytes, both descending."""
    kept = _head(ranking, _scores(ranking), depth)
    scores = single(_scores(kept)).tolist()
    pairs = sorted(zip(scores, map(str.encode, kept), strict=True), reverse=True)
    return [document.decode() for _, document in pairs[:depth]]


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
    import pytrec_eval

    if rel < 1:
        raise ValueError(f"relevant from grade {rel}; a relevant document has a grade of at least 1")
    binary = not measure.startswith("ndcg")
    run, judged, rows = {}, {}, np.full(len(qrels), np.nan)
    if rel > 1 and not any(grade >= rel for row in qrels for grade in row.values()):
        return rows  # nothing is relevant at this level: there is nothing to find
    for number, ranking, row in checked_pairs(rankings, qrels):
        relevant = [ranking[doc] for doc, grade in row.items() if grade >= 1 and doc in ranking]
        if not relevant:
            rows[number] = 0.0
            continue
        judged[str(number)] = _binary(row, rel) if binary else _linear(row)
        run[str(number)] = _native(_head(ranking, _scores(ranking), depth, min(relevant)))
    level = 1 if binary else rel
    found = pytrec_eval.RelevanceEvaluator(judged, {measure}, relevance_level=level).evaluate(run)
    # The key pytrec_eval answers with has an underscore where the question has a dot.
    key = measure.replace(".", "_")
    for query in run:
        if query not in found:
            raise ValueError(f"trec_eval gives no {measure} for ranking {query}")
        rows[int(query)] = found[query][key]
    return rows


def checked_pairs(rankings: Sequence[Ranking | None], qrels: Sequence[Judged]) -> Iterator[tuple[int, Ranking, Judged]]:
    """Yield (number, ranking, judgements) of the queries that are defined: judged, and with a ranking.

    Raises
    ------
    ValueError
        The lengths differ, or a score is NaN or infinite.
    """
    if len(rankings) != len(qrels):
        raise ValueError(f"{len(rankings)} rankings for {len(qrels)} queries")
    for number, (ranking, row) in enumerate(zip(rankings, qrels, strict=True)):
        if ranking is not None and row:
            _scores(ranking, number)
            yield number, ranking, row


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


def _scores(ranking: Ranking, number: int = 0) -> DoubleArray:
    scores = np.fromiter(ranking.values(), dtype=np.float64, count=len(ranking))
    if not np.isfinite(scores).all():
        raise ValueError(f"ranking {number} holds a score that is NaN or infinite")
    return scores


def single(scores: DoubleArray | float) -> FloatArray:
    """Return scores as trec_eval keeps them."""
    with np.errstate(over="ignore"):  # trec_eval's floats overflow to infinity, and then tie
        return np.asarray(scores).astype(np.float32)


def _head(ranking: Ranking, scores: DoubleArray, depth: int | None, lowest: float = -math.inf) -> Ranking:
    """Return the documents that score at least `lowest` and may be among the first `depth`, scores unchanged."""
    short = single(scores)
    rows = np.flatnonzero(short >= single(lowest))
    if depth is not None and depth < len(rows):
        kth = np.partition(short[rows], len(rows) - depth)[len(rows) - depth]
        rows = rows[short[rows] >= kth]
    if len(rows) == len(scores):
        return ranking
    documents = list(ranking)
    return {documents[i]: float(scores[i]) for i in rows.tolist()}


def _native(ranking: Ranking) -> dict[str, float]:
    """Return a ranking as pytrec_eval takes it: a dict of Python numbers."""
    if type(ranking) is dict and set(map(type, ranking.values())) <= {float}:
        return ranking
    return {doc: float(score) for doc, score in ranking.items()}
