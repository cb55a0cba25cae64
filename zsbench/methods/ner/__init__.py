"""Entity rules: from sentences and label names to labelled spans.

A method file returns a `Tagger`, called as `tagger(model, sentences, labels)` with a batch of word lists; it answers
with one list of (start, end inclusive, label) a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zsbench.data.sentences.sentence import Sentence, Span

Tagger = Callable[[Any, Sequence[Sentence], Sequence[str]], list[list[Span]]]
