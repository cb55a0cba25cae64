"""ZPE equals its definition over the whole array, in bounded memory, and says which choices it made."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.methods.fakes import WIDTH, FakeEncoder, fake_problem, images, unit, vector
from zsbench.config.blocks import Block
from zsbench.core.errors import UserError
from zsbench.methods.classification import _template_pool, normalise
from zsbench.methods.classification._template_scorer import mean_test_image
from zsbench.methods.classification._template_weights import above_median, max_logits, template_weights
from zsbench.methods.classification.zpe import zpe

NAMES = ["cat", "sea lion", "missile", "missile"]
TEMPLATES = ["a photo of a {}.", "{c}", "art of the {}"]


@pytest.fixture
def encoder():
    return FakeEncoder(images(), vector, logit_scale=25.0, other=images(9, seed=1))


@pytest.fixture
def problem():
    return fake_problem(NAMES, TEMPLATES)


def plain_zpe(encoder, mode, per, further=()):
    """Final scores by the definition, over the whole image x template x class array."""
    x, m = encoder.features, encoder.other
    texts = np.array([[unit(t.replace("{c}", n).replace("{}", n)) for n in NAMES] for t in TEMPLATES])
    every = np.array(
        [[unit(t.replace("{c}", n).replace("{}", n)) for n in dict.fromkeys([*NAMES, *further])] for t in TEMPLATES]
    )
    logits, pretrain = (25 * np.einsum("nd,pcd->npc", rows, texts) for rows in (x, m))
    a, b = pretrain.mean(0), logits.mean(0)
    star = 25 * np.einsum("nd,pcd->npc", m, every).mean(axis=(0, 2))[:, None]
    bias = {"both": (a + b) / 2, "test": b, "pretrain": a, "pretrain-star": star, "none": 0}[mode]
    scores = (logits - bias).max(2)
    scores = scores.mean(0, keepdims=True) if per == "dataset" else scores
    weights = np.exp(scores - scores.max(1, keepdims=True))
    weights /= weights.sum(1, keepdims=True)
    return 4 * (logits * weights[:, :, None]).sum(1)  # from the model's scale, 25, to the task's, 100


@pytest.mark.parametrize("per", ["dataset", "example"])
@pytest.mark.parametrize("mode", ["both", "test", "pretrain", "pretrain-star", "none"])
def test_zpe_equals_the_definition(mode, per, encoder):
    problem = fake_problem(NAMES, TEMPLATES, unlabeled=encoder.others)
    rule = zpe(normalise=mode, per=per, further_classes=["dog", "cat"])
    scores = encoder.scores(rule(encoder, problem, None))
    np.testing.assert_allclose(scores, plain_zpe(encoder, mode, per, ["dog", "cat"]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("per", ["dataset", "example"])
def test_several_blocks_of_templates_equal_one(per, encoder, problem, monkeypatch):
    one = encoder.scores(zpe(per=per)(encoder, problem, None))
    monkeypatch.setattr(_template_pool, "BLOCK", 2 * len(NAMES) * WIDTH)
    assert_rows_close(encoder.scores(zpe(per=per)(encoder, problem, None)), one)


def test_both_means_are_used_where_the_task_has_unlabeled_images(encoder, problem):
    zpe()(encoder, problem, None)
    assert encoder.notes["zpe"]["normalise"] == "test"
    zpe()(encoder, fake_problem(NAMES, TEMPLATES, unlabeled=encoder.others), None)
    assert encoder.notes["zpe"]["normalise"] == "both"
    assert encoder.notes["zpe"]["logit scale"] == 25.0


@pytest.mark.parametrize("mode", ["both", "pretrain", "pretrain-star"])
def test_a_mode_without_its_images_is_an_error(mode, encoder, problem):
    with pytest.raises(UserError, match="no unlabeled images"):
        zpe(normalise=mode)(encoder, problem, None)


def test_pretrain_star_asks_for_the_other_classes(encoder):
    problem = fake_problem(NAMES, TEMPLATES, unlabeled=encoder.others)
    with pytest.raises(UserError, match="without other classes"):
        zpe(normalise="pretrain-star")(encoder, problem, None)


@pytest.mark.parametrize(("share", "first"), [(0.5, 12), (0.1, 2), (0.065, 1)])
def test_a_share_of_the_test_images_is_rounded_half_to_even(share, first, encoder):
    assert round(len(encoder.items) * share) == first
    assert_rows_close(mean_test_image(encoder, share), encoder.features[:first].mean(0))


def test_a_share_of_no_image_is_an_error(encoder, problem):
    with pytest.raises(UserError, match="of 23 images is none"):
        zpe(frac_test=0.001)(encoder, problem, None)


def test_selection_falls_back_to_all_templates_and_says_so(encoder, problem):
    every = zpe()(encoder, problem, None)
    found = zpe(select=1e6)(encoder, problem, None)
    np.testing.assert_array_equal(found.weights, every.weights)
    assert "all are used" in encoder.notes["zpe"]["selected"]
    assert encoder.notes["warning"] == "zpe: no template lies 1e+06 deviations above the median, so that all are used"


def test_selection_keeps_what_lies_above_the_median(encoder, problem):
    zpe(select=0.5)(encoder, problem, None)
    heaviest = encoder.notes["zpe"]["heaviest"]
    kept = encoder.notes["zpe"]["selected"]
    assert isinstance(kept, int)
    assert sum(weight > 0 for weight in heaviest.values()) == kept


@pytest.mark.parametrize(
    ("scores", "tau", "kept"),
    [
        ([1.0, 1.0, 1.0], 0.5, []),  # all tie: no deviation, none above the median
        ([1.0, 1.0, 1.0, 2.0], 2.0, [3]),  # the median absolute deviation is 0: anything above is far above
        ([0.0, 1.0, 2.0, 3.0, 9.0], 2.0, [4]),
        ([0.0, 1.0, 2.0, 3.0, 4.0], 2.0, []),  # exactly tau is not above tau
        ([5.0], 0.5, []),
    ],
)
def test_median_absolute_deviation(scores, tau, kept):
    assert np.flatnonzero(above_median(np.array(scores), tau)).tolist() == kept


def test_weights_of_kept_templates_never_vanish():
    scores = np.array([1000.0, 0.0, 1.0])
    np.testing.assert_allclose(
        template_weights(scores, "softmax", np.array([False, True, True])), [0, 0.268941, 0.731059], atol=1e-6
    )


@given(st.permutations(range(5)), st.integers(0, 99), st.sampled_from(["softmax", "scores", "equal"]))
@settings(max_examples=25)
def test_permuting_templates_permutes_their_weights(order, seed, how):
    generator = np.random.default_rng(seed)
    texts, kept = normalise(generator.standard_normal((5, 3, WIDTH))), generator.random(5) < 0.7
    kept[0] = True

    def weights(texts, kept):
        return template_weights(max_logits(normalise(images()), texts, logit_scale=20).mean(0), how, kept)

    assert_rows_close(weights(texts[order], kept[order]), weights(texts, kept)[order])


def test_the_equal_average_looks_at_no_image(encoder, problem):
    encoder.chunks = None
    found = zpe(weights="equal", per="example")(encoder, problem, None)
    means = [np.mean([unit(t.replace("{c}", n).replace("{}", n)) for t in TEMPLATES], axis=0) for n in NAMES]
    assert_rows_close(found.weights, means)


@pytest.mark.parametrize("weights", ["softmax", "scores", "equal"])
@pytest.mark.parametrize("per", ["dataset", "example"])
@pytest.mark.parametrize("mode", ["both", "test", "pretrain", "pretrain-star", "none", None])
def test_it_is_called_transductive_where_an_answer_depends_on_other_images(mode, per, weights):
    options = {"normalise": mode, "per": per, "weights": weights, "further_classes": ["dog"]}
    first, rest = images()[:4], images(19, seed=5)
    answers = []
    for test_images in (np.concatenate([first, rest]), np.concatenate([first, rest + 1])):
        encoder = FakeEncoder(test_images, vector, logit_scale=25.0, other=images(9, seed=1))
        problem = fake_problem(NAMES, TEMPLATES, unlabeled=encoder.others)
        answers.append(encoder.scores(zpe(**options)(encoder, problem, None))[:4])
    kind = "inductive" if np.allclose(*answers, rtol=1e-6, atol=1e-6) else "transductive"
    assert Block("methods", "zpe", options).facts.kind == kind


def test_templates_for_single_images_are_not_selected():
    with pytest.raises(UserError, match="`select` with `per: example`"):
        zpe(per="example", select=0.5)


def test_pools_from_lists_and_files_count_each_template_once(encoder, problem, tmp_path):
    pool = ["{}", "a {c}", "{}"]
    found = zpe(pool=pool)(encoder, problem, None)
    assert encoder.notes["zpe"]["templates"] == 2
    for name, content in (("pool.json", json.dumps(pool)), ("pool.txt", "\n".join(pool) + "\n\n")):
        (tmp_path / name).write_text(content)
        np.testing.assert_array_equal(zpe(pool=str(tmp_path / name))(encoder, problem, None).weights, found.weights)


@pytest.mark.parametrize("pool", [["a {}", "a dog"], []])
def test_a_pool_without_a_place_for_the_class_is_an_error(pool, encoder, problem):
    with pytest.raises(UserError, match=r"no place for the class|no template"):
        zpe(pool=pool)(encoder, problem, None)


def test_one_class_and_one_template(encoder):
    problem = fake_problem(["cat"], ["{}"])
    for per in ("dataset", "example"):
        scores = encoder.scores(zpe(per=per)(encoder, problem, None))
        assert_rows_close(scores, 100 * encoder.features @ unit("cat")[:, None], share=1e-5)


@pytest.mark.parametrize("per", ["dataset", "example"])
def test_memory_does_not_grow_with_images_x_templates_x_classes(per):
    n_images, n_templates, n_classes = 8192, 50, 200
    generator = np.random.default_rng(0)
    encoder = FakeEncoder(
        generator.standard_normal((n_images, WIDTH), dtype=np.float32),
        lambda text: np.full(WIDTH, float(hash(text) % 7 - 3) or 1.0, dtype=np.float32),
        rows=256,
    )
    problem = fake_problem(map(str, range(n_classes)), [f"{i} {{}}" for i in range(n_templates)])
    tracemalloc.start()
    classifier = zpe(per=per)(encoder, problem, None)
    for batch in encoder.batches():
        assert classifier.score(batch).shape == (len(batch.items), n_classes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < n_images * n_templates * n_classes * 4 / 50  # 6.5 of 328 MB
