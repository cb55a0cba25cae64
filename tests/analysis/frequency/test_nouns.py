"""The paper's search asks spaCy for lemmas and parts of speech, and says so where it cannot."""

import sys
from types import SimpleNamespace

import pytest

from zsbench.analysis.frequency.counting import parsed, searches
from zsbench.core.errors import UserError

LEMMAS = {"dogs": ("dog", "NOUN"), "Paris": ("Paris", "PROPN"), "ran": ("run", "VERB"), "ice-cream": ("ice", "NOUN")}


class Pipeline:
    """A pipeline that cuts at blanks, and `ice-cream` in two."""

    def __call__(self, text):
        words = text.replace("ice-cream", "ice- creams").split()
        known = {"creams": ("cream", "NOUN"), **LEMMAS}
        return [SimpleNamespace(lemma_=known.get(w, (w, "X"))[0], pos_=known.get(w, (w, "X"))[1]) for w in words]

    def pipe(self, texts, batch_size):
        return map(self, texts)


@pytest.fixture
def spacy(monkeypatch):
    """spaCy with the paper's models; yields the names of those that were loaded."""
    loaded = []

    def load(name, exclude):
        if name == "none":
            raise OSError(name)
        loaded.append(name)
        return Pipeline()

    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(load=load))
    parsed.load.cache_clear()
    yield loaded
    parsed.load.cache_clear()


def test_captions_and_concepts_are_parsed_by_the_papers_models(spacy):
    search = searches.chosen("nouns", None, None)
    slots, finder = searches.make(search, {"dogs": ["dogs"], "ran": ["ran"], "Ice-cream": ["Ice-cream"]}, "concepts")
    assert slots.terms == [("dog",), ("run",), ("cream",)]
    documents = finder.documents(["dogs ran", [["dog", "NOUN"]], "Paris"])
    assert documents == [{"dog"}, {"dog"}, {"Paris"}]
    assert [found.tolist() for found in finder.find(documents)] == [[0, 1], [0, 0]]
    assert spacy == [parsed.QUERY_MODEL, parsed.CAPTION_MODEL]
    lowercased = searches.chosen("nouns-lowercased", None, None)
    assert searches.make(lowercased, {"Dogs ran": ["Dogs ran"]}, "concepts")[0].terms == [("dogs",), ("ran",)]


def test_a_model_that_is_not_there(spacy):
    with pytest.raises(UserError, match="--spacy: no model 'none'; expected python -m spacy download none"):
        parsed.load("none")


def test_without_spacy_concepts_have_the_lemmas_of_the_table(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    parsed.load.cache_clear()
    assert parsed.query_lemma()[1] == "built-in table"
    slots, finder = searches.make(searches.chosen("nouns", None, None), {"Wolves": ["Wolves"]}, "concepts")
    assert slots.terms == [("wolf",)]
    with pytest.raises(UserError, match="spaCy is not installed"):
        finder.documents(["wolves"])
