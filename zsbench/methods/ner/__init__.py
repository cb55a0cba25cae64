"""Entity rules: from sentences and label names to labelled spans.

A method file returns a `Tagger`, called as `tagger(model, sentences, labels)` with a batch of sentences; it answers
with one list of mentions a sentence: where they stand, their label, and score and text where there are any. A mention
that a language model wrote and that is nowhere in the sentence has a text and no borders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from zsbench.data.sentences.sentence import Mention, Sentence

Tagger = Callable[[Any, Sequence[Sentence], Sequence[str]], list[list[Mention]]]


@dataclass(frozen=True)
class Adapted:
    """A tagger with options that its config leaves open and its model settles.

    `settled(model)` gives their values in words, which stand in the table's head as if the config had said them.
    """

    tag: Tagger
    settled: Callable[[Any], dict[str, str]]

    def __call__(self, model: Any, sentences: Sequence[Sentence], labels: Sequence[str]) -> list[list[Mention]]:
        """Tag like the tagger inside."""
        return self.tag(model, sentences, labels)
