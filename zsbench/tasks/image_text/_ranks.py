"""From similarities to rankings, and from rankings to the ranks of what was looked for, a block of queries at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import FloatArray, IntArray, np
from zsbench.metrics.rankings.positives import PositiveRanks, Ties, of_matrix, of_scores
from zsbench.tasks.formats.ranking_tables import Listed, Matrix, Ranking
from zsbench.tasks.image_text._pairs import Pairs, Query, other

# Columns whose largest score stands for them.
_GROUP = 16


def best(scores: FloatArray, queries: Sequence[Query], gallery: IntArray, ids: Sequence[str], *, depth: int) -> Listed:
    """Return the `depth` best of each query's gallery, and all that score like the last of them.

    No tied positive is then lost by chance.

    Parameters
    ----------
    scores : (n_queries, n_gallery).
    gallery : numbers into `ids`, (n_gallery,).

    Raises
    ------
    RunError
        A score is NaN.
    """
    undefined = np.isnan(scores).sum(axis=1)
    if undefined.any():
        row = int(np.flatnonzero(undefined)[0])
        raise RunError(queries[row].id, f"{undefined[row]} of {scores.shape[1]} scores are NaN")
    n_queries, n = scores.shape
    depth = min(depth, n)
    # At least `depth` of a row reach the bound, for as many groups of columns have a maximum that does; only the few
    # that reach it are sorted.
    size = min(_GROUP, n // depth)
    groups = n // size
    maxima = scores[:, : size * groups].reshape(n_queries, size, groups).max(axis=1)
    bound = np.partition(maxima, -depth, axis=1)[:, -depth, None]
    rows, columns = np.divmod(np.flatnonzero(scores >= bound), n)
    near = scores[rows, columns]
    order = np.lexsort((-near, rows))
    rows, columns, near = rows[order], columns[order], near[order]
    floor = near[np.searchsorted(rows, np.arange(n_queries)) + depth - 1]
    kept = near >= floor[rows]
    return Listed(ids, gallery[columns[kept]], near[kept], np.bincount(rows[kept], minlength=n_queries))


def ranks(pairs: Pairs, queries: Sequence[Query], rankings: Sequence[Ranking]) -> Callable[[Ties], PositiveRanks]:
    """Return what counts the ranks of positives, for queries of one kind whose rankings lie in one table.

    Raises
    ------
    UserError
        A ranking names an item that no gallery holds.
    """
    table = rankings[0].table
    if isinstance(table, Matrix):
        return lambda ties: _in_matrix(pairs, queries, table, ties)
    return _in_lists(pairs, queries, table.take(np.asarray([ranking.row for ranking in rankings])))


def _in_matrix(pairs: Pairs, queries: Sequence[Query], table: Matrix, ties: Ties) -> PositiveRanks:
    """Return the ranks within the part of the matrix that is a query's own fold, fold by fold."""
    kind, folds, parts = queries[0].kind, np.asarray([query.fold for query in queries]), []
    for fold in np.unique(folds):
        numbers = np.asarray([query.number for query in queries])[folds == fold]
        gallery = pairs.gallery(other(kind), fold)
        rows, columns = pairs.positives(kind, numbers)
        # Queries and galleries are numbered without a gap, so that a part of the matrix is no copy of it.
        scores = table.scores[numbers[0] : numbers[-1] + 1, gallery[0] : gallery[-1] + 1]
        parts.append(of_matrix(scores, rows, columns - gallery[0], ties=ties))
    return PositiveRanks.joined(parts)


def _in_lists(pairs: Pairs, queries: Sequence[Query], table: Listed) -> Callable[[Ties], PositiveRanks]:
    kind, gallery = queries[0].kind, other(queries[0].kind)
    places = pairs.places[gallery]
    item = np.asarray([places.get(name, -1) for name in table.ids], dtype=np.int64)[table.numbers]
    query = np.repeat(np.arange(len(queries)), table.lengths)
    if (item < 0).any():
        entry = int(np.flatnonzero(item < 0)[0])
        name = table.ids[table.numbers[entry]]
        raise UserError("", f"query '{queries[query[entry]].id}' has '{name}', which is no {gallery} of the task")
    numbers = np.asarray([query.number for query in queries])
    near = pairs.folds_of(gallery)[item] == pairs.folds_of(kind)[numbers][query]
    query, item, scores = query[near], item[near], table.scores[near]
    image, caption = (numbers[query], item) if kind == "image" else (item, numbers[query])
    sizes = np.bincount(pairs.positives(kind, numbers)[0], minlength=len(queries))
    return lambda ties: of_scores(query, scores, pairs.owner[caption] == image, sizes, ties=ties)
