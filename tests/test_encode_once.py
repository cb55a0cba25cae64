"""Features are encoded once for all rules, kept for the next run, and streamed: memory does not grow with the images."""

import json
import os
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.records import Cost, digest
from zsbench.engine import local
from zsbench.methods.classification import Problem
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.plan import planning
from zsbench.run.runner import Options
from zsbench.tasks.encoding import CHUNK, Features

RULES = ["prompt-ensemble", "tip-adapter", "gda", "linear-probe", "zpe", "shrink-certainty"]


def run(suite, out, cache):
    options = Options(out, Cache(cache))
    outcomes = list(local.run(planning.make(str(suite)), options, lambda *_: None, lambda _: None))
    assert [str(o.error) for o in outcomes if o.error] == []
    return [outcome.result for outcome in outcomes]


def test_six_rules_encode_every_image_once_and_the_next_run_none(tmp_path):
    suite = {
        "description": "six rules",
        "settings": {"limit": 150, "resamples": 200, "threads": 1},
        "runs": [{"tasks": "digits-few-shot", "models": "clip-glyphs", "methods": RULES}],
    }
    (tmp_path / "six.yaml").write_text(json.dumps(suite))
    first = run(tmp_path / "six.yaml", tmp_path / "one", tmp_path / "cache")
    assert len(first) == len(RULES)
    test, *others = [result["cost"]["images"] for result in first]
    assert test == 150
    # The first rule that learns brings the support and validation images; nothing is ever encoded again.
    assert sum(n > 0 for n in others) == 1
    assert all(result["cost"]["images_cached"] >= 150 for result in first[1:])
    again = run(tmp_path / "six.yaml", tmp_path / "two", tmp_path / "cache")
    assert [result["cost"]["images"] + result["cost"]["tokens"] for result in again] == [0] * len(RULES)
    for one, two in zip(first, again, strict=True):
        assert one["metrics"] == two["metrics"]


@dataclass(frozen=True)
class Drawn:
    """An image that is only a seed."""

    number: int

    def digest(self):
        return str(self.number)

    def open(self):
        return self.number


class Encoder:
    """Gives every seed a vector of 512 numbers."""

    fingerprint, device, dtype, logit_scale = "drawn", "cpu", "float32", 100.0

    def __init__(self):
        self.cost = Cost()

    def prepare(self, image):
        return image

    def encode_images(self, prepared):
        return np.stack([np.random.default_rng(n).normal(size=512).astype(np.float32) for n in prepared])

    def encode_texts(self, texts):
        return np.stack([np.random.default_rng(list(t.encode())).normal(size=512).astype(np.float32) for t in texts])


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    items = [Drawn(i) for i in range(12 * CHUNK)]
    run = RunContext("auto", Cache(tmp_path), 0, Cost())
    features = Features(Encoder(), run, items)
    problem = Problem([f"class {i}" for i in range(10)], ["a {}."], 100.0)
    classifier = prompt_ensemble()(features, problem, None)
    tracemalloc.start()
    n = 0
    for _, batch in features.batches(range(len(items))):
        n += len(np.asarray(classifier.score(batch)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    one_chunk = CHUNK * 512 * 4
    assert n == len(items)
    assert peak < 8 * one_chunk < len(items) * 512 * 4


def test_the_same_image_twice_gets_one_feature(tmp_path):
    items = [Drawn(i % 3) for i in range(10)]
    model = Encoder()
    seen = []
    model.encode_images = lambda prepared: seen.extend(prepared) or Encoder.encode_images(model, prepared)
    run = RunContext("auto", Cache(tmp_path), 0, model.cost)
    rows = Features(model, run, items).images(items)
    assert seen == [0, 1, 2]
    assert [row.tobytes() for row in rows] == [rows[i % 3].tobytes() for i in range(10)]


def counting(cache, items, texts, *, read=True):
    """Return which images and texts a command encodes over a cache, and how many images it takes from there."""
    model, seen = Encoder(), {"images": [], "texts": []}
    model.encode_images = lambda prepared: seen["images"].extend(prepared) or Encoder.encode_images(model, prepared)
    model.encode_texts = lambda texts: seen["texts"].extend(texts) or Encoder.encode_texts(model, texts)
    run = RunContext("auto", Cache(cache, read=read), 0, model.cost)
    features = Features(model, run, items)
    rows, vectors = features.images(items), features.texts(texts)
    one_by_one = [features.images([item])[0].tobytes() for item in items[::97]]
    assert [row.tobytes() for row in rows[::97]] == one_by_one
    return seen["images"], seen["texts"], model.cost.images_cached - len(one_by_one), rows, vectors


def test_part_of_the_data_and_one_more_template_encode_only_what_is_new(tmp_path):
    items, texts = [Drawn(i) for i in range(2 * CHUNK + 5)], ["a cat", "a dog"]
    images, written, n_cached, rows, vectors = counting(tmp_path, items, texts)
    assert (len(images), written, n_cached) == (len(items), texts, 0)
    # A limit, another order, images in between that are new.
    part = [*items[1500:900:-3], Drawn(-1 % 10**6), *items[:7]]
    images, written, n_cached, some, _ = counting(tmp_path, part, ["the dog", *texts])
    assert (images, written, n_cached) == ([999_999], ["the dog"], len(part) - 1)
    np.testing.assert_array_equal(some[:200], rows[1500:900:-3])
    images, written, _, again, same = counting(tmp_path, items, texts, read=False)
    assert (len(images), written) == (len(items), texts)
    np.testing.assert_array_equal(again, rows)
    np.testing.assert_array_equal(same, vectors)


def test_what_a_model_only_looks_up_is_not_copied_to_the_cache(tmp_path):
    model = Encoder()
    model.at_hand = {"images", "texts"}
    features = Features(model, RunContext("auto", Cache(tmp_path), 0, model.cost), [])
    assert len(features.images([Drawn(i) for i in range(3)])) == len(features.texts(["a", "b", "c"])) == 3
    assert list(tmp_path.iterdir()) == []
    assert model.cost.images_cached == 0


@pytest.mark.parametrize(("given", "expected"), [({}, "passive"), ({"OMP_WAIT_POLICY": "active"}, "active")])
def test_torchs_threads_leave_the_cores_to_those_that_decode(given, expected):
    program = "import os, sys, zsbench.tasks.encoding; print('torch' in sys.modules, os.environ['OMP_WAIT_POLICY'])"
    env = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"} | given
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", expected]


def test_the_prompts_of_a_run_are_those_of_all_its_calls(tmp_path):
    model = Encoder()
    run = RunContext("auto", Cache(tmp_path), 0, model.cost, prompts={"from an interrupted run": None})
    features = Features(model, run, [])
    for texts in (["a", "b"], ["b"], ["c", "a"]):
        features.texts(texts)
        assert run.notes["prompts"] == {"count": len(run.prompts), "digest": digest(run.prompts)}
    assert list(run.prompts) == ["from an interrupted run", "a", "b", "c"]
