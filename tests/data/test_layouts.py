"""Layouts of collections that do not fit their files: refused with the line, the columns or the key, never guessed."""

import pytest

from tests.command import call
from zsbench.config import catalog
from zsbench.core.errors import UserError

PASSAGES = "d1\ta cat\nd2\ta dog\n"
JSONL = '{"_id": "1", "text": "a cat"}\n'
LOG = "userId,movieId,timestamp\nu,1,5\nu,2,9\n"
TSV = {"c": PASSAGES, "q": "q1\tcat\n", "j": "q1 0 d1 1\n"}
TSV_OPTIONS = {"collection": "c", "queries": "q", "qrels": "j"}
QA_OPTIONS = {"questions": "a", "passages": "p.jsonl"}
QA = {"a": "who?\t['cat']\n", "p.jsonl": JSONL}

# source: files, options, message
CASES = {
    "columns exchanged": ("tsv", TSV, {**TSV_OPTIONS, "columns": ["text", "id"]}, r"j: no judged document is in the corpus \(first: 'd1'\)"),
    "ids of another corpus": ("tsv", {**TSV, "j": "q1 0 D1 1\n"}, TSV_OPTIONS, "no judged document is in the corpus.*such as 'd1'"),
    "a header that is not said": ("tsv", {**TSV, "c": "ID\tText\n" + PASSAGES}, TSV_OPTIONS, "c:1: a line that names the columns.*`header: true`"),
    "a header of more columns": ("tsv", {**TSV, "c": "id\ttext\ttitle\nd1\ta\tA\n"}, {**TSV_OPTIONS, "header": True}, "c:1: 3 columns; expected id<TAB>text in the header"),
    "an empty id": ("tsv", {**TSV, "c": " \ta cat\n"}, TSV_OPTIONS, "c:1: an empty id"),
    "a quote without end": ("tsv", {**TSV, "c": 'd1\t"a cat\nd2\ta dog\n'}, {**TSV_OPTIONS, "quoted": True}, "c:1: a quoted cell that never ends"),
    "half a character": ("question-answers", {**QA, "a": "who?\t['\\ud800']\n"}, QA_OPTIONS, "a:1: answers"),
    "a topic without id": ("trec", {"j": "q1 0 d1 1\n", "t": "\tcat\n"}, {"qrels": "j", "topics": "t"}, "t:1: an empty id"),
    "a time that is none": ("interactions", {"r": LOG.replace("9", "nan")}, {"path": "r"}, "r:3: timestamp 'nan'; expected a finite number"),
    "a delimiter that quotes": ("interactions", {"r": LOG}, {"path": "r", "delimiter": '"'}, "delimiter"),
    "cells beyond the header": ("interactions", {"r": LOG + "u,3,9,9\n"}, {"path": "r"}, "r:4: 4 columns under a header of 3"),
    "a tag glued to nothing": ("conll", {"f": "Ann\tB-PER\n\tO\n"}, {"path": "f"}, "f:2: .*word"),
}  # fmt: skip


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize("case", CASES)
def test_a_layout_that_does_not_fit_is_refused(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source, files, options, message = CASES[case]
    write(tmp_path, files)
    with pytest.raises(UserError, match=message):
        catalog.load_component("data", source)(**options)


def test_blanks_around_words_tags_and_ids_are_none_of_theirs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path,
        {"f": "Ann \tB-PER \nNew York\tB-LOC\nx\u00a0y\tO\n", "c": "d1 \ta cat\n", **{k: TSV[k] for k in "qj"}},
    )
    found = catalog.load_component("data", "conll")(path="f")
    assert found.items[0].words == ("Ann", "New York", "x\u00a0y")
    assert found.spans == [[(0, 0, "PER"), (1, 1, "LOC")]]
    assert list(catalog.load_component("data", "tsv")(**TSV_OPTIONS).documents) == ["d1"]


def test_a_lone_carriage_return_begins_no_document(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, TSV)
    (tmp_path / "c").write_bytes(b"d1\ta\rd9\tcat\r\nd2\tb\r\n")
    found = catalog.load_component("data", "tsv")(**TSV_OPTIONS)
    assert {key: document.text for key, document in found.documents.items()} == {"d1": "a\rd9\tcat", "d2": "b"}


def test_question_answers_takes_the_layout_of_a_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, {"a": QA["a"], "p": '1\ta "cat\n'})
    read = catalog.load_component("data", "question-answers")
    found = read(questions="a", passages="p", columns=["id", "text"], header=False, quoted=False)
    assert found.collection.documents["1"].text == 'a "cat'


BEIR = {"b/corpus.jsonl": '{"_id": "d1", "text": "x"}\n', "b/queries.jsonl": '{"_id": "q1", "text": "x"}\n'}
RERANK = "type: rerank\ndescription: d\ndata: {source: %s}\n"
LOG_TASK = "type: session-recommendation\ndescription: d\ndata: {source: interactions, path: r, %s}\n"
QA_TASK = (
    "type: open-domain-qa\ndescription: d\ndata: {source: question-answers, questions: a, passages: p.jsonl, %s}\n"
)
TSV_TASK = RERANK % "tsv, collection: c, queries: q, qrels: j, columns: [%s]"
COMMANDS = {
    "a column twice": ({**TSV, "t.yaml": TSV_TASK % "id, text, text"}, "columns"),
    "no column of ids": ({**TSV, "t.yaml": TSV_TASK % "text, title"}, "columns"),
    "a layout for JSONL": ({**QA, "t.yaml": QA_TASK % "header: false"}, "header: a layout for JSONL"),
    "columns for JSONL": ({**QA, "t.yaml": QA_TASK % "columns: [id, text]"}, "columns: a layout for JSONL"),
    "texts without items": ({"r": LOG, "t.yaml": LOG_TASK % "text: title"}, "text"),
    "another split alone": (
        {**BEIR, "b/qrels/dev.tsv": "q1\td1\t1\n", "t.yaml": RERANK % "beir, path: b"},
        "b/qrels/test.tsv: no such file; there is dev.tsv: `split: dev`",
    ),
    "several splits": (
        {**BEIR, "b/qrels/dev.tsv": "", "b/qrels/train.tsv": "", "t.yaml": RERANK % "beir, path: b"},
        "splits: dev, train",
    ),
    "no text of any query": (
        {"j": "q1 0 d1 1\n", "d": PASSAGES, "t.yaml": RERANK % "trec, qrels: j, documents: d"},
        "no query has any text",
    ),
    "a delimiter of two characters": (
        {"t.yaml": LOG_TASK % "delimiter: ',,'", "r": LOG},
        "delimiter",
    ),
    "no delimiter": (
        {"t.yaml": LOG_TASK % "delimiter: ''", "r": LOG},
        "delimiter",
    ),
    "a folder for a split file": (
        {
            "t.yaml": "type: image-classification\ndescription: d\ndata: {source: coop-split, path: s, images: s}\n",
            "s/x": "",
        },
        "a folder",
    ),
}  # fmt: skip


METHODS = {
    "rerank": "bm25",
    "open-domain-qa": "bm25",
    "session-recommendation": "popularity",
    "image-classification": "random-class",
}


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(files):
        write(tmp_path, files)
        method = METHODS[files["t.yaml"].split("\n")[0].removeprefix("type: ")]
        return call("eval", "t.yaml", "--method", method, "--offline", "--out", "out")

    return run


@pytest.mark.parametrize("case", COMMANDS)
def test_the_command_line_says_what_is_wrong(case, evaluate):
    files, message = COMMANDS[case]
    code, captured = evaluate(files)
    assert code == 2
    assert message in captured.err
    assert "Errno" not in captured.err


def test_the_depth_of_a_run_is_that_of_its_lists(evaluate):
    task = RERANK % "beir, path: b" + "candidates: {stage: run, path: r}\n"
    code, captured = evaluate({**BEIR, "b/qrels/test.tsv": "q1\td1\t1\n", "r": "q1 Q0 d1 1 2 x\n", "t.yaml": task})
    assert code == 0
    assert "run top 1\n" in captured.out + captured.err


def test_queries_without_a_token_are_counted(evaluate):
    corpus = '{"_id": "d1", "text": "a cat"}\n{"_id": "d2", "text": "\u732b"}\n'
    queries = '{"_id": "q1", "text": "cat"}\n{"_id": "q2", "text": "\u732b"}\n'
    files = {"b/corpus.jsonl": corpus, "b/queries.jsonl": queries, "b/qrels/test.tsv": "q1\td1\t1\nq2\td2\t1\n"}
    for analyzer, n in (("plain", 1), ("words", 0)):
        task = RERANK % "beir, path: b" + f"candidates: {{analyzer: {analyzer}}}\n"
        code, captured = evaluate({**files, "t.yaml": task})
        assert code == 0
        shown = " ".join(captured.out.split())
        assert (f"queries without a token for bm25's analyzer (plain): {n}" in shown) is bool(n)
