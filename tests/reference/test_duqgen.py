"""DUQGen: allocation and sample equal the public script; what it gets wrong is kept apart."""

import json
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference._golden import load_npz
from zsbench.core.cache import Cache
from zsbench.corpus import negatives, sample
from zsbench.corpus.queries import WORDING, Example, Wording, clean, fitted, prompt
from zsbench.data.collections.documents import Document

GOLDEN = load_npz("duqgen", "sampling.npz")


def test_the_length_rule_keeps_the_same_rows():
    if {"text_lengths", "kept_rows"} <= GOLDEN.keys():
        assert sample.long_enough(GOLDEN["text_lengths"], 300).tolist() == GOLDEN["kept_rows"].tolist()


def test_allocation_equals_the_script():
    if {"alloc", "cluster_of_kept", "centroids"} <= GOLDEN.keys():
        sizes = np.bincount(GOLDEN["cluster_of_kept"], minlength=len(GOLDEN["centroids"]))
        found = sample.allocate(sizes, int(GOLDEN["n_train"]), flavour="reference")
        assert found.tolist() == GOLDEN["alloc"].tolist()


def test_the_sample_equals_the_script():
    assert GOLDEN, "no case"
    rows = GOLDEN["kept_rows"]
    found = sample.documents(
        GOLDEN["embeddings"][rows],
        GOLDEN["centroids"],
        GOLDEN["cluster_of_kept"],
        int(GOLDEN["n_train"]),
        seeds=GOLDEN["seeds"].tolist(),
        weight=float(GOLDEN["lambda_mmr"]),
        flavour="reference",
    )
    assert rows[found].tolist() == GOLDEN["sampled_rows"].tolist()


def test_the_default_seeds_are_the_scripts():
    if "seeds" in GOLDEN:
        assert list(sample.SEEDS) == GOLDEN["seeds"].tolist()


@settings(max_examples=50)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=12), more=st.integers(0, 80))
def test_allocation_hands_out_what_is_wanted(sizes, more):
    n = min(len(sizes) + more, sum(sizes))
    given_out = sample.allocate(sizes, n)
    assert (given_out >= 1).all()
    assert (given_out <= sizes).all()
    uncapped = 1 + (n - len(sizes)) * np.array(sizes) // sum(sizes)
    if (uncapped + 1 <= sizes).all():
        assert given_out.sum() == n
    order = np.argsort(sizes, kind="stable")
    assert (np.diff(given_out[order]) >= 0).all() or (given_out == sizes).any()


def test_nothing_remains_adds_nothing_except_in_the_reference():
    # 4 + 4 documents, 4 wanted: each gets 1 + 2 * 4 / 8 = 2 and nothing remains
    assert sample.allocate([4, 4], 4).tolist() == [2, 2]
    assert sample.allocate([4, 4], 4, flavour="reference").tolist() == [3, 3]
    assert sample.allocate([4, 1, 9], 3).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="every cluster gives one"):
        sample.allocate([4, 4, 4], 2)


def test_the_largest_of_equal_clusters_is_the_later_one():
    # floor leaves one over; argsort is stable and takes the tail
    assert sample.allocate([3, 3], 3).tolist() == [1, 2]


def test_mmr_without_diversity_is_nearest_first_and_with_it_is_not():
    vectors = np.array([[1, 0], [0.999, 0.045], [0.6, 0.8]])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert sample.mmr(vectors, vectors[0], 2, weight=1.0).tolist() == [0, 1]
    # beside the first, the twin scores 0.2 - 0.8 and the far one 0.6 (0.2 - 0.8)
    assert sample.mmr(vectors, vectors[0], 2, weight=0.2).tolist() == [0, 2]


def test_a_draw_repeats_and_never_repeats_a_document():
    cosines = np.random.default_rng(0).random(30)
    found = sample.draw(cosines, 4)
    assert found.tolist() == sample.draw(cosines, 4).tolist()
    assert len(set(found.tolist())) == len(found) <= 20


EXAMPLES = [Example(f"document {i}", f"query {i}") for i in range(10)]


def test_the_prompt_shows_examples_and_the_first_words():
    text = prompt("one two three", EXAMPLES[:2], Wording("Article", "Question", "Ask.", max_words=2)).text
    assert text == (
        "Ask.\n\nArticle: document 0\nQuestion: query 0\n\nArticle: document 1\nQuestion: query 1\n\n"
        "Article: one two\nQuestion:"
    )
    assert prompt("x", []).text == "Document: x\nQuery:"
    # The authors' template for FiQA, in its form.
    assert prompt("new text", EXAMPLES[:2], WORDING["duqgen"]).text == (
        "Example 1:\nDocument: document 0\nRelevant Query: query 0\n\n"
        "Example 2:\nDocument: document 1\nRelevant Query: query 1\n\n"
        "Example 3:\nDocument: new text\nRelevant Query:"
    )


def test_labels_may_end_otherwise_than_with_a_colon():
    claims = Wording("", "is it true that", end="")
    assert prompt("x", [Example("the sun is hot", "it is hot")], claims).text == (
        " the sun is hot\nis it true that it is hot\n\n x\nis it true that"
    )


@pytest.mark.parametrize(("room", "n"), [(1000, 10), (101, 2), (5, 0)])
def test_a_prompt_shows_as_many_examples_as_fit(room, n):
    asked, shown = fitted("a document", EXAMPLES, Wording(), lambda asked: len(asked.text) <= room)
    assert shown == n
    assert asked == prompt("a document", EXAMPLES[:n])


@pytest.mark.parametrize("written", ["what is bm25?", " what is bm25", "Sure, a query: what is bm25? Answer: x"])
def test_the_query_of_an_example_is_known_by_what_is_left_of_it(written):
    examples = [Example("d", "what is bm25?"), Example("d", "Question: who"), Example("d", '"quoted"')]
    assert clean(written, examples, style="duqgen") == ""
    assert clean('"quoted"', examples, style="duqgen") == ""
    assert clean("what is bm26?", examples, style="duqgen") == "what is bm26"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (" what is bm25?\nAnswer: a", "what is bm25"),
        ("what is a bond Answer: x", "what is a bond"),
        ("Sure, here is one: how to save tax", "how to save tax"),
        ("Here is a query:  how to save tax", "how to save tax"),
        ('"quoted query"', "quoted query"),
        ("what is a bond Example 5: Document: x", "what is a bond"),
        ("how to pay In each of these examples, the query", "how to pay"),
        ("how to pay In the first three examples it", "how to pay"),
        ("how to pay Note that the relevant queries are", "how to pay"),
        ("rules of note that matter In short", "rules of note that matter In short"),
        ("qué es", ""),
        ("?", ""),
        ("", ""),
        ("\n\n", ""),
        ("query 3", ""),
    ],
)
def test_what_is_kept_of_an_answer(text, query):
    assert clean(text, EXAMPLES, style="duqgen") == query


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Angles:
    """A text encoder of numbers: a text of n degrees is the unit vector at that angle."""

    fingerprint, device, dtype = "angles", "cpu", "float32"

    def encode_documents(self, texts):
        angles = np.radians([float(text or 180) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

    encode_queries = encode_documents


def test_negatives_are_the_first_half_of_the_end_of_the_list():
    # For the query 0 the documents stand in the order of their degrees: d0 (0), d1 (10), ... d9 (90); empty is last.
    documents = {f"d{i}": Document(f"d{i}", str(10 * i)) for i in range(10)} | {"empty": Document("empty", "")}
    mine = partial(negatives.mine, documents=documents, encoder=Angles(), cache=Cache(None))
    [found] = mine([("0", "d0")], depth=8, n=2)
    assert found == negatives.Mined("0", "d0", ("d4", "d5"))
    # The pair's own document is none of its negatives, and neither is one without a text.
    [own] = mine([("0", "d4")], depth=8, n=2)
    assert own.negatives == ("d5", "d6")
    [last] = mine([("0", "d0")], depth=11, n=1)
    assert last.negatives == ("d9",)
    [short] = mine([("0", "d0")], depth=3, n=4)
    assert short.negatives == ("d1", "d2")


def test_negatives_from_the_command_line_in_both_layouts(tmp_path, monkeypatch, capsys):
    from zsbench.cli.corpus import negatives as command

    monkeypatch.setattr(command, "load_model", lambda *_: Angles())
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    corpus = jsonl(tmp_path / "c.jsonl", [{"docid": f"d{i}", "doctext": str(10 * i)} for i in range(6)])
    pairs = jsonl(tmp_path / "p.jsonl", [{"docid": "d0", "doctext": "0", "question": "0"}])
    lines = []
    for layout in command.Layout:
        out = tmp_path / f"{layout.value}.jsonl"
        command.negatives(pairs, corpus, out, model="x", depth=4, n=2, layout=layout)
        lines.append([json.loads(line) for line in out.open()])
    assert lines[0] == [{"query": "0", "doc_id": "d0", "negatives": ["d1", "d2"]}]
    assert lines[1] == [["0", "0", 1.0], ["0", "10", 0.0], ["0", "20", 0.0]]
    assert "2 negatives of 1 pairs" in capsys.readouterr().err


def test_sampling_from_the_command_line(tmp_path):
    from zsbench.cli.corpus.sample import sample as command

    rng = np.random.default_rng(0)
    rows = [{"docid": f"d{i}", "doctext": "x" * (400 if i % 5 else 20)} for i in range(40)]
    corpus = jsonl(tmp_path / "c.jsonl", rows)
    np.save(tmp_path / "v.npy", rng.normal(size=(40, 3)) + 8 * np.eye(3)[rng.integers(0, 3, 40)])
    found = []
    for name in ("a.jsonl", "b.jsonl"):
        command(corpus, tmp_path / name, embeddings=tmp_path / "v.npy", n=9, clusters=3)
        found.append([json.loads(line)["_id"] for line in (tmp_path / name).open()])
    assert found[0] == found[1]
    assert len(set(found[0])) == 9
    assert all(int(key[1:]) % 5 for key in found[0])


def test_the_sample_in_the_authors_columns_and_with_their_allocation(tmp_path):
    from zsbench.cli.corpus.sample import Allocation, Columns
    from zsbench.cli.corpus.sample import sample as command
    from zsbench.corpus.files import read_documents

    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": f"d{i}", "title": "T", "text": "x" * 300} for i in range(8)])
    np.save(tmp_path / "v.npy", np.repeat(np.eye(2) * 9, 4, axis=0) + np.random.default_rng(0).normal(size=(8, 2)))
    files = {"embeddings": tmp_path / "v.npy", "n": 4, "clusters": 2}
    # Two clusters of four, four wanted: two each and nothing remains, where the public code gives one more to each.
    for allocation, n in ((Allocation.correct, 4), (Allocation.reference, 6)):
        out = tmp_path / f"{allocation.value}.jsonl"
        command(corpus, out, **files, allocation=allocation, columns=Columns.duqgen)
        rows = [json.loads(line) for line in out.open()]
        assert len(rows) == n
        assert all(row.keys() == {"docid", "doctext"} for row in rows)
    assert rows[0]["doctext"] == "T " + "x" * 300
    assert len(read_documents(out)) == 6


def test_a_uniform_sample_needs_no_vectors(tmp_path):
    from zsbench.cli.corpus.sample import sample as command
    from zsbench.core.errors import UserError

    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": f"d{i}", "text": "x" * (i + 1)} for i in range(200)])
    found = []
    for number, seed in enumerate((0, 0, 1)):
        out = tmp_path / f"{number}.jsonl"
        command(corpus, out, uniform=True, n=50, min_chars=100, seed=seed)
        found.append([json.loads(line)["_id"] for line in out.open()])
    assert found[0] == found[1] != found[2]
    assert len(set(found[0])) == 50
    assert all(int(key[1:]) >= 99 for key in found[0])
    with pytest.raises(UserError, match="102 documents from the 101"):
        command(corpus, tmp_path / "o.jsonl", uniform=True, n=102, min_chars=100)


def test_sampling_more_than_there_is_is_an_error(tmp_path):
    from zsbench.cli.corpus.sample import sample as command
    from zsbench.core.errors import UserError

    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": "a", "text": "x" * 400}])
    np.save(tmp_path / "v.npy", np.ones((1, 3)))
    with pytest.raises(UserError, match="2 documents from 1 clusters of 1"):
        command(corpus, tmp_path / "o", embeddings=tmp_path / "v.npy", n=2, clusters=1)
    np.save(tmp_path / "v.npy", np.ones((2, 3)))
    with pytest.raises(UserError, match=r"shape \(2, 3\)"):
        command(corpus, tmp_path / "o", embeddings=tmp_path / "v.npy", n=1, clusters=1)
