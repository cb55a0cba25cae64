"""Every source that can give several items of one thing names it, or stands in ALONE with the reason why it does not."""

import json

import numpy as np
import pytest

from tests.data.builders import BUILDERS, images, png, shard, write
from zsbench.config import catalog
from zsbench.core.errors import UserError
from zsbench.data import clusters
from zsbench.data.images.items import ImageSet

ALONE = {
    "gliner-json": "its files name no documents",
    "instructuie-json": "its files name no documents",
    "universal-ner-json": "its files name no documents",
    "digits": "scikit-learn does not say who wrote a digit",
    "interactions": "one session a user",
    "ir-datasets": "queries of ir_datasets have no field for it",
    "labelled-features": "episodes are drawn from it, and they are the items",
    "torchvision": "its classes give images and labels alone",
    "tsv": "lines of queries are an id and a text",
}


def jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(folder, rows, suffix="csv"):
    names = list(rows[0])
    lines = [",".join(names), *(",".join(str(row[name]) for name in names) for row in rows)]
    write(folder, {f"t.{suffix}": "\n".join(lines) + "\n", **{f"{i}.png": png(i) for i in range(3)}})
    return {"path": str(folder / f"t.{suffix}")}


def lines(name, row, key="path"):
    """Return a builder of three JSONL rows, each with one of the cells; None is a row without the key."""

    def build(folder, cells, column):
        rows = [{**row(i), **({} if cell is None else {column: cell})} for i, cell in enumerate(cells)]
        write(folder, {"rows.jsonl": jsonl(rows), **{f"{i}.png": png(i) for i in range(3)}})
        return {key: str(folder / "rows.jsonl")}

    return name, build


def image_table(folder, cells, column):
    rows = [{"path": f"{i}.png", "label": "x", **named(column, cell)} for i, cell in enumerate(cells)]
    return table(folder, rows)


def caption_table(folder, cells, column):
    rows = [{"path": f"{i}.png", "caption": f"a {i}", **named(column, cell)} for i, cell in enumerate(cells)]
    return table(folder, [*rows, rows[0]])


def named(column, cell):
    return {} if cell is None else {column: cell}


def karpathy(folder, cells, column):
    rows = [
        {"filename": f"{i}.png", "split": "test", "sentences": [{"raw": "a"}], **named(column, cell)}
        for i, cell in enumerate(cells)
    ]
    write(folder, {"k.json": json.dumps({"images": rows[::-1]}), **{f"{i}.png": png(i) for i in range(3)}})
    return {"path": str(folder / "k.json"), "images": str(folder)}


def parquet_images(folder, cells, column):
    import pyarrow as pa
    import pyarrow.parquet as pq

    held = {"image": [{"bytes": png(i)} for i in range(3)], "label": [0, 1, 0], column: cells}
    pq.write_table(pa.table(held), folder / "t.parquet")
    return {"path": str(folder / "t.parquet")}


def hub(other, values):
    def build(folder, cells, column):
        import datasets

        features = datasets.Features({"image": datasets.Image(), other: datasets.Value("string"), column: datasets.Value("string")})  # fmt: skip
        rows = {"image": [{"bytes": png(i), "path": None} for i in range(3)], other: values, column: cells}
        datasets.DatasetDict({"test": datasets.Dataset.from_dict(rows, features=features)}).save_to_disk(str(folder / "d"))  # fmt: skip
        return {"path": str(folder / "d")}

    return build


def tagged(folder, cells, column):
    import datasets

    rows = {"tokens": [["a"]] * 3, "ner_tags": [["O"]] * 3, column: cells}
    datasets.DatasetDict({"test": datasets.Dataset.from_dict(rows)}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


def shards(member):
    def build(folder, cells, column):
        members = {}
        for i, cell in enumerate(cells):
            members |= {
                f"{i}.png": png(i),
                f"{i}.{member}": b"0",
                f"{i}.json": json.dumps(named(column, cell)).encode(),
            }
        shard(folder / "test" / "0.tar", members)
        return {"path": str(folder)}

    return build


def beir(folder, cells, column):
    queries = [{"_id": f"q{i}", "text": "a", "metadata": named(column, cell)} for i, cell in enumerate(cells)]
    write(folder, {"corpus.jsonl": jsonl([{"_id": "d", "text": "a"}]), "queries.jsonl": jsonl(queries)})
    write(folder, {"qrels/test.tsv": "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td\t1\n" for i in range(3))})
    return {"path": str(folder)}


def trec(folder, cells, column):
    topics = [{"_id": f"q{i}", "text": "a", **named(column, cell)} for i, cell in enumerate(cells)]
    write(folder, {"t.jsonl": jsonl(topics), "q": "".join(f"q{i} 0 d 1\n" for i in range(3))})
    return {"topics": str(folder / "t.jsonl"), "qrels": str(folder / "q")}


def hf_collection(folder, cells, column):
    queries = [{"_id": f"q{i}", "text": "a", column: cell} for i, cell in enumerate(cells)]
    write(folder / "c", {"corpus/c.jsonl": jsonl([{"_id": "d", "text": "a"}]), "queries/q.jsonl": jsonl(queries)})
    judged = [{"query-id": f"q{i}", "corpus-id": "d", "score": 1} for i in range(3)]
    write(folder / "c", {"default/test.jsonl": jsonl(judged)})
    return {"path": str(folder / "c")}


def question_answers(folder, cells, column):
    rows = [{"id": f"q{i}", "question": "a?", "answers": ["a"], **named(column, cell)} for i, cell in enumerate(cells)]
    write(folder, {"q.jsonl": jsonl(rows), "p.jsonl": jsonl([{"_id": "d", "text": "a"}])})
    return {"questions": str(folder / "q.jsonl"), "passages": str(folder / "p.jsonl")}


def hf_texts(folder, cells, column):
    import datasets

    kept = {"text": ["a", "b", "c"], "label": ["x", "y", "x"], column: cells}
    datasets.DatasetDict({"test": datasets.Dataset.from_dict(kept)}).save_to_disk(str(folder / "d"))
    return {"path": str(folder / "d")}


ISSUE = {"query": "a", "candidates": [{"id": "a.py/f", "text": "f"}], "gold": ["a.py/f"]}
# Sources whose data name clusters: (folder, three cells, name of the column) -> options.
COLUMNS = dict(
    [
        lines("associations", lambda i: {"id": f"{i}", "cue": "a", "images": ["0.png", "1.png"], "associations": [1]}),
        lines("caption-choices", lambda i: {"id": f"{i}", "images": [f"{i}.png"], "captions": ["a", "b"]}),
        lines("depth-frames", lambda i: {"rgb": f"{i}.png", "depth": f"{i}.png", "depth_scale": 1}),
        lines("jsonl-sentences", lambda i: {"tokens": ["a"], "spans": []}),
        lines("text-table", lambda i: {"id": f"{i}", "text": "a", "label": "xyx"[i]}),
        lines("product-values", lambda i: {"id": f"{i}", "text": "a", "values": ["x: 1", "y: 2"]}),
        lines("issue-functions", lambda i: {"id": f"{i}", **ISSUE}),
    ]
) | {
    "image-table": image_table,
    "caption-table": caption_table,
    "karpathy": karpathy,
    "parquet-images": parquet_images,
    "hf-datasets": hub("label", ["x", "y", "x"]),
    "hf-ner": tagged,
    "hf-captions": hub("caption", ["a", "b", "c"]),
    "hf-texts": hf_texts,
    "webdataset": shards("cls"),
    "webdataset-captions": shards("txt"),
    "beir": beir,
    "trec": trec,
    "hf-collection": hf_collection,
    "question-answers": question_answers,
}
# Without the option they read no column of the usual name: the members of every image would have to be read for it.
WITH_OPTION_ALONE = {"webdataset", "webdataset-captions"}
# Frames have the key; the option is a pattern for those that have none.
WITHOUT_OPTION = {"depth-frames"}
ARRAYS = {
    "features": {"features": np.eye(3), "labels": np.arange(3)},
    "point-clouds": {"points": np.ones((3, 5, 3)), "labels": np.arange(3)},
    "video-arrays": {"frames": np.zeros((3, 1, 6, 8, 3), np.uint8), "labels": np.arange(3)},
    "score-matrix": {
        "scores": np.eye(3),
        "labels": np.eye(3),
        "product_ids": np.array(["0", "1", "2"]),
        "values": np.array(["x", "y", "z"]),
    },
    "view-logits": {"view_logits": np.zeros((3, 1, 3)), "labels": np.arange(3)},
}
# Sources whose paths name clusters: (options beside the builder's, pattern, a path of theirs).
PATHS = {
    "imagefolder": (r"(\d)\.png", ["0", "2", "1", "3"]),
    "coop-split": (r"(\w)\.png", ["a"]),
    "frame-folders": (r"^(\w)/", ["x", "x"]),
    "video-files": (r"/(\d)\.", ["1"]),
    "issue-folders": (r"^\w", ["x"]),
    "depth-frames": (r"\d", ["0", "1", "2", "3"]),
}
# Sources that name clusters in their own way; tested below.
OTHERS = {"conll", "session-log", "ir-datasets-answers"}


def given(name, options):
    """Return what a source says of clusters, in the order of its items."""
    data = catalog.load_component("data", name)(**options)
    data = getattr(data, "collection", data)
    return list(data.clusters.values()) if isinstance(data.clusters, dict) else data.clusters


def test_every_source_names_clusters_or_gives_a_reason():
    declared = {*COLUMNS, *ARRAYS, *PATHS, *OTHERS}
    assert declared | ALONE.keys() == set(catalog.own_components("data"))
    assert not declared & ALONE.keys()


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_names_the_clusters(name, tmp_path):
    usual, own = tmp_path / "usual", tmp_path / "own"
    for folder in (usual, own):
        folder.mkdir()
    if name not in WITH_OPTION_ALONE:
        assert given(name, COLUMNS[name](usual, ["v", "w", "v"], "cluster")) == ["v", "w", "v"]
    if name not in WITHOUT_OPTION:
        options = COLUMNS[name](own, ["v", "w", "v"], "patient")
        assert given(name, {**options, "cluster": "patient"}) == ["v", "w", "v"]
        assert given(name, options) in (None, ["0.png", "1.png", "2.png"])


@pytest.mark.parametrize("name", COLUMNS)
def test_a_row_without_cluster_is_an_error_with_its_place(name, tmp_path):
    options = COLUMNS[name](tmp_path, ["v", " ", "v"], "cluster")
    with pytest.raises(UserError, match=r"(key|column) 'cluster' is empty; expected the name of what"):
        given(name, {**options, **({"cluster": "cluster"} if name in WITH_OPTION_ALONE else {})})


@pytest.mark.parametrize("name", sorted({*COLUMNS} - WITHOUT_OPTION))
def test_a_column_that_is_not_there_is_an_error(name, tmp_path):
    options = COLUMNS[name](tmp_path, ["v", "w", "v"], "cluster")
    with pytest.raises(UserError, match=r"no column 'zzz'|(key|column) 'zzz' is missing|key 'zzz' is empty"):
        given(name, {**options, "cluster": "zzz"})


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_names_the_clusters(name, tmp_path):
    path = tmp_path / "d.npz"
    for value, expected in (([7, 7, 9], ["7", "7", "9"]), (["a", "b", "a"], ["a", "b", "a"]), (None, None)):
        held = {} if value is None else {"clusters": np.array(value)}
        np.savez(path, **ARRAYS[name], **held)
        assert given(name, {"path": str(path)}) == expected
    np.savez(path, **ARRAYS[name], patients=np.array(["p", "p", "q"]))
    assert given(name, {"path": str(path), "cluster": "patients"}) == ["p", "p", "q"]
    for value, problem in (
        (["a", "b"], "2 rows; expected 3"),
        (["a", "", "b"], "row 1: an empty text"),
        ([0.5] * 3, "texts"),
    ):
        np.savez(path, **ARRAYS[name], clusters=np.array(value))
        with pytest.raises(UserError, match=problem):
            given(name, {"path": str(path)})


@pytest.mark.parametrize("name", PATHS)
def test_a_pattern_finds_the_clusters_in_paths(name, tmp_path):
    pattern, expected = PATHS[name]
    options = BUILDERS[name](tmp_path, images())
    assert given(name, options) is None
    assert given(name, {**options, "cluster": pattern}) == expected
    with pytest.raises(UserError, match="`cluster: zzz` finds nothing in '"):
        given(name, {**options, "cluster": "zzz"})


def test_entries_of_shards_name_clusters_by_number(tmp_path):
    facts = [np.array([i, 5 + i // 2]) for i in range(3)]
    members = {}
    for i, fact in enumerate(facts):
        np.save(tmp_path / "f.npy", fact)
        members |= {f"{i}.png": png(i), f"{i}.cls": b"0", f"{i}.npy": (tmp_path / "f.npy").read_bytes()}
    shard(tmp_path / "test" / "0.tar", members)
    assert given("webdataset", {"path": str(tmp_path), "cluster": 1}) == ["5", "5", "6"]
    with pytest.raises(UserError, match="a vector with entry 2, the cluster"):
        given("webdataset", {"path": str(tmp_path), "cluster": 2})


@pytest.mark.parametrize("start", ["-DOCSTART- -X- O", "# newdoc id = a b c", "#begin document (x); part 000"])
def test_conll_documents_are_clusters(start, tmp_path):
    path = tmp_path / "c.txt"
    path.write_text(f"{start}\n\nA O\n\nB O\n\n{start}\nC O\n\nD O\n")
    assert given("conll", {"path": str(path)}) == ["1", "1", "2", "2"]
    path.write_text(f"A O\n\n{start}\nC O\n\nD O\n")
    assert given("conll", {"path": str(path)}) == ["0", "1", "1"]
    path.write_text(f"{start}\n\nC O\n\nD O\n")
    assert given("conll", {"path": str(path)}) is None  # a head, which parts nothing


def test_sentences_name_their_document_under_several_keys(tmp_path):
    path = tmp_path / "s.jsonl"
    for key in ("document", "doc_id", "document_id", "doc"):
        path.write_text(jsonl([{"tokens": ["a"], "spans": [], key: document} for document in (3, 3.0, "x")]))
        assert given("jsonl-sentences", {"path": str(path)}) == ["3", "3", "x"]
    path.write_text(jsonl([{"tokens": ["a"], "spans": [], "doc": "x"}, {"tokens": ["a"], "spans": []}]))
    with pytest.raises(UserError, match=r"s.jsonl:2: key 'doc' is missing"):
        given("jsonl-sentences", {"path": str(path)})


def test_sessions_of_one_user_are_a_cluster(tmp_path):
    path = tmp_path / "s.jsonl"
    rows = [{"user": "u", "id": "1"}, {"user": "u", "id": "2"}, {"id": "3"}]
    path.write_text(jsonl([{**row, "history": ["a"], "target": ["b"]} for row in rows]))
    assert given("session-log", {"path": str(path)}) == ["u", "u", "3"]


def test_groups_that_share_an_image_are_a_cluster(tmp_path):
    rows = [["0.png", "1.png"], ["2.png"], ["1.png"]]
    rows = [{"id": f"{i}", "images": names, "captions": ["a", "b"]} for i, names in enumerate(rows)]
    write(tmp_path, {"c.jsonl": jsonl(rows), **{f"{i}.png": png(i) for i in range(3)}})
    assert given("caption-choices", {"path": str(tmp_path / "c.jsonl")}) == ["0.png", "2.png", "0.png"]


def test_one_image_comes_from_one_thing(tmp_path):
    options = table(tmp_path, [{"path": "0.png", "caption": "a", "cluster": cluster} for cluster in "vw"])
    with pytest.raises(UserError, match=r"t.csv:3: image '0.png' in cluster 'w', before in 'v'"):
        given("caption-table", options)


def test_questions_over_ir_datasets_name_clusters_in_their_file(tmp_path, monkeypatch):
    from zsbench.data.collections import ir_datasets_answers

    monkeypatch.setattr(ir_datasets_answers, "load", lambda *_: None)
    monkeypatch.setattr(ir_datasets_answers, "stored", lambda *_: {})
    options = question_answers(tmp_path, ["v", "v", "w"], "cluster")
    assert given("ir-datasets-answers", {"id": "any", "questions": options["questions"]}) == ["v", "v", "w"]


def test_a_named_column_holds_something_else_than_the_label(tmp_path):
    options = table(tmp_path, [{"path": "0.png", "cluster": "x"}, {"path": "1.png", "cluster": "y"}])
    assert given("image-table", {**options, "label": "cluster"}) is None


def test_clusters_go_with_their_items():
    held = ImageSet([0, 1, 2], [0, 0, 0], clusters=["a", "b", "a"])
    assert held.take([2, 0, 1]).clusters == ["a", "a", "b"]
    with pytest.raises(UserError, match="2 clusters for 3 items"):
        ImageSet([0, 1, 2], [0, 0, 0], clusters=["a", "b"]).take([0])
    assert clusters.taken(None, [0], 1) is None
