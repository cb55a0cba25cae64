"""MS MARCO-style TSV files: passages, queries, TREC qrels (ChatGPT-RetrievalQA, MS MARCO, psgs_w100).

Lines are cut at the first tabs only, so that a passage may hold further ones. A line with an id and nothing else is
an empty passage: kept, and counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal

from zsbench.config.components import source
from zsbench.config.options import Distinct, Holds, LocalPath
from zsbench.core import tablefiles, textfiles
from zsbench.core.errors import UserError
from zsbench.core.words import number_of
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection, add_unique, check
from zsbench.data.collections.documents import Document
from zsbench.data.collections.judgements import read_qrels

Column = Literal["id", "text", "title"]
Columns = Annotated[Sequence[Column], Distinct(), Holds(("id", "text"))]


@source(gives="collection")
def tsv(
    *,
    collection: LocalPath,
    queries: LocalPath,
    qrels: LocalPath,
    columns: Columns = ("id", "text"),
    header: bool = False,
    quoted: bool = False,
) -> Collection:
    """Read passages and queries from TSV, plain or .gz; queries without judgement belong to other splits.

    Parameters
    ----------
    collection : passages, in `columns`.
    queries : `qid<TAB>query`.
    qrels : TREC judgements.
    columns : what the columns of `collection` hold, each once.
    header : the first line of `collection` names the columns.
    quoted : fields of `collection` may be quoted as in CSV (psgs_w100.tsv).

    Raises
    ------
    UserError
        A line lacks a column, an id stands twice, no query is judged; with file and line.
    """
    documents = read_passages(Path(collection), columns=columns, header=header, quoted=quoted)
    texts = {d.id: d.text for d in read_passages(Path(queries)).values()}
    judgements = read_qrels(Path(qrels))
    judged = {key: text for key, text in texts.items() if key in judgements}
    empty = {"documents without text": sum(not d.text.strip() for d in documents.values())}
    return check(Collection(documents, judged or texts, judgements, empty), shown(Path(qrels)))


def read_passages(
    path: Path, *, columns: Sequence[Column] = ("id", "text"), header: bool = False, quoted: bool = False
) -> dict[str, Document]:
    """Return the passages of a TSV file by id; see `tsv` for the options."""
    passages: dict[str, Document] = {}
    for where, document in each_passage(path, columns=columns, header=header, quoted=quoted):
        add_unique(passages, document.id, document, where=where, kind="line")
    return passages


def each_passage(
    path: Path, *, columns: Sequence[Column] = ("id", "text"), header: bool = False, quoted: bool = False
) -> Iterator[tuple[str, Document]]:
    """Yield (file and line, passage) of a TSV file; see `tsv` for the options."""
    name, width, layout = shown(path), len(columns), "<TAB>".join(columns)
    rows = tablefiles.cells(path, "\t") if quoted else _unquoted(path, width)
    for first, (number, fields) in enumerate(rows):
        where = f"{name}:{number}"
        if len(fields) == 1 and columns[0] == "id":
            fields = [fields[0], *[""] * (width - 1)]
        if len(fields) != width or (header and not first and "\t" in fields[-1]):
            n_columns = len(fields) + fields[-1].count("\t")
            raise UserError(
                where, number_of(n_columns, "column"), f"{layout}{' in the header' * (header and not first)}"
            )
        if not first and header:
            continue
        if not first and [field.strip().lower() for field in fields] == list(columns):
            raise UserError(where, "a line that names the columns", "passages", "`header: true` passes over it")
        row = dict(zip(columns, fields, strict=True))
        key = row["id"].strip(textfiles.BLANKS)
        if not key:
            raise UserError(where, "an empty id", layout)
        yield where, Document(key, row["text"], row.get("title", ""))


def _unquoted(path: Path, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield (line number, fields), the last field with whatever tabs it holds; blank lines are passed over."""
    return ((n, line.split("\t", width - 1)) for n, line in textfiles.lines(path) if line.strip(textfiles.BLANKS))
