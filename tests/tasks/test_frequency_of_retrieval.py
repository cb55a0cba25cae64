"""Counts and concepts that a retrieval names bring metrics of frequency, concept by concept, in both directions."""

import json

import numpy as np
import pytest

from tests.tasks.test_frequency_beside_accuracy import LONGTAIL
from zsbench.analysis.frequency import image_concepts
from zsbench.config import catalog, overlay
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.metrics import naming
from zsbench.metrics.rankings.concepts import OF_FREQUENCY
from zsbench.metrics.rankings.retrieval import Concepts, Relevant
from zsbench.plan import task_configs

SHIPPED = ASSETS / "data" / "glyph-captions" / "concepts.json"
CONCEPTS = "concepts: asset:data/glyph-captions/concepts.json\nfewest_images: 2\n"


def task_of(folder, text):
    (folder / "t.yaml").write_text("extends: glyph-captions\n" + text)
    config, source = task_configs.read_task(overlay.load(folder / "t.yaml"))
    return catalog.load_module("tasks", config.type).Task(config, source)


def test_metrics_are_those_of_the_hit_rates_of_concepts():
    from scipy.stats import linregress, spearmanr

    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5000, 30)
    about = [rng.choice(30, rng.integers(1, 5), replace=False) for _ in range(400)]
    right = rng.random(400) < 0.6
    rows = [np.concatenate([one, np.full(4 - len(one), -1)]) for one in about]
    gold = [Relevant(frozenset("a"), query="text", concepts=Concepts(row, counts)) for row in rows]
    pred = [{"a": 2.0 if hit else 0.0, "b": 1.0} for hit in right]
    values = np.array([np.mean([hit for hit, one in zip(right, about, strict=True) if n in one]) for n in range(30)])
    slope, rho, tail, head = (
        naming.resolve(f"{name}(query=text)@1", kinds=("concepts",)).compute(pred, gold) for name in OF_FREQUENCY
    )
    assert slope == pytest.approx(linregress(np.log10(np.maximum(counts, 1)), values).slope)
    assert rho == pytest.approx(spearmanr(counts, values).statistic)
    order = np.argsort(counts, kind="stable")
    assert tail == pytest.approx(values[order[:7]].mean())  # floor(0.2 * 30) + 1
    assert head == pytest.approx(values[order[7:]].mean())


def test_captions_have_the_concepts_of_their_image_and_rare_ones_are_left_out(tmp_path):
    listed = json.loads(SHIPPED.read_text())
    listed["fish-1.png"].append("shadow")
    (tmp_path / "c.json").write_text(json.dumps(listed))
    task = task_of(tmp_path, f"frequency: {LONGTAIL}\nconcepts: c.json\nfewest_images: 2\n")
    data = task.load(limit=None, seed=0)
    counts = json.loads((ASSETS / "models/clip-glyphs-longtail/concept_counts.json").read_text())
    names = sorted(counts)
    for query, gold in zip(data.items, data.gold, strict=True):
        [name] = (names[number] for number in gold.concepts.numbers)
        assert query.id.startswith(name.replace(" ", "-"))
        assert gold.concepts.counts.tolist() == [counts[name] for name in names]
    asked = task.metric_names(["hit(query=text)@1"])
    assert asked[1:] == [f"{name}(query={kind})@1" for kind in ("text", "image") for name in OF_FREQUENCY]


def test_the_shipped_concepts_are_those_that_the_command_finds():
    captions = image_concepts.captions_of("glyph-captions")
    assert image_concepts.of_list(captions, ASSETS / "data/glyphs/classes.txt") == json.loads(SHIPPED.read_text())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"frequency: {LONGTAIL}\n", "concepts"),
        ("metrics: [tail-hit@1]\n", r"t\.yaml:2: metric 'tail-hit@1': queries have no concepts"),
        (f"frequency: c.json\n{CONCEPTS}", r"c\.json.*concept without a count"),
        (f"frequency: {LONGTAIL}\n{CONCEPTS.replace('2', '3')}", "no concept of 3 images or more"),
        (f"frequency: {LONGTAIL}\nconcepts: c.json\n", "no concepts of image 'digit-zero-1.png'"),
    ],
)
def test_mistakes_are_named(tmp_path, text, found):
    counts = json.loads((ASSETS / "models/clip-glyphs-longtail/concept_counts.json").read_text())
    del counts["moon"]
    (tmp_path / "c.json").write_text(json.dumps(counts if "frequency: c.json" in text else {}))
    with pytest.raises(UserError, match=found):
        task_of(tmp_path, text).load(limit=None, seed=0)
