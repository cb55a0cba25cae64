"""InstructUIE's JSON: {"sentence", "entities": [{"name", "type", "pos": [start, end]}]}, a list or one a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.data.item_ids import read_id
from zsbench.data.sentences.borders import Borders, Placer, Splitter
from zsbench.data.sentences.json_spans import SpanReader
from zsbench.data.sentences.jsonl_sentences import sentence_of
from zsbench.data.sentences.sentence import Sentence, SentenceSet

_OTHER_NAME = "gold spans that read otherwise than their `name`"


@source(gives="sentences")
def instructuie_json(*, path: LocalPath, borders: Borders = "error", splitter: Splitter = "blanks") -> SentenceSet:
    """Read a file of IE INSTRUCTIONS, on which InstructUIE and GLiNER are evaluated; positions are characters.

    Sentences are named by their number in the file, from 0. GLiNER's benchmark reads these files with `borders:
    unmatchable`. Sources: BeyonderXX/InstructUIE, `src/uie_dataset.py`; urchade/GLiNER,
    `gliner/evaluation/evaluate_ner.py`.

    Parameters
    ----------
    borders : what an entity is whose borders are no words': an error, snapped to the words that it touches and counted,
        or unmatchable as in GLiNER's benchmark, gold that no prediction equals, counted.
    splitter : how a sentence is split into words: at blanks, or as GLiNER does, into `\\w+(?:[-_]\\w+)*|\\S`.

    Raises
    ------
    UserError
        With file, line or entry, and sentence: not JSON, a key is missing, an entity leaves its sentence or has borders
        that are an error.
    """
    items: list[Sentence] = []
    gold: list[list[Any]] = []
    places: list[str] = []
    reader, misread = SpanReader("characters", Placer(borders)), 0
    for where, row in jsonfiles.entries(Path(path), {"sentence": str, "entities": list}):
        key = read_id(row, where, default=str(len(items)))
        places.append(where)
        items.append(sentence_of({"text": row["sentence"]}, key, where, splitter, called=("tokens", "sentence")))
        spans = [_span(entity, key, where) for entity in row["entities"]]
        gold.append([reader.gold(span, items[-1], where) for span in spans])
        names = zip(spans, row["entities"], strict=True)
        misread += sum(entity.get("name") not in (None, row["sentence"][s:e]) for (s, e, _), entity in names)
    counts = reader.placer.counts | ({_OTHER_NAME: misread} if misread else {})
    return SentenceSet(items, gold, counts=counts or None, places=places)


def _span(entity: Any, key: str, where: str) -> list[Any]:
    """Return [start, end, label] of an entity, whose values the reader of spans checks."""
    place = entity.get("pos") if isinstance(entity, dict) else None
    if not (isinstance(place, list) and len(place) == 2 and all(type(border) is int for border in place)):
        raise UserError(where, f"sentence {key}: entity {entity!r}", '{"name", "type", "pos": [start, end]}')
    return [*place, entity.get("type")]
