"""Image-text retrieval equals the reference: hits in both directions, fractions, ranks, sums."""

import numpy as np
import pytest

from tests.reference._golden import load_npz
from zsbench.methods.classification import normalise
from zsbench.metrics import naming
from zsbench.metrics.rankings.retrieval import Relevant, positive_ranks

GOLDEN = load_npz("image-text-retrieval", "retrieval.npz")
CLIP = load_npz("clip", "retrieval.npz")


def rankings(image, text, owner):
    """Return full rankings and gold of both directions, captions first."""
    scores = text @ image.T
    found = [{f"i{i}": float(s) for i, s in enumerate(row)} for row in scores]
    found += [{f"t{t}": float(s) for t, s in enumerate(column)} for column in scores.T]
    gold = [Relevant(frozenset([f"i{i}"]), query="text") for i in owner]
    gold += [Relevant(frozenset(f"t{t}" for t in np.flatnonzero(owner == i)), query="image") for i in range(len(image))]
    return found, gold


def value(name, found, gold):
    return naming.resolve(name, kinds=("retrieval",)).compute(found, gold)


def test_there_is_a_case():
    assert GOLDEN


def test_hits_and_fractions_at_every_k():
    found, gold = rankings(GOLDEN["image"], GOLDEN["text"], GOLDEN["text_image"])
    keys = {"t2i_recall_": "hit(query=text)", "i2t_recall_": "hit(query=image)"}
    keys["i2t_fraction_of_positives_"] = "recall(query=image)"
    checked = 0
    for key, expected in GOLDEN.items():
        prefix = next((p for p in keys if key.startswith(p)), None)
        if prefix:
            assert value(f"{keys[prefix]}@{key.removeprefix(prefix)}", found, gold) == pytest.approx(expected, abs=1e-6)
            checked += 1
    assert checked


def test_ranks_medians_and_sum():
    found, gold = rankings(GOLDEN["image"], GOLDEN["text"], GOLDEN["text_image"])
    ranks = positive_ranks(found, gold, ties="best").first()
    assert (ranks[: len(GOLDEN["text"])] == GOLDEN["t2i_rank"]).all()
    assert (ranks[len(GOLDEN["text"]) :] == GOLDEN["i2t_rank"]).all()
    for kind, key in (("text", "t2i_median_rank"), ("image", "i2t_median_rank")):
        assert value(f"median-rank(query={kind},ties=best)", found, gold) == GOLDEN[key]
    assert value("RSUM(ties=best)", found, gold) == pytest.approx(float(GOLDEN["rsum"]), abs=1e-3)


@pytest.mark.skipif(not CLIP, reason="the folder holds no clip/retrieval.npz")
def test_clip_and_remoteclip_recalls():
    image, text = normalise(CLIP["image_embeddings"]), normalise(CLIP["text_embeddings"])
    found, gold = rankings(image, text, CLIP["text_image_index"])
    for i, k in enumerate(CLIP["ks"]):
        assert value(f"hit(query=text)@{k}", found, gold) == pytest.approx(CLIP["image_retrieval_recall"][i], abs=1e-6)
        assert value(f"hit(query=image)@{k}", found, gold) == pytest.approx(CLIP["text_retrieval_recall"][i], abs=1e-6)
        fraction = CLIP["text_retrieval_fractional_recall"][i]
        assert value(f"recall(query=image)@{k}", found, gold) == pytest.approx(fraction, abs=1e-6)
    assert value("mean-hit@1", found, gold) == pytest.approx(float(CLIP["datacomp_mean_recall_at_1"]), abs=1e-6)
    if list(CLIP["ks"]) == [1, 5, 10]:
        percent = round(100 * value("mean-hit", found, gold), 2)
        assert percent == pytest.approx(float(CLIP["remoteclip_mean_recall_pct"]), abs=0.011)
