"""OpenShape's evaluation equals the reference: point clouds, logits, accuracies, classes without shapes."""

import numpy as np
import pytest

from tests.reference._golden import load_npz
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.data.vectors.point_clouds import NO_COLOUR, normalise_points, point_clouds
from zsbench.engine import local
from zsbench.methods.classification import normalise
from zsbench.metrics import naming
from zsbench.plan import planning
from zsbench.run.runner import Options

SCORES = load_npz("openshape", "scores.npz")
POINTS = load_npz("openshape", "pointcloud.npz")


def test_there_is_a_case():
    assert SCORES or POINTS


@pytest.mark.skipif(not SCORES, reason="the folder holds no scores.npz")
def test_scores():
    logits = normalise(SCORES["shape_embeddings"]) @ normalise(SCORES["category_text_embeddings"]).T
    np.testing.assert_allclose(logits, SCORES["logits"], atol=1e-5)
    per_class = [np.mean(logits[SCORES["labels"] == c].argmax(1) == c) if c in SCORES["labels"] else np.nan
                 for c in range(len(SCORES["category_text_embeddings"]))]  # fmt: skip
    np.testing.assert_allclose(per_class, SCORES["per_class_acc"], atol=1e-6)
    names = {"overall_acc": "acc@1", "class_acc_ref": "mean-per-class"}
    names |= {"top1_pct": "acc@1", "top3_pct": "acc@3", "top5_pct": "acc@5", "class_acc_nanmean": "mean-per-class"}
    for key, name in names.items():
        value = naming.resolve(name, kinds=("classification",)).compute(logits, SCORES["labels"])
        scale = 100 if key.endswith("pct") else 1
        assert scale * value == pytest.approx(float(SCORES[key]), abs=1e-3), key


@pytest.mark.skipif(not POINTS, reason="the folder holds no pointcloud.npz")
def test_point_clouds():
    np.testing.assert_allclose(normalise_points(POINTS["points"]), POINTS["normalized"], atol=1e-5)
    np.testing.assert_allclose(normalise_points(POINTS["points"], y_up=True), POINTS["normalized_y_up"], atol=1e-5)
    np.testing.assert_allclose(normalise_points(np.ones((4, 3))), np.zeros((4, 3)))
    np.testing.assert_allclose(normalise_points(POINTS["degenerate"]), np.zeros_like(POINTS["degenerate"]))


def test_an_item_is_drawn_by_its_own_seed(tmp_path):
    points = np.random.default_rng(0).normal(size=(2, 30, 3))
    np.savez(tmp_path / "p.npz", points=points, labels=[1, 0], class_names=["chair", "table"])
    shapes = point_clouds(path=str(tmp_path / "p.npz"), n_points=12)
    assert shapes.class_names == ["chair", "table"]
    opened = shapes.items[1].open()
    assert opened.shape == (12, 6)
    assert (opened == shapes.items[1].open()).all()
    assert (opened[:, 3:] == np.float32(NO_COLOUR)).all()
    assert np.linalg.norm(opened[:, :3], axis=1).max() == pytest.approx(1, abs=1e-5)
    assert point_clouds(path=str(tmp_path / "p.npz"), n_points=99).items[0].open().shape == (99, 6)
    np.savez(tmp_path / "p.npz", points=points, labels=[1, 0], colours=points * 255)
    with pytest.raises(UserError, match="0 to 1"):
        point_clouds(path=str(tmp_path / "p.npz"))


@pytest.mark.skipif(not SCORES, reason="the folder holds no scores.npz")
def test_a_file_of_embeddings_through_the_papers_own_config(tmp_path, monkeypatch):
    """Classes without a shape and k beyond the classes included."""
    shapes, texts = SCORES["shape_embeddings"], SCORES["category_text_embeddings"]
    names = [f"class {i}" for i in range(len(texts))]
    file = tmp_path / "openshape" / "pointbert-vitg14-rgb" / "modelnet40.npz"
    file.parent.mkdir(parents=True)
    arrays = {"features": shapes, "labels": SCORES["labels"], "class_names": names, "class_embeddings": texts}
    np.savez(file, **arrays)
    monkeypatch.setenv("ZSBENCH_DATA", str(tmp_path))
    (tmp_path / "s.yaml").write_text(
        "description: one encoder\nsettings: {resamples: 100}\nruns:\n  - tasks: modelnet40\n"
        f"    models: {{adapter: features, label: encoder, texts: {file}}}\n    methods: prompt-ensemble\n"
    )
    made = planning.make(str(tmp_path / "s.yaml"))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    [outcome] = local.run(made, options, lambda *_: None, lambda _: None)
    assert outcome.error is None
    found = {name: score["value"] for name, score in outcome.result["metrics"].items()}
    for name, key, scale in (("acc@1", "top1_pct", 100), ("acc@3", "top3_pct", 100), ("acc@5", "top5_pct", 100),
                             ("mean-per-class", "class_acc_nanmean", 1)):  # fmt: skip
        assert scale * found[name] == pytest.approx(float(SCORES[key]), abs=1e-3), name
