"""Questions with answers by their ir_datasets id, or a file of them over an ir_datasets collection (`dpr-w100`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core.errors import UserError
from zsbench.data.collections.collection import Collection
from zsbench.data.collections.ir_datasets import load, stored
from zsbench.data.collections.questions import Questions, Rows, gather, read, require_keys


def _files(options: dict[str, Any]) -> list[str]:
    return [options["questions"]] if options.get("questions") else []


def _check(options: dict[str, Any]) -> None:
    if options["questions"] is not None:
        require_keys(options["cluster"], options["questions"])


@source(gives="questions", files=_files)
@companions(("cluster", "questions"), check=_check)
def ir_datasets_answers(*, id: Text, questions: LocalPath | None = None, cluster: Text | None = None) -> Questions:
    """Read passages, and unless a file has them the questions, of a data set known to ir_datasets.

    Parameters
    ----------
    id : `dpr-w100` for passages alone, or a set under it whose queries have answers.
    questions : JSONL {id, question, answers: [...]}, or DPR's `question<TAB>['answer', ...]`, numbered from 0.
    cluster : key of questions in JSONL that names the question which several vary, by default `cluster` where there is
        one.

    Raises
    ------
    UserError
        Unknown id, a part that the set does not have, queries without answers, a download that failed.
    """
    dataset = load(id, ("docs",) if questions else ("docs", "queries"))
    try:
        asked = read(Path(questions), cluster) if questions else gather(_rows(dataset, id), id)
    except (RuntimeError, OSError) as error:
        raise UserError("", f"ir_datasets '{id}' cannot be read ({error})", "a downloaded data set") from error
    collection = Collection(stored(dataset, id), asked.texts, {}, asked.counts, clusters=asked.clusters)
    return Questions(collection, asked.answers)


def _rows(dataset: Any, name: str) -> Rows:
    for row in dataset.queries_iter():
        if not hasattr(row, "answers"):
            raise UserError("", f"the queries of ir_datasets '{name}' have no answers", "`questions:`, a file of them")
        yield name, row.query_id, row.text, row.answers
