"""What a rule reads beside the item stands in its declaration, so that tables can star it."""

import pytest

from zsbench.config import catalog
from zsbench.config.blocks import Block, _marks
from zsbench.config.components import option_hints


def named_files():
    """Return (method, option) for each option of a method that names a file or another model."""
    for name in catalog.own_components("methods"):
        for option, hint in option_hints(catalog.load_component("methods", name)).items():
            if _marks(hint) & {"local-path", "model-ref"}:
                yield name, option


@pytest.mark.parametrize(("name", "option"), [*named_files()])
def test_every_file_or_model_that_an_option_names_is_declared_as_used(name, option):
    facts = catalog.load_component("methods", name).facts
    assert facts.uses or option in dict(facts.uses_with), "declare it with uses= or uses_with="


@pytest.mark.parametrize(
    ("name", "options", "uses"),
    [
        ("cupl", {"prompts": "p.json"}, ("sentences of a language model",)),
        ("grain", {}, ()),
        ("grain", {"descriptions": "d.json"}, ("descriptions of the classes",)),
        ("description-prob-mean", {"descriptions": "d.json"}, ("descriptions of the classes",)),
        ("real-prompt", {"synonyms": "s.json"}, ("synonyms of the class names",)),
        ("real-linear", {"retrieved": "r.npz"}, ("images retrieved from pretraining data",)),
        ("rlcf", {"reward": "clip"}, ("another CLIP as reward",)),
        ("tpt", {}, ()),
        ("lbl2transformervec", {"similarity_threshold": 0.5}, ("an unlabelled corpus",)),
        ("lbl2transformervec", {"similarity_threshold": [0.1, 0.5]}, ("an unlabelled corpus", "validation texts")),
        ("lbl2transformervec", {"corpus": "unlabeled"}, ("an unlabelled corpus",)),
        ("zpe", {}, ("unlabeled test set",)),
        ("zpe", {"weights": "equal"}, ()),
        ("zpe", {"weights": "equal", "pool": "p.txt"}, ("a pool of templates",)),
        ("zpe", {"weights": "equal", "select": 0.5}, ("unlabeled test set",)),
        ("zpe", {"per": "example", "normalise": "pretrain"}, ("unlabeled images",)),
        ("atomic-docids", {"weights": "w.npy"}, ("document rows trained for this collection",)),
    ],
)
def test_uses_of_a_configured_rule(name, options, uses):
    assert Block("methods", name, options).facts.uses == uses


@pytest.mark.parametrize(("options", "kind"), [({}, "transductive"), ({"corpus": "unlabeled"}, "inductive")])
def test_a_rule_over_unlabelled_texts_asks_no_test_text(options, kind):
    assert Block("methods", "lbl2transformervec", options).facts.kind == kind


def test_a_row_of_cupl_says_whose_sentences_it_took():
    link = Block("methods", "cupl", {"prompts": "p.json", "prompt_set": "full"})
    assert (link.title, link.settings()) == ("cupl(prompt_set=full)", "prompt_set full")
    assert Block("methods", "cupl", {"prompts": "p.json"}).title == "cupl"
