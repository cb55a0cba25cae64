"""The embedded default is honest: every model is far above its baseline, every paper has an offline variant."""

import json

import pytest

from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.engine import local
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

QUICKSTART_FLOORS = {
    # (task, method, metric): (least value, most value); chance or baseline rows are far outside.
    ("digits", "prompt-ensemble", "acc@1"): (0.49, 1.0),
    ("glyphs", "prompt-ensemble", "acc@1"): (0.61, 1.0),
    ("synonyms", "icr", "nDCG@10"): (0.70, 1.0),
    ("synonyms", "first", "nDCG@10"): (0.90, 1.0),
    ("names-unseen", "span-threshold", "F1"): (0.90, 1.0),
    ("rooms-60", "canonical-camera", "AbsRel"): (0.0, 0.06),
    ("rooms-110", "canonical-camera", "AbsRel"): (0.0, 0.12),
}
BASELINES = {"majority", "random-class", "random-order", "bm25", "capitalised-runs", "constant-depth"}


def run(name, tmp_path, **choices):
    made = planning.make(name, Choices(**choices))
    outcomes = list(
        local.run(made, Options(tmp_path / "out", Cache(tmp_path / "cache")), lambda *_: None, lambda _: None)
    )
    assert [str(o.error) for o in outcomes if o.error] == []
    return made, [o.result for o in outcomes]


@pytest.mark.slow
def test_quickstart_scores_stand_well_above_their_baselines(tmp_path):
    _, results = run("quickstart", tmp_path)
    scores = {(r["task"], r["method"], m): s for r in results for m, s in r["metrics"].items()}
    for key, (least, most) in QUICKSTART_FLOORS.items():
        assert least <= scores[key]["value"] <= most, key
        task, _, metric = key
        for method in BASELINES:
            row = scores.get((task, method, metric))
            if row is not None and row["better"] == "higher":
                assert row["high"] < scores[key]["low"], (task, method)
            elif row is not None:
                assert row["low"] > scores[key]["high"], (task, method)


@pytest.mark.parametrize("paper", sorted(catalog.configs("papers")))
def test_every_paper_runs_offline(paper, tmp_path):
    made, results = run(f"papers/{paper}", tmp_path, embedded=True, settings={"limit": 20, "resamples": 200})
    assert len(results) == len(made.jobs) > 0
    for result in results:
        for score in result["metrics"].values():
            # Without items nothing is defined; with some, a metric of a kind of item that is absent may still be.
            assert score["n"] > 0 or score["value"] is None
            assert score["value"] is None or score["low"] <= score["value"] <= score["high"]


def test_running_again_computes_nothing_and_gives_the_same(tmp_path):
    _, first = run("names-seen", tmp_path, models=("ner-synthetic",))
    made = planning.make("names-seen", Choices(models=("ner-synthetic",)))
    outcomes = list(local.run(made, Options(tmp_path / "out", Cache(None)), lambda *_: None, pytest.fail))
    assert [o.reused for o in outcomes] == [True]
    assert [o.result for o in outcomes] == json.loads(json.dumps(first))


def test_a_second_run_over_the_cache_encodes_no_image(tmp_path):
    cache = Cache(tmp_path / "cache")
    costs = []
    for seed in range(2):
        made = planning.make("glyphs", Choices(models=("clip-glyphs",), settings={"limit": 50}))
        options = Options(tmp_path / f"out{seed}", cache)
        [outcome] = local.run(made, options, lambda *_: None, lambda _: None)
        costs.append(outcome.result["cost"])
    assert costs[0]["images"] == 50
    assert costs[1]["images"] == 0
    assert costs[1]["images_cached"] == 50


@pytest.mark.parametrize("asset", sorted(p.parent.name for p in (ASSETS / "models").glob("*/card.json")))
def test_every_embedded_model_has_a_card_with_what_it_reaches(asset):
    card = json.loads((ASSETS / "models" / asset / "card.json").read_text())
    assert {"summary", "recipe", "seed", "reached", "limits", "parameters", "train_cpu_seconds"} <= card.keys()
    assert card["reached"]
    assert card["limits"]


@pytest.mark.slow
def test_accuracy_follows_frequency_where_training_was_long_tailed_and_not_in_its_twin(tmp_path):
    from zsbench.analysis.frequency import corpus, joining, measured, runs
    from zsbench.results.finished_run import finished_runs

    run("papers/concept-frequency", tmp_path, embedded=True)
    [counts] = corpus.read("asset:models/clip-glyphs-longtail/concept_counts.json")
    pooled = [each for each in finished_runs([tmp_path / "out"]) if each.result["task"] in ("glyphs", "digits")]
    curves = [measured.measured(p, counts, joining.joined(p, counts), measured.Options()) for p in runs.of_runs(pooled)]
    assert len(curves) == 6
    for curve in curves:
        assert len(curve.points.counts) == 55 + 10
        rises = curve.performance.facts["model"] == "clip-glyphs-longtail"
        assert (curve.slope.low > 0) == rises
        assert (curve.rho.low > 0) == rises
        assert (curve.line.r > 0.7) == rises
        assert (curve.head - curve.tail > 0.1) == rises
