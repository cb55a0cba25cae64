"""The CLIP family's suites and papers say what their publications say: sets, main metrics, averages, names."""

from pathlib import Path

import pytest

from tests.reference._golden import load_json
from tests.results.test_averages import part
from tests.results.test_averages import result as row
from zsbench.config import catalog
from zsbench.config.paths import ASSETS, unset_variables
from zsbench.config.suites import Average
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.results.averages import averages
from zsbench.results.finished_run import FinishedRun

DATACOMP = load_json("density-pruning", "datacomp_average.json")
PAPERS = ["clip", "density-pruning", "image-text-retrieval", "openshape", "remoteclip", "x-clip"]
# DataComp's names of its metrics, and ours.
METRICS = {
    "acc1": "acc@1",
    "mean_per_class_recall": "mean-per-class",
    "mean_recall@1": "mean-hit@1",
    "jaccard_score_10-12": "jaccard(candidates=10)",
    "F1-macro_all": "F1-over-classes",
    "acc_worst_region": "worst-group-acc(min_items=10)@1",
    "acc_top5_wg": "worst-group-acc@5",
    "acc_wg": "worst-group-acc@1",
}


def made(name, **choices):
    with unset_variables():
        return planning.make(name, Choices(**choices))


def first_metrics(name):
    return {job.task_name: job.task.metrics[0] for job in made(name).jobs}


def test_clip_27_has_27_sets_each_with_its_official_metric_first():
    own = first_metrics("clip-27")
    per_class = {"fgvc-aircraft", "oxford-pets", "caltech101", "flowers102"}
    others = {"voc2007": "mAP(interpolation=11)", "hateful-memes": "ROC-AUC", "kinetics700-frames": "mean-top1-top5"}
    expected = {task: others.get(task, "mean-per-class" if task in per_class else "acc@1") for task in own}
    assert len(own) == 27
    assert own == expected
    [average] = made("clip-27").averages
    assert sorted(average.tasks) == sorted(own)
    assert average.metric == ""


def test_datacomp_38_has_its_sets_main_metrics_and_averages():
    suite, own = made("datacomp-38"), first_metrics("datacomp-38")
    scored = {r["dataset"]: r["key"] for r in DATACOMP["results"] if r["main_metric"] is not None}
    unscored = [r["key"] for r in DATACOMP["results"] if r["main_metric"] is None]
    assert [key for key in unscored if not key.startswith("fairness/")] == []
    assert own == {name: METRICS[metric] for name, metric in DATACOMP["main_metric_name"].items()}
    assert own.keys() == scored.keys()
    groups = {average.name: sorted(average.tasks) for average in suite.averages}
    expected = {name: sorted(tasks) for name, tasks in DATACOMP["groups"].items()} | {"Average": sorted(scored)}
    assert groups == expected
    assert len(groups["Average"]) == 38
    assert {job.method.title for job in suite.jobs} == {"zero-shot"}
    for job in suite.jobs:
        kind, _, rest = scored[job.task_name].partition("/")
        key = rest if kind == "fairness" else scored[job.task_name]
        if job.source.name == "webdataset":
            assert job.source.options["path"] == f"djghosh/wds_{key.replace('/', '-')}_test"


def runs(results):
    return [FinishedRun(Path(), result) for result in results]


def test_datacomps_averages_come_out_and_fail_with_a_task_less():
    suite = made("datacomp-38")
    values = {r["dataset"]: r["main_metric"] for r in DATACOMP["results"] if r["main_metric"] is not None}
    rows = [row(job.task_name, values[job.task_name], metric=job.task.metrics[0]) for job in suite.jobs]
    found, incomplete = averages(suite.averages, runs(rows))
    assert incomplete == []
    for result in found:
        [(name, score)] = result["metrics"].items()
        assert score["value"] == pytest.approx(DATACOMP["aggregate"][result["task"]], abs=1e-9)
        assert name == ("acc@1" if result["task"] == "ImageNet dist. shifts" else "mean of main metrics")
    found, incomplete = averages(suite.averages, runs(r for r in rows if r["task"] != "WinoGAViL"))
    assert sorted(lacking.name for lacking in incomplete) == ["Average", "Retrieval"]
    assert {result["task"] for result in found} == {"VTAB", "ImageNet dist. shifts"}


def test_a_mean_over_other_sets_is_another_average():
    one, two = (Average(name="mean", tasks=own) for own in (["a", "b"], ["a", "c"]))
    rows = [row(task, 0.5) for task in "abc"]
    (first, second), _ = averages([one, two], runs(rows))
    assert first["config"]["average"]["tasks"] == ["a", "b"]
    assert first["config_hash"] != second["config_hash"]
    assert part(0.5, 0.4, 0.6)["unit"] == "%"


def test_the_remote_sensing_sets_share_prompt_and_metrics():
    jobs = [job for job in made("remote-sensing").jobs if job.task_name.startswith("rs-")]
    assert len(jobs) == 12
    assert {tuple(job.task.templates) for job in jobs} == {("a satellite photo of {}",)}
    assert len({job.source.options["path"] for job in jobs}) == 12
    for job in made("remote-sensing").jobs:
        if job.task.type == "image-text-retrieval":
            assert job.source.options["capitalise"] is True
            assert job.task.metrics[0] == "mean-hit"


def test_let_it_wag_has_its_classes_and_80_templates():
    with unset_variables():
        [job] = planning.make("let-it-wag", Choices(methods=("random-class",))).jobs
    names = (job.source.base / job.task.classes).read_text().splitlines()
    assert len(names) == len(set(names)) == 290
    # Labels follow the sorted folders, which have underscores for blanks.
    folders = [name.replace(" ", "_") for name in names]
    assert folders == sorted(folders)
    assert len(job.task.templates) == len(set(job.task.templates)) == 80


@pytest.mark.parametrize("paper", PAPERS)
def test_published_values_stand_beside_rows_that_exist(paper):
    own = made(f"papers/{paper}")
    rows = {(job.task_name, job.model_name): job.task.metrics for job in own.jobs}
    tasks = {job.task_name for job in own.jobs} | {average.name for average in own.averages}
    assert own.expected
    for (metric, task), entries in own.expected.items():
        assert task in tasks, (metric, task)
        for entry in entries:
            average = next((a for a in own.averages if a.name == task), None)
            waits = entry.model not in catalog.configs("models")
            for part_task in () if waits else average.tasks if average else [task]:
                assert metric in rows[part_task, entry.model], (metric, task, entry.model)
            assert 0 < entry.value < 1


def test_growclips_tasks_show_top_1_and_image_to_text_retrieval_first():
    for embedded in (False, True):
        jobs = made("papers/growclip", embedded=embedded).jobs
        first = {
            job.task.type: {other.task.metrics[0] for other in jobs if other.task.type == job.task.type} for job in jobs
        }
        assert first == {"image-classification": {"acc@1"}, "image-text-retrieval": {"hit(query=image)@1"}}


def test_density_prunings_baseline_is_trained_on_laion():
    own, base = made("papers/density-pruning"), made("datacomp-38")
    assert {job.model_name for job in own.jobs} == {"clip-vit-b-32-laion400m"}
    assert [(job.task_name, job.method) for job in own.jobs] == [(job.task_name, job.method) for job in base.jobs]


def test_published_retrieval_is_of_all_captions():
    for paper in ("clip", "image-text-retrieval"):
        own = made(f"papers/{paper}")
        of_benchmark = {
            (task, entry.model)
            for (metric, task), entries in own.expected.items()
            for entry in entries
            if metric.startswith("hit(") and entry.source.startswith("CLIP_benchmark")
        }
        assert of_benchmark
        for job in own.jobs:
            if (job.task_name, job.model_name) in of_benchmark:
                assert job.task.max_captions is None, (paper, job.title)


@pytest.mark.parametrize(
    ("paper", "method", "key"),
    [
        ("adaptclipzs", "description-prob-mean", "descriptions"),
        ("grain", "grain", "descriptions"),
        ("cupl", "cupl", "prompts"),
    ],
)
def test_the_papers_own_texts_replace_those_of_one_method_and_leave_the_baselines(paper, method, key, tmp_path):
    texts = str(tmp_path / "texts.json")
    for embedded in (False, True):
        with unset_variables():
            choices = Choices(embedded=embedded, assignments=(f"{method}.{key}={texts}",))
            jobs = planning.make(f"papers/{paper}", choices).jobs
        assert {job.method.links[0].name for job in jobs} > {method}
        for job in jobs:
            [link] = job.method.links
            assert link.options.get(key) == (texts if link.name == method else None)


def test_zpes_pool_holds_the_templates_of_its_16_sets():
    own = made("papers/zpe")
    pool = (ASSETS / "data" / "zpe-pool" / "templates.txt").read_text().splitlines()
    assert len(pool) == len(set(pool)) == 247
    tasks = {job.task_name: job.task.templates or [] for job in own.jobs}
    assert len(tasks) == 16
    for name, templates in tasks.items():
        assert set(templates) <= set(pool), name
    averages = {average.name: set(average.tasks) for average in own.averages}
    assert averages["all"] == set(tasks)
    assert averages["all"] - averages["fine-grained"] - averages["variants"] == {"imagenet"}
    thresholds = {
        job.task_name: link.options.get("select")
        for job in own.jobs
        for link in job.method.links
        if link.options.get("select")
    }
    assert thresholds == {name: 2.0 if name in averages["fine-grained"] else 0.5 for name in tasks}
