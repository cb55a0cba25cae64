"""Rules that classify texts: chunks, selections, entailment and likelihoods by their definitions."""

import json
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.methods.texts import Vectors, items
from zsbench.config.paths import ASSETS
from zsbench.core.errors import UserError
from zsbench.core.records import Cost
from zsbench.methods.classification import Labelled
from zsbench.methods.text_classification import TextProblem
from zsbench.methods.text_classification._selection import Selection, inliers
from zsbench.methods.text_classification._sentences import chunks, sentences
from zsbench.methods.text_classification.label_likelihood import label_likelihood, of_classes
from zsbench.methods.text_classification.lbl2transformervec import lbl2transformervec
from zsbench.methods.text_classification.nli import contradicted, hypothesis, labelled, nli
from zsbench.methods.text_classification.similarity import similarity
from zsbench.models.text.cross_encoder import cross_encoder
from zsbench.plan import planning

WORDS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=9).map(" ".join)


@given(parts=st.lists(WORDS, max_size=8), most=st.integers(1, 12))
def test_chunks_are_the_sentences_in_order_and_long_only_where_one_alone_is(parts, most):
    found = chunks(parts, most)
    assert " ".join(found) == " ".join(parts)
    assert all(len(chunk.split()) < most or chunk in parts for chunk in found)
    reference = chunks(parts, most, reference=True)
    assert [chunk for chunk in reference if chunk] == found
    assert reference.count("") == bool(parts and len(parts[0].split()) >= most)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One here. Two there! Three?", ["One here.", "Two there!", "Three?"]),
        ("Dr. A. Smith paid 3.5 dollars. He left.", ["Dr. A. Smith paid 3.5 dollars.", "He left."]),
        ("It is e.g. this, vs. that. So.", ["It is e.g. this, vs. that.", "So."]),
        ('"Stop." He did. (So he says.) Yes', ['"Stop."', "He did.", "(So he says.)", "Yes"]),
        ("gift is amber . badge was basil .", ["gift is amber .", "badge was basil ."]),
        ("a headline\n\nthe body goes on", ["a headline", "the body goes on"]),
        ("  ", []),
    ],
)
def test_the_built_in_splitter(text, expected):
    assert sentences(text, "built-in") == expected


COSINES = st.lists(st.floats(-1, 1, width=16), min_size=1, max_size=12).map(np.array)


@given(cosines=COSINES, threshold=st.floats(-1, 1, width=16), least=st.integers(1, 4), most=st.integers(4, 9))
def test_what_is_selected_is_the_best_and_above_the_threshold(cosines, threshold, least, most):
    chosen = Selection(threshold, 0.0, least, most).of(cosines)
    others = np.delete(cosines, chosen)
    assert len(set(chosen)) == len(chosen) == min(max((cosines > threshold).sum(), least), most, len(cosines))
    assert not len(others) or cosines[chosen].min() >= others.max()
    assert list(cosines[chosen]) == sorted(cosines[chosen], reverse=True)


@given(cosines=COSINES)
def test_without_any_option_the_best_document_is_selected_alone(cosines):
    assert list(Selection().of(cosines)) == [int(cosines.argmax())]


def test_outliers_are_those_of_the_local_outlier_factor():
    crowd = np.random.default_rng(0).normal(0, 0.1, (30, 3))
    assert len(inliers(np.vstack([crowd, [[9.0, 9, 9]]]))) < 31
    assert (inliers(np.vstack([crowd, [[9.0, 9, 9]]])) < 5).all()
    assert len(inliers(crowd[:2])) == 2


def test_outliers_are_cleaned_by_option_and_not_in_the_reference():
    crowd = {f"d{i}": [1.0, 0.02 * (i % 5), 0.01 * (i % 3)] for i in range(30)} | {"odd": [1.0, 9, 9]}
    held = crowd | {"kx": [1.0, 0, 0], "ky": [0, 0, 1.0]}
    counts = []
    for more in ({}, {"clean_outliers": True}, {"clean_outliers": True, "flavour": "reference"}):
        texts = Vectors(held, items(list(crowd)))
        rule = lbl2transformervec(similarity_threshold=-1.0, **more)
        rule(texts, TextProblem(["x", "y"], [["kx"], ["ky"]]))
        counts.append(texts.notes["documents per class"]["x"])
    assert counts[0] == counts[2] == 31 > counts[1]


PROBLEM = TextProblem(["x", "y"], [["kx"], ["ky", "kz"]])
HELD = {
    "kx": [1, 0, 0], "ky": [0, 1, 0], "kz": [0, 0, 1], "x": [1, 0.1, 0], "y": [0, 1, 1],
    "a": [2, 0.2, 0], "b": [0.1, 1, 2], "c": [1, 1, 0.9],
}  # fmt: skip


def test_a_class_is_the_mean_of_its_keywords_or_its_name():
    texts = Vectors(HELD, items(["a", "b"]))
    own = similarity()(texts, PROBLEM).score(texts.items)
    mean = np.array([0, 0.5, 0.5])
    wanted = np.array([0.1, 1, 2]) @ mean / (np.linalg.norm([0.1, 1, 2]) * np.linalg.norm(mean))
    assert own[1, 1] == pytest.approx(wanted, abs=1e-6)
    named = similarity(described_by="names")(texts, PROBLEM).score(texts.items)
    assert named[0, 0] == pytest.approx(1, abs=1e-6)  # 2 x the vector of x
    assert texts.prompts == ["kx", "ky", "kz", "x", "y"]


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ({"kz": None}, "class 'y', keyword 'kz': no vector for 'kz'"),
        ({"kx": [0, 0, 0]}, "class 'x', keyword 'kx': a vector that is zero"),
        ({"ky": [0, np.nan, 0]}, "class 'y', keyword 'ky'"),
    ],
)
def test_a_keyword_without_vector_is_named_with_its_class(held, message):
    vectors = {key: value for key, value in {**HELD, **held}.items() if value is not None}
    with pytest.raises(UserError, match=message):
        similarity()(Vectors(vectors, items(["a"])), PROBLEM)


def validation(texts, labels, **more):
    return Labelled(items(texts), np.array(labels), **{"split": "val", **more})


def test_the_threshold_with_the_best_macro_f1_on_validation_texts_is_taken():
    problem = TextProblem(["x", "y"], [["kx"], ["ky"]], validation=validation(["a", "b"], [0, 1]))
    texts = Vectors(HELD, items(["a", "b", "c"]))
    lbl2transformervec(similarity_threshold=[-1.0, 0.9])(texts, problem)
    # At -1 every document defines both classes: ties, so that all texts are of the first.
    assert texts.notes["chosen"] == {"similarity_threshold": 0.9}
    assert texts.notes["chosen on"] == {"split": "val", "texts": 2, "F1-over-all-classes": 1.0, "tried": 2}
    assert texts.warnings == ["2 of 2 classes are defined by one document each"]


@pytest.mark.parametrize("more", [{"split": "test"}, {"test": items(["a"])}])
def test_a_threshold_chosen_on_test_labels_is_an_oracle(more):
    problem = TextProblem(["x", "y"], [["kx"], ["ky"]], validation=validation(["a", "b"], [0, 1], **more))
    texts = Vectors(HELD, items(["a", "b"]))
    lbl2transformervec(similarity_threshold=[0.1, 0.9])(texts, problem)
    assert "oracle" in texts.warnings[0]


def test_the_corpus_may_be_other_texts_than_the_tests():
    problem = TextProblem(["x", "y"], [["kx"], ["ky"]], unlabeled=items(["a", "b"]))
    texts = Vectors(HELD, items(["c"]))
    scores = lbl2transformervec(corpus="unlabeled")(texts, problem).score(texts.items)
    a, b, c = (np.array(HELD[key], dtype=float) for key in "abc")
    cosines = [c @ v / (np.linalg.norm(c) * np.linalg.norm(v)) for v in (a, b)]
    np.testing.assert_allclose(scores, [cosines], atol=1e-6)


@dataclass
class Entailment:
    """Logits that count the letters which text and hypothesis share, by label."""

    labels: tuple = ("contradiction", "neutral", "entailment")
    cost: Cost = field(default_factory=Cost)

    def classify_pairs(self, pairs):
        rows = [[len(text), 0, text.count(hypothesis[-2])] for text, hypothesis in pairs]
        return np.array(rows, dtype=np.float32)[:, : len(self.labels)]


def test_entailment_is_read_by_the_names_of_the_labels():
    texts = Vectors({}, items(["xxy", "yyyy"]), Entailment())
    classifier = nli()(texts, PROBLEM)
    assert classifier.score(texts.items).tolist() == [[2, 1], [0, 4]]
    np.testing.assert_allclose(classifier.kind.probabilities([[2.0, 1.0]]), [[np.e / (1 + np.e), 1 / (1 + np.e)]])
    assert texts.prompts == ["This text is about x.", "This text is about y."]


def test_several_labels_are_judged_each_against_its_contradiction():
    texts = Vectors({}, items(["xxy"]), Entailment())
    classifier = nli(multi_label=True)(texts, PROBLEM)
    scores = classifier.score(texts.items)
    assert scores.tolist() == [[2 - 3, 1 - 3]]
    softmax = [np.exp(e) / (np.exp(e) + np.exp(3)) for e in (2, 1)]
    np.testing.assert_allclose(classifier.kind.probabilities(scores), [softmax])


class Knowing:
    fingerprint, dtype, device = "vectors", "float32", "cpu"

    def knows(self, text):
        return "x" not in text


def test_texts_of_unknown_words_are_counted_and_such_keywords_refused():
    held = {"a": [1.0, 0], "b": [0, 1.0], "x": [0.5, 0.5], "zero": [0.0, 0.0]}
    texts = Vectors(held, items(["a", "x", "zero"]), Knowing())
    similarity()(texts, TextProblem(["a", "b"])).score(texts.items)
    assert texts.counts == {"texts without a word that the model knows": 2}
    with pytest.raises(UserError, match="class 'x', keyword 'x': no word of it has a vector"):
        similarity()(texts, TextProblem(["a", "x"]))


def test_a_hypothesis_has_one_place_for_the_class_and_no_other_blank(tmp_path):
    assert hypothesis("It is {c}.", "{x}") == "It is {x}."
    for template in ("{c} {x}", "{} and {}", "no place"):
        rule = {"name": "nli", "template": template}
        suite = {"runs": [{"tasks": "topics", "models": "nli-topics", "methods": rule}]}
        (tmp_path / "s.yaml").write_text(json.dumps(suite))
        with pytest.raises(UserError, match="template"):
            planning.make(str(tmp_path / "s.yaml"))


def test_a_checkpoint_that_names_no_entailment_is_refused():
    assert labelled(("ENTAILMENT", "NEUTRAL", "CONTRADICTION"), "entail") == 0
    assert contradicted(("entailment", "not_entailment"), 0) == 1
    for labels in (("LABEL_0", "LABEL_1"), ("entailment", "entailed")):
        with pytest.raises(UserError, match=f"^m: labels {', '.join(labels)}.*a classifier of entailment"):
            labelled(labels, "entail", "m")
    with pytest.raises(UserError, match="contradict"):
        contradicted(("entailment", "a", "b"), 0)


def test_the_embedded_classifier_gives_the_shares_of_its_networks_logits():
    """As the zero-shot pipeline of transformers defines them, with whose numbers these were compared once."""
    import torch
    import transformers

    folder = ASSETS / "models" / "nli-topics"
    rows = [json.loads(line) for line in (ASSETS / "data/topics/test.jsonl").read_text().splitlines()[:3]]
    problem = TextProblem(["gold", "pepper", "silk"])
    texts = Vectors({}, items([row["text"] for row in rows]), cross_encoder(model=str(folder)))
    words = transformers.AutoTokenizer.from_pretrained(folder)
    network = transformers.AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    hypotheses = [f"This text is about {name}." for name in problem.class_names]
    with torch.no_grad():
        logits = torch.stack(
            [
                network(**words([item.text] * 3, hypotheses, padding=True, return_tensors="pt")).logits
                for item in texts.items
            ]
        )
    single, each = logits[..., 2].softmax(dim=1), logits[..., [0, 2]].softmax(dim=2)[..., 1]
    for multi_label, wanted in ((False, single), (True, each)):
        classifier = nli(multi_label=multi_label)(texts, problem)
        found = classifier.kind.probabilities(classifier.score(texts.items))
        np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


@dataclass
class Likelihood:
    """A token a letter, whose log-probability is minus one more than how often the prompt lacks it."""

    converses = False
    cost: Cost = field(default_factory=Cost)

    def target_logprobs(self, prompts, targets):
        return [
            np.array([-1.0 if letter in prompt.text else -2.0 for letter in target])
            for prompt, target in zip(prompts, targets, strict=True)
        ]


PROMPT = {"text": "{text}", "target": "{label}"}


def likelihoods(problem, texts, **options):
    from zsbench.methods.text_classification.label_likelihood import LabelPrompt

    asked = Vectors({}, items(texts), Likelihood())
    return label_likelihood(prompt=LabelPrompt(**PROMPT), **options)(asked, problem).score(asked.items)


def test_a_class_is_as_likely_as_its_name_after_the_text():
    problem = TextProblem(["ab", "c"])
    assert likelihoods(problem, ["a", "c"]).tolist() == [[-3, -2], [-4, -1]]
    assert likelihoods(problem, ["a"], length="mean").tolist() == [[-1.5, -2]]
    assert likelihoods(problem, ["a"], calibration="ab").tolist() == [[-1, 0]]
    assert likelihoods(problem, ["x a"], max_words=1).tolist() == [[-4, -2]]


def test_several_words_of_a_class_count_by_their_mean_likelihood():
    problem = TextProblem(["p", "q"], [["a", "b"], ["c"]])
    found = likelihoods(problem, ["a"], described_by="keywords")
    assert found[0].tolist() == pytest.approx([np.log((np.exp(-1) + np.exp(-2)) / 2), -2], abs=1e-6)
    assert of_classes(np.log([[0.2, 0.4, 0.1]]), [[0, 1], [2]])[0] == pytest.approx(np.log([0.3, 0.1]), abs=1e-6)
