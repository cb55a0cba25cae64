"""Runs of capitalised words, each with a random label: the baseline of capital letters alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.core.context import RunContext
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem, Rule, Tagger


@method(family="ner")
def capitalised_runs(*, seed: Seed = 0) -> Rule:
    """Tag every run of words that begin with a capital; the draw of labels depends on seed and sentence id only."""

    def rule(_model: Any, problem: Problem, _run: RunContext) -> Tagger:
        def tag(sentences: Sequence[Sentence]) -> list[list[Mention]]:
            return [_labelled(s, problem.labels, random.Random(f"{seed}:{s.id}")) for s in sentences]

        return tag

    return rule


def _labelled(sentence: Sentence, labels: Sequence[str], draw: random.Random) -> list[Mention]:
    spans: list[Mention] = []
    for capital, run in groupby(range(len(sentence.words)), key=lambda i: sentence.words[i][:1].isupper()):
        positions = list(run)
        if capital:
            spans.append(Mention(positions[0], positions[-1], draw.choice(labels)))
    return spans
