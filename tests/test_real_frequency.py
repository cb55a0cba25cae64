"""The curves of the authors of the paper on concept frequency, from their own counts and accuracies.

144 of the 162 curves of the golden file equal the curves that the authors stored. The other 18 are those of LAION-400M,
ViT-B-32, by counts of images and of captions: the counts were published again after the plots had been made. Here all
162 are compared with what the published counts give, and the 18 with what the file says of them.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.reference._golden import load_json
from zsbench.analysis.frequency import corpora, corpus, joining, performance, presets
from zsbench.analysis.frequency.lines import lines
from zsbench.core import tablefiles
from zsbench.metrics.correlation import pearson, spearman
from zsbench.metrics.frequency_curve import binned, straightness

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("ZSBENCH_DATA") or ROOT.parent / "shared" / "data") / "frequency"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the authors' data are not present ($ZSBENCH_DATA)")

CURVES = load_json("concept-frequency", "real_curves.json")
VARIANTS = ("lemmatized", "ram0.7", "lemmatized+ram0.7")
OLDER_COUNTS = [("laion400m", "ViT-B-32", "image"), ("laion400m", "ViT-B-32", "text")]


@pytest.fixture(scope="module")
def counts():
    """Corpora by name, source and variant."""
    found = corpus.read(str(DATA / "counts.parquet"), {"variant": VARIANTS})
    return {tuple(each.facts.values()): each for each in found}


@pytest.fixture(scope="module")
def performances():
    """Accuracies by model, corpus and prompt, recalls by model, corpus, direction and k."""
    wanted = {"pretraining": {curve["pretraining"] for curve in CURVES}}
    found = []
    for name in ("zero_shot_classwise", "retrieval_conceptwise"):
        found += performance.read_table(DATA / f"{name}.parquet", wanted)
    return {tuple(each.facts.values()): each for each in found}


def points_of(curve, performances, counts):
    """Return the points of a golden curve, and what its values are multiplied with there."""
    direction, _, k = curve["prompt_or_metric"].partition("_k=")
    way = (direction, k) if k else (direction,)
    asked = performances[(curve["model"], curve["pretraining"], *way)]
    of_corpus = counts[(curve["pretraining"], curve["source"], curve["variant"])]
    assert list(curve["datasets"]) == list(presets.datasets(asked.kind, curve["source"]))
    return joining.joined(asked, of_corpus, datasets=curve["datasets"]), 1 if k else 100


def test_all_curves(performances, counts):
    assert len(CURVES) == 162
    for curve in CURVES:
        points, percent = points_of(curve, performances, counts)
        values = percent * points.values
        assert len(values) == curve["n_concepts"]
        assert (points.counts == 0).sum() == curve["n_zero"]
        found = binned(points.counts, values, curve["n_bins"])
        np.testing.assert_allclose(found.counts, curve["bin_edges"], rtol=1e-8)
        assert found.n.tolist() == curve["bin_count"]
        np.testing.assert_allclose(found.mean, np.array(curve["bin_mean"], dtype=float), rtol=1e-8)
        np.testing.assert_allclose(found.std, np.array(curve["bin_std"], dtype=float), rtol=1e-8, atol=1e-12)
        line = straightness(found, curve["drop_first"])
        assert line.r == pytest.approx(curve["pearson_r"], abs=1e-6)
        assert line.p == pytest.approx(curve["pearson_p"], rel=1e-6)
        assert (line.p < 0.05) == curve["significant_05"]
        zero = straightness(found, curve["drop_first"], "zero")
        assert zero.r == pytest.approx(curve["pearson_r_empty_as_zero"], abs=1e-6)
        x = np.log10(np.maximum(points.counts, 1))
        rho = spearman(points.counts.tolist(), values.tolist())
        assert rho == pytest.approx(curve["concept_level_spearman"], abs=1e-9)
        assert pearson(x.tolist(), values.tolist()) == pytest.approx(curve["concept_level_pearson_log10"], abs=1e-6)


def test_curves_that_equal_those_the_authors_stored():
    other = [curve for curve in CURVES if not curve["matches_published_curve"]]
    assert len(other) == 18
    assert {(curve["pretraining"], curve["model"], curve["source"]) for curve in other} == set(OLDER_COUNTS)
    for curve in CURVES:
        stored = curve["published_curve_r"]
        if curve["matches_published_curve"]:
            # The authors stored 0 where a bin is empty.
            assert stored in (None, pytest.approx(curve["pearson_r_empty_as_zero"], abs=1e-6))
        else:
            assert stored is None or abs(stored - curve["pearson_r_empty_as_zero"]) > 1e-4


def test_corpora_are_alike_by_name_and_not_by_position(counts):
    for case in load_json("concept-frequency", "pretraining_correlation.json"):
        sides = [
            next(
                c
                for c in counts.values()
                if c.facts["pretraining"] == case[side] and c.facts["source"] == case["source"]
            )
            for side in ("a", "b")
        ]
        [found] = corpora.alike(sides)
        assert found.n == case["n_common"]
        assert found.rho == pytest.approx(case["spearman"], abs=1e-9)


def test_let_it_wag_lines():
    expected = load_json("concept-frequency", "let_it_wag.json")
    rows = tablefiles.read(DATA / "let_it_wag_overall.csv", ("let_it_wag_accuracy", "imagenet_accuracy"))
    x, y = ([float(row[column]) for row in rows] for column in ("imagenet_accuracy", "let_it_wag_accuracy"))
    found = lines(x, y, expected["split"])
    for side, line in (("low", found.low), ("high", found.high)):
        assert line.n == expected[f"n_{side}"]
        assert line.slope == pytest.approx(expected[f"{side}_slope"], abs=1e-6)
        assert line.intercept == pytest.approx(expected[f"{side}_intercept"], abs=1e-6)
    assert found.r == pytest.approx(expected["pearson"], abs=1e-6)
