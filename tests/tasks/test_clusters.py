"""What items come from reaches the intervals: from every type of task, whole, limited and in shards, in eval and score."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.command import call
from tests.data import test_clusters as sources
from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError
from zsbench.core.records import TaskData
from zsbench.metrics import naming
from zsbench.metrics.intervals import interval
from zsbench.plan import task_configs
from zsbench.report import tables

CELLS = ["v", "w", "v"]
# (source, options of the task's YAML beside its data)
TASKS = {
    "association": ("associations", {}),
    "attribute-values": ("product-values", {}),
    "caption-selection": ("caption-choices", {}),
    "counting": ("image-table", {"object": "ship", "numbers": ["x", "y"]}),
    "depth": ("depth-frames", {}),
    "function-localisation": ("issue-functions", {}),
    "generative-retrieval": ("beir", {}),
    "image-classification": ("image-table", {}),
    "image-text-retrieval": ("caption-table", {}),
    "ner": ("jsonl-sentences", {}),
    "open-domain-qa": ("question-answers", {}),
    "rerank": ("beir", {}),
    "session-recommendation": ("session-log", {}),
    "text-classification": ("text-table", {}),
    "video-classification": ("video-arrays", {"classes": ["x", "y", "z"]}),
}
ALONE = {"episodic": "episodes are drawn each by itself, and nothing is known that several have in common"}


def data_of(source, folder):
    """Write three items of two things, and return the options of their source."""
    if source == "video-arrays":
        np.savez(folder / "d.npz", **sources.ARRAYS[source], clusters=CELLS)
        return {"path": str(folder / "d.npz")}
    if source == "session-log":
        rows = [{"id": f"{i}", "user": user, "history": ["a"], "target": ["b"]} for i, user in enumerate(CELLS)]
        (folder / "s.jsonl").write_text(sources.jsonl(rows))
        return {"path": str(folder / "s.jsonl")}
    options = sources.COLUMNS[source](folder, CELLS, "cluster")
    if source == "depth-frames":
        np.save(folder / "d.npy", np.ones((6, 8), dtype=np.float32))
        rows = [{"rgb": f"{i}.png", "depth": "d.npy", "cluster": cell} for i, cell in enumerate(CELLS)]
        (folder / "rows.jsonl").write_text(sources.jsonl(rows))
    return options


def loaded(kind, folder, **how):
    source, options = TASKS[kind]
    document = {"description": "d", "type": kind, "data": {"source": source, **data_of(source, folder)}, **options}
    (folder / "t.yaml").write_text(json.dumps(document))
    config, block = task_configs.read_task(overlay.load(folder / "t.yaml"))
    if kind == "ner":
        (folder / "rows.jsonl").write_text(
            sources.jsonl([{"tokens": ["a"], "spans": [[0, 0, "x"]], "doc": cell} for cell in CELLS])
        )
    return catalog.load_module("tasks", kind).Task(config, block).load(seed=0, **how)


def test_every_task_type_hands_clusters_on_or_gives_a_reason():
    assert {*TASKS, *ALONE} == set(catalog.own_components("tasks"))


@pytest.mark.parametrize("kind", TASKS)
def test_clusters_stay_with_their_items(kind, tmp_path):
    whole = loaded(kind, tmp_path, limit=None)
    of_items = dict(zip([item.id for item in whole.items], whole.clusters, strict=True))
    assert sorted(set(whole.clusters)) == ["v", "w"]
    assert [cluster for item, cluster in of_items.items() if "1" in item.partition("#")[0]] in (["w"], ["w"] * 2)
    scored = loaded(kind, tmp_path, limit=None, score_only=True)
    assert list(scored.clusters) == list(whole.clusters)
    limited = loaded(kind, tmp_path, limit=2)
    expected = [of_items[item.id] for item in limited.items]
    # Two items of two things are drawn each by itself.
    assert (limited.clusters or expected) == expected


def test_captions_and_their_image_are_one_cluster(tmp_path):
    options = sources.table(tmp_path, [{"path": f"{i // 2}.png", "caption": f"a {i}"} for i in range(4)])
    document = {"description": "d", "type": "image-text-retrieval", "data": {"source": "caption-table", **options}}
    (tmp_path / "t.yaml").write_text(json.dumps(document))
    config, block = task_configs.read_task(overlay.load(tmp_path / "t.yaml"))
    data = catalog.load_module("tasks", "image-text-retrieval").Task(config, block).load(limit=None, seed=0)
    assert data.clusters == ["0.png", "0.png", "1.png", "1.png", "0.png", "1.png"]


@pytest.mark.parametrize(("named", "unit"), [({}, "image"), ({"cluster": "product"}, "cluster")])
def test_the_unit_is_an_image_unless_a_column_says_what_images_come_from(tmp_path, named, unit):
    rows = [{"path": f"{i}.png", "caption": "c", "product": "p"} for i in range(2)]
    options = sources.table(tmp_path, rows) | {"image": "path", "caption": "caption"} | named
    document = {"description": "d", "type": "image-text-retrieval", "data": {"source": "caption-table", **options}}
    (tmp_path / "t.yaml").write_text(json.dumps(document))
    config, block = task_configs.read_task(overlay.load(tmp_path / "t.yaml"))
    assert catalog.load_module("tasks", "image-text-retrieval").Task(config, block).drawn_unit() == unit


def test_an_image_with_several_kinds_of_objects_is_one_cluster(tmp_path):
    rows = [{"path": f"{i // 2}.png", "label": 1, "group": "ab"[i % 2]} for i in range(4)]
    options = sources.table(tmp_path, rows) | {"group": "group"}
    document = {"description": "d", "type": "counting", "data": {"source": "image-table", **options}}
    (tmp_path / "t.yaml").write_text(json.dumps(document))
    config, block = task_configs.read_task(overlay.load(tmp_path / "t.yaml"))
    data = catalog.load_module("tasks", "counting").Task(config, block).load(limit=None, seed=0)
    assert data.clusters == ["0.png", "0.png", "1.png", "1.png"]


def test_items_that_stand_alone_have_no_clusters():
    assert TaskData(["a", "b"], [0, 1], None, "", clusters=["x", "y"]).clusters is None
    assert TaskData(["a", "b"], [0, 1], None, "", clusters=["x", "x"]).clusters == ["x", "x"]
    with pytest.raises(UserError, match="1 clusters for 2 items"):
        TaskData(["a", "b"], [0, 1], None, "", clusters=["x"])


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_the_order_of_items_changes_no_interval(data):
    n = data.draw(st.integers(2, 30))
    values = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=n, max_size=n)))[:, None]
    names = np.array(data.draw(st.lists(st.sampled_from(["a", "b", "ä", "Z", "10", "9"]), min_size=n, max_size=n)))
    order = np.array(data.draw(st.permutations(range(n))))
    for metric, table in (("MRR@10", values), ("Success@1", np.floor(values))):
        resolved = naming.resolve(metric, kinds=("ranking",))
        ends = [interval(resolved, table[rows], clusters=names[rows], resamples=200) for rows in (np.arange(n), order)]
        np.testing.assert_allclose(ends[0][:2], ends[1][:2], atol=1e-12)
        assert ends[0].method == ends[1].method


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    """Return a task of twelve sentences of three documents and the folder of its run, judged in shards of five."""
    folder = tmp_path_factory.mktemp("documents")
    _, block = task_configs.read_task(overlay.load(catalog.find_config("tasks", "names-seen")))
    task = catalog.load_module("tasks", "ner").Task
    lines = Path(block.files()[0]).read_text().splitlines()[:12]
    rows = [{**json.loads(line), "article": i // 4} for i, line in enumerate(lines)]
    rows[0]["spans"] = []  # so that not all answers are right, and the interval is one of resamples
    (folder / "gold.jsonl").write_text(sources.jsonl(rows))
    text = "extends: names-seen\ndescription: d\nmetrics: [F1]\ndata: {path: gold.jsonl, cluster: article}\n"
    (folder / "documents.yaml").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "shard_size", 5)
        code, screen = call(
            "eval", folder / "documents.yaml", "--model", "ner-synthetic", "--offline", "--out", folder / "out"
        )
    assert code == 0, screen.err
    return folder, screen


def test_the_table_says_what_intervals_draw(documents):
    folder, screen = documents
    assert "documents: intervals draw 3 documents whole" in screen.out
    [path] = (folder / "out").rglob("result.json")
    result = json.loads(path.read_text())
    assert result["clusters"] == {"unit": "document", "n": 3}
    assert "clusters=3" in result["metrics"]["F1"]["interval"]
    import pyarrow.parquet as pq

    assert pq.read_table(path.parent / "items.parquet")["cluster"].to_pylist() == [str(i // 4) for i in range(12)]


@pytest.mark.parametrize("gold", [False, True])
def test_score_draws_what_eval_drew(documents, gold):
    folder, _ = documents
    [path] = (folder / "out").rglob("result.json")
    named = ["--gold", folder / "gold.jsonl"] if gold else []
    code, screen = call("score", folder / "documents.yaml", "--predictions", path.parent, *named, "--json")
    assert code == 0, screen.err
    [judged] = json.loads(screen.out)["suites"][0]["results"]
    made = json.loads(path.read_text())
    assert judged["metrics"] == made["metrics"]
    assert judged["clusters"] == made["clusters"]


def test_score_records_method_resamples_and_seed(documents):
    folder, _ = documents
    [path] = (folder / "out").rglob("result.json")
    code, screen = call("score", folder / "documents.yaml", "--predictions", path.parent, "--seed", 7, "--json")
    assert code == 0, screen.err
    [judged] = json.loads(screen.out)["suites"][0]["results"]
    assert judged["metrics"]["F1"]["interval"] == "bootstrap(B=10000, seed=7, clusters=3)"
    assert judged["seeds"]["bootstrap"] == 7
    assert judged["config"]["settings"]["resamples"] == 10_000


def test_units_are_spelled_as_one_reads_them():
    base = {
        "task": "t",
        "model": "m",
        "method": "x",
        "metrics": {"acc@1": {"value": 1, "low": 0, "high": 1, "unit": "%", "n": 2}},
    }
    for unit, n, said in (("repository", 12, "12 repositories"), ("image", 1, "1 image"), ("scene", 3, "3 scenes")):
        table = tables.rows([{**base, "clusters": {"unit": unit, "n": n}}])
        assert f"t: intervals draw {said} whole" in tables.notes(table)
    assert tables.notes(tables.rows([base])) == []
