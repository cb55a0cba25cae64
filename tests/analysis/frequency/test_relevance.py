"""A model is asked about captions of a concept as REAL asks, its answers are kept, and captions about it follow."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.command import call
from zsbench.analysis.frequency import relevance
from zsbench.analysis.frequency.answers import Answers, Folder, n_yes, relevances
from zsbench.analysis.frequency.counting.captions import Columns
from zsbench.analysis.frequency.credited import drawn
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.data.concept_counts import class_counts
from zsbench.data.synonym_counts import with_relevance

COUNTS = {
    "0": {"name": "tiger cat", "alternates": {"tiger cat": 2, "tabby": 4}, "actual_freq": 5},
    "1": {"name": "owl", "alternates": {"owl": 1, "bird of night": 0}, "actual_freq": 1},
}
CAPTIONS = [
    "a tabby that is a tiger-cat",
    "my tabby, in bed",
    "the tabby's bed",
    "tabby road",
    "a tiger cat",
    "Tabby!",
    "an owl",
    "catalogue of tabbycats",
    "",
]


class Reader:
    """A model that finds a caption relevant where it has a word; it keeps what it was asked."""

    converses = True
    fingerprint = device = dtype = "x"

    def __init__(self, answer):
        self.answer, self.asked, self.samplings, self.cost = answer, [], [], Cost()

    def generate(self, prompts, *, max_new_tokens, stop=(), sampling=None):
        assert max_new_tokens > 0
        self.samplings.append(sampling)
        self.asked += prompts
        return [self.answer(prompt.messages[-1]["content"], len(self.asked)) for prompt in prompts]


def question(**options):
    return relevance.Question(relevance.question_text("oxford-pets"), {}, **options)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "counts.json").write_text(json.dumps(COUNTS))
    (tmp_path / "captions.txt").write_text("\n".join(CAPTIONS) + "\n")
    return tmp_path


def of_concepts(files, most=100, seed=0):
    names = {entry["name"]: entry["alternates"] for entry in COUNTS.values()}
    return drawn([files / "captions.txt"], Columns(), names, most=most, seed=seed, where="counts")


def test_a_caption_is_credited_once_to_the_most_frequent_name_it_holds(files):
    credited = of_concepts(files)
    assert sorted(credited["tiger cat"]) == [
        ("tabby", "Tabby!"),
        ("tabby", "a tabby that is a tiger-cat"),
        ("tabby", "my tabby, in bed"),
        ("tabby", "tabby road"),
        ("tiger cat", "a tiger cat"),
    ]
    assert credited["owl"] == [("owl", "an owl")]


def test_captions_are_drawn_at_random_and_again_alike(files):
    few = [of_concepts(files, most=2, seed=seed)["tiger cat"] for seed in range(40)]
    assert all(len(one) == len(set(one)) == 2 for one in few)
    assert {caption for one in few for caption in one} == set(of_concepts(files)["tiger cat"])
    assert few[3] == of_concepts(files, most=2, seed=3)["tiger cat"]


@pytest.mark.parametrize(
    ("options", "yes_until", "n_asked"),
    [
        ({"answers": 100, "yes": 20}, 10**9, 128),  # looked at after 64 and 128
        ({"answers": 100, "yes": 70}, 70, 128),
        ({"answers": 100, "yes": 71}, 70, 500),  # never so many yes: all there are
        ({"answers": 100, "yes": 71, "most": 128}, 70, 256),  # the first stretch that begins past 128 is asked, too
    ],
)
def test_asking_ends_as_the_references_does(options, yes_until, n_asked):
    seen = []

    def answer(_, __):
        seen.append(0)
        return "Yes." if len(seen) <= yes_until else "No"

    found = relevance.asked(Reader(answer), question(**options), "cat", [("cat", "a cat")] * 500)
    assert len(found.given) == n_asked
    assert found.relevance == min(n_asked, yes_until) / n_asked


def test_a_caption_is_shown_as_it_was_searched_and_a_long_one_not_at_all():
    reader = Reader(lambda *_: "no")
    relevance.asked(reader, question(), "cat", [("tiger cat", "a 'tiger-cat'"), ("cat", "cat " * 101)])
    first, second = (prompt.messages[-1]["content"] for prompt in reader.asked)
    assert 'caption reads "a tiger cat"' in first
    assert relevance.TOO_LONG in second
    assert reader.asked[0].messages[0] == {"role": "system", "content": "Just answer Yes or No."}


def test_answers_are_drawn_as_the_reference_draws_them_each_by_a_seed_of_its_own():
    reader = Reader(lambda *_: "no")
    relevance.asked(reader, question(seed=3), "cat", [("cat", "a cat")] * 100)
    assert {(one.temperature, one.top_p) for one in reader.samplings} == {(0.6, 0.9)}
    seeds = [seed for one in reader.samplings for seed in one.seeds]
    assert len(set(seeds)) == len(seeds) == 100
    greedy = Reader(lambda *_: "no")
    relevance.asked(greedy, question(temperature=0), "cat", [("cat", "a cat")])
    assert greedy.samplings == [None]


@given(st.lists(st.sampled_from(["yes", "Yes.", " YES ", "no", "No.", "yes, it is", "yes no", ""])))
def test_only_the_word_alone_is_yes(answers):
    assert n_yes(answers) == sum(answer in ("yes", "Yes.", " YES ") for answer in answers)


def test_captions_about_a_concept_follow_from_kept_answers(tmp_path):
    folder = Folder(tmp_path / "answers", {"model": "x"})
    folder.write(0, Answers("tench", [("tench", "a tench", "yes")] * 17 + [("tench", "Tench street", "no")] * 95))
    folder.write(1, Answers("owl", []))
    tench, owl = relevances(Folder(tmp_path / "answers", None), ["tench", "owl"])
    assert owl == 0
    # What is published of LAION-2B: 5,079 captions, relevance 17/112, 771 about the fish.
    (tmp_path / "counts.json").write_text(
        '{"0": {"name": "tench", "alternates": {"tench": 5079}, "actual_freq": 5079}}'
    )
    assert with_relevance(tmp_path / "counts.json", {"0": tench})["0"]["relevant_total"] == 771


def relevant(path):
    return [entry["relevant_total"] for entry in json.loads(path.read_text()).values()]


def test_the_command_asks_once_goes_on_and_reads_answers_without_a_model(files, monkeypatch):
    reader = Reader(lambda content, _: "Yes." if "road" not in content else "No.")
    monkeypatch.setattr("zsbench.cli.frequency.relevance.load_model", lambda *_: reader)
    asking = ["--captions", files / "captions.txt", "--model", "x", "--question", "oxford-pets"]
    common = ["frequency", "relevance", files / "counts.json", "--answers", files / "answers", "--out"]
    assert call(*common, files / "first.json", *asking)[0] == 0
    assert relevant(files / "first.json") == [4, 1]
    assert class_counts(files / "first.json", ["owl", "Tiger Cat"]).tolist() == [1, 4]
    assert len(reader.asked) == 6
    (files / "answers" / "000001.json").unlink()
    assert call(*common, files / "second.json", *asking)[0] == 0
    assert len(reader.asked) == 7
    assert call(*common, files / "third.json")[0] == 0
    assert (files / "third.json").read_text() == (files / "first.json").read_text()
    code, screen = call(*common, files / "fourth.json", *asking[:-1], "fgvc-aircraft")
    assert code == 2
    assert "holds the answers to another question" in screen.err
    assert call(*common, files / "third.json")[0] == 0, "the same answer again"
    other = {**COUNTS, "1": {**COUNTS["1"], "actual_freq": 0}}
    for text in ("mine", json.dumps(other), '{"a": 1}'):
        (files / "third.json").write_text(text)
        code, screen = call(*common, files / "third.json")
        assert (code, "holds the answer to another question, or other data" in screen.err) == (2, True)
        assert (files / "third.json").read_text() == text
    code, screen = call(*common, files / "answers" / "out.json")
    assert (code, "what --answers writes, too" in screen.err) == (2, True)


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (["--model", "x"], "both to ask"),
        (["--model", "x", "--captions", "captions.txt"], "--definitions"),
        (["--model", "x", "--captions", "captions.txt", "--question", "is it {good}"], "--question"),
        (["--model", "x", "--captions", "others.txt", "--question", "dtd"], "no caption of 'tiger cat' and 1 more"),
        ([], "--model and captions"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_a_model_is_loaded(more, found, files, monkeypatch):
    monkeypatch.chdir(files)
    (files / "others.txt").write_text("a dog\n")
    code, screen = call("frequency", "relevance", "counts.json", "--answers", "answers", "--out", "out.json", *more)
    assert code == 2
    assert found in " ".join(screen.err.split())


def test_an_answer_of_another_concept_is_refused(tmp_path):
    folder = Folder(tmp_path, {"model": "x"})
    folder.write(0, Answers("owl", []))
    with pytest.raises(UserError, match="those about 'cat'"):
        folder.read(0, "cat")


def test_a_local_model_is_asked_and_a_failed_call_leaves_no_question_behind(tmp_path):
    (tmp_path / "counts.json").write_text(json.dumps(COUNTS))
    (tmp_path / "captions.txt").write_text("\n".join(filter(None, CAPTIONS)) + "\n")
    (tmp_path / "none.txt").write_text("a dog\n")
    ask = [
        "frequency",
        "relevance",
        tmp_path / "counts.json",
        "--answers",
        tmp_path / "a",
        "--out",
        tmp_path / "o.json",
    ]
    ask += ["--offline", "--question", 'Is "{caption}" about {name}?']
    for model, captions in (("clip-glyphs", "captions.txt"), ("lm-synonyms", "none.txt")):
        assert call(*ask, "--model", model, "--captions", tmp_path / captions)[0] == 2
        assert not (tmp_path / "a").exists()
    code, screen = call(*ask, "--model", "lm-synonyms", "--captions", tmp_path / "captions.txt")
    assert code == 0, screen.err
    assert json.loads((tmp_path / "o.json").read_text())["1"]["relevant_total"] in (0, 1)
