"""Promptagator: the round-trip filter equals the golden one, over the whole corpus and in blocks of it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.reference._golden import load_json, some
from zsbench.core.errors import UserError
from zsbench.corpus import roundtrip
from zsbench.corpus.queries import Example, clean

GOLDEN = load_json("promptagator", "roundtrip.json") or {}


def test_kept_pairs_equal_the_reference():
    scores, source = np.array(GOLDEN.get("scores", [])), GOLDEN.get("source_doc", [])
    for k, expected in some(GOLDEN.get("kept", {}).items(), "promptagator"):
        ranks = roundtrip.source_ranks(scores, source)
        assert roundtrip.kept(ranks, k=int(k)).tolist() == expected, k


@settings(max_examples=60)
@given(seed=st.integers(0, 2**16), n=st.integers(1, 12), width=st.integers(1, 5))
def test_blocks_change_nothing_and_ranks_are_positions_in_the_order(seed, n, width):
    rng = np.random.default_rng(seed)
    scores, source = rng.integers(0, 3, (5, n)).astype(float), rng.integers(0, n, 5)
    blocks = [scores[:, start : start + width] for start in range(0, n, width)]
    for ties in ("index", "optimistic", "pessimistic"):
        ranks, own = roundtrip.ranks_in_blocks(lambda: blocks, source, ties=ties)
        assert own.tolist() == scores[np.arange(5), source].tolist()
        for rank, row, doc in zip(ranks, scores, source, strict=True):
            tied = np.flatnonzero(row == row[doc])
            before = {"index": (tied < doc).sum(), "optimistic": 0, "pessimistic": len(tied) - 1}[ties]
            assert rank == 1 + (row > row[doc]).sum() + before


def test_a_fully_tied_row_is_legal():
    ties = np.zeros((1, 4))
    assert roundtrip.source_ranks(ties, [2]).tolist() == [3]
    assert roundtrip.source_ranks(ties, [2], ties="optimistic").tolist() == [1]
    assert roundtrip.source_ranks(ties, [2], ties="pessimistic").tolist() == [4]


def test_the_threshold_is_strict_and_comes_on_top():
    kept = roundtrip.kept([1, 2, 2, 3], [0.9, 0.7, 0.71, 0.9], k=2, threshold=0.7)
    assert kept.tolist() == [True, False, True, False]


def test_bad_scores_and_sources_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        roundtrip.source_ranks([[0.0, float("nan")]], [0])
    with pytest.raises(ValueError, match="not among the 2"):
        roundtrip.source_ranks([[0.0, 1.0]], [2])


def test_answers_end_with_the_line_and_repeat_no_example():
    examples = [Example("d", "known query")]
    assert clean("what is x?\nArticle: more", examples, style="promptagator") == "what is x?"
    assert clean("known query\n", examples, style="promptagator") == ""


def jsonl(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


class Writer:
    """A language model that asks for the last word of the document, and counts; it reads 150 characters."""

    fingerprint = "writer"

    def __init__(self, die_after=None):
        self.asked, self.die_after, self.samplings, self.prompts = 0, die_after, [], []

    def fits(self, prompt, *, max_new_tokens):
        return len(prompt.text) + max_new_tokens <= 150

    def generate(self, prompts, *, max_new_tokens, stop=(), sampling=None):
        self.asked += len(prompts)
        self.samplings.append(sampling)
        self.prompts += prompts
        if self.die_after is not None and self.asked > self.die_after:
            raise KeyboardInterrupt
        return [f" where is {prompt.text.splitlines()[-2].split()[-1]}" for prompt in prompts]


def write(folder, writer, monkeypatch, **options):
    from zsbench.cli.corpus import queries as command
    from zsbench.corpus import writing

    monkeypatch.setattr(writing, "BATCH", 2)
    monkeypatch.setattr(command, "load_model", lambda *_: writer)
    documents = [{"_id": f"d{i}", "text": f"the thing{i}"} for i in range(7)]
    examples = [{"document": f"ex {i}", "query": f"where is {i}"} for i in range(3)]
    command.queries(
        jsonl(folder / "c.jsonl", documents),
        folder / "q.jsonl",
        model="x",
        examples=jsonl(folder / "e.jsonl", examples),
        **options,
    )
    return [json.loads(line) for line in (folder / "q.jsonl").open()]


def test_queries_are_written_and_a_killed_run_goes_on(tmp_path, monkeypatch):
    from zsbench.cli.corpus.queries import Style

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path, Writer(die_after=4), monkeypatch)
    assert not (tmp_path / "q.jsonl").exists()
    second = Writer()
    found = write(tmp_path, second, monkeypatch)
    assert second.asked == 3
    texts = [f"the thing{i}" for i in range(7)]
    # The authors' columns; they read no question mark, either.
    assert found == [
        {"docid": f"d{i}", "doctext": text, "question": f"where is thing{i}"} for i, text in enumerate(texts)
    ]
    assert second.samplings == [None, None]
    assert not (tmp_path / "q.jsonl.part").exists()
    # Eight draws that say the same are one query.
    third = Writer()
    (tmp_path / "q.jsonl").unlink()
    found = write(tmp_path, third, monkeypatch, style=Style.promptagator)
    assert found == [{"query": f"where is thing{i}", "doc_id": f"d{i}"} for i in range(7)]
    assert third.asked == 56
    assert [sampling.temperature for sampling in third.samplings] == [0.7] * 4
    seeds = [seed for sampling in third.samplings for seed in sampling.seeds]
    assert len(set(seeds)) == 56
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_several_greedy_queries_are_refused_and_examples_are_left_out_where_they_do_not_fit(
    tmp_path, monkeypatch, capsys
):
    with pytest.raises(UserError, match="8 greedy queries of one document, which are all the same"):
        write(tmp_path, Writer(), monkeypatch, per_document=8)
    writer = Writer()
    write(tmp_path, writer, monkeypatch, max_new_tokens=40)
    assert "7 prompts without room for all 3 examples (1 at least)" in capsys.readouterr().err
    assert [prompt.text.count("Query:") for prompt in writer.prompts] == [2] * 7


def test_the_embedded_language_model_writes(tmp_path):
    from zsbench.cli.corpus.queries import queries

    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": "a", "text": "that stream gift had cotton"}])
    queries(corpus, tmp_path / "q.jsonl", model="lm-synonyms", max_new_tokens=4)
    assert (tmp_path / "q.jsonl").exists()


def test_the_filter_from_the_command_line(tmp_path):
    from zsbench.cli.corpus.roundtrip import roundtrip as command

    texts = ["that stream gift had cotton", "gift worker silver", "this rabbit prize becomes violet"]
    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": f"d{i}", "text": text} for i, text in enumerate(texts)])
    pairs = [{"query": texts[1], "doc_id": "d1"}, {"query": texts[1], "doc_id": "d2"}]
    kept = []
    for k in (1, 3):
        out = tmp_path / f"{k}.jsonl"
        command(jsonl(tmp_path / "p.jsonl", pairs), corpus, out, model="encoder-synonyms", k=k)
        kept.append([json.loads(line) for line in out.open()])
    assert [(row["doc_id"], row["rank"]) for row in kept[0]] == [("d1", 1)]
    assert [row["doc_id"] for row in kept[1]] == ["d1", "d2"]
    assert kept[0][0]["score"] == pytest.approx(1, abs=1e-5)


def test_a_pair_of_another_corpus_is_an_error(tmp_path):
    from zsbench.cli.corpus.roundtrip import roundtrip as command

    corpus = jsonl(tmp_path / "c.jsonl", [{"_id": "a", "text": "x"}])
    pairs = jsonl(tmp_path / "p.jsonl", [{"query": "x", "doc_id": "b"}])
    with pytest.raises(UserError, match=r"p\.jsonl:1: document 'b' is not in the corpus"):
        command(pairs, corpus, tmp_path / "o.jsonl", model="encoder-synonyms")
