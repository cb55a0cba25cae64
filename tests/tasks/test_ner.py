"""Entities: which labels count on which side, ids, files of predictions, and what a model cannot reach."""

import json

import pytest

from tests.tasks._scoring import score, zsbench
from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError
from zsbench.data.sentences.conll import conll
from zsbench.data.sentences.jsonl_sentences import jsonl_sentences
from zsbench.plan import planning, task_configs
from zsbench.plan.choices import Choices

GOLD = "EU B-org\nrejects O\nGerman B-misc\ncall O\n\nPeter B-person\nBlackburn I-person\n"
RIGHT = [[[0, 0, "org"], [2, 2, "misc"]], [[0, 1, "person"]]]


def task(folder, gold=GOLD, extra="", name="gold.txt"):
    """Write a task over a CoNLL file (or a JSONL file) and return its YAML."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(gold)
    source = "conll" if name.endswith(".txt") else "jsonl-sentences"
    (folder / "t.yaml").write_text(f"description: d\ntype: ner\ndata: {{source: {source}, path: {name}}}\n{extra}")
    return folder / "t.yaml"


def predicted(folder, spans=RIGHT, ids=None):
    """Write predictions as JSONL."""
    rows = [json.dumps({"id": ids[i] if ids else str(i), "spans": row}) for i, row in enumerate(spans)]
    (folder / "p.jsonl").write_text("\n".join(rows) + "\n")
    return folder / "p.jsonl"


def refused(result, *words):
    assert result.code == 2
    for word in words:
        assert word in result.screen, result.screen


# Labels.


def test_excluded_labels_are_dropped_from_both_sides(tmp_path):
    path = task(tmp_path, extra="excluded_labels: [misc]\n")
    result = score(path, predicted(tmp_path), metrics=["precision", "recall", "F1(average=macro)"])
    assert [result["precision"], result["recall"], result["F1(average=macro)"]] == [1, 1, 1]
    assert "predicted spans of excluded labels: 1" in result.screen


@pytest.mark.parametrize("wrong", ["Person", "PERSON", "persn", "per"])
def test_a_label_that_nobody_asked_for_is_refused_with_the_nearest(tmp_path, wrong):
    spans = [RIGHT[0], [[0, 1, wrong]]]
    refused(score(task(tmp_path), predicted(tmp_path, spans)), "p.jsonl:2", f"'{wrong}'", "did you mean 'person'")


def test_the_datas_own_name_of_a_renamed_label_says_how_it_is_asked(tmp_path):
    path = task(tmp_path, extra="label_map: {org: organization}\n")
    refused(score(path, predicted(tmp_path)), "'org' is asked nowhere", "asked as 'organization'")
    spans = [[[0, 0, "organization"], [2, 2, "misc"]], RIGHT[1]]
    result = score(path, predicted(tmp_path, spans), metrics=["F1"])
    assert result["F1"] == 1
    assert "asked: org as organization" in result.screen


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ("excluded_labels: [misk]\n", ["t.yaml:4", "'misk'", "did you mean 'misc'"]),
        ("label_map: {prson: human}\n", ["t.yaml:4", "'prson'", "did you mean 'person'"]),
        ("label_map: {misc: other}\nexcluded_labels: [misc]\n", ["t.yaml:4", "'misc' stands in excluded_labels too"]),
        ("labels: []\n", ["t.yaml:4", "at least 1 entry"]),
        ("labels: [org, misc, person, org]\n", ["t.yaml:4", "'org' stands twice"]),
        ("labels: [org, misc]\n", ["'person' is not among `labels`"]),
        ("excluded_labels: [misc]\nmetrics: ['F1(label=misc)']\n", ["t.yaml:5", "no label 'misc'"]),
        ("metrics: ['F1(label=persn)']\n", ["t.yaml:4", "no label 'persn'", "did you mean 'person'"]),
    ],
)
def test_labels_that_do_nothing_are_errors(tmp_path, extra, words):
    refused(score(task(tmp_path, extra=extra), predicted(tmp_path)), *words)


def test_labels_are_looked_for_in_all_the_data_whatever_the_limit(tmp_path):
    path = task(tmp_path, extra="excluded_labels: [misc]\nlabel_map: {org: organization}\n")
    built = planning.make(str(path), Choices(methods=("capitalised-runs",))).jobs[0].build_task()
    assert {len(built.load(limit=1, seed=seed).items) for seed in range(4)} == {1}


def test_the_file_of_labels_belongs_to_the_data(tmp_path):
    path = task(tmp_path, extra="labels: names.txt\n")
    (tmp_path / "names.txt").write_text("org\nmisc\nperson\n")
    command = ["eval", path, "--method", "capitalised-runs", "--out", tmp_path / "out", "--json"]
    first = json.loads(zsbench(*command)[1])["suites"][0]["results"][0]
    (tmp_path / "names.txt").write_text("org\nmisc\nperson\nsong\nplace\nplant\n")
    second = json.loads(zsbench(*command)[1])["suites"][0]["results"][0]
    assert first["data_fingerprint"] != second["data_fingerprint"]


def test_one_label_alone(tmp_path):
    spans = [[[0, 0, "org"], [2, 2, "org"]], [[0, 0, "person"]]]
    names = ["precision(label=org)", "recall(label=org)", "F1(label=org)", "F1(label=misc)", "F1(label=person)"]
    result = score(task(tmp_path), predicted(tmp_path, spans), metrics=names)
    assert [result[name] for name in names] == pytest.approx([1 / 2, 1, 2 / 3, 0, 0])
    assert "gold spans labelled 'org': 1" in result.screen
    assert score(task(tmp_path), predicted(tmp_path), metrics=["F1(average=macro,label=org)"]).code != 0


def test_every_label_alone(tmp_path):
    path = task(tmp_path, extra="labels: [person, org, misc, river]\nexcluded_labels: [misc]\n")
    result = score(path, predicted(tmp_path), metrics=["F1", "recall(label=*)"])
    names = [row["metric"] for row in result.rows]
    assert names == ["F1", "recall(label=person)", "recall(label=org)", "recall(label=river)"]
    assert [row["value"] for row in result.rows] == [1, 1, 1, None]


@pytest.mark.parametrize(
    ("shift", "habit"),
    [((0, 1), "ends exclusive"), ((1, 1), "words counted from 1"), ((1, 0), "starts exclusive"), ((0, 0), "")],
)
def test_words_counted_otherwise_are_doubted(tmp_path, shift, habit):
    text = "a O\nb B-x\nc I-x\nd I-x\ne O\n\n" * 4
    spans = [[[1 + shift[0], 3 + shift[1], "x"]]] * 4
    result = score(task(tmp_path, text), predicted(tmp_path, spans), metrics=["F1"])
    assert result.code == 0
    assert (f"4 of 4 predicted spans are right when shifted, 0 as they are: {habit}?" in result.screen) == bool(habit)


def test_items_name_their_counts(tmp_path):
    items = tmp_path / "items.tsv"
    score(task(tmp_path), predicted(tmp_path), "--items", items, metrics=["F1"])
    found = dict(line.split("\t")[::2] for line in items.read_text().splitlines() if "\t0\t" in line)
    assert found == {"F1.tp": "2.0", "F1.fp": "0.0", "F1.fn": "0.0"}


# Undefined is not zero.


@pytest.mark.parametrize("spans", [[[], []], [[[0, 0, "org"]], []]])
def test_without_a_gold_span_nothing_is_defined(tmp_path, spans):
    path = task(tmp_path, "a O\nb O\n\nc O\n", "labels: [org]\n")
    names = ["F1", "precision", "recall", "F1(average=macro)", "F1(label=org)"]
    result = score(path, predicted(tmp_path, spans), metrics=names)
    assert [result[name] for name in names] == [None] * 5


def test_no_prediction_at_all_is_zero(tmp_path):
    names = ["F1", "precision", "recall"]
    result = score(task(tmp_path), predicted(tmp_path, [[], []]), metrics=names)
    assert [result[name] for name in names] == [0, 0, 0]


# Ids.


def test_sentences_without_id_are_numbered_from_0_in_every_format(tmp_path):
    (tmp_path / "s.txt").write_text("-DOCSTART- O\n\na O\n\n\nb O\n")
    (tmp_path / "s.jsonl").write_text('{"tokens": ["a"], "spans": []}\n\n{"tokens": ["b"], "spans": []}\n')
    for found in (conll(path=str(tmp_path / "s.txt")), jsonl_sentences(path=str(tmp_path / "s.jsonl"))):
        assert [item.id for item in found.items] == ["0", "1"]


def test_whole_numbers_are_ids_on_both_sides(tmp_path):
    path = task(tmp_path, '{"id": 7, "tokens": ["Peter"], "spans": [[0, 0, "person"]]}\n', name="gold.jsonl")
    assert score(path, predicted(tmp_path, [[[0, 0, "person"]]], ids=[7]), metrics=["F1"])["F1"] == 1


@pytest.mark.parametrize("bad", ["null", "true", "1.5", '""', "[1]"])
def test_other_ids_are_refused(tmp_path, bad):
    path = task(tmp_path, f'{{"id": {bad}, "tokens": ["a"], "spans": []}}\n', name="gold.jsonl")
    refused(score(path, predicted(tmp_path, [[]])), "gold.jsonl:1", "'id'")


@pytest.mark.parametrize("bad", ['[true, 1, "x"]', '[0, 1, ""]', '[0, 1, " "]', '[0, 5, "x"]', "[0, 1]"])
def test_spans_that_are_none(tmp_path, bad):
    path = task(tmp_path, f'{{"tokens": ["a", "b"], "spans": [{bad}]}}\n', name="gold.jsonl")
    refused(score(path, predicted(tmp_path, [[]])), "gold.jsonl:1", "span")


# Columns.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\tParis\tB-LOC\n2\tis\tO\n\n1\tRome\tB-LOC\n", [("Paris", "is"), ("Rome",)]),
        ("0\tParis\tB-LOC\n1\tis\tO\n", [("Paris", "is")]),
        ("# text = Paris is\n1\tParis\tB-LOC\n2\tis\tO\n", [("Paris", "is")]),
        ("Paris\tB-LOC \nis \tO\n", [("Paris", "is")]),
        ("#\tO\nParis\tB-LOC\n", [("#", "Paris")]),
        ("1 O\n2 O\n", [("1", "2")]),
        ("Paris NNP B-LOC\nis VBZ O\n", [("Paris", "is")]),
    ],
)
def test_the_word_column_is_not_the_index(tmp_path, text, words):
    (tmp_path / "s.txt").write_text(text)
    found = conll(path=str(tmp_path / "s.txt"))
    assert [item.words for item in found.items] == words
    assert {label for spans in found.spans for _, _, label in spans} <= {"LOC"}


def test_columns_by_option(tmp_path):
    (tmp_path / "s.txt").write_text("1\tB-LOC\tBerlin\tB-ORG\n2\tO\tAG\tI-ORG\n")
    found = conll(path=str(tmp_path / "s.txt"), word_column=3, tag_column=2)
    assert (found.items[0].words, found.spans[0]) == (("Berlin", "AG"), [(0, 0, "LOC")])
    with pytest.raises(UserError, match="word_column 9 of 4 columns"):
        conll(path=str(tmp_path / "s.txt"), word_column=9)


@pytest.mark.parametrize("text", ["a O\nb c O\n", "a\tO\nb O\n", "a O-x\n", "a B-\n", "a\tBx\n", "\tO\n"])
def test_lines_that_are_no_word_and_tag(tmp_path, text):
    (tmp_path / "s.txt").write_text(text)
    with pytest.raises(UserError, match=r"s\.txt:[12]: "):
        conll(path=str(tmp_path / "s.txt"))


# Predictions in columns.


def test_predictions_as_conll_columns(tmp_path):
    path = task(tmp_path)
    (tmp_path / "p.conll").write_text(GOLD.replace("B-misc", "O"))
    result = score(path, tmp_path / "p.conll", metrics=["precision", "recall"])
    assert [result["precision"], result["recall"]] == pytest.approx([1, 2 / 3])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOLD.replace("German", "french"), ["sentence 0", "french", "German"]),
        (GOLD.partition("\n\n")[0], ["1 sentence;", "the gold's 2"]),
        (GOLD.replace("B-org", "B-Org"), ["sentence 0", "'Org'", "did you mean 'org'"]),
        ("EU\n", ["JSONL", "CoNLL"]),
    ],
)
def test_columns_that_are_not_the_golds_sentences(tmp_path, text, words):
    path = task(tmp_path)
    (tmp_path / "p.conll").write_text(text)
    refused(score(path, tmp_path / "p.conll"), *words)


# What a model cannot reach, and what sets two rows apart.


class Reach:
    max_words, max_width = 3, 1


def test_gold_beyond_a_model_is_counted_over_all_items(tmp_path):
    read, source = task_configs.read_task(overlay.load(task(tmp_path, GOLD + "a O\nb O\nc O\nd B-org\n")))
    built = catalog.load_module("tasks", "ner").Task(read, source)
    data = built.load(limit=None, seed=0)
    assert built.reach(Reach(), data) == {
        "sentences longer than the model's 3 words": 2, "gold spans past the model's 3 words": 1,
        "gold spans wider than the model's 1 words": 1,
    }  # fmt: skip


def test_threshold_and_decoding_stand_in_the_table_and_set_folders_apart(tmp_path):
    command = ["eval", "names-seen", "--model", "ner-synthetic", "--limit", "4", "--offline", "--out", tmp_path]
    screens = [zsbench(*command, "--set", f"method.threshold={value}")[1] for value in (0.3, 0.5, 0.7)]
    assert "span-threshold(threshold=0.3)" in screens[0]
    assert "threshold 0.5, decoding flat" in screens[1]
    assert "threshold 0.7, decoding flat" in screens[2]
    assert len({path.parent.name for path in tmp_path.rglob("result.json")}) == 3


@pytest.mark.parametrize("value", ["-0.1", "1.5", "nan", "''", "half"])
def test_thresholds_that_are_no_share(tmp_path, value):
    command = ["eval", "names-seen", "--model", "ner-synthetic", "--offline", "--out", tmp_path]
    assert zsbench(*command, "--set", f"method.threshold={value}")[0] == 2
