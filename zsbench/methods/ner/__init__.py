"""Entity rules: from sentences and label names to labelled spans.

A method file returns a `Rule`, which is called once a run, as `rule(model, problem, run)`: there it may learn from the
problem's training set or choose by its validation set. What it returns, a `Tagger`, is called with batches of sentences
and answers with one list of mentions a sentence: where they stand, their label, and score and text where there are any.
A mention that a language model wrote and that is nowhere in the sentence has a text and no borders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.core.context import RunContext
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet


@dataclass(frozen=True)
class Problem:
    """What a rule may know beside the sentences.

    Attributes
    ----------
    labels : the names asked, in the order that models see.
    train : sentences to learn from. Labels that the task asks have its wording; those that it excludes are still there,
        as the data spell them, because what is learnt from them may keep a word from another label.
    validation : sentences to choose with, judged as the test sentences are.
    chosen_on_test : the validation sentences are the test sentences, so that what is chosen is the best there could be.
    """

    labels: Sequence[str]
    train: SentenceSet | None = None
    validation: SentenceSet | None = None
    chosen_on_test: bool = False


Tagger = Callable[[Sequence[Sentence]], list[list[Mention]]]
Rule = Callable[[Any, Problem, RunContext], Tagger]
