"""REAL-Linear trains on the images that the definition names, with the names of the step before, and refuses the rest."""

import json
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.close import assert_rows_close
from tests.methods.fakes import WIDTH, FakeEncoder, fake_problem, images, unit, vector
from zsbench.core.errors import UserError
from zsbench.methods.classification import _cross_modal, normalise
from zsbench.methods.classification._retrieved import balanced, read_retrieved, sampled
from zsbench.methods.classification.prompt_ensemble import ensemble, prompt_ensemble
from zsbench.methods.classification.real_linear import real_linear
from zsbench.methods.classification.real_prompt import real_prompt

NAMES, TEMPLATES = ["cat", "sea lion", "missile"], ["a photo of a {}.", "{c}"]
SMALL = {"image_batch": 4, "text_batch": 3, "num_samples": 5}


@pytest.fixture
def encoder():
    return FakeEncoder(images(), vector)


@pytest.fixture
def problem():
    return fake_problem(NAMES, TEMPLATES)


@pytest.fixture
def write(tmp_path):
    """Write retrieved images (arrays that replace the usual ones) and return the path."""

    def written(**other):
        held = {"images": images(12, 1), "captions": images(12, 2), "labels": np.array(NAMES * 4)}
        np.savez(tmp_path / "retrieved.npz", **{**held, **other})
        return str(tmp_path / "retrieved.npz")

    return written


def built(encoder, problem, *before, **options):
    return real_linear(**{**SMALL, **options})(
        encoder, problem, *(before or [prompt_ensemble()(encoder, problem, None)])
    )


def weights(*names):
    return ensemble(np.array([[unit(template.format(name, c=name)) for template in TEMPLATES] for name in names]))


@given(arrays(np.float64, st.integers(1, 20), elements=st.floats(-1, 1)), st.integers(1, 8))
def test_the_images_of_a_class_are_its_most_similar_ones(similarity, most):
    chosen = balanced(similarity, most)
    assert len(chosen) == min(most, (similarity >= 0).sum())
    keys = [(-similarity[number], number) for number in chosen]
    assert keys == sorted(keys)
    left = np.delete(similarity, chosen)
    assert not len(chosen) or (left < 0).all() or left.max() <= similarity[chosen].min()


def test_names_and_numbers_of_classes_are_read_alike(write):
    by_name = read_retrieved(write(), NAMES, WIDTH)
    by_number = read_retrieved(write(labels=np.arange(12) % 3), NAMES, WIDTH)
    assert by_name.labels.tolist() == by_number.labels.tolist() == [0, 1, 2] * 4
    assert_rows_close(by_name.images, normalise(images(12, 1)))


def test_each_class_is_taught_by_the_captions_nearest_to_its_prompts(write):
    retrieved, prompts = read_retrieved(write(), NAMES, WIDTH), weights(*NAMES)
    features, labels = sampled(retrieved, prompts, 2, "x")
    for c in range(3):
        of_class = range(c, 12, 3)
        fits = {row: float(normalise(images(12, 2))[row] @ prompts[c]) for row in of_class}
        best = [row for row in sorted(fits, key=fits.get, reverse=True) if fits[row] >= 0][:2]
        assert_rows_close(features[labels == c], normalise(images(12, 1))[best])


def test_the_average_is_of_trained_and_text_weights(encoder, problem, write):
    text, half, all_of_it = (built(encoder, problem, retrieved=write(), share=share).weights for share in (0, 0.5, 1))
    assert_rows_close(text, weights(*NAMES))
    assert np.abs(all_of_it - text).max() > 1e-4
    assert_rows_close(half, (text + all_of_it) / 2)
    retrieved = read_retrieved(write(), NAMES, WIDTH)
    _, taught = sampled(retrieved, weights(*NAMES), 5, "x")
    assert encoder.notes["real-linear"] == {
        "retrieved": 12,
        "images taught by": len(taught),
        "steps": 5 * 3 * 10 // 4,
        "classes without an image": 3 - len(set(taught)),
        "stored bytes": Path(write()).stat().st_size,
    }


def test_the_prompts_have_the_names_of_the_step_before(encoder, problem, write, tmp_path):
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"cat": "feline", "sea lion": "seal", "missile": "rocket"}))
    before = real_prompt(synonyms=str(names))(encoder, problem, None)
    encoder.asked.clear()
    classifier = built(encoder, problem, before, retrieved=write(), share=0)
    assert "names of no class" not in encoder.notes
    assert_rows_close(classifier.weights, weights("feline", "seal", "rocket"))
    assert encoder.asked == [template.format(n, c=n) for n in ("feline", "seal", "rocket") for template in TEMPLATES]


def test_a_class_without_an_image_is_a_doubt_and_names_of_no_class_are_counted(encoder, problem, write, tmp_path):
    of_class = {"cat": "feline", "sea lion": "seal", "missile": "rocket", "sea lions": "seal"}
    (tmp_path / "names.json").write_text(json.dumps(of_class))
    before = real_prompt(synonyms=str(tmp_path / "names.json"))(encoder, problem, None)
    assert encoder.notes.pop("names of no class") == "1 name of no class: 'sea lions' (nearest: 'sea lion')"
    every = write(captions=images(12, 1), labels=np.array(["cat", "missile"] * 6))
    built(encoder, problem, before, retrieved=every)
    assert "1 of 3 classes without a retrieved image, taught by prompts alone ('sea lion')" in encoder.notes["warning"]
    (tmp_path / "names.json").write_text(json.dumps({name: [other] for name, other in of_class.items()}))
    built(encoder, problem, retrieved=write(), synonyms=str(tmp_path / "names.json"))
    assert encoder.notes["names of no class"].startswith("1 name of no class: 'sea lions'")


def test_captions_are_ranked_by_all_synonyms(encoder, problem, write, tmp_path, monkeypatch):
    of_class = {"cat": ["feline", "cat"], "sea lion": ["seal"], "missile": ["missile", "rocket", "arrow"]}
    (tmp_path / "synonyms.json").write_text(json.dumps(of_class))
    queries = []

    def kept(retrieved, prompts, num_samples, where):
        queries.append(prompts)
        return sampled(retrieved, prompts, num_samples, where)

    monkeypatch.setattr("zsbench.methods.classification.real_linear.sampled", kept)
    built(encoder, problem, retrieved=write(), synonyms=str(tmp_path / "synonyms.json"))
    assert_rows_close(queries[0], [weights(*names).mean(axis=0) for names in of_class.values()])


def test_batches_show_every_example_once_a_round_and_drop_what_is_left():
    rounds = list(islice(_cross_modal.batches(7, 3, np.random.default_rng(0)), 6))
    for first, second in zip(rounds[::2], rounds[1::2], strict=True):
        assert len({*first, *second}) == 6
    assert {number for numbers in rounds for number in numbers} == set(range(7))


@pytest.mark.parametrize(
    ("held", "options", "found"),
    [
        ({"captions": images(11)}, {}, "array 'captions': 11 rows"),
        ({"images": np.ones((12, 5))}, {}, "vectors of width 5"),
        ({"captions": np.full((12, WIDTH), 1e30)}, {}, "row 0: a vector of length inf"),
        ({"images": np.zeros((12, WIDTH))}, {}, "row 0: a vector of length 0.0"),
        ({"labels": np.full(12, 3)}, {}, "class 3"),
        ({"labels": np.array(["Cat"] * 12)}, {}, "did you mean 'cat'"),
        ({}, {"image_batch": 13}, "for batches of 13"),
        ({}, {"text_batch": 7}, "6 prompts for batches of 7"),
    ],
)
def test_what_cannot_teach_is_refused(held, options, found, encoder, problem, write):
    with pytest.raises(UserError) as caught:
        built(encoder, problem, retrieved=write(**held), **options)
    assert found in str(caught.value)


def test_a_name_of_two_classes_says_nothing(write):
    with pytest.raises(UserError, match="'cat' is the name of 2 classes"):
        read_retrieved(write(), [*NAMES, "cat"], WIDTH)


def test_captions_of_something_else_teach_nothing(encoder, problem, write):
    with pytest.raises(UserError, match="no caption with a cosine"):
        built(encoder, problem, retrieved=write(captions=-weights(*NAMES * 4)))
