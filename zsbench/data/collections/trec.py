"""TREC files: qrels, with topics and documents as TSV (`id<TAB>text`) or JSONL where texts are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zsbench.config.companions import companions
from zsbench.config.components import source
from zsbench.config.options import LocalPath, Text
from zsbench.core import textfiles
from zsbench.core.errors import UserError
from zsbench.core.yamlio import shown
from zsbench.data.collections.collection import Collection, add_unique, check
from zsbench.data.collections.documents import Document, read_jsonl, read_queries
from zsbench.data.collections.judgements import Qrels, read_qrels
from zsbench.data.collections.stored import Stored


def _check(options: dict[str, Any]) -> None:
    if options["cluster"] is not None and ".jsonl" not in Path(options["topics"] or "").suffixes:
        raise UserError("cluster", "a key of topics that are no JSONL", "`topics:` as JSONL, or no `cluster:`")


@source(gives="collection")
@companions(check=_check)
def trec(
    *,
    qrels: LocalPath,
    topics: LocalPath | None = None,
    documents: LocalPath | None = None,
    cluster: Text | None = None,
) -> Collection:
    """Read TREC judgements and, where given, the texts of topics and documents.

    Without texts a run can be scored or passed through (`method: first-stage`), but nothing can be re-ranked.

    Parameters
    ----------
    qrels : `qid 0 docid grade`, plain or .gz.
    topics : TSV `qid<TAB>text` or JSONL {_id, text}.
    documents : TSV `docid<TAB>text` or JSONL {_id, text, title}.
    cluster : key of topics in JSONL that names the question which several of them vary, by default `cluster` where
        there is one.
    """
    judged = read_qrels(Path(qrels))
    varied: dict[str, str] | None = None
    if topics and ".jsonl" in Path(topics).suffixes:
        texts, varied = read_queries(Path(topics), cluster)
    else:
        texts = _texts(Path(topics), "query") if topics else {query: Document(query, "") for query in judged}
    corpus = _texts(Path(documents), "document") if documents else _without_texts(judged)
    queries = {key: d.text for key, d in texts.items()}
    return check(Collection(corpus, queries, judged, clusters=varied), shown(Path(qrels)))


def _without_texts(qrels: Qrels) -> Stored:
    """Return a corpus of ids alone: any document a run names exists, and has no text."""
    return Stored(
        "documents without texts",
        lambda ids: [Document(doc, "") for doc in ids],
        lambda: {doc: Document(doc, "") for row in qrels.values() for doc in row},
    )


def _texts(path: Path, kind: str) -> dict[str, Document]:
    texts: dict[str, Document] = {}
    if ".jsonl" in path.suffixes:
        for where, document in read_jsonl(path):
            add_unique(texts, document.id, document, where=where, kind=kind)
        return texts
    name = shown(path)
    for number, line in textfiles.lines(path):
        if not line.strip(textfiles.BLANKS):
            continue
        key, tab, text = line.partition("\t")
        key = key.strip(textfiles.BLANKS)
        if not tab or not key:
            raise UserError(f"{name}:{number}", "an empty id" if tab else "no tab", "`id<TAB>text`")
        add_unique(texts, key, Document(key, text), where=f"{name}:{number}", kind=kind)
    return texts
