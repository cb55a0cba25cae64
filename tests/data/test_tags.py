"""Tags: what spans of every scheme look like, what is read back from them, and what is out of its order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zsbench.core.errors import UserError
from zsbench.data.sentences.conll import conll
from zsbench.data.sentences.tags import bio_spans, broken_tags, is_tag, prefixes

# Prefixes of a span's first, middle and last words, and of a span of one word.
WRITTEN = {
    "IO": "IIII", "IOB1": "IIII", "IOB2": "BIIB", "IOBES": "BIES", "BILOU": "BILU", "BMES": "BMES",
}  # fmt: skip


@st.composite
def flat_spans(draw):
    """Spans that share no word, some side by side, and the number of words."""
    spans, position = [], 0
    for gap, width, label in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from("AB")))):
        spans.append((position + gap, position + gap + width - 1, label))
        position += gap + width
    return spans, position + draw(st.integers(0, 2))


def written(spans, n_words, scheme):
    """Return the tags of spans."""
    first, middle, last, single = WRITTEN[scheme]
    tags = ["O"] * n_words
    for start, end, label in spans:
        tags[start : end + 1] = [f"{middle}-{label}"] * (end - start + 1)
        tags[start], tags[end] = f"{first}-{label}", f"{last}-{label}"
        if start == end:
            tags[start] = f"{single}-{label}"
        if scheme == "IOB1" and any(other[1:] == (start - 1, label) for other in spans):
            tags[start] = f"B-{label}"
    return tags


@given(case=flat_spans())
def test_spans_come_back_from_their_tags(case):
    for scheme in WRITTEN:
        spans, n_words = case
        if scheme == "IO":  # joins neighbours of one type
            spans = [s for s, before in zip(spans, [None, *spans], strict=False) if not before or s[0] > before[1] + 1]
        tags = written(spans, n_words, scheme)
        assert bio_spans(tags, scheme) == spans
        assert broken_tags(tags, spans) == []
        assert all(is_tag(tag, scheme) and tag[:1] in prefixes(scheme) for tag in tags)
        if scheme in ("IO", "IOB1", "IOB2", "IOBES"):
            assert bio_spans(tags) == spans


@given(tags=st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "I-B", "B"])))
def test_what_is_read_covers_every_tag_once(tags):
    for scheme in ("conlleval", "nervaluate", "IOBES"):
        spans = bio_spans(tags, scheme)
        covered = [position for start, end, _ in spans for position in range(start, end + 1)]
        assert len(set(covered)) == len(covered)
        assert "O" not in {tags[position] for position in covered}
        assert sorted(covered + broken_tags(tags, spans)) == [n for n, tag in enumerate(tags) if tag != "O"]
        assert scheme == "IOBES" or broken_tags(tags, spans) == []


def read(folder, text, **options):
    (folder / "s.txt").write_text(text)
    return conll(path=str(folder / "s.txt"), **options)


MALFORMED = "a B-x\nb I-y\n\nc B-x\n"


def test_a_tag_out_of_order_under_a_declared_scheme(tmp_path):
    assert read(tmp_path, MALFORMED).spans[0] == [(0, 0, "x"), (1, 1, "y")]
    with pytest.raises(UserError, match=r"s\.txt:2: sentence 0: tag 'I-y' after 'B-x', at the end, .*order of IOB2"):
        read(tmp_path, MALFORMED, scheme="IOB2")
    dropped = read(tmp_path, MALFORMED, scheme="IOB2", malformed="drop")
    assert dropped.spans == [[(0, 0, "x")], [(0, 0, "x")]]
    assert dropped.counts == {"tags dropped as malformed IOB2": 1}
    assert read(tmp_path, "a B-x\nb I-x\n", scheme="IOB2", malformed="drop").counts is None


def test_a_tag_of_another_scheme_says_which_one_has_it(tmp_path):
    for text, scheme in (("a U-x\n", "BILOU"), ("a B-x\nb M-x\nc E-x\n", "BMES")):
        with pytest.raises(UserError, match=f"s.txt:[12]: sentence 0: tag .*scheme: {scheme}"):
            read(tmp_path, text)
        assert [span[2] for span in read(tmp_path, text, scheme=scheme).spans[0]] == ["x"]
    with pytest.raises(UserError, match=r"tag 'E-x'.*O, B-type or I-type"):
        read(tmp_path, "a B-x\nb E-x\n", scheme="IOB2", malformed="drop")


@pytest.mark.parametrize("separator", ["\t", " ", ",", " | "])
def test_columns_parted_by_anything(tmp_path, separator):
    text = "".join(f"{tag}{separator}{word}\n" for tag, word in (("B-x", "Wall"), ("I-x", "Street"), ("O", "fell")))
    found = read(tmp_path, text, separator=separator, word_column=2, tag_column=1)
    assert (found.items[0].words, found.spans[0]) == (("Wall", "Street", "fell"), [(0, 1, "x")])


def test_a_line_that_the_separator_does_not_part(tmp_path):
    with pytest.raises(UserError, match=r"s\.txt:2: one column \('b O'\).*parted by ','"):
        read(tmp_path, "a,O\nb O\n", separator=",")
