"""Familiarity beside F1: named by task or model, part of the question, and a column of the table."""

import csv
import json
import re
from pathlib import Path

import pytest

from tests.command import call
from zsbench.config import overlay
from zsbench.config.paths import ASSETS
from zsbench.config.suites import Average
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.metrics.correlation import pearson, spearman
from zsbench.models.text import word_vectors
from zsbench.plan import model_configs, planning
from zsbench.plan.choices import Choices
from zsbench.report import tables
from zsbench.results.averages import averages
from zsbench.results.finished_run import FinishedRun
from zsbench.run.runner import Options

COUNTS = ASSETS / "models" / "ner-synthetic" / "label_counts.json"
CARD = json.loads((COUNTS.parent / "card.json").read_text())["reached"]["ladder_by_count"]
TRAINED = "{training: counts.json, embedder: ner-synthetic-words}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A model in a folder of its own that names its training labels by a relative path."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.yaml").write_text(f"extends: ner-synthetic\nfamiliarity: {TRAINED}\n")
    (tmp_path / "models" / "counts.json").write_bytes(COUNTS.read_bytes())
    return tmp_path


def results(folder, *tasks, model="models/m.yaml", sets=(), cache=None, limit=30):
    settings = {"resamples": 100, "threads": 1, "limit": limit}
    choices = Choices(models=(model,), settings=settings, assignments=tuple(sets))
    plans = [planning.make(str(task), choices) for task in tasks]
    outcomes = list(
        local.run_all(plans, Options(folder / "out", cache or Cache(None)), lambda *_: None, lambda _: None)
    )
    assert [outcome.error for outcome in outcomes] == [None] * len(tasks)
    return [outcome.result for outcome in outcomes], [outcome.reused for outcome in outcomes]


def test_a_model_that_names_its_training_labels_has_them_beside_its_scores(folder):
    sets = ['task.metrics=[F1,"F1(label=river)","F1(label=isle)"]', "task.label_map={stream: river}"]
    sets += ["task.labels=null"]
    [[result], _] = results(folder, "names-ladder", sets=sets)
    found = result["notes"]["familiarity"]
    # `river` has hundreds of mentions of its own, which the wording map lets the task ask for.
    assert found["by_label"]["river"]["in_training"] == json.loads(COUNTS.read_text())["river"]
    assert "stream" not in found["by_label"]
    rows = {row.metric: row.familiarity for row in tables.rows([result])}
    assert rows["F1"] == found["macro"]
    assert rows["F1(label=river)"] == found["by_label"]["river"]["familiarity"] > 0.9
    assert found["by_label"]["isle"]["F1"] == result["metrics"]["F1(label=isle)"]["value"]


def test_the_ladder_shows_the_effect(folder):
    [[result], _] = results(folder, "names-ladder", limit=None)
    found = result["notes"]["familiarity"]
    of_card = {row["label"]: row["f1"] for row in CARD}
    assert {label: entry["F1"] for label, entry in found["by_label"].items()} == pytest.approx(of_card, abs=1e-4)
    values = [found["by_label"][label]["familiarity"] for label in of_card]
    assert found["pearson"] == pytest.approx(pearson(values, list(of_card.values())), abs=1e-3)
    assert found["spearman"] == pytest.approx(spearman(values, list(of_card.values())), abs=1e-2)
    assert found["spearman"] > 0.8
    assert found["overlap"] == sum(row["times_label_in_training"] > 0 for row in CARD) / len(CARD)
    never = [entry["familiarity"] for entry in found["by_label"].values() if not entry["in_training"]]
    assert max(never) < min(e["familiarity"] for e in found["by_label"].values() if e["in_training"] > 9)


def test_nothing_is_measured_where_nobody_names_training_labels(folder):
    [[result], _] = results(folder, "names-ladder", model="ner-synthetic")
    assert "familiarity" not in result["notes"]
    [row, *_] = tables.rows([result])
    assert (row.familiarity, row.familiar) == (None, "")
    assert "familiarity" not in tables.header([row])


def test_the_tasks_keys_stand_over_the_models_and_are_part_of_the_question(folder):
    (folder / "t.yaml").write_text("extends: names-ladder\nfamiliarity: {k: 100, weighting: unweighted}\n")
    [[plain, changed], _] = results(folder, "names-ladder", "t.yaml")
    noted = [result["notes"]["familiarity"] for result in (plain, changed)]
    assert [(found["k"], found["weighting"], found["embedder"]) for found in noted] == [
        (1000, "zipf", "ner-synthetic-words"),
        (100, "unweighted", "ner-synthetic-words"),
    ]
    assert plain["metrics"] == changed["metrics"]
    files = {Path(row["path"]).name for row in plain["inputs"]}
    assert {"counts.json", "vectors.txt"} <= files
    # Asked again nothing is computed; with other training labels, or another option, everything is.
    assert results(folder, "names-ladder")[1] == [True]
    assert results(folder, "names-ladder", sets=["task.familiarity.k=10"])[1] == [False]
    (folder / "models" / "counts.json").write_text('{"river": 5}')
    [[fewer], reused] = results(folder, "names-ladder")
    assert reused == [False]
    assert fewer["notes"]["familiarity"]["warning"].startswith("5 training mentions for k 1000")
    assert "5 training mentions" in tables.rows([fewer])[0].familiar


def test_the_embedder_is_loaded_once_for_all_jobs(folder, monkeypatch):
    loaded = []
    read = word_vectors._read
    monkeypatch.setattr(word_vectors, "_read", lambda path: loaded.append(path) or read(path))
    results(folder, "names-ladder", "names-seen", "names-unseen", cache=Cache(folder / "cache"))
    assert len(loaded) == 1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("3", r"m.yaml:2: key 'familiarity' is 3 \(a whole number\); expected a mapping"),
        ("{training: counts.json, kk: 3}", r"m.yaml:2: unknown key 'familiarity.kk'; did you mean 'k'"),
        ("{training: counts.json, embedder: clip-glyphs}", r"m.yaml:2: model 'clip-glyphs' offers ImageTextEncoder"),
        ("{training: counts.json, weighting: linear}", "zipf"),
        ("{training: counts.json, k: 0}", "m.yaml:2"),
        ("{}", "m.yaml:2: key 'familiarity' names no training labels"),
        ("{embedder: ner-synthetic-words}", "m.yaml:2: key 'familiarity' names no training labels"),
        ("{training: negative.json}", "negative.json: label 'city' has -1 mentions"),
    ],
)
def test_a_model_that_names_them_wrongly_is_refused(folder, written, said):
    (folder / "models" / "m.yaml").write_text(f"extends: ner-synthetic\nfamiliarity: {written}\n")
    (folder / "models" / "negative.json").write_text('{"city": -1}')
    with pytest.raises(UserError, match=said):
        planning.make("names-ladder", Choices(models=("models/m.yaml",)))
    with pytest.raises(UserError, match=said.replace("familiarity.", "")):  # alone, keys are named without their parent
        model_configs.check_model(overlay.load(folder / "models" / "m.yaml"))


def test_an_average_has_the_mean_of_tasks_that_measured_alike(folder):
    [parts, _] = results(folder, "names-ladder", "names-seen", "names-unseen", sets=["task.metrics=[F1]"])
    runs = [FinishedRun(folder, result) for result in parts]
    [average], _ = averages([Average(name="all", tasks=[part["task"] for part in parts])], runs)
    found, of_parts = average["notes"]["familiarity"], [part["notes"]["familiarity"] for part in parts]
    assert found["macro"] == pytest.approx(sum(part["macro"] for part in of_parts) / 3)
    values = [part["metrics"]["F1"]["value"] for part in parts]
    assert found["pearson"] == pytest.approx(pearson([part["macro"] for part in of_parts], values))
    [row] = tables.rows([average])
    assert row.familiarity == found["macro"]
    assert "the mean of 3 tasks (zipf, k 1000" in row.familiar
    of_parts[0]["k"] = 5
    [average], _ = averages([Average(name="all", tasks=[part["task"] for part in parts])], runs)
    assert average["notes"] == {}


def test_a_missing_file_is_said_before_anything_is_loaded(folder):
    (folder / "models" / "counts.json").unlink()
    made = planning.make("names-ladder", Choices(models=("models/m.yaml",)))
    assert re.fullmatch(r".*m\.yaml:2: no such file '.*counts\.json'", str(made.missing[0][0]))
    with pytest.raises(UserError, match=r"m.yaml:2: no such file"):
        model_configs.check_model(overlay.load(folder / "models" / "m.yaml"))


def test_a_model_that_no_tagger_can_be_is_not_asked_what_it_was_trained_on(folder):
    (folder / "models" / "m.yaml").write_text(f"extends: clip-glyphs\nfamiliarity: {TRAINED}\n")
    with pytest.raises(UserError, match=r"m.yaml:2: key 'familiarity' on a model that no method of family ner takes"):
        model_configs.check_model(overlay.load(folder / "models" / "m.yaml"))


def test_tasks_without_such_a_key_do_not_mind(folder):
    (folder / "e.yaml").write_text(f"extends: encoder-synonyms\nfamiliarity: {TRAINED}\n")
    sets = (f"method.weights={ASSETS}/data/synonyms-docids/weights-vanilla.npy",)
    choices = [Choices(models=(name,), methods=("atomic-docids",), assignments=sets) for name in MODELS_OF_TEXTS]
    [one], [other] = (planning.make("synonyms-docids", choice).jobs for choice in choices)
    assert one.config() == other.config()


MODELS_OF_TEXTS = ("e.yaml", "encoder-synonyms")


def test_the_column_stands_in_tables_of_any_format(folder):
    [[result], _] = results(folder, "names-ladder", sets=["task.metrics=[F1]"])
    code, screen = call("table", "out", "--format", "csv")
    assert code == 0, screen.err
    [row] = csv.DictReader(screen.out.splitlines())
    assert float(row["familiarity"]) == result["notes"]["familiarity"]["macro"]
    assert "Pearson" in row["familiar"]
    code, screen = call("table", "out", "--format", "markdown")
    assert code == 0, screen.err
    assert "| familiarity |" in screen.out
    assert "with F1 by label: Pearson 0." in screen.out
