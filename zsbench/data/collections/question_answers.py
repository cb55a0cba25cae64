"""Questions with answers and the passages to search: DPR's files (nq-test.qa.csv, psgs_w100.tsv), or JSONL.

Passages are read as they are asked for: the candidates of a run take one pass over the file and little memory; a
first stage that searches (bm25, dense) reads all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import files
from zsbench.core.errors import UserError
from zsbench.core.records import digest_file
from zsbench.data.collections.collection import Collection, add_unique
from zsbench.data.collections.documents import Document, read_jsonl
from zsbench.data.collections.questions import Questions, read, require_keys
from zsbench.data.collections.stored import Stored
from zsbench.data.collections.tsv import Columns, each_passage


def _check(options: dict[str, Any]) -> None:
    require_keys(options["cluster"], options["questions"])
    if ".jsonl" in Path(options["passages"]).suffixes:
        named = [name for name in ("columns", "header", "quoted") if options[name] is not None]
        if named:
            raise UserError(named[0], "a layout for JSONL", "a TSV file, or no layout")


@source(gives="questions")
@companions(check=_check)
def question_answers(
    *,
    questions: LocalPath,
    passages: LocalPath,
    columns: Columns | None = None,
    header: bool | None = None,
    quoted: bool | None = None,
    cluster: Text | None = None,
) -> Questions:
    """Read questions and passages, plain or .gz.

    Parameters
    ----------
    questions : JSONL {id, question, answers: [...]}, or DPR's `question<TAB>['answer', ...]`, numbered from 0.
    passages : JSONL {_id, text, title} as in BEIR, or TSV in `columns`.
    columns, header, quoted : the layout of a TSV file, by default that of psgs_w100.tsv (`id`, `text`, `title`, with a
        header, quoted); JSONL has none.
    cluster : key of questions in JSONL that names the question which several vary, by default `cluster` where there is
        one.

    Raises
    ------
    UserError
        A file is missing or malformed, an id stands twice; with file and line.
    """
    path = Path(passages)

    def each() -> Iterator[tuple[str, Document]]:
        if ".jsonl" in path.suffixes:
            return read_jsonl(path)
        names = ("id", "text", "title") if columns is None else columns
        return each_passage(path, columns=names, header=header is not False, quoted=quoted is not False)

    def get_many(ids: list[str]) -> Iterator[Document]:
        wanted = set(ids)
        return (document for _, document in each() if document.id in wanted)

    def read_all() -> dict[str, Document]:
        documents: dict[str, Document] = {}
        for where, document in each():
            add_unique(documents, document.id, document, where=where, kind="passage")
        return documents

    files.require_file(path, "a file of passages")
    asked, store = read(Path(questions), cluster), Stored(digest_file(path), get_many, read_all)
    return Questions(Collection(store, asked.texts, {}, asked.counts, clusters=asked.clusters), asked.answers)
