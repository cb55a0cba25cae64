"""CLIP from pixels and words to logits: the tiny checkpoint gives the reference's numbers at every step."""

import json

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.reference._golden import load_json, load_npz, model_folder
from zsbench.core.cache import Cache
from zsbench.core.templates import fill_class
from zsbench.engine import local
from zsbench.methods.classification import normalise
from zsbench.methods.classification.prompt_ensemble import ensemble
from zsbench.models.image_text.hf_clip import hf_clip
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

CASE, TEXTS, FOLDER = (
    load_npz("clip", "tiny_e2e.npz"),
    load_json("clip", "tiny_e2e_texts.json"),
    model_folder("clip"),
)

pytestmark = pytest.mark.skipif(not (CASE and TEXTS and FOLDER.is_dir()), reason="no end-to-end case in this folder")


@pytest.fixture(scope="module")
def model():
    return hf_clip(model=str(FOLDER))


def close(key, found, atol):
    if key in CASE:
        np.testing.assert_allclose(found, CASE[key], atol=atol)


def pictures():
    return [Image.fromarray(array) for array in CASE["images_uint8"]]


def class_weights(model):
    texts = [fill_class(template, name) for name in TEXTS["class_names"] for template in TEXTS["templates"]]
    return ensemble(model.encode_texts(texts).reshape(len(TEXTS["class_names"]), len(TEXTS["templates"]), -1))


def test_pixels_and_tokens(model):
    close("pixel_values", np.stack([model.prepare(image)["pixel_values"].numpy() for image in pictures()]), 1e-5)
    ids = model._text._tokenize(TEXTS["texts"], TEXTS.get("max_length", model.facts["context_length"])).numpy()
    close("input_ids", ids, 0)
    # The text after its end is padding, which no token before it attends to: no mask is needed.
    ends = ids == ids.max()
    close("attention_mask", np.cumsum(ends, axis=1) - ends == 0, 0)


def test_embeddings(model):
    close(
        "image_embeds", normalised_as("image_embeds", model.encode_images([model.prepare(i) for i in pictures()])), 1e-4
    )
    close("text_embeds", normalised_as("text_embeds", model.encode_texts(TEXTS["texts"])), 1e-4)


def normalised_as(key, rows):
    """Rows of length 1 if the reference's are."""
    if key in CASE and np.allclose(np.linalg.norm(CASE[key], axis=-1), 1, atol=1e-4):
        return normalise(rows)
    return rows


def test_weights_and_logits(model):
    weights = class_weights(model)
    images = normalise(model.encode_images([model.prepare(image) for image in pictures()]))
    close("weights", weights.T, 1e-4)
    close("logits_100", 100 * images @ weights.T, 1e-3)
    close("logit_scale_exp", model.logit_scale, 1e-4)
    close("logits_model_scale", model.logit_scale * images @ weights.T, 1e-3)


@pytest.mark.parametrize("batch_size", [1, 5, "auto"])
def test_a_run_predicts_what_the_reference_predicts(tmp_path, batch_size):
    """Through YAML, data source, cache and predictions file, with the reference's predictions as labels."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if "pred" not in CASE:
        pytest.skip("no predictions in this folder")
    paths = [tmp_path / f"{i}.png" for i in range(len(CASE["pred"]))]
    for path, image in zip(paths, pictures(), strict=True):
        image.save(path)
    images = pa.array([{"bytes": path.read_bytes(), "path": None} for path in paths])
    pq.write_table(pa.table({"image": images, "label": pa.array(CASE["pred"].tolist())}), tmp_path / "data.parquet")
    task = {
        "type": "image-classification",
        "description": "x",
        "data": {"source": "parquet-images", "path": "data.parquet"},
        "classes": TEXTS["class_names"],
        "templates": TEXTS["templates"],
        "metrics": ["acc@1"],
    }
    (tmp_path / "task.yaml").write_text(yaml.safe_dump(task))
    settings = {"batch_size": batch_size, "resamples": 100}
    made = planning.make(str(tmp_path / "task.yaml"), Choices(models=(f"hf-clip:{FOLDER}",), settings=settings))
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    [outcome] = local.run(made, options, lambda *_: None, lambda _: None)
    assert outcome.error is None
    assert outcome.result["metrics"]["acc@1"]["value"] == 1
    close("logit_scale_exp", outcome.result["notes"]["model"]["logit_scale"], 1e-4)
    [shard] = [path for path in (tmp_path / "out").rglob("*.parquet") if path.name != "items.parquet"]
    close("logits_100", np.stack(pq.read_table(shard).column("scores").to_pylist()), 1e-3)
    json.dumps(outcome.result, allow_nan=False)
