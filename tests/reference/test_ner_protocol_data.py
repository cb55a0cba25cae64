"""Tags and spans of characters are read as the reference packages read them."""

import json

import pytest

from tests.reference._golden import load_json, some
from zsbench.data.sentences.gliner_json import gliner_json
from zsbench.data.sentences.instructuie_json import instructuie_json
from zsbench.data.sentences.tags import bio_spans

READINGS = {
    "seqeval_default": ("conlleval", 0),
    "nervaluate": ("nervaluate", 0),
    "seqeval_strict_iob2_end_exclusive": ("IOB2", 1),
    "seqeval_strict_iobes_end_exclusive": ("IOBES", 1),
}


@pytest.mark.parametrize("key", READINGS)
def test_tags_in_every_reading(key):
    scheme, exclusive = READINGS[key]
    for case in some(load_json("ner-protocol", "bio_decode.json"), "ner-protocol"):
        expected = case[key]
        if expected == "error:ValueError":
            with pytest.raises(ValueError, match=f"in {scheme}, which has O, B, I"):
                bio_spans(case["tags"], scheme)
        else:
            assert bio_spans(case["tags"], scheme) == [(start, end - exclusive, kind) for start, end, kind in expected]


def test_characters_become_words_as_in_gliners_benchmark(tmp_path):
    for case in some(load_json("ner-protocol", "charspan_to_words.json"), "ner-protocol"):
        (tmp_path / "in.json").write_text(json.dumps([dict(case["input"])]))
        (tmp_path / "out.json").write_text(json.dumps([dict(case["output"])]))
        read = instructuie_json(path=str(tmp_path / "in.json"), borders="unmatchable")
        expected = gliner_json(path=str(tmp_path / "out.json"))
        assert read.items[0].words == tuple(case["output"]["tokenized_text"]) == expected.items[0].words
        # The benchmark lowers the labels, which is left to the task here.
        spans = [(span[0], span[1], span[2].lower()) for span in read.spans[0]]
        assert spans == [tuple(span) for span in case["output"]["ner"]] == [tuple(s[:3]) for s in expected.spans[0]]
        assert read.counts == expected.counts
        assert [entity["name"] for entity in case["input"]["entities"]] == [
            read.items[0].spelled(*span[:2]) if span[0] is not None else span.text for span in read.spans[0]
        ]
