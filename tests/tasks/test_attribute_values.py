"""Attribute values: which products count, the columns' order, unseen columns, saved matrices, and what is refused."""

import json

import numpy as np
import pytest

from tests.command import call
from zsbench.config import catalog, overlay
from zsbench.core.errors import UserError
from zsbench.data.products import product_rows
from zsbench.data.products.product_values import product_values
from zsbench.data.products.score_matrix import score_matrix
from zsbench.plan import task_configs

ROWS = [
    {"id": "a", "text": "red shirt", "values": ["Color: Red", "Size: M"]},
    {"id": "b", "text": "blue shirt", "values": ["Color: Blue"]},
    {"id": "c", "text": "shirt", "values": []},
    {"id": "d", "text": "blue jacket", "values": ["Size: M", "Color: Blue"]},
]
VALUES = ["Size: M", "Color: Red", "Color: Blue"]
TASK = "type: attribute-values\ndescription: d\ndata: {source: product-values, path: p.jsonl, candidates: v.txt, unseen: u.txt}\n"


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def saved(path, **changed):
    held = {
        "scores": np.array([[0.2, 0.9, -0.1], [0.3, -0.2, 0.1]]),
        "labels": np.array([[1, 1, 0], [1, 0, 1]]),
        "product_ids": np.array(["a", "d"]),
        "values": np.array(VALUES),
    }
    np.savez(path, **{key: value for key, value in {**held, **changed}.items() if value is not None})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "p.jsonl": lines(ROWS),
        "v.txt": "\n".join(VALUES),
        "u.txt": "Color: Red\n",
        "t.yaml": TASK,
    }.items():
        (tmp_path / name).write_text(text)
    saved("m.npz")
    return tmp_path


def loaded(**keys):
    config, block = task_configs.read_task(overlay.load(catalog.find_config("tasks", "t.yaml")))
    task = catalog.load_module("tasks", "attribute-values").Task(config.model_copy(update=keys), block)
    return task, task.load(limit=None, seed=0)


def test_products_with_two_values_count_and_the_others_are_counted(folder):
    task, data = loaded()
    assert [item.id for item in data.items] == ["a", "d"]
    assert np.array(data.gold).tolist() == [[True, True, False], [True, False, True]]
    assert data.counts == {
        "products left out without a value": 1,
        "products left out with a single value": 1,
        "products without an unseen value": 1,
    }
    assert task.protocol() == "products with at least 2 values, 3 columns in the order of v.txt"
    task, data = loaded(fewest_values=1)
    assert [item.id for item in data.items] == ["a", "b", "d"]
    assert data.counts["products left out without a value"] == 1
    assert task.protocol().startswith("products with at least 1 value, ")
    with pytest.raises(UserError, match=r"none of 4 products has 3 values \(`fewest_values: 3`\)"):
        loaded(fewest_values=3)


def test_without_candidates_the_columns_are_the_values_sorted(folder):
    (folder / "t.yaml").write_text(TASK.replace(", candidates: v.txt, unseen: u.txt", ""))
    task, data = loaded()
    assert data.context.values == ["Color: Blue", "Color: Red", "Size: M"]
    assert data.context.unseen is None
    assert task.protocol().endswith("3 columns sorted by name")


def scores(*options):
    code, printed = call("score", "t.yaml", *options, "--json")
    assert code == 0, printed.err
    [suite] = json.loads(printed.out)["suites"]
    return {row["metric"]: row for row in suite["rows"]}, suite


def test_unseen_columns_stand_beside_all(folder):
    found, _ = scores("--predictions", "m.npz")
    # d: of the scores .3, -.2, .1 the two of its values lead; a: .9, .2.
    assert found["row-mAP"]["value"] == 1
    assert found["row-mAP(columns=unseen)"]["value"] == 1
    assert (found["row-mAP"]["n"], found["row-mAP(columns=unseen)"]["n"]) == (2, 1)
    assert found["label-F1(average=macro)"]["value"] == 1
    saved("n.npz", scores=np.array([[0.2, 0.9, 0.1], [0.3, 0.2, -0.1]]))
    found, _ = scores("--predictions", "n.npz")
    # Size: right twice. Red: right once, wrong once (F1 2/3). Blue: wrong once, missed once.
    assert found["label-F1(average=macro)"]["value"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert found["label-F1(average=macro,columns=unseen)"]["value"] == pytest.approx(2 / 3)


def test_unseen_metrics_without_a_list_are_left_out_by_default_and_refused_by_name(folder):
    (folder / "t.yaml").write_text(TASK.replace(", unseen: u.txt", ""))
    found, suite = scores("--predictions", "m.npz")
    assert not [name for name in found if "unseen" in name]
    assert "which classes are unseen" in json.dumps(suite["results"][0]["notes"])
    code, printed = call("score", "t.yaml", "--predictions", "m.npz", "--metric", "row-mAP(columns=unseen)")
    assert code != 0
    assert "does not say which classes are unseen" in printed.err.replace("\n", " ")


def test_a_matrix_may_have_its_columns_and_rows_in_any_order_and_products_that_are_left_out(folder):
    expected, _ = scores("--predictions", "m.npz")
    # b has a single value: the data know it, and nothing is scored over it.
    turned = {"scores": np.array([[0, 0, 0], [-0.2, 0.3, 0.1], [0.9, 0.2, -0.1]]), "labels": None}
    saved("o.npz", **turned, product_ids=np.array(["b", "d", "a"]), values=np.array([VALUES[1], VALUES[0], VALUES[2]]))
    found, _ = scores("--predictions", "o.npz")
    assert {name: row["value"] for name, row in found.items()} == {name: row["value"] for name, row in expected.items()}


def test_the_mean_of_several_matrices_has_the_standard_deviation_of_a_sample(folder):
    saved("n.npz", scores=np.array([[0.2, 0.9, 0.1], [0.3, 0.2, -0.1]]))
    saved("o.npz")
    files = [part for name in ("m.npz", "n.npz", "o.npz") for part in ("--predictions", name)]
    _, suite = scores(*files, "--mean")
    [mean] = [row for row in suite["means"] if row["metric"] == "label-F1(average=macro)"]
    values = [1.0, (1 + 2 / 3) / 3, 1.0]
    assert mean["predictions"] == 3
    assert mean["mean"] == pytest.approx(np.mean(values))
    assert mean["std"] == pytest.approx(np.std(values, ddof=1))
    code, printed = call("score", "t.yaml", *files, "--mean")
    assert code == 0
    assert "of a sample (ddof 1)" in printed.out
    code, printed = call("score", "t.yaml", "--predictions", "m.npz", "--mean")
    assert code == 2
    assert "several, such as the runs of one model" in printed.err.replace("\n", " ")
    code, printed = call("score", "t.yaml", "--predictions", "m.npz", "--predictions", "./m.npz", "--mean")
    assert code == 2
    assert "m.npz: the predictions of m.npz again; expected each of them once" in printed.err.replace("\n", " ")


BAD_FILES = {
    "no candidates": ({"v.txt": "\n"}, "v.txt: no texts"),
    "a candidate twice": ({"v.txt": "x: 1\ny: 2\nx: 1\n"}, "v.txt:3: value 'x: 1' stands twice"),
    "a value that is no candidate": ({"v.txt": "Size: M\nColor: Reds\nColor: Blue\n"}, "p.jsonl:1: value 'Color: Red' of product 'a' is not among the 3 candidates; did you mean 'Color: Reds'"),
    "an unseen value that is no candidate": ({"u.txt": "Size: M\nSize: XL\n"}, "u.txt:2: value 'Size: XL' is not among the 3 candidates"),
    "a product twice": ({"p.jsonl": lines([ROWS[0], ROWS[1], ROWS[0]])}, "p.jsonl:3: product id 'a' stands twice"),
    "a key twice": ({"p.jsonl": '{"id": "a", "id": "b", "text": "t", "values": []}\n'}, "p.jsonl:1: not valid JSON (key 'id' stands twice)"),
    "candidates that are half a list": ({"v.txt": '["Size: M",\n"Color: Red"\n'}, "v.txt:3: not valid JSON"),
    "a candidate twice in a list": ({"v.txt": '["x", "x"]'}, "v.txt: value 'x' stands twice"),
    "candidates that are an object": ({"v.txt": '{"Size: M": 1}'}, "v.txt: not a list of texts"),
    "no product with a value": ({"p.jsonl": lines([ROWS[2]])}, "none of 1 products has 2 values"),
    "a value twice": ({"p.jsonl": lines([{**ROWS[0], "values": ["Size: M", "Size: M"]}])}, "p.jsonl:1: product 'a' has value 'Size: M' twice"),
    "values that are no texts": ({"p.jsonl": lines([{**ROWS[0], "values": [3]}])}, "p.jsonl:1: 'values' holds 3"),
    "no list": ({"p.jsonl": lines([{**ROWS[0], "values": None}])}, "p.jsonl:1: 'values' holds null"),
    "nothing among values": ({"p.jsonl": lines([{**ROWS[0], "values": ["a", None]}])}, "p.jsonl:1: 'values' holds null"),
    "a category that is no text": ({"p.jsonl": lines([{**ROWS[0], "category": 3}])}, "p.jsonl:1: 'category' holds 3"),
    "no text": ({"p.jsonl": lines([{**ROWS[0], "text": " "}])}, "p.jsonl:1: key 'text' is empty"),
    "no values": ({"p.jsonl": lines([{"id": "a", "text": "b"}])}, "p.jsonl:1: key 'values' is missing"),
    "no products": ({"p.jsonl": "\n"}, "p.jsonl: no products"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_FILES)
def test_what_is_wrong_in_a_file_is_named_with_its_place(what, folder):
    files, words = BAD_FILES[what]
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(UserError) as error:
        loaded()
    assert words in str(error.value)


def test_candidates_may_be_a_json_list_whatever_the_file_is_called(folder):
    (folder / "v.txt").write_text(json.dumps(VALUES, indent=1))
    (folder / "u.txt").write_text('["Color: Red"]')
    _, data = loaded()
    assert (data.context.values, data.context.unseen.tolist()) == (VALUES, [False, True, False])


def test_a_category_that_no_product_has_is_answered_with_those_there_are(folder):
    rows = [{**ROWS[0], "category": "Hats"}, {**ROWS[1], "category": ["Shirts", "Hats"]}]
    (folder / "p.jsonl").write_text(lines(rows))
    for asked, hint in (("Hat", "did you mean 'Hats'"), ("Zed", "it has Hats, Shirts")):
        with pytest.raises(UserError, match=hint):
            product_rows.read(folder / "p.jsonl", asked)
    (folder / "p.jsonl").write_text(lines(ROWS))
    with pytest.raises(UserError, match="the file names none"):
        product_rows.read(folder / "p.jsonl", "Hats")


NAN = np.array([[0.2, np.nan, 0.1], [0, 0, 0]])
BAD_MATRICES = {
    "NaN": ({"scores": NAN}, "array 'scores': the score of product 'a' and value 'Color: Red' is NaN"),
    "another shape": ({"scores": np.zeros((2, 2))}, "float64 of shape (2, 2) beside 2 product_ids and 3 values"),
    "other labels": ({"labels": np.zeros((3, 2))}, "array 'labels': shape (3, 2) beside scores (2, 3)"),
    "a label of 2": ({"labels": np.array([[1, 2, 0], [0, 0, 0]])}, "product 'a', value 'Color: Red': label 2; expected 0 or 1"),
    "a product twice": ({"product_ids": np.array(["a", "a"])}, "array 'product_ids', row 1: product 'a' stands twice"),
    "a value twice": ({"values": np.array(["x", "y", "x"])}, "array 'values', row 2: value 'x' stands twice"),
    "no labels": ({"labels": None}, "no array 'labels'"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD_MATRICES)
def test_what_is_wrong_in_a_matrix_is_named(what, folder):
    changed, words = BAD_MATRICES[what]
    saved("bad.npz", **changed)
    with pytest.raises(UserError) as error:
        score_matrix(path="bad.npz")
    assert words in str(error.value)


BAD_PREDICTIONS = {
    "other values": ({"values": np.array(["Size: M", "Color: Red", "Color: Blu"])}, "3 values, not the task's 3 ('Color: Blue' is in one only)"),
    "fewer products": ({"product_ids": np.array(["a", "x"])}, "1 of 2 items have no prediction (first: 'd')"),
    "an unknown product": ({"scores": np.zeros((3, 3)), "labels": None, "product_ids": np.array(["a", "d", "zz"])}, "1 predictions belong to no item (first: 'zz')"),
    "NaN": ({"scores": NAN}, "is NaN"),
}  # fmt: skip


def test_another_suffix_is_answered_with_all_that_are_read(folder):
    np.save("m.npy", np.zeros((2, 3)))
    code, printed = call("score", "t.yaml", "--predictions", "m.npy")
    assert code == 2
    assert "expected predictions (.parquet, .csv, .tsv, .jsonl, .npz)" in printed.err.replace("\n", " ")


@pytest.mark.parametrize("what", BAD_PREDICTIONS)
def test_predictions_that_do_not_fit_are_refused(what, folder):
    changed, words = BAD_PREDICTIONS[what]
    saved("bad.npz", **changed)
    code, printed = call("score", "t.yaml", "--predictions", "bad.npz")
    assert code == 2
    assert words in printed.err.replace("\n", " ")


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("[1, 2]", "a number for each candidate|2 scores, expected one for each of 3 candidate values"),
        ("[1, 2, NaN]", "NaN|numbers"),
    ],
)
def test_rows_of_scores_that_do_not_fit_are_refused(cell, words, folder):
    (folder / "s.jsonl").write_text(f'{{"id": "a", "scores": {cell}}}\n{{"id": "d", "scores": [0, 0, 0]}}\n')
    code, printed = call("score", "t.yaml", "--predictions", "s.jsonl")
    assert code == 2
    assert any(word in printed.err.replace("\n", " ") for word in words.split("|")), printed.err


def test_the_authors_table_and_mave_are_the_same_products(tmp_path):
    (tmp_path / "a.csv").write_text(
        "asin,title&description,label_text,category_a,also_view\n"
        "B1,\"Strings, light\",\"['Gauge: Light', 'Core: Bronze']\",\"['Guitar Strings']\",[]\n"
        "B2,Hat,['Size: M'],['Hats'],[]\n"
    )
    evidence = [{"value": "Light", "pid": 0, "begin": 9, "end": 14}] * 2
    mave = {
        "id": "B1",
        "category": "Guitar Strings",
        "paragraphs": [{"text": "Strings,", "source": "title"}, {"text": "light", "source": "description"}, {"text": "9 $", "source": "price"}],
        "attributes": [{"key": "Gauge", "evidences": evidence}, {"key": "Core", "evidences": [{"value": "Bronze", "pid": 0}]}],
    }  # fmt: skip
    (tmp_path / "m.jsonl").write_text(lines([mave, {**mave, "id": "B2", "category": "Hats"}]))
    table, objects = (
        product_values(path=str(tmp_path / name), category="Guitar Strings") for name in ("a.csv", "m.jsonl")
    )
    assert table.items == objects.items
    assert (
        (table.values, table.labels) == (objects.values, objects.labels) == (["Core: Bronze", "Gauge: Light"], [(0, 1)])
    )


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "asin,label_text\nB1,[]\n", "no column 'title&description'"),
        ("a.csv", "asin,title&description,label_text\nB1,x,Size: M\n", "a.csv:2: label_text 'Size: M'; expected a list as Python writes it"),
        ("a.csv", "asin,title&description,label_text\nB1,x,[3]\n", "a.csv:2: 'label_text' holds 3"),
        ("m.jsonl", '{"id": "B1", "attributes": []}\n', "m.jsonl:1: key 'paragraphs' is missing; expected MAVE's full data"),
        ("m.jsonl", '{"id": "B1", "attributes": [3], "paragraphs": []}\n', "m.jsonl:1: 3 instead of an object with 'evidences'"),
        ("m.jsonl", '{"id": "B1", "attributes": [{"key": 5, "evidences": [{"value": "a"}]}], "paragraphs": []}\n', "m.jsonl:1: key 'key' is 5"),
        ("m.jsonl", '{"id": "B1", "attributes": [{"key": "k", "evidences": [{"value": null}]}], "paragraphs": []}\n', "key 'value' is null"),
        ("m.jsonl", '{"id": "B1", "attributes": [], "paragraphs": [{"source": "title", "text": 7}]}\n', "key 'text' is 7; expected MAVE's"),
        ("m.jsonl", '{"id": "B1", "attributes": [], "paragraphs": []}\n', "m.jsonl:1: the text of the paragraphs is empty"),
    ],
)  # fmt: skip
def test_other_layouts_name_the_line(name, text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(UserError) as error:
        product_rows.read(tmp_path / name)
    assert words in str(error.value)
