"""What gold spans have to be before anything is compared with them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from zsbench.core.errors import UserError, did_you_mean
from zsbench.data.sentences.sentence import SentenceSet


def require(sentences: SentenceSet, gold: Sequence[list[Any]], asked: Sequence[str], *, nested: bool) -> None:
    """Refuse gold that a score would pass over in silence.

    Parameters
    ----------
    sentences : as they were read, with the places where they stand.
    gold : their spans in the wording asked, without excluded labels.
    asked : the labels asked.
    nested : spans may share words.

    Raises
    ------
    UserError
        With the sentence and its place: a label that is not asked, or two spans that share a word.
    """
    known = set(asked)
    for number, spans in enumerate(gold):
        where = f"sentence {sentences.items[number].id}"
        label = next((span[2] for span in spans if span[2] not in known), None)
        if label is not None:
            found = f"{where}: gold label '{label}' is not among `labels`"
            raise UserError(sentences.place(number), found, ", ".join(asked), did_you_mean(label, asked))
        pair = None if nested else _overlap(spans)
        if pair:
            found = f"{where}: gold spans {list(pair[0][:3])} and {list(pair[1][:3])} share a word"
            raise UserError(sentences.place(number), found, "flat spans", "`nested: true` if spans may overlap")


def _overlap(spans: Sequence[Any]) -> tuple[Any, Any] | None:
    """Return the first two different spans that share a word; one that stands there twice is one."""
    placed = sorted({tuple(span[:3]) for span in spans if span[0] is not None})
    for before, after in itertools.pairwise(placed):
        if after[0] <= before[1]:
            return before, after
    return None
