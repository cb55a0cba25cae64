"""ZPE's scores, weights, choice and final logits equal the reference, without its image x template x class array."""

import numpy as np
import pytest

from tests.methods.fakes import FakeEncoder, fake_problem
from tests.reference._golden import load_npz, some
from zsbench.methods.classification import normalise
from zsbench.methods.classification._template_pool import TemplatePool
from zsbench.methods.classification._template_scorer import make_scorer
from zsbench.methods.classification._template_weights import above_median, max_logits, template_weights
from zsbench.methods.classification.zpe import zpe
from zsbench.metrics import naming

GOLDEN = load_npz("zpe", "zpe.npz")
MODES = ("both", "test", "pretrain", "pretrain-star", "none")
PER = {"ds": "dataset", "ex": "example"}


def cases(prefix):
    """(mode, per) for which the golden data hold `<prefix>_<mode>_<per>`."""
    return [(mode, per) for mode in MODES for per in PER if f"{prefix}_{mode.replace('-', '_')}_{per}" in GOLDEN]


CASES = cases("score")
TAUS = [key.removeprefix("mad_idx_") for key in GOLDEN if key.startswith("mad_idx_") and ("both", "ds") in CASES]


def golden(prefix, mode, per):
    return GOLDEN[f"{prefix}_{mode.replace('-', '_')}_{per}"]


def setting():
    """An encoder and a problem whose texts and images have the golden embeddings; further classes by name."""
    texts, images, pretrain = (normalise(GOLDEN[f"{kind}_embeddings"]) for kind in ("text", "image", "pretrain"))
    n = int(GOLDEN["n_classes"])
    names = [f"c{i}" for i in range(texts.shape[1])]
    templates = [f"t{p} {{}}" for p in range(len(texts))]
    vectors = {f"t{p} {name}": texts[p, c] for p in range(len(texts)) for c, name in enumerate(names)}
    encoder = FakeEncoder(images, vectors, logit_scale=float(np.exp(GOLDEN["logit_scale_log"])), other=pretrain)
    problem = fake_problem(names[:n], templates, encoder.model.logit_scale, unlabeled=encoder.others)
    return encoder, problem, names[n:]


def scorer(mode, frac_test=1.0):
    encoder, problem, further = setting()
    pool = TemplatePool(encoder, problem.templates, problem.class_names)
    return encoder, make_scorer(encoder, problem, pool, mode, frac_test=frac_test, further_classes=further)


def close(actual, desired):
    np.testing.assert_allclose(actual, desired, rtol=1e-4, atol=1e-4 * np.abs(desired).max())


def test_there_is_a_case():
    some(CASES, "zpe")


@pytest.mark.skipif("logits" not in GOLDEN, reason="no logits among the golden data")
def test_logits_carry_the_full_scale():
    texts, images = normalise(GOLDEN["text_embeddings"]), normalise(GOLDEN["image_embeddings"])
    logits = np.exp(GOLDEN["logit_scale_log"]) * np.einsum("nd,pcd->npc", images, texts[:, : int(GOLDEN["n_classes"])])
    close(logits, GOLDEN["logits"])
    pretrain = normalise(GOLDEN["pretrain_embeddings"])
    own = texts[:, : int(GOLDEN["n_classes"])]
    close(np.exp(GOLDEN["logit_scale_log"]) * np.einsum("nd,pcd->npc", pretrain, own), GOLDEN["pretrain_logits"])
    close(max_logits(pretrain, own, logit_scale=np.exp(GOLDEN["logit_scale_log"])), GOLDEN["pretrain_logits"].max(2))
    close(
        max_logits(images, texts[:, : int(GOLDEN["n_classes"])], logit_scale=np.exp(GOLDEN["logit_scale_log"])),
        logits.max(2),
    )


@pytest.mark.parametrize(("mode", "per"), CASES)
def test_scores(mode, per):
    encoder, found = scorer(mode)
    scores = found.mean(encoder)[None] if per == "ds" else found.of(normalise(GOLDEN["image_embeddings"]))
    close(scores, golden("score", mode, per))


@pytest.mark.skipif("score_both_ds_frac" not in GOLDEN, reason="no golden scores of a share of the test images")
def test_scores_with_the_bias_of_a_share_of_the_test_images():
    encoder, found = scorer("both", float(GOLDEN["frac_test"]))
    close(found.mean(encoder)[None], GOLDEN["score_both_ds_frac"])


@pytest.mark.parametrize(("mode", "per"), cases("softmax"))
def test_weights(mode, per):
    scores = golden("score", mode, per)
    close(template_weights(scores, "softmax", np.ones(scores.shape[1], dtype=bool)), golden("softmax", mode, per))


def final(**options):
    """The rule's scores of the golden images, a few images a batch."""
    encoder, problem, further = setting()
    classifier = zpe(further_classes=further, **options)(encoder, problem, None)
    return np.concatenate([classifier.score(batch) for batch in encoder.batches()])


@pytest.mark.parametrize(
    ("weights", "mode", "per"),
    [(w, mode, per) for w in ("softmax", "scores") for mode, per in cases(f"final_{w}")],
)
def test_final_logits(weights, mode, per):
    desired = golden(f"final_{weights}", mode, per)
    # The reference averages over templates also where weights already sum to one.
    n = GOLDEN["text_embeddings"].shape[0] if weights == "softmax" else 1
    close(final(normalise=mode, weights=weights, per=PER[per]) / n, desired)


@pytest.mark.skipif("final_equal" not in GOLDEN, reason="no golden equal average")
def test_equal_average():
    close(final(weights="equal"), GOLDEN["final_equal"])
    if "top1_equal_pct" in GOLDEN:
        accuracy = 100 * naming.resolve("acc@1").compute(final(weights="equal"), GOLDEN["labels"])
        assert accuracy == pytest.approx(float(GOLDEN["top1_equal_pct"]), abs=1e-4)


@pytest.mark.parametrize("tau", TAUS)
def test_selection(tau):
    kept = above_median(golden("score", "both", "ds")[0], float(tau))
    assert np.flatnonzero(kept).tolist() == GOLDEN[f"mad_idx_{tau}"].tolist()


@pytest.mark.parametrize(
    "key",
    [f"final_selected_{tau}" for tau in TAUS if f"final_selected_{tau}" in GOLDEN and len(GOLDEN[f"mad_idx_{tau}"])],
)
def test_final_logits_of_selected_templates(key):
    tau = float(key.removeprefix("final_selected_"))
    kept = GOLDEN[f"mad_idx_{key.removeprefix('final_selected_')}"]
    # The reference takes the kept weights out of the softmax over all templates and averages over the kept ones.
    share = golden("softmax", "both", "ds")[0, kept].sum() / len(kept)
    close(final(normalise="both", select=tau) * share, GOLDEN[key])


@pytest.mark.skipif("top1_pct" not in GOLDEN, reason="no golden accuracy")
def test_accuracy():
    accuracy = 100 * naming.resolve("acc@1").compute(final(normalise="both"), GOLDEN["labels"])
    assert accuracy == pytest.approx(float(GOLDEN["top1_pct"]), abs=1e-4)
