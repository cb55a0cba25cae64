"""Counts do not depend on how captions are cut into files, in which order they come, or how often a run was stopped."""

import gzip
import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import call
from zsbench.analysis.frequency.counting import joint, run, searches, shards
from zsbench.analysis.frequency.counting.captions import Columns
from zsbench.analysis.frequency.counting.tallies import Tally
from zsbench.core.errors import UserError
from zsbench.data.label_counts import read_counts

NAMES = {"dog": ["dog", "hound"], "fire truck": ["fire truck", "fire_engine"], "engine": ["engine"], "owl": ["owl"]}
WORDS = st.lists(st.sampled_from(["dog", "hound", "fire", "truck", "engine", "a"]), max_size=5).map(" ".join)
CAPTIONS = st.lists(WORDS, min_size=1, max_size=12)
SEARCHES = [
    searches.Search("exact"),
    searches.Search("exact", "intersection"),
    searches.Search("lemma"),
    searches.Search("substring"),
    searches.Search("fts"),
]


def tally(search, texts, names=NAMES, blocks=1):
    slots, finder = searches.make(search, names, "concepts")
    counted = Tally(slots)
    for start in range(blocks):
        counted.add(*slots.of_terms(*finder.find(texts[start::blocks] or [""])))
    return counted


@settings(max_examples=25)
@given(CAPTIONS, st.randoms(use_true_random=False), st.sampled_from(SEARCHES))
def test_order_blocks_duplicates_and_order_of_concepts(texts, random, search):
    whole = {one.concept: one for one in tally(search, texts).counts()}
    shuffled = random.sample(texts, len(texts))
    assert tally(search, shuffled, blocks=3).counts() == list(whole.values())
    for one in tally(search, texts * 2).counts():
        before = whole[one.concept]
        assert one.count == 2 * before.count
        assert one.names == {name: 2 * n for name, n in before.names.items()}
    backwards = dict(reversed(list(NAMES.items())))
    assert {one.concept: one for one in tally(search, texts, backwards).counts()} == whole
    for one in whole.values():
        assert max(one.names.values()) <= one.count == sum(one.credited.values()) <= sum(one.names.values())


@given(CAPTIONS)
def test_which_captions_hold_which_concepts(texts):
    for search in SEARCHES[:2]:
        slots, finder = searches.make(search, NAMES, "concepts")
        rows, found = slots.of_terms(*finder.find(texts))
        counted = Tally(slots)
        counted.add(rows, found)
        kept = joint._Resolver(counted).first_of_pairs(rows, found)
        pairs = list(zip(rows[kept].tolist(), slots.concepts[found[kept]].tolist(), strict=True))
        assert len(set(pairs)) == len(pairs)
        assert [sum(c == n for _, c in pairs) for n in range(len(NAMES))] == [one.count for one in counted.counts()]
        together = joint.Cooccurrences(len(NAMES))
        together.add(joint.Found([], rows[kept], slots.concepts[found[kept]]))
        of_row = [{c for r, c in pairs if r == row} for row in range(len(texts))]
        expected = {
            (a, b): n
            for a, b in itertools.combinations(range(len(NAMES)), 2)
            if (n := sum({a, b} <= held for held in of_row))
        }
        assert {(a, b): n for a, b, n in together.pairs()} == expected


@pytest.fixture
def corpus(tmp_path):
    """Three files of captions and one of concepts."""
    parts = [["a dog", "Fire truck and dogs"], ["fire_engine", "hounds, dog"], ["an engine", "dog dog", "fire, truck"]]
    for number, part in enumerate(parts):
        lines = [json.dumps({"id": f"{number}-{row}", "caption": text}) for row, text in enumerate([*part, None])]
        (tmp_path / f"{number}.jsonl").write_text("\n".join(lines))
    (tmp_path / "concepts.json").write_text(json.dumps(NAMES))
    return tmp_path


def asked(folder, out="counts.json", files=(0, 1, 2), **more):
    paths = [folder / f"{number}.jsonl" for number in files]
    return run.Request(captions=paths, concepts=folder / "concepts.json", out=folder / out, **more)


def answer(request, jobs=1):
    with run.claimed(request) as work:
        assert not work.finished
        return work.count(jobs, lambda _: None)


EXACT = {"dog": 3, "fire truck": 3, "engine": 2, "owl": 0}


def test_a_run_that_was_stopped_goes_on(corpus, monkeypatch):
    (corpus / "1.jsonl").rename(corpus / "kept")
    (corpus / "1.jsonl").write_bytes(b'{"caption": "\xff"}\n')
    with pytest.raises(UserError, match=r"1\.jsonl:1: byte 0xff is not UTF-8"):
        answer(asked(corpus))
    (corpus / "kept").replace(corpus / "1.jsonl")
    counted = []
    count = shards.Prepared.count
    monkeypatch.setattr(
        shards.Prepared, "count", lambda self, shard, *rest: counted.append(shard.name) or count(self, shard, *rest)
    )
    assert answer(asked(corpus)).counts == EXACT
    assert counted == ["1.jsonl"], "the others were done"
    assert sorted(path.name for path in corpus.iterdir() if "counts" in path.name) == [
        "counts.details.json",
        "counts.json",
    ]
    with run.claimed(asked(corpus)) as work:
        assert work.finished
    details = json.loads((corpus / "counts.details.json").read_text())
    assert (details["captions"], details["left_out"]) == (10, {"null captions": 3})
    assert [len(file["digest"]) for file in details["files"]] == [32] * 3
    assert details["concepts"]["dog"]["names"] == {"dog": 3, "hound": 0}


def test_parts_of_another_order_of_concepts_are_not_taken_up(corpus):
    (corpus / "1.jsonl").write_bytes(b"\xff\n")
    with pytest.raises(UserError, match="is not UTF-8"):
        answer(asked(corpus))
    (corpus / "1.jsonl").write_text('{"caption": "fire_engine"}\n{"caption": "hounds, dog"}\n')
    (corpus / "concepts.json").write_text(json.dumps(dict(reversed(list(NAMES.items())))))
    assert answer(asked(corpus)).counts == EXACT


def test_two_processes_count_what_one_counts(corpus):
    assert answer(asked(corpus), jobs=2).counts == EXACT


def test_what_another_question_wrote_stays(corpus):
    answer(asked(corpus))
    before = (corpus / "counts.json").read_bytes()
    for request in (asked(corpus, search=searches.Search("lemma")), asked(corpus, files=(0, 1))):
        with (
            pytest.raises(UserError, match=r"counts\.json: holds the answer of another question"),
            run.claimed(request),
        ):
            pass
    (corpus / "pairs.csv").write_text("mine")
    with (
        pytest.raises(UserError, match=r"pairs\.csv: is there already"),
        run.claimed(asked(corpus, "o.json", cooccurrences=corpus / "pairs.csv")),
    ):
        pass
    assert (corpus / "counts.json").read_bytes() == before


@pytest.mark.parametrize("name", ["counts.details.json", "counts.image.json", "counts.integrated.json"])
def test_files_of_derived_names_that_others_wrote_stay(name, corpus):
    (corpus / "tags.csv").write_text("id,tag,probability\n0-0,dog,0.9\n")
    for text in ("[1]", '{"question": 1}', "no JSON"):
        (corpus / name).write_text(text)
        with (
            pytest.raises(UserError, match=rf"{name}: is there already"),
            run.claimed(asked(corpus, tags=(corpus / "tags.csv",), columns=Columns(id="id"))),
        ):
            pass
        assert (corpus / name).read_text() == text
    assert not list(corpus.glob("*.parts@*"))


def test_an_output_that_is_gone_is_written_again(corpus):
    request = asked(corpus, cooccurrences=corpus / "pairs.csv", synonym_counts=corpus / "names.json")
    answer(request)
    written = {path: path.read_bytes() for path in (corpus / "pairs.csv", corpus / "names.json")}
    for path in (corpus / "pairs.csv", corpus / "counts.json"):
        path.unlink()
        assert answer(request).counts == EXACT
    assert {path: path.read_bytes() for path in written} == written


def test_parts_of_earlier_questions_go_with_the_answer(corpus):
    (corpus / "1.jsonl").rename(corpus / "kept")
    (corpus / "1.jsonl").write_bytes(b"\xff\n")
    for search in SEARCHES[:3:2]:
        with pytest.raises(UserError, match="is not UTF-8"):
            answer(asked(corpus, search=search))
    assert len(list(corpus.glob("counts.json.parts@*"))) == 2
    (corpus / "kept").replace(corpus / "1.jsonl")
    (corpus / "counts.json.parts@mine").mkdir()
    answer(asked(corpus))
    assert [path.name for path in corpus.glob("*.parts@*")] == ["counts.json.parts@mine"]


def test_two_captions_of_one_tagged_image_are_refused(corpus):
    (corpus / "tags.csv").write_text("id,tag,probability\n0-0,dog,0.9\n")
    (corpus / "1.jsonl").write_text('{"id": "0-0", "caption": "a dog"}\n')
    request = asked(corpus, tags=(corpus / "tags.csv",), columns=Columns(id="id"))
    with pytest.raises(UserError, match=r"1\.jsonl: two captions have the id '0-0'"):
        answer(request)
    (corpus / "1.jsonl").write_text('{"id": "a", "caption": "dog"}\n{"id": "a", "caption": "a dog"}\n')
    assert answer(request).counts["dog"] == 4  # without a tag


@pytest.mark.parametrize(
    "search", [each for each in SEARCHES if each.reading], ids=lambda each: f"{each.name}-{each.multiword}"
)
def test_an_index_answers_without_the_captions(search, corpus):
    whole = answer(asked(corpus, search=search, index=corpus / "index")).counts
    again = run.Request([corpus / "index"], corpus / "concepts.json", corpus / "again.json", search)
    for number in range(3):
        (corpus / f"{number}.jsonl").unlink()
    assert answer(again).counts == whole
    with pytest.raises(UserError, match="an index of '"):
        answer(
            run.Request([corpus / "index"], corpus / "concepts.json", corpus / "x.json", searches.Search("substring"))
        )


def test_parsed_captions_and_their_index(corpus):
    documents = [[["dog", "NOUN"], ["fire", "NOUN"], ["truck", "NOUN"]], [["dog", "VERB"], ["engine", "NOUN"]], None]
    (corpus / "p.jsonl").write_text("\n".join(json.dumps({"caption": document}) for document in documents))
    search = searches.chosen("nouns", None, None)
    request = run.Request(
        [corpus / "p.jsonl"], corpus / "concepts.json", corpus / "n.json", search, index=corpus / "index"
    )
    expected = {"dog": 1, "fire truck": 1, "engine": 1, "owl": 0}
    assert answer(request).counts == expected
    assert (
        answer(run.Request([corpus / "index"], corpus / "concepts.json", corpus / "m.json", search)).counts == expected
    )
    with pytest.raises(UserError, match="captions that are parsed already; expected --search nouns"):
        answer(run.Request([corpus / "p.jsonl"], corpus / "concepts.json", corpus / "e.json"))


def test_tags_of_images(corpus):
    rows = [
        "id,tag,probability",
        "0-0,dog,0.9",
        "0-1,Owl,0.8",
        "1-1,dog,0.7",
        "2-0,fire_truck,0.71",
        "2-0,sky,1",
        "9,owl,1",
    ]
    (corpus / "tags.csv").write_text("\n".join(rows))
    request = asked(
        corpus,
        tags=(corpus / "tags.csv",),
        columns=Columns(id="id"),
        cooccurrences=corpus / "pairs.csv",
        corpus_size="cc3m",
    )
    answer(request)
    counts = {kind: read_counts(corpus / f"counts.{kind}.json") for kind in ("image", "integrated")}
    assert counts == {"image": {"dog": 1, "fire truck": 1, "owl": 2}, "integrated": {"dog": 1}}
    images = json.loads((corpus / "counts.details.json").read_text())["images"]
    assert images.pop("degree_fixed") == 2 / 3_318_333
    assert images == {
        "tags at or below the threshold": 1, "tags that are no concept": 1, "samples with a concept in the text": 7,
        "samples with a concept in the image": 4, "samples with both": 3, "misaligned": 2, "corpus_size": 3_318_333,
        "degree_extracted": 2 / 7,
    }  # fmt: skip
    assert (corpus / "pairs.csv").read_text() == "concept,other,captions\nfire truck,engine,1\n"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("id,tag,score\n1,dog,1", "no column 'probability'"),
        ("id,tag,probability\n1,dog,2", "tags.csv:2: probability '2'; expected a number from 0 to 1"),
        ("id,tag,probability\n1,dogs,1", "no tag is one of the 4 concepts \\('dogs' is not\\); did you mean 'dog'"),
        ("id,tag,probability\nz,dog,1", "no tagged image \\('z', ...\\) is a caption with a concept"),
    ],
)
def test_tags_that_do_not_fit(rows, message, corpus, monkeypatch):
    monkeypatch.chdir(corpus)
    (corpus / "tags.csv").write_text(rows)
    with pytest.raises(UserError, match=message):
        answer(asked(corpus, tags=(corpus / "tags.csv",), columns=Columns(id="id")))


def test_the_command(corpus, monkeypatch):
    monkeypatch.chdir(corpus)
    (corpus / "captions").mkdir()
    for number in range(3):
        (corpus / f"{number}.jsonl").rename(corpus / "captions" / f"{number}.jsonl")
    (corpus / "concepts.txt").write_text("dog\nFire_truck\nfire truck\ndog\n")
    (corpus / "captions" / "3.jsonl.gz").write_bytes(gzip.compress(b"x" * 99)[:-9])
    common = ["frequency", "count", "captions", "--concepts", "concepts.txt", "--search", "lemma"]
    code, screen = call(*common, "--out", "c.json", "--column", "caption")
    assert (code, screen.err) == (
        2,
        "error: captions/3.jsonl.gz:1: the gzip data end too early, as those of a download that was cut off; expected a whole .gz file\n",
    )
    code, screen = call(
        *common, "--out", "c.json", "--column", "caption", "--skip-damaged", "--synonym-counts", "s.json"
    )
    assert (code, screen.out) == (0, "")
    for said in (
        "note: concept 'dog' is listed more than once, and counted once",
        "note: concepts 'Fire_truck', 'fire truck' are the same to this search",
        "note: 3 null captions (left out)",
        "note: left out: captions/3.jsonl.gz:1: the gzip data end too early",
        "3 concepts in 10 captions; in c.json",
    ):
        assert said in screen.err
    assert json.loads((corpus / "c.json").read_text()) == {"dog": 4, "Fire_truck": 2, "fire truck": 2}
    first = json.loads((corpus / "s.json").read_text())["0"]
    assert first == {"name": "dog", "alternates": {"dog": 4}, "actual_freq": 4, "most_common_name": "dog"}
    for more, said in (
        (("--cooccurrences", "d.details.json"), "d.details.json: what --cooccurrences writes, too"),
        (("--synonym-counts", "d.json"), "d.json: what --out writes, too"),
        (("--tags", "t.csv", "--synonym-counts", "d.image.json"), "d.image.json: what --synonym-counts writes, too"),
        (("--concepts", "d.details.json"), "d.details.json: a file that this command reads"),
        (("--index", "x", "--cooccurrences", "x/y.csv"), "y.csv: what --index writes, too"),
    ):
        (corpus / "t.csv").write_text("id,tag,probability\n1,dog,1\n")
        code, screen = call(*common, "--out", "d.json", "--column", "caption", "--skip-damaged", *more)
        assert (code, said in screen.err) == (2, True), screen.err
    assert not [path for path in corpus.iterdir() if path.name.startswith("d.")]
    assert call(*common, "--out", "d.json", "--search", "fts", "--multiword", "phrase")[0] == 2
    assert call(*common, "--out", "d.json", "--spacy", "x")[0] == 2
    assert call(*common, "--out", "d.json", "--corpus-size", "0")[0] == 2


def test_one_of_something_is_no_several_and_a_concept_with_other_names_is_said(corpus, monkeypatch):
    monkeypatch.chdir(corpus)
    (corpus / "names.json").write_text('{"hound": ["dog"]}')
    code, screen = call("frequency", "count", "0.jsonl", "--concepts", "names.json", "--out", "one.json")
    assert code == 0, screen.err
    assert "note: 1 null caption (left out)\n" in screen.err
    assert "note: 1 concept ('hound') not looked for by name" in screen.err
    assert "1 concept in 3 captions; in one.json" in screen.err
