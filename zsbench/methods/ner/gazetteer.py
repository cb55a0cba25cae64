"""Mentions of a training set, found again word by word: the baseline of knowing names and nothing else.

A mention's label is its most frequent one in training, of equally frequent ones the first in the alphabet. In a
sentence the longest mention that begins at a word is taken, from left to right. Labels of the training set that are not
asked (those that the task excludes, too) take part, and what they find is dropped afterwards, counted: without them
their mentions would be found under another label.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from zsbench.config.components import method
from zsbench.core.context import RunContext
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet
from zsbench.methods.ner import Problem, Rule, Tagger

Names = Mapping[tuple[str, ...], str]
"""Words of a mention -> its label."""


@method(family="ner", uses=("training set",))
def gazetteer() -> Rule:
    """Look mentions up; case and form of every word have to be those of training."""

    def rule(_model: Any, problem: Problem, run: RunContext) -> Tagger:
        if problem.train is None:
            raise UserError("", "gazetteer: no training set", "`train:` in the task's YAML")
        names = learn(problem.train)
        run.notes["mentions learnt"] = len(names)
        longest = max(map(len, names), default=0)

        def tag(sentences: Sequence[Sentence]) -> list[list[Mention]]:
            found = [find(sentence.words, names, longest) for sentence in sentences]
            asked = [[mention for mention in row if mention.label in problem.labels] for row in found]
            if dropped := sum(map(len, found)) - sum(map(len, asked)):
                run.count("found mentions of labels that are not asked", dropped)
            return asked

        return tag

    return rule


def learn(train: SentenceSet) -> Names:
    """Return the mentions of a training set with their labels; what stands for no words is none.

    Examples
    --------
    >>> spans = [[(0, 1, "city")], [(0, 1, "club"), (2, 2, "club")]]
    >>> learn(SentenceSet([Sentence("a", ("New", "York")), Sentence("b", ("New", "York", "Mets"))], spans))
    {('New', 'York'): 'city', ('Mets',): 'club'}
    """
    labels: dict[tuple[str, ...], Counter[str]] = {}
    for item, spans in zip(train.items, train.spans, strict=True):
        for start, end, label in (span[:3] for span in spans if span[0] is not None):
            labels.setdefault(item.words[start : end + 1], Counter())[label] += 1
    return {words: min(counts, key=lambda label: (-counts[label], label)) for words, counts in labels.items()}


def find(words: tuple[str, ...], names: Names, longest: int) -> list[Mention]:
    """Return the mentions in a sentence, which share no word; `longest` is the length of the longest name."""
    found: list[Mention] = []
    start = 0
    while start < len(words):
        ends = range(min(start + longest, len(words)), start, -1)
        end = next((end for end in ends if words[start:end] in names), None)
        if end is not None:
            found.append(Mention(start, end - 1, names[words[start:end]]))
        start = start + 1 if end is None else end
    return found
