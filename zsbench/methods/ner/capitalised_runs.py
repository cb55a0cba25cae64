"""Runs of capitalised words, each with a random label: the baseline of capital letters alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from zsbench.config.components import method
from zsbench.config.options import Seed
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Tagger


@method(family="ner")
def capitalised_runs(*, seed: Seed = 0) -> Tagger:
    """Tag every run of words that begin with a capital; the draw of labels depends on seed and sentence id only."""

    def tag(_model: Any, sentences: Sequence[Sentence], labels: Sequence[str]) -> list[list[Mention]]:
        return [_runs(s, labels, random.Random(f"{seed}:{s.id}")) for s in sentences]

    return tag


def _runs(sentence: Sentence, labels: Sequence[str], draw: random.Random) -> list[Mention]:
    spans: list[Mention] = []
    for capital, run in groupby(range(len(sentence.words)), key=lambda i: sentence.words[i][:1].isupper()):
        positions = list(run)
        if capital:
            spans.append(Mention(positions[0], positions[-1], draw.choice(labels)))
    return spans
