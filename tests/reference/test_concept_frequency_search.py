"""The search in parsed captions, image tags and what they have in common equal the reference's, exactly."""

import numpy as np

from tests.reference._golden import load_json, needs
from zsbench.analysis.frequency.counting import joint, parsed
from zsbench.analysis.frequency.counting.tags import ImageTags
from zsbench.analysis.frequency.counting.tallies import Slots, Tally, Wanted

CASE = load_json("concept-frequency", "caption_search.json")


def test_counts_hits_and_misalignment():
    needs(CASE)
    terms = CASE["concept_terms"]
    slots = Slots([Wanted(concept, {concept: tuple((word,) for word in terms[concept])}) for concept in terms])
    documents = [parsed.nouns(document) for document in CASE["documents"]]
    rows, found = slots.of_terms(*parsed.Nouns(slots.terms, "none").find(documents))
    tally = Tally(slots)
    tally.add(rows, found)
    assert {one.concept: one.count for one in tally.counts()} == CASE["text_counts"]

    kept = joint._Resolver(tally).first_of_pairs(rows, found)
    hits = joint.Found([str(row) for row in rows[kept]], rows[kept], slots.concepts[found[kept]])
    concepts = list(terms)
    text_hits = {concept: hits.rows[hits.concepts == n].tolist() for n, concept in enumerate(concepts)}
    assert text_hits == CASE["text_hits"]

    images = CASE["image_hits"]
    pairs = [(str(row), n) for n, concept in enumerate(concepts) for row in images[concept]]
    aligned = joint.Alignment(ImageTags(pairs, len(concepts)))
    misaligned = aligned.add(hits)
    assert dict(zip(concepts, aligned.tags.counts.tolist(), strict=True)) == CASE["image_counts"]
    assert dict(zip(concepts, aligned.integrated.tolist(), strict=True)) == CASE["integrated_counts"]
    assert (aligned.n_misaligned, list(map(int, misaligned))) == (CASE["misaligned"], CASE["misaligned_ids"])
    degrees = aligned.degrees(CASE["fixed_size"])
    assert degrees == {key: CASE[key] for key in ("degree_extracted", "degree_fixed")}


def test_the_index_of_nouns():
    needs(CASE)
    postings = {}
    for row, document in enumerate(CASE["documents"]):
        for word in parsed.nouns(document):
            postings.setdefault(word, []).append(row)
    assert postings == CASE["index"]


def test_a_concept_is_cut_at_underscores_and_blanks():
    needs(CASE)
    lemma = {"running": "run"}
    for concept, words in CASE["concept_terms"].items():
        assert parsed.words_of(concept, lambda word: lemma.get(word, word)) == words


def test_tags_of_no_sample_agree_with_nothing():
    aligned = joint.Alignment(ImageTags([], 2))
    none = np.zeros(0, np.int64)
    assert aligned.add(joint.Found([], none, none)) == []
    assert aligned.degrees(0) == {"degree_extracted": None, "degree_fixed": None}
