"""Scores of a feature file as what a rule goes on from: their columns, their kind, and the golden class spaces."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests.command import call
from tests.methods.fakes import FakeEncoder, fake_problem, images, unit
from tests.reference._golden import load_json, load_npz, some
from zsbench.core.errors import UserError
from zsbench.data.vectors.features import FeatureItem, FeatureRow, features
from zsbench.methods.classification import compose
from zsbench.methods.classification.given_scores import given_scores
from zsbench.methods.classification.shrink_certainty import shrink_certainty

NAMES = ["ant", "bee", "sea cow"]
ROWS = np.array([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]])


def scores(rule, rows, names=NAMES, columns=None):
    items = [FeatureItem(f"i{number}", FeatureRow(row, None, columns)) for number, row in enumerate(rows)]
    built = rule(FakeEncoder(images(1), unit), fake_problem(names), None)
    return built.score(SimpleNamespace(items=items)), built.kind


def test_columns_are_found_by_name_and_half_of_them_are_enough():
    rule = given_scores()
    np.testing.assert_array_equal(scores(rule, ROWS)[0], ROWS)
    found, kind = scores(rule, ROWS, columns=["sea_cow", "ant", "bee"])
    np.testing.assert_array_equal(found, ROWS[:, [1, 2, 0]])
    assert kind.what == "logits"
    np.testing.assert_array_equal(scores(rule, ROWS, ["bee"], NAMES)[0], ROWS[:, [1]])


@pytest.mark.parametrize(
    ("rows", "how", "message"),
    [
        (ROWS[:, :2], {}, "i0: 2 numbers; expected scores of 3 classes"),
        (ROWS, {"columns": []}, "nothing says which class each is of"),
        (ROWS, {"columns": ["ant", "bees", "sea cow"]}, "no score of class 'bee'.*did you mean 'bees'"),
        (ROWS - [[0], [0.3]], {"of": "probabilities"}, "i1: a probability below 0"),
        (ROWS * [[0], [1]], {"of": "probabilities"}, "i0: a probability below 0, or none above"),
    ],
)
def test_what_is_no_score_of_the_classes_is_refused(rows, how, message):
    with pytest.raises(UserError, match=message):
        scores(given_scores(of=how.pop("of", "logits")), rows, **how)


def test_labels_that_are_names_say_nothing_of_columns(tmp_path):
    for more, columns in (({}, []), ({"class_names": np.array(NAMES)}, NAMES)):
        np.savez(tmp_path / "v.npz", prob=ROWS, label=np.array(["sea cow", "ant"]), **more)
        found = features(path=str(tmp_path / "v.npz"), features="prob", labels="label")
        assert list(found.items[0].open().columns) == columns
    np.savez(tmp_path / "v.npz", prob=ROWS, label=np.array([2, 0]))
    assert features(path=str(tmp_path / "v.npz"), features="prob", labels="label").items[0].open().columns is None


@pytest.mark.parametrize("name", ["shrink_0", "shrink_1"])
def test_the_golden_class_spaces_follow_from_saved_probabilities(name):
    golden, facts = load_npz("shrinkmatch", f"{name}.npz"), load_json("shrinkmatch", f"{name}.json") or {}
    some(golden, "shrinkmatch")
    p = golden["prob_weak"]
    rule = compose([given_scores(of="probabilities"), shrink_certainty(threshold=facts.get("threshold", 0.95))])
    found, kind = scores(rule, p, [f"c{c}" for c in range(p.shape[1])])
    assert kind.what == "log-probabilities"
    shrinkable = golden["cut_index"] > 0
    confidence = np.exp(found.max(axis=1))[shrinkable]
    np.testing.assert_allclose(confidence, golden["shrunk_confidence"][shrinkable], atol=1e-6)


def test_saved_probabilities_are_judged_with_what_shrinking_leaves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("s.npz", prob=[[0.6, 0.38, 0.02], [0.98, 0.01, 0.01]], label=[0, 1], class_names=NAMES)
    data = {"source": "features", "path": "s.npz", "features": "prob", "labels": "label"}
    task = {"type": "image-classification", "description": "d", "data": data, "metrics": ["certain-ratio", "gold-kept"]}
    (tmp_path / "t.yaml").write_text(
        json.dumps(task | {"method": [{"name": "given-scores", "of": "probabilities"}, "shrink-certainty"]})
    )
    code, screen = call("eval", "t.yaml", "--json", "-q")
    assert code == 0
    [result] = json.loads(screen.out)["suites"][0]["results"]
    assert {name: score["value"] for name, score in result["metrics"].items()} == {"certain-ratio": 0.5, "gold-kept": 1}
