"""Entity rules: from sentences and label names to labelled spans.

A method file returns a `Tagger`, called as `tagger(model, sentences, labels)` with a batch of sentences; it answers
with one list of mentions a sentence: where they stand, their label, and score and text where there are any. A mention
that a language model wrote and that is nowhere in the sentence has a text and no borders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.data.sentences.sentence import Mention, Sentence

Tagger = Callable[[Any, Sequence[Sentence], Sequence[str]], list[list[Mention]]]
