"""Which candidates are sure enough: one threshold for all labels, others for some, or the best on validation data.

A score has to exceed its threshold. With `threshold: validation` the task's validation set decides among 0.05, 0.1,
..., 0.95 by micro F1; of equal ones the lowest is taken. Thresholds of single labels stay as they are given, and hold
during that choice too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from zsbench.config.options import Share
from zsbench.core import doubts
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError, did_you_mean
from zsbench.core.words import listed
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.methods.ner import Problem, Tagger
from zsbench.metrics import naming

Threshold = Share | Literal["validation"]
Candidates = Callable[[Sequence[Sentence], float], list[list[Mention]]]
"""From sentences to their candidates with scores above a threshold."""
Answer = Callable[[Sequence[Mention]], list[Mention]]
"""From a sentence's candidates that are sure enough to those that are answered."""

GRID = tuple(n / 20 for n in range(1, 20))
BATCH = 32


def tagger(
    candidates: Candidates,
    answer: Answer,
    problem: Problem,
    run: RunContext,
    *,
    threshold: float | Literal["validation"],
    thresholds: Mapping[str, float],
) -> Tagger:
    """Return a tagger that answers with the candidates above their thresholds; what was chosen is noted in the run.

    Raises
    ------
    UserError
        A threshold's label is not asked, or there is no validation set to choose with.
    """
    for label in thresholds:
        if label not in problem.labels:
            near = did_you_mean(label, problem.labels)
            expected = "" if near else listed(problem.labels)
            raise UserError("thresholds", f"label '{label}' is asked nowhere", expected, near)
    if threshold == "validation":
        threshold = _chosen(candidates, answer, problem.validation, thresholds)
        n = 0 if problem.validation is None else len(problem.validation.items)
        run.notes["chosen"] = f"threshold {threshold:g}, by micro F1 on {n} validation sentences"
        if problem.chosen_on_test:
            doubt = "the threshold is chosen on the test sentences: an upper bound"
            run.notes["warning"] = doubts.joined(str(run.notes.get("warning", "")), doubt)
    general = threshold
    lowest = min(general, *thresholds.values()) if thresholds else general

    def tag(sentences: Sequence[Sentence]) -> list[list[Mention]]:
        return [answer(above(row, general, thresholds)) for row in candidates(sentences, lowest)]

    return tag


def above(candidates: Sequence[Mention], threshold: float, thresholds: Mapping[str, float]) -> list[Mention]:
    """Return the candidates whose score exceeds the threshold of their label, or else the general one."""
    return [span for span in candidates if (span.score or 0.0) > thresholds.get(span.label, threshold)]


def _chosen(
    candidates: Candidates, answer: Answer, validation: SentenceSet | None, thresholds: Mapping[str, float]
) -> float:
    """Return the best threshold of the grid; the model reads every sentence once, at the lowest of all."""
    if validation is None or not any(validation.spans):
        found = "no validation set" if validation is None else "no gold span in the validation set"
        raise UserError("threshold", f"`threshold: validation`, and {found}", "`validation:` in the task's YAML")
    lowest, items = min([GRID[0], *thresholds.values()]), validation.items
    rows = [row for at in range(0, len(items), BATCH) for row in candidates(items[at : at + BATCH], lowest)]
    f1 = naming.resolve("F1", kinds=("spans",))

    def score(threshold: float) -> float:
        return f1.compute([answer(above(row, threshold, thresholds)) for row in rows], validation.spans)

    return max(GRID, key=score)
