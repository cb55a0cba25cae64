"""A metric that looks further than a task keeps would silently be another one: both have to be said."""

import pytest

from zsbench.core.errors import UserError
from zsbench.plan import planning
from zsbench.plan.choices import Choices

DATA = {
    "generative-retrieval": "{source: beir, path: c}",
    "session-recommendation": "{source: session-log, path: s.jsonl, items: i.jsonl}",
    "image-text-retrieval": "{source: caption-table, path: t.csv}",
}
CUT = {"generative-retrieval": "Recall@{}", "session-recommendation": "HitRate@{}", "image-text-retrieval": "hit@{}"}


def write(folder, kind, extra):
    (folder / "t.yaml").write_text(f"type: {kind}\ndescription: d\ndata: {DATA[kind]}\n{extra}\n")
    return planning.make(str(folder / "t.yaml"), Choices(models=("clip-glyphs",) if "image" in kind else ()))


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize(("depth", "k"), [(4, 5), (1, 2)])
def test_a_cut_off_beyond_the_depth_is_refused(kind, depth, k, tmp_path):
    metric = CUT[kind].format(k)
    with pytest.raises(
        UserError, match=rf"t\.yaml:4: key 'depth' is {depth}.*at least {k}, so far does '{metric}' look"
    ):
        write(tmp_path, kind, f"depth: {depth}\nmetrics: ['{metric}']")
    write(tmp_path, kind, f"depth: {k}\nmetrics: ['{metric}']")


@pytest.mark.parametrize("kind", DATA)
def test_the_default_depth_is_compared_too(kind, tmp_path):
    with pytest.raises(UserError, match="at least 5000"):
        write(tmp_path, kind, f"metrics: ['{CUT[kind].format(5000)}']")


@pytest.mark.parametrize("metric", ["RSUM", "mean-hit"])
def test_sums_over_cut_offs_look_at_ten(metric, tmp_path):
    with pytest.raises(UserError, match="at least 10"):
        write(tmp_path, "image-text-retrieval", f"depth: 9\nmetrics: [{metric}]")


CANDIDATES = {
    "{stage: bm25, path: x.run}": "'path' beside `stage: bm25`; it belongs to run",
    "{path: x.run}": "'path' beside `stage: bm25`",
    "{stage: run, path: x.run, k1: 2}": "'k1' beside `stage: run`; it belongs to bm25",
    "{stage: run, path: x.run, model: m}": "'model' beside `stage: run`; it belongs to dense",
    "{stage: dense, model: encoder-synonyms, analyzer: english}": "'analyzer' beside",
    "{stage: bm25, outside_corpus: skip}": "it belongs to run or pool",
    "{stage: dense}": "lacks 'model'",
    "{stage: run}": "lacks 'path'",
    "{k1: -1}": "'candidates.k1' is -1",
    "{b: 2}": "'candidates.b' is 2",
    "{depth: 0}": "'candidates.depth' is 0",
}


@pytest.mark.parametrize("own", CANDIDATES)
def test_keys_of_another_stage_are_refused(own, tmp_path):
    text = f"type: rerank\ndescription: d\ndata: {{source: beir, path: c}}\ncandidates: {own}\n"
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(UserError, match=r"t\.yaml:4") as refused:
        planning.make(str(tmp_path / "t.yaml"))
    assert CANDIDATES[own] in str(refused.value)


def test_another_stage_keeps_the_depth_and_loses_what_was_the_old_ones(tmp_path):
    (tmp_path / "s.yaml").write_text(
        "description: d\nruns:\n  - tasks: {use: synonyms, label: a, candidates: {stage: bm25}}\n    methods: first-stage\n"
    )
    [job] = planning.make(str(tmp_path / "s.yaml")).jobs
    own = job.task.candidates
    assert (own.stage, own.depth, own.path) == ("bm25", 20, None)
