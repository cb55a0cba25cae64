"""Tags and spans of characters are read as the reference packages read them."""

import pytest

from tests.reference._golden import load_json, some
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
