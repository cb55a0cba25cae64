"""GLiNER's JSON: {"tokenized_text": [words], "ner": [[start, end_inclusive, label], ...]}, a list or one a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import jsonfiles
from zsbench.data.item_ids import read_id
from zsbench.data.sentences.json_spans import SpanReader
from zsbench.data.sentences.jsonl_sentences import sentence_of
from zsbench.data.sentences.sentence import Sentence, SentenceSet

UNPLACED = "gold spans whose borders are no words'"


@source(gives="sentences")
def gliner_json(*, path: LocalPath) -> SentenceSet:
    """Read what GLiNER is trained on and what its benchmark's sets become; sentences are named by number, from 0.

    A span with null for both borders, which the benchmark's conversion writes where characters fit no words, stays as
    gold that no prediction equals, counted. Labels in the file's own lists (`label`, `ner_labels`) are not looked at:
    the task names those asked. Source: urchade/GLiNER, README (training data) and `gliner/evaluation/evaluate_ner.py`.

    Raises
    ------
    UserError
        With file, line or entry, and sentence: not JSON, a key is missing, or a span leaves its sentence.
    """
    items: list[Sentence] = []
    gold: list[list[Any]] = []
    places: list[str] = []
    reader = SpanReader()
    for where, row in jsonfiles.entries(Path(path), {"tokenized_text": list, "ner": list}):
        key = read_id(row, where, default=str(len(items)))
        places.append(where)
        items.append(sentence_of({"tokens": row["tokenized_text"]}, key, where, called=("tokenized_text", "text")))
        gold.append([reader.gold(span, items[-1], where) for span in row["ner"]])
    unplaced = sum(span[0] is None for spans in gold for span in spans)
    return SentenceSet(items, gold, counts={UNPLACED: unplaced} if unplaced else None, places=places)
