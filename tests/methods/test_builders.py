"""Score builders from texts about classes equal plain computations and refuse what they cannot answer."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.close import assert_rows_close
from tests.methods.fakes import WIDTH, FakeEncoder, fake_problem, images, unit, vector
from zsbench.config import catalog
from zsbench.config.paths import ASSETS
from zsbench.core.cache import Cache
from zsbench.core.errors import UserError
from zsbench.engine import local
from zsbench.methods.classification import description_prob_mean as dpm
from zsbench.methods.classification import grain as grain_module
from zsbench.methods.classification import normalise
from zsbench.methods.classification.cupl import class_weights, cupl
from zsbench.methods.classification.description_prob_mean import description_prob_mean
from zsbench.methods.classification.grain import class_texts, grain, join
from zsbench.methods.classification.prompt_ensemble import prompt_ensemble
from zsbench.methods.classification.real_prompt import real_prompt
from zsbench.plan import planning
from zsbench.plan.choices import Choices
from zsbench.run.runner import Options

NAMES = ["cat", "sea lion", "missile", "missile"]
TEMPLATES = ["a photo of a {}.", "{c}", "art of the {}"]
PARTS = [("a photo of a ", "."), ("", ""), ("art of the ", "")]


@pytest.fixture
def encoder():
    return FakeEncoder(images(), vector, logit_scale=25.0)


@pytest.fixture
def problem():
    return fake_problem(NAMES, TEMPLATES)


@pytest.fixture
def write(tmp_path):
    """Write a value as JSON, or a text as it is, and return the path."""

    def written(value, name="texts.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
        return str(path)

    return written


def test_a_class_of_several_names_has_the_mean_of_all_its_prompts(encoder, problem):
    several = replace(problem, also_called={"cat": ["kitten", "feline"]})
    found = prompt_ensemble()(encoder, several, None).weights
    prompts = [f"{start}{name}{end}" for name in ("cat", "kitten", "feline") for start, end in PARTS]
    assert_rows_close(found[:1], normalise(np.mean([unit(text) for text in prompts], axis=0, keepdims=True)))
    np.testing.assert_array_equal(found[1:], prompt_ensemble()(encoder, problem, None).weights[1:])


def test_further_names_of_no_class_are_refused(tmp_path):
    (tmp_path / "t.yaml").write_text(
        "type: image-classification\ndescription: d\ndata: {source: digits}\nalso_called: {thre: [a line]}\n"
    )
    [job] = planning.make(str(tmp_path / "t.yaml"), Choices(methods=("random-class",))).jobs
    with pytest.raises(UserError, match=r"t\.yaml:4: no class 'thre'; expected .*did you mean 'three'"):
        job.build_task().load(limit=None, seed=0)


SENTENCES = {
    "cat": ["A cat purrs.", "Cats have whiskers."],
    "sea lion": ["A sea lion barks."],
    "missile": ["It flies."],
}
BUILDERS = {
    "cupl": lambda path: cupl(prompts=path),
    "description-prob-mean": lambda path: description_prob_mean(descriptions=path, template="a {}", drop_words=0),
    "grain": lambda path: grain(descriptions=path),
}


# Files of texts


@pytest.mark.parametrize("name", BUILDERS)
def test_keys_may_differ_in_blanks(name, encoder, problem, write):
    written = {"sea_lion": SENTENCES["sea lion"], " cat": SENTENCES["cat"], "missile": SENTENCES["missile"]}
    found, wanted = (encoder.scores(BUILDERS[name](write(of))(encoder, problem, None)) for of in (written, SENTENCES))
    np.testing.assert_array_equal(found, wanted)
    path = write({**written, "sea  lion": ["x y"]})
    with pytest.raises(UserError, match="nothing for 1 of 3 classes: 'sea lion'"):
        BUILDERS[name](path)(encoder, problem, None)


@pytest.mark.parametrize("name", BUILDERS)
def test_missing_classes_are_all_named_with_the_nearest_key(name, encoder, problem, write):
    path = write({"Cat": ["x y"], "sea-lion": ["x y"], "missile": ["x y"]})
    with pytest.raises(UserError) as caught:
        BUILDERS[name](path)(encoder, problem, None)
    message = str(caught.value)
    assert "2 of 3 classes" in message
    assert "'cat' (nearest key: 'Cat')" in message
    assert "'sea lion' (nearest key: 'sea-lion')" in message
    assert "missile" not in message
    assert encoder.asked == []


@pytest.mark.parametrize("name", BUILDERS)
def test_classes_of_one_name_share_their_texts_and_tie(name, encoder, problem, write):
    scores = encoder.scores(BUILDERS[name](write(SENTENCES))(encoder, problem, None))
    assert scores.shape == (len(encoder.items), len(NAMES))
    assert_rows_close(scores[:, 2], scores[:, 3])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("{", "not a file of sentences"),
        ("[1]", "not a JSON object"),
        ('{"cat": ["a"], "cat": ["b"]}', "'cat' stands twice"),
        ({"cat": "one sentence"}, "'cat' has no list"),
        ({"cat": ["fine", " "]}, "'cat' has an entry that is blank"),
        ({"cat": ["fine", 3]}, "'cat' has an entry that is blank or no text"),
    ],
)
@pytest.mark.parametrize("name", BUILDERS)
def test_bad_files_are_named_with_what_is_wrong(name, content, found, encoder, problem, write):
    with pytest.raises(UserError, match=found) as caught:
        BUILDERS[name](write(content))(encoder, problem, None)
    assert "texts.json" in caught.value.where


def test_missing_file_is_an_error(encoder, problem, tmp_path):
    with pytest.raises(UserError, match=r"none\.json: no such file"):
        cupl(prompts=str(tmp_path / "none.json"))(encoder, problem, None)


def test_a_folder_of_text_files_equals_the_json(encoder, write, tmp_path):
    problem = fake_problem(["cat", "and/or"], TEMPLATES)
    write("A cat purrs.\n\n  Cats have whiskers.  \n", "folder/cat.txt")
    write("Either one.\n", "folder/andSLASHor.txt")
    path = write({"and/or": ["Either one."], "cat": ["A cat purrs.", "Cats have whiskers."]})
    found = cupl(prompts=str(tmp_path / "folder"))(encoder, problem, None)
    np.testing.assert_array_equal(found.weights, cupl(prompts=path)(encoder, problem, None).weights)


def test_an_empty_folder_is_an_error(encoder, problem, tmp_path):
    with pytest.raises(UserError, match=r"no \.txt files"):
        cupl(prompts=str(tmp_path))(encoder, problem, None)


# CuPL


@pytest.mark.parametrize("templates", [False, True])
def test_cupl_is_the_plain_mean_of_all_texts(templates, encoder, problem, write):
    found = cupl(prompts=write(SENTENCES), templates=templates, prompt_set="full")(encoder, problem, None)
    for name, weights in zip(NAMES, found.weights, strict=True):
        texts = [t.replace("{c}", name).replace("{}", name) for t in TEMPLATES] if templates else []
        mean = np.mean([unit(text) for text in texts + SENTENCES[name]], axis=0)
        assert_rows_close(weights, mean / np.linalg.norm(mean))
    assert encoder.notes["cupl"] == {"prompt set": "full", "sentences a class": "1 to 2"}


@pytest.mark.parametrize("templates", [False, True])
def test_a_class_without_sentences_never_falls_back_to_its_templates(templates, encoder, problem, write):
    with pytest.raises(UserError, match="'sea lion' has no sentence"):
        cupl(prompts=write({**SENTENCES, "sea lion": []}), templates=templates)(encoder, problem, None)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(2, 4), st.data())
@settings(max_examples=25)
def test_repeating_every_prompt_of_a_class_changes_nothing(counts, times, data):
    owner = np.repeat(np.arange(len(counts)), counts)
    texts = np.random.default_rng(data.draw(st.integers(0, 99))).standard_normal((len(owner), WIDTH))
    chosen = owner == data.draw(st.integers(0, len(counts) - 1))
    more = np.concatenate([texts, *[texts[chosen]] * (times - 1)])
    repeated = class_weights(more, np.concatenate([owner, *[owner[chosen]] * (times - 1)]))
    assert_rows_close(repeated, class_weights(texts, owner))


def test_a_class_number_without_text_has_no_mean():
    with pytest.raises(ValueError, match="class 1 has no text"):
        class_weights(images(3), np.array([0, 2, 2]))


# Mean probability of descriptions


LINES = {"cat": ["It has a tail", "It has whiskers"], "sea lion": ["It has a tail"], "missile": ["One flies fast"]}


def test_probabilities_equal_the_definition_with_repeated_texts(encoder, problem, write):
    lines = {**LINES, "cat": ["It has a tail", "It has whiskers", "Always has whiskers"]}
    scores = encoder.scores(description_prob_mean(descriptions=write(lines), template="a {}")(encoder, problem, None))
    texts = [[f"a {name} " + " ".join(line.split(" ")[2:]) for line in lines[name]] for name in NAMES]
    flat = [text for own in texts for text in own]
    logits = 25 * encoder.features @ np.array([unit(text) for text in flat]).T
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = [probabilities[:, [flat.index(text) for text in own]].mean(1) for own in texts]
    assert_rows_close(scores, np.transpose(expected))
    assert encoder.notes["description-prob-mean"] == {"logit scale": 25.0, "texts": 6, "lines skipped": 0}


def test_blocks_of_images_equal_one(encoder, problem, write, monkeypatch):
    rule = description_prob_mean(descriptions=write(LINES), template="a {}")
    whole = encoder.scores(rule(encoder, problem, None))
    monkeypatch.setattr(dpm, "CELLS", 12)
    assert_rows_close(encoder.scores(rule(encoder, problem, None)), whole)


def test_texts_of_a_class():
    assert dpm.class_texts("a photo of a {}", "sea_lion", ["1. The  flippers are long", "2. Whiskers"], 2) == [
        "a photo of a sea lion flippers are long"
    ]
    assert dpm.class_texts("{} texture", "dotted", ["round spots"], 0) == ["dotted texture round spots"]
    assert dpm.unquoted(['"North" Sea']) == ["North Sea"]


def test_locations_follow_the_descriptions_without_quotes(encoder, problem, write):
    places = write({name: ['It lives "far north"'] for name in NAMES}, "places.json")
    rule = description_prob_mean(descriptions=write(LINES), locations=places, template="a {}")
    rule(encoder, problem, None)
    assert encoder.asked[:3] == ["a cat a tail", "a cat whiskers", "a cat far north"]


def test_short_lines_are_skipped_and_counted(encoder, problem, write):
    path = write({**LINES, "cat": ["It has a tail", "1. Nothing"]})
    description_prob_mean(descriptions=path, template="a {}")(encoder, problem, None)
    assert encoder.notes["description-prob-mean"]["lines skipped"] == 1
    path = write({**LINES, "sea lion": ["1. Nothing"]})
    with pytest.raises(UserError, match="'sea lion' has no line of more than 2 words"):
        description_prob_mean(descriptions=path, template="a {}")(encoder, problem, None)


def test_several_templates_need_a_choice(encoder, problem, write):
    rule = description_prob_mean(descriptions=write(LINES))
    with pytest.raises(UserError, match="the task has 3 templates"):
        rule(encoder, problem, None)
    rule(encoder, fake_problem(NAMES, ["one {}"]), None)
    assert encoder.asked[0] == "one cat a tail"
    with pytest.raises(UserError, match="no place for the class"):
        description_prob_mean(descriptions=write(LINES), template="a photo")(encoder, problem, None)


# GRAIN


@pytest.mark.parametrize(
    ("description", "end"),
    [
        ("a red bird", " which is a red bird"),
        ("an oval", " which is an oval"),
        ("antennae", " which is antennae"),
        ("used for cooking", " which is used for cooking"),
        ("has fur", " which has fur"),
        ("often striped", " which often striped"),
        ("typically wet", " which typically wet"),
        ("may bark", " which may bark"),
        ("can fly", " which can fly"),
        ("long legs", " which has long legs"),
    ],
)
def test_descriptions_are_joined_by_their_first_letters(description, end):
    assert join(description) == end
    assert class_texts(["a {}", "the {c}"], "cat", [description]) == [f"a cat{end}", f"the cat{end}"]


def test_the_global_part_is_linear_and_its_weights_are_means(encoder, problem, write):
    descriptions = {**SENTENCES, "sea lion": []}
    found = grain(descriptions=write(descriptions))(encoder, problem, None)
    for name, weights in zip(NAMES, found.weights, strict=True):
        texts = class_texts(TEMPLATES, name, descriptions[name])
        assert_rows_close(weights, np.mean([unit(text) for text in texts], axis=0))
    long = grain(descriptions=write(descriptions), renormalise=True)(encoder, problem, None).weights
    assert_rows_close(np.linalg.norm(long, axis=1), 1)
    assert_rows_close(normalise(found.weights), long)


def test_without_descriptions_the_templates_remain(encoder, problem):
    found = grain(renormalise=True)(encoder, problem, None).weights
    assert_rows_close(found, prompt_ensemble()(encoder, problem, None).weights)


class Regions:
    """A model whose regions of an image are drawn from the image's number."""

    logit_scale = 25.0

    def prepare(self, image):
        return image

    def encode_regions(self, prepared):
        return np.stack([3 * images(5, seed=image) for image in prepared])


@pytest.mark.parametrize("cells", [grain_module.CELLS, 7])
def test_regions_are_compared_with_descriptions(cells, problem, write, monkeypatch):
    monkeypatch.setattr(grain_module, "CELLS", cells)
    encoder = FakeEncoder(images(), vector, model=Regions())
    encoder.items = [SimpleNamespace(open=lambda i=i: i) for i in encoder.items]
    path = write(SENTENCES)
    scores = encoder.scores(grain(descriptions=path, alpha=0.25)(encoder, problem, None))
    whole = encoder.features @ grain(descriptions=path)(encoder, problem, None).weights.T
    for i, row in enumerate(scores):
        queries = normalise(images(5, seed=i))
        local = [max(float(q @ unit(d)) for d in SENTENCES[name]) for q in queries for name in NAMES]
        expected = 0.25 * whole[i] + 0.75 * np.reshape(local, (5, -1)).mean(0)
        np.testing.assert_allclose(row, 100 * expected, rtol=1e-4, atol=1e-4)


def test_alpha_below_one_names_what_the_model_lacks(encoder, problem, write):
    with pytest.raises(UserError, match="RegionEncoder"):
        grain(descriptions=write(SENTENCES), alpha=0.5)(encoder, problem, None)


def test_alpha_below_one_needs_a_description_of_every_class(problem, write):
    encoder = FakeEncoder(images(), vector, model=Regions())
    with pytest.raises(UserError, match="'cat' has no description"):
        grain(descriptions=write({**SENTENCES, "cat": []}), alpha=0.5)(encoder, problem, None)
    with pytest.raises(UserError, match="'cat' has no description"):
        grain(alpha=0.5)(encoder, problem, None)


# REAL-Prompt


def test_real_prompt_is_the_ensemble_of_other_names(encoder, problem, write):
    path = write({"cat": "cat", "sea lion": "seal", "missile": "rocket"})
    found = real_prompt(synonyms=path)(encoder, problem, None)
    other = fake_problem(["cat", "seal", "rocket", "rocket"], TEMPLATES)
    np.testing.assert_array_equal(found.weights, prompt_ensemble()(encoder, other, None).weights)
    assert encoder.notes["real-prompt"] == {"renamed classes": 3}


def test_real_prompt_chooses_by_counts(encoder, problem, write):
    counts = {"cat": {"cat": 5, "feline": 9}, "sea lion": {"sea lion": 1, "lion": 8}, "missile": {"missile": 2}}
    path = write({n: {"name": name, "alternates": alternates} for n, (name, alternates) in enumerate(counts.items())})
    for choice, names in (
        (None, ["feline", "sea lion", "missile", "missile"]),
        ("strict", ["feline", "lion", "missile", "missile"]),
    ):
        found = real_prompt(synonyms=path, choice=choice)(encoder, problem, None)
        expected = prompt_ensemble()(encoder, fake_problem(names, TEMPLATES), None)
        np.testing.assert_array_equal(found.weights, expected.weights)
    with pytest.raises(UserError, match=r"choice: .* holds names that are chosen already"):
        real_prompt(synonyms=write({"cat": "cat"}), choice="strict")(encoder, problem, None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {n: {"name": n, "alternates": {"dog": 1}} for n in ("cat", "sea lion", "missile")},
            "no count of the official name 'cat'",
        ),
        ({"0": {"name": "cat"}}, "class '0': alternates None"),
        ({"0": {"alternates": {"cat": 1}}}, "class '0': name None"),
        ({"0": {"name": "cat", "alternates": {"cat": -1}}}, "class '0': 'cat' has -1 captions"),
        ({"0": {"name": "cat", "alternates": {"cat": 1}, "actual_freq": 0.5}}, "'actual_freq' has 0.5 captions"),
        ({"0": {"name": "cat", "alternates": {"cat": 1}}, "1": "x"}, "class '1': 'x'"),
        ({n: {"name": "cat", "alternates": {"cat": 1}} for n in "01"}, "2 classes without a count: 'sea lion'"),
    ],
)
def test_counts_of_synonyms_that_are_none(value, message, encoder, problem, write):
    with pytest.raises(UserError, match=message):
        real_prompt(synonyms=write(value))(encoder, problem, None)


@pytest.mark.parametrize(("names", "found"), [({"cat": "cat"}, "2 of 3 classes"), ({"cat": ["a"]}, "blank or no text")])
def test_real_prompt_needs_a_name_for_every_class(names, found, encoder, problem, write):
    with pytest.raises(UserError, match=found):
        real_prompt(synonyms=write(names))(encoder, problem, None)


# What `zsbench show` prints


SHOWN = {
    "cupl": ("prompts", SENTENCES, {"templates": True}),
    "description-prob-mean": ("descriptions", LINES, {"template": "a {}", "drop_words": 1}),
    "grain": ("descriptions", SENTENCES, {}),
    "real-prompt": ("synonyms", {"cat": "feline", "sea lion": "seal", "missile": "rocket"}, {}),
}


@pytest.mark.parametrize("name", SHOWN)
def test_shown_prompts_are_the_texts_that_are_encoded(name, encoder, problem, write):
    key, content, further = SHOWN[name]
    options = {key: write(content), **further}
    module = catalog.load_module("methods", name)
    lines = module.describe_prompt(options, {"classes": NAMES, "templates": TEMPLATES}).splitlines()
    catalog.load_component("methods", name)(**options)(encoder, problem, None)
    assert lines == encoder.asked[: len(lines)]
    assert len(lines) == {"cupl": 5, "description-prob-mean": 2, "grain": 6, "real-prompt": 3}[name]
    assert module.describe_prompt({}, {})
    assert "none.json" in module.describe_prompt({key: "none.json"}, {"templates": ["x {}"]})


def test_shown_pool_is_the_pool(write):
    describe = catalog.load_module("methods", "zpe").describe_prompt
    assert describe({"pool": ["{}", "a {c}"]}, {"classes": NAMES}) == "cat\na cat"
    assert describe({"pool": write(["the {}"], "pool.json")}, {"classes": NAMES}) == "the cat"
    assert describe({}, {"classes": "asset:data/glyphs/classes.txt", "templates": ["a {}"]}) == "a digit zero"
    assert "none.txt" in describe({"pool": "none.txt"}, {})


# From end to end


def evaluate(tmp_path, method):
    choices = Choices(models=("clip-glyphs",), methods=(method,), settings={"limit": 30, "resamples": 100})
    options = Options(tmp_path / "out", Cache(tmp_path / "cache"))
    [outcome] = local.run(planning.make("glyphs", choices), options, lambda *_: None, lambda _: None)
    assert outcome.error is None
    return outcome


def test_an_edited_prompt_file_is_never_answered_with_old_predictions(tmp_path, write):
    names = (ASSETS / "data/glyphs/classes.txt").read_text().split("\n")[:-1]
    path = write({name: [f"a photo of a {name}"] for name in names})
    method = {"name": "cupl", "prompts": path}
    good = evaluate(tmp_path, method)
    assert evaluate(tmp_path, method).reused
    write({name: [f"a photo of a {other}"] for name, other in zip(names, [*names[1:], names[0]], strict=True)})
    bad = evaluate(tmp_path, method)
    assert not bad.reused
    assert good.result["metrics"]["acc@1"]["value"] > 0.6 > 0.3 > bad.result["metrics"]["acc@1"]["value"]


def test_an_edited_file_of_a_folder_counts_as_well(tmp_path, write):
    names = (ASSETS / "data/glyphs/classes.txt").read_text().split("\n")[:-1]
    for name in names:
        write("It is on a white background\nIt is on a black background\n", f"lines/{name}.txt")
    method = {"name": "description-prob-mean", "descriptions": str(tmp_path / "lines"), "drop_words": 2}
    first = evaluate(tmp_path, method)
    assert len([row for row in first.result["inputs"] if "/lines/" in row["path"]]) == len(names)
    assert evaluate(tmp_path, method).reused
    write("It is on a red background\n", f"lines/{names[0]}.txt")
    assert not evaluate(tmp_path, method).reused


def test_rules_chain_over_a_builder(tmp_path):
    result = evaluate(tmp_path, {"chain": ["zpe", "shrink-certainty"]}).result
    assert result["method_kind"] == "transductive"
    assert "zpe" in result["notes"]
