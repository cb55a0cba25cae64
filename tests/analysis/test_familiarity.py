"""`zsbench familiarity` and `transfer-splits`: what they read, print and write, and what they refuse."""

import json

import numpy as np
import pytest

from tests.command import call
from zsbench.analysis.familiarity import figure, inputs, splits, tables
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Sentence, SentenceSet
from zsbench.models.text.word_vectors import word_vectors
from zsbench.search import label_vectors
from zsbench.search.label_familiarity import Options, measured

WORDS = "person 1 0\nhuman 0.8 0.6\ncity 0 1\ntown 0.1 1\nriver -1 0.2\n"
COUNTS = {"person": 3, "city": 2, "Human": 1, "unused": 0}
TASK = """
type: ner
data: {source: jsonl-sentences, path: s.jsonl}
label_map: {PER: human}
excluded_labels: [misc]
labels: [human, town, person]
"""
SENTENCES = [
    {"id": "a", "tokens": ["x", "y"], "spans": [[0, 0, "PER"], [1, 1, "misc"]]},
    {"id": "b", "tokens": ["x", "y"], "spans": [[0, 1, "town"]]},
    {"id": "c", "tokens": ["x"], "spans": []},
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZSBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "w.txt").write_text(WORDS)
    (tmp_path / "m.yaml").write_text("adapter: word-vectors\nvectors: w.txt\n")
    (tmp_path / "t.json").write_text(json.dumps(COUNTS))
    (tmp_path / "t.yaml").write_text(TASK)
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SENTENCES))
    (tmp_path / "e.txt").write_text("town\nriver\nperson\n")
    return tmp_path


def cells(out):
    """Return the rows of a table in JSON: each cell's number, or its text."""
    rows = json.loads(out)["rows"]
    return [[cell["value"] if cell.get("value") is not None else cell["text"] for cell in row] for row in rows]


def test_each_label_with_its_value_and_what_is_near_it(folder):
    code, screen = call(
        *("familiarity", "--train", "t.json", "--eval", "e.txt", "--model", "m.yaml", "--k", 4),
        *("--nearest", 2, "--format", "json", "--plot", "f.json"),
    )
    assert code == 0, screen.err
    rows = cells(screen.out)
    assert [row[0] for row in rows] == ["river", "town", "person", "macro"]
    # Nearest of `person` are its own three mentions and the one of `Human`, whose letters are lowered: cosine 0.8.
    harmonic = 1 + 1 / 2 + 1 / 3 + 1 / 4
    assert rows[2][1] == pytest.approx((1 + 1 / 2 + 1 / 3 + 0.8 / 4) / harmonic, abs=1e-6)
    assert rows[2][2:] == [3, "person (1.00, 3), Human (0.80, 1)"]
    assert rows[3][1] == pytest.approx(np.mean([row[1] for row in rows[:3]]))
    notes = " ".join(json.loads(screen.out)["notes"])
    assert "embedder m.yaml, k 4, weighting zipf, short pad_zero" in notes
    assert "1 of 3 labels occurs word by word among 3 training labels (overlap 0.333), which have 6 mentions" in notes
    assert "!" not in notes
    [drawn] = json.loads((folder / "f.json").read_text())["figures"]
    assert [point["x"] for point in drawn["series"][0]["points"]] == ["river", "town", "person"]
    assert drawn["levels"][0]["y"] == rows[3][1]


def test_several_sets_are_a_row_each_and_too_few_mentions_are_said(folder):
    code, screen = call(
        *("familiarity", "--train", "t.json", "--train", "s.jsonl", "--eval", "e.txt", "--eval", "t.yaml"),
        *("--model", "m.yaml", "--short", "truncate", "--weighting", "unweighted", "--format", "json"),
    )
    assert code == 0, screen.err
    rows = cells(screen.out)
    assert [row[:3] for row in rows] == [["t", "e", 3], ["t", "t", 2], ["s", "e", 3], ["s", "t", 2]]
    assert [row[4:] for row in rows] == [[1 / 3, 3, 6, 6], [0, 3, 6, 6], [1 / 3, 3, 3, 3], [0.5, 3, 3, 3]]
    notes = json.loads(screen.out)["notes"]
    short = [note for note in notes if " for k " in note]
    assert short == ["! t: 6 training mentions for k 1000: k is 6", "! s: 3 training mentions for k 1000: k is 3"]


def test_tasks_are_asked_after_the_wording_map_and_trained_on_verbatim(folder):
    assert inputs.evaluation_labels("t.yaml", "--eval") == ("t", ["human", "town"])
    assert inputs.training_counts("t.yaml", "--train") == ("t", {"PER": 1, "misc": 1, "town": 1})
    assert inputs.evaluation_labels("s.jsonl", "--eval") == ("s", ["PER", "misc", "town"])
    code, screen = call(
        "familiarity", "--train", "t.yaml", "--eval", "e.txt", "--model", "m.yaml", "--counts", "c.json"
    )
    assert code == 0, screen.err
    assert json.loads((folder / "c.json").read_text()) == {"PER": 1, "misc": 1, "town": 1}


def test_sets_of_one_name_are_told_apart(folder):
    for name, labels in (("a", "town\n"), ("b", "river\nperson\n")):
        (folder / name).mkdir()
        (folder / name / "labels.txt").write_text(labels)
    asked = ["a/labels.txt", "b/labels.txt", "e.txt"]
    found = inputs.by_name(asked, inputs.evaluation_labels, "--eval")
    assert {name: len(labels) for name, labels in found.items()} == {"a/labels.txt": 1, "b/labels.txt": 2, "e": 3}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--train", "no.json", "--eval", "e.txt"), "no.json: no such file"),
        (("--train", "t.json", "--eval", "crossner-music2"), "no file or NER task 'crossner-music2'"),
        (("--train", "digits", "--eval", "e.txt"), "'digits' is a task of type image-classification"),
        (("--train", "t.json", "--eval", "e.txt", "--plot", "f.gif"), "--plot: 'f.gif' ends in .gif"),
        (("--train", "t.json", "--train", "t.json", "--eval", "e.txt", "--counts", "c"), "--counts: 2 training sets"),
        (("--train", "t.json", "--eval", "e.txt", "--model", "clip-glyphs"), "a model offering TextEncoder"),
        (("--train", "t.json", "--eval", "e.txt", "--model", "bi-encoder:./none"), "none: no such model folder"),
    ],
)
def test_what_is_wrong_is_said(folder, arguments, said):
    given = arguments if "--model" in arguments else (*arguments, "--model", "m.yaml")
    code, screen = call("familiarity", *given)
    assert code == 2
    assert said in " ".join(screen.err.split())


class Encoder:
    """Gives each text its length as a vector, and NaN to one."""

    fingerprint, dtype = "lengths", "float32"

    def __init__(self, *, depends=False):
        self.asked, self.depends_on_batch = [], depends

    def encode_queries(self, texts):
        self.asked.append(list(texts))
        return np.array([[float("nan") if text == "bad" else len(text), 1] for text in texts], dtype=np.float32)


def test_a_vector_that_is_not_finite_names_its_label():
    with pytest.raises(UserError, match="lengths: the vector of label 'bad' is NaN or infinite"):
        label_vectors.compared(Encoder(), ["good"], ["fine", "bad"], cache=Cache(None), name="lengths")


def test_only_an_encoder_that_depends_on_its_batch_sees_both_sides_at_once():
    plain, padded = Encoder(), Encoder(depends=True)
    found = [
        label_vectors.compared(model, ["b", "ccc"], ["b", "aa"], cache=Cache(None), name="x").similarities
        for model in (plain, padded)
    ]
    assert plain.asked == [["b", "ccc"], ["b", "aa"]]
    assert padded.asked == [["aa", "b", "ccc"]]
    np.testing.assert_array_equal(*found)


def test_values_do_not_depend_on_what_else_is_evaluated(folder):
    model = word_vectors(vectors=str(folder / "w.txt"))
    whole = measured(model, ["town", "river", "person"], COUNTS_SEEN, Options(k=4), cache=Cache(None), name="w")
    alone = measured(model, ["river"], dict(reversed(COUNTS_SEEN.items())), Options(k=4), cache=Cache(None), name="w")
    assert alone.values["river"] == pytest.approx(whole.values["river"], abs=1e-12)
    assert alone.nearest["river"][0] == whole.nearest["river"][0]


COUNTS_SEEN = {label: n for label, n in COUNTS.items() if n}


def test_a_diagram_shows_the_least_familiar_of_many_labels(folder):
    model = word_vectors(vectors=str(folder / "w.txt"))
    labels = [f"city {'x' * n}" for n in range(70)]
    pair = tables.Pair("t", "many", measured(model, labels, {"city": 1}, Options(), cache=Cache(None), name="w"))
    [drawn] = figure.figures([pair, pair])
    assert [len(series.points) for series in drawn.series] == [60, 60]
    assert drawn.notes == ("the 60 least familiar of 70 labels",)


def test_a_type_that_any_benchmark_selects_is_kept_and_sentences_without_mentions_go():
    near = {"one": np.eye(3), "two": np.eye(3)[::-1]}
    made = splits.split(near, ["a", "b", "c"], "max")
    assert made.types["hard"] == ["a", "b", "c"]
    assert made.by_benchmark["one"]["hard"] == 3
    items = [Sentence(str(n), ("x", "y")) for n in range(3)]
    training = SentenceSet(items, [[(0, 0, " Person"), (1, 1, "city")], [(0, 1, "city")], []])
    kept = splits.filtered(training, ["person"])
    assert (kept.sentences, kept.dropped, kept.mentions) == ([(items[0], [(0, 0, " Person")])], 2, 1)


@pytest.mark.parametrize("rule", ["entropy", "max"])
def test_quantiles_are_taken_over_all_benchmarks_together(rule):
    rng = np.random.default_rng(1)
    types = [f"t{n}" for n in range(200)]
    near = {"low": rng.random((4, 200)) * 0.5, "high": 0.5 + rng.random((3, 200)) * 0.5}
    made = splits.split(near, types, rule)
    of_type = {name: splits.score(cosines, rule) for name, cosines in near.items()}
    pooled = np.sort(np.concatenate([*of_type.values()]))
    low = {"entropy": 0.01, "max": 0.05}[rule] * (len(pooled) - 1)
    between = pooled[int(low)] + (low - int(low)) * (pooled[int(low) + 1] - pooled[int(low)])
    assert made.limits[0] == pytest.approx(between, abs=1e-12)
    first = "easy" if rule == "entropy" else "hard"
    assert set(made.types[first]) == {
        name for name, *scores in zip(types, *of_type.values(), strict=True) if min(scores) <= between
    }
    if rule == "max":  # the benchmark that is far away has all the hard types, the near one all the easy ones
        assert (made.by_benchmark["high"]["hard"], made.by_benchmark["low"]["easy"]) == (0, 0)


@pytest.mark.parametrize("rule", ["entropy", "max"])
def test_splits_are_written_with_their_counts(folder, rule):
    arguments = ("--eval", "e.txt", "--eval", "t.yaml", "--rule", rule, "--model", "m.yaml", "--format", "json")
    code, screen = call("transfer-splits", "--train", "s.jsonl", "--out", "out", *arguments)
    assert code == 0, screen.err
    facts = json.loads((folder / "out" / "splits.json").read_text())
    assert (facts["rule"], facts["embedder"], facts["training"]) == (rule, "m.yaml", "s")
    for row in cells(screen.out):
        name, types, mentions, kept, dropped, *by_benchmark = row
        lines = [json.loads(line) for line in (folder / "out" / f"{name}.jsonl").read_text().splitlines()]
        counts = json.loads((folder / "out" / f"{name}.json").read_text())
        assert {span[2].lower() for line in lines for span in line["spans"]} == set(facts["types"][name])
        assert sum(counts.values()) == mentions == sum(len(line["spans"]) for line in lines)
        assert (len(lines), len(lines) + dropped) == (kept, len(SENTENCES))
        assert types == len(facts["types"][name]) == len(counts)
        assert by_benchmark == [selected[name] for selected in facts["by_benchmark"].values()]
    assert facts["types"]["easy"]
    code, screen = call("transfer-splits", "--train", "t.json", "--out", "counts", *arguments)
    assert code == 0, screen.err
    assert not (folder / "counts" / "easy.jsonl").exists()
    assert json.loads((folder / "counts" / "easy.json").read_text()).items() <= COUNTS.items()
