"""Questions with their answers over a collection of passages, and the two files that questions come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zsbench.core import jsonfiles, tablefiles
from zsbench.core.errors import UserError
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data import clusters
from zsbench.data.collections.collection import Collection, add_unique
from zsbench.data.literals import read_list


@dataclass(frozen=True)
class Questions:
    """Passages with questions as their queries (nothing is judged), and the answers of each question."""

    collection: Collection
    answers: dict[str, tuple[str, ...]]


Rows = Iterator[tuple[str, str, str, Sequence[Any]]]


@dataclass(frozen=True)
class Asked:
    """Questions of a file.

    Attributes
    ----------
    texts, answers : by id.
    counts : what was left out, by name.
    clusters : by id, the question which several vary, where the file names it.
    """

    texts: dict[str, str]
    answers: dict[str, tuple[str, ...]]
    counts: dict[str, int]
    clusters: dict[str, str] | None = None


def read(path: Path, cluster: str | None = None) -> Asked:
    """Return the questions of a JSONL file or of one of DPR's tab-separated ones.

    Parameters
    ----------
    cluster : key of JSONL that names the question which several vary; None looks for `cluster`.

    Raises
    ------
    UserError
        A line is malformed, answers are no list of texts, an id stands twice, a question has no cluster among others
        that have one; with file and line.
    """
    if ".jsonl" not in path.suffixes:
        return gather(_dpr(path), shown(path))
    named: list[tuple[str, dict[str, Any]]] = []
    asked = gather(_jsonl(path, cluster, named), shown(path))
    of_rows = clusters.of_rows(named, cluster)
    return asked if of_rows is None else replace(asked, clusters=dict(zip(asked.texts, of_rows, strict=True)))


def require_keys(cluster: str | None, path: str) -> None:
    """Refuse an option `cluster` of questions that are no JSONL and so have no keys.

    Raises
    ------
    UserError
        The option is given, and the file is DPR's.
    """
    if cluster is not None and ".jsonl" not in Path(path).suffixes:
        raise UserError("cluster", "a key of questions that are no JSONL", "`questions:` as JSONL, or no `cluster:`")


def gather(rows: Rows, where: str) -> Asked:
    """Return the questions of rows (place, id, question, answers); see `read`.

    Curly apostrophes in questions become straight ones. Answers without letters, digits or signs are in every
    passage, so they are dropped.
    """
    from zsbench.metrics.rankings.has_answer import folded

    questions: dict[str, str] = {}
    answers: dict[str, tuple[str, ...]] = {}
    dropped = 0
    for place, key, question, given in rows:
        wrong = [answer for answer in given if not isinstance(answer, str)]
        if wrong:
            raise UserError(place, f"answer {wrong[0]!r}", "a text")
        add_unique(questions, key, question.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"), where=place, kind="item")
        answers[key] = tuple(answer for answer in given if folded(answer).strip())
        dropped += len(given) - len(answers[key])
    if not questions:
        raise UserError(where, "no questions")
    unanswered = sum(not texts for texts in answers.values())
    return Asked(questions, answers, {"empty answers dropped": dropped, "questions without an answer": unanswered})


def _jsonl(path: Path, cluster: str | None, named: list[tuple[str, dict[str, Any]]]) -> Rows:
    """Read `{"id": ..., "question": ..., "answers": [...]}`; what names a row's cluster is added to `named`."""
    name = shown(path)
    for number, row in jsonfiles.lines(path, {"question": str, "answers": list}):
        place = f"{name}:{number}"
        if not isinstance(row.get("id"), (str, int)):
            raise UserError(place, f"key 'id' is {row['id']!r}" if "id" in row else "key 'id' is missing", "a text")
        named.append((place, clusters.named(row, cluster)))
        yield place, str(row["id"]), row["question"], row["answers"]


def _dpr(path: Path) -> Rows:
    """Read `question<TAB>['answer', ...]`; the rows have no ids, so they are numbered from 0."""
    for number, (line, fields) in enumerate(tablefiles.cells(path, "\t")):
        place = f"{shown(path)}:{line}"
        if len(fields) != 2:
            raise UserError(place, number_of(len(fields), "column"), "`question<TAB>['answer', ...]`")
        yield place, str(number), fields[0], read_list(fields[1], place, "answers")
