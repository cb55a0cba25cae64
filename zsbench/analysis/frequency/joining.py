"""Concepts of results joined with those of counts, by name: one point for each data set and concept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zsbench.analysis.frequency.corpus import Corpus
from zsbench.analysis.frequency.performance import Performance
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError, did_you_mean, shown
from zsbench.core.lazy import DoubleArray, IntArray, np
from zsbench.core.words import number_of
from zsbench.data.concept_counts import ALIASES, names_in
from zsbench.data.unmatched_names import unmatched


@dataclass(frozen=True)
class Points:
    """Concepts pooled over data sets, none merged with those of another set; equally long.

    Attributes
    ----------
    names : (data set, concept).
    counts : (n,), as they were counted, zeros included.
    values : (n,), performance.
    notes : what was left out.
    """

    names: tuple[tuple[str, str], ...]
    counts: IntArray
    values: DoubleArray
    notes: tuple[str, ...] = ()


def read_aliases(paths: Sequence[Path]) -> dict[str, str]:
    """Return the aliases that ship with zsbench, and over them those of JSON files `{name in results: in counts}`.

    Raises
    ------
    UserError
        A file holds something else.
    """
    aliases = dict(ALIASES)
    for path in paths:
        expected = 'JSON {"name in results": "name in counts"}'
        value = jsonfiles.read(path, expected)
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
            raise UserError(shown(path), "no object of texts", expected)
        aliases |= value
    return aliases


def joined(
    performance: Performance,
    corpus: Corpus,
    *,
    datasets: Sequence[str] = (),
    aliases: Mapping[str, str] = ALIASES,
    drop: bool = False,
) -> Points:
    """Return the points of one model and one corpus, names looked up as `concept_counts` says.

    A concept without a name is left out unless it has a count: retrieval results have one, counts of some corpora, too.

    Parameters
    ----------
    datasets : those that are pooled; by default all of the performance.
    drop : leave out concepts that have no count, instead of refusing them.

    Raises
    ------
    UserError
        A data set is not there or has no counts, a name has none (with the nearest ones), or no concept is left.
    """
    points: list[tuple[tuple[str, str], int, float]] = []
    missing: list[str] = []
    unnamed = 0
    for dataset in datasets or list(performance.values):
        of_performance, of_corpus = _of_dataset(performance, corpus, dataset)
        lacking = []
        for (concept, value), name in zip(
            of_performance.items(), names_in(of_corpus, of_performance, aliases), strict=True
        ):
            if name is not None:
                points.append(((dataset, concept), of_corpus[name], value))
            elif concept.strip():
                lacking.append(concept)
            else:
                unnamed += 1
        if lacking and not drop:
            of = f"{performance.name}, {dataset}" if dataset else performance.name
            hint = "--alias FILE gives them other names, --unmatched drop leaves them out"
            raise UserError(corpus.place, f"{of}: {unmatched(lacking, of_corpus)}", "a count for each", hint)
        missing += lacking
    if not points:
        raise UserError(performance.place, "no concept that has a count", f"concepts of {corpus.place}")
    notes = [f"{number_of(len(missing), 'concept')} without a count left out"] if missing else []
    notes += [f"{number_of(unnamed, 'concept')} without a name left out"] if unnamed else []
    names, counts, values = zip(*points, strict=True)
    return Points(names, np.asarray(counts, dtype=np.int64), np.asarray(values, dtype=np.float64), tuple(notes))


def _of_dataset(
    performance: Performance, corpus: Corpus, dataset: str
) -> tuple[Mapping[str, float], Mapping[str, int]]:
    if dataset not in performance.values:
        hint = did_you_mean(dataset, performance.values) or f"data sets: {', '.join(performance.values)}"
        raise UserError(performance.place, f"no data set '{dataset}' of {performance.name}", "", hint)
    of_corpus = corpus.of(dataset)
    if of_corpus is None:
        found = f"no counts of data set '{dataset}' in {corpus.name}"
        expected = f"--dataset with some of those that have them: {', '.join(corpus.counts)}"
        raise UserError(corpus.place, found, expected)
    return performance.values[dataset], of_corpus
