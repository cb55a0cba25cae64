"""UniversalNER's conversations: one for each sentence and type, the answer a JSON list of texts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zsbench.config.components import source
from zsbench.config.options import LocalPath
from zsbench.core import jsonfiles
from zsbench.core.errors import UserError
from zsbench.data.sentences.borders import Place, Splitter, split
from zsbench.data.sentences.sentence import Mention, Sentence, SentenceSet

_QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)
_EXPECTED = '"Text: ...", an answer, "What describes TYPE in the text?", a JSON list of texts'
_NOWHERE = "gold texts that are nowhere in their sentence as words"
_AMBIGUOUS = "gold texts that are in their sentence more than once, taken where they first are"


@source(gives="sentences")
def universal_ner_json(*, path: LocalPath, splitter: Splitter = "blanks") -> SentenceSet:
    """Read the test files that UniversalNER released; sentences are named by their number, from 0.

    The answers say what is written, not where: a text is taken where it first stands as words of its sentence that no
    longer text of its type has taken, and is kept without a place where it does not; both are counted. Metrics over
    texts need no places. Source: universal-ner/universal-ner, `src/eval/test_data`.

    Parameters
    ----------
    splitter : how a sentence is split into words: at blanks, or as GLiNER does, into `\\w+(?:[-_]\\w+)*|\\S`.

    Raises
    ------
    UserError
        With file, line or entry: not JSON, another form of conversation, or an answer that is no list of texts.
    """
    items: list[Sentence] = []
    gold: list[list[Any]] = []
    stand: list[str] = []
    asked: set[str] = set()
    places: list[Place] = []
    counts = {_NOWHERE: 0, _AMBIGUOUS: 0}
    for where, text, label, answers in _turns(Path(path)):
        if not items or items[-1].text != text or label in asked:
            words = split(text, splitter)
            if not words:
                raise UserError(where, "a text without words", "a sentence")
            items.append(Sentence(str(len(items)), words, text))
            gold.append([])
            stand.append(where)
            asked.clear()
            places = items[-1].places()
        asked.add(label)
        gold[-1] += _placed(text, places, label, answers, counts)
    return SentenceSet(items, gold, counts={what: n for what, n in counts.items() if n} or None, places=stand)


def _turns(path: Path) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield (place, text, type asked, texts answered) of every conversation."""
    for where, row in jsonfiles.entries(path, {"conversations": list}):
        turns = [turn.get("value") if isinstance(turn, dict) else None for turn in row["conversations"]]
        values = [value for value in turns if isinstance(value, str)]
        if len(values) != len(turns) or len(values) != 4:
            raise UserError(where, f"a conversation of {len(turns)} turns, {len(values)} of them texts", _EXPECTED)
        question = _QUESTION.fullmatch(values[2])
        if not values[0].startswith("Text: ") or question is None:
            raise UserError(where, f"'{values[0][:40]}', '{values[2][:40]}'", _EXPECTED)
        answers = jsonfiles.parse(values[3], where, "a JSON list of texts")
        if not (isinstance(answers, list) and all(isinstance(answer, str) and answer for answer in answers)):
            raise UserError(where, f"answer {json.dumps(answers)[:60]}", "a JSON list of texts")
        yield where, values[0].removeprefix("Text: "), question.group(1), answers


def _placed(text: str, places: list[Place], label: str, answers: list[str], counts: dict[str, int]) -> list[Any]:
    """Return the answers of one type as spans, the longest placed first, in their own order."""
    if not answers:
        return []
    first, last = ({place[side]: n for n, place in enumerate(places)} for side in (0, 1))
    taken: set[int] = set()
    spans: dict[str, Any] = {}
    for answer in sorted(dict.fromkeys(answers), key=len, reverse=True):
        starts = [match.start() for match in re.finditer(f"(?={re.escape(answer)})", text)]
        borders = [(first[s], last[s + len(answer)]) for s in starts if s in first and s + len(answer) in last]
        free = [(start, end) for start, end in borders if taken.isdisjoint(range(start, end + 1))]
        counts[_AMBIGUOUS] += len(free) > 1
        counts[_NOWHERE] += not free
        spans[answer] = (*free[0], label) if free else Mention(None, None, label, None, answer)
        taken.update(range(free[0][0], free[0][1] + 1) if free else ())
    return [spans[answer] for answer in dict.fromkeys(answers)]
