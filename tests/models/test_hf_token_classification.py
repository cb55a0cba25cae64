"""Token classifiers: the tag of a word is that of its first sub-token, spans are conlleval's, labels are the task's."""

import numpy as np
import pytest
import torch
import transformers

from tests.models import _tiny
from tests.models._gliners import WORDS
from zsbench.core.errors import UserError
from zsbench.data.sentences.sentence import Sentence
from zsbench.data.sentences.tags import bio_spans
from zsbench.models.spans.hf_token_classification import hf_token_classification

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
SENTENCES = [Sentence("0", tuple(WORDS)), Sentence("1", ("London",)), Sentence("2", tuple(WORDS[::-1]))]


def saved(folder, tags=TAGS, kind="Bert", **shape):
    words = _tiny.tokenizer()
    labels = {"id2label": dict(enumerate(tags)), "label2id": {tag: number for number, tag in enumerate(tags)}}
    config = getattr(transformers, f"{kind}Config")(vocab_size=len(words), **{**_tiny.SHAPE, **shape}, **labels)
    model = _tiny.randomised(getattr(transformers, f"{kind}ForTokenClassification")(config), scale=0.1)
    with torch.no_grad():  # so that words get different tags
        model.get_input_embeddings().weight.normal_(0, 1)
        model.classifier.weight.normal_(0, 0.5)
    return _tiny.saved(model, words, folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("tagger"))


def by_hand(folder, words, reduced):
    """Return the spans of a sentence, computed for it alone."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForTokenClassification.from_pretrained(folder).eval()
    pieces = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
    first = np.cumsum([1, *map(len, pieces)])[:-1]
    with torch.no_grad():
        logits = model(torch.tensor([[1, *(i for piece in pieces for i in piece)]])).logits[0]
    chances = logits.double().softmax(-1).numpy()[first]
    tags = [TAGS[number] for number in chances.argmax(1)]
    return {(a, b, kind): reduced(chances.max(1)[a : b + 1]) for a, b, kind in bio_spans(tags)}


@pytest.mark.parametrize(("score", "reduced"), [("mean", np.mean), ("min", np.min)])
def test_a_word_has_the_tag_of_its_first_sub_token(score, reduced, folder):
    model = hf_token_classification(model=folder, score=score)
    found = model.span_candidates([*SENTENCES, Sentence("3", ())], ["PER", "LOC"], threshold=0.0)
    assert found.pop() == []
    wanted = [by_hand(folder, sentence.words, reduced) for sentence in SENTENCES]
    assert sum(map(len, wanted)) > 5
    assert any(end > start for row in wanted for start, end, _ in row)
    for mentions, row in zip(found, wanted, strict=True):
        assert [m[:3] for m in mentions] == list(row)
        assert [m.score for m in mentions] == pytest.approx(list(row.values()), abs=1e-5)
    assert (model.max_words, model.max_width, model.answers) == (None, None, "one tag a word")
    assert model.cost.forward_passes == 1
    least = min(score for row in wanted for score in row.values())
    above = model.span_candidates(SENTENCES, ["PER", "LOC"], threshold=least + 1e-4)
    assert sum(map(len, above)) == sum(map(len, found)) - 1


def test_labels_are_those_of_the_task(folder):
    plain = hf_token_classification(model=folder)
    mapped = hf_token_classification(model=folder, label_map={"PER": "person", "LOC": "place"})
    [theirs], [ours] = (
        model.span_candidates(SENTENCES[:1], labels, threshold=0.0)
        for model, labels in ((plain, ["PER", "LOC"]), (mapped, ["place", "person"]))
    )
    assert [m._replace(label={"PER": "person", "LOC": "place"}[m.label]) for m in theirs] == ours
    [places] = mapped.span_candidates(SENTENCES[:1], ["place"], threshold=0.0)
    assert places == [m for m in ours if m.label == "place"]
    assert 0 < len(places) < len(ours)
    assert mapped.facts["labels"] == ["person", "place"]
    assert mapped.fingerprint != plain.fingerprint


def test_labels_that_the_checkpoint_does_not_have_are_refused_with_the_nearest(folder):
    strict, lenient = (
        hf_token_classification(model=folder, label_map={"PER": "person"}, unknown_labels=choice)
        for choice in ("error", "ignore")
    )
    with pytest.raises(UserError, match=r"has no label 'persons', 'song'; .*did you mean 'person'"):
        strict.span_candidates(SENTENCES, ["persons", "LOC", "song"], threshold=0.0)
    [found] = lenient.span_candidates(SENTENCES[:1], ["person", "song"], threshold=0.0)
    assert {m.label for m in found} == {"person"}
    with pytest.raises(UserError, match=r"no label 'PERS'; expected LOC, PER; did you mean 'PER'"):
        hf_token_classification(model=folder, label_map={"PERS": "person"})


@pytest.mark.parametrize("tags", [["LABEL_0", "LABEL_1"], ["O", "PER"], ["B-PER", "I-PER"], ["O", "B"]])
def test_labels_that_are_no_tags_are_refused(tags, tmp_path):
    with pytest.raises(UserError, match="expected O and tags such as B-PER"):
        hf_token_classification(model=saved(tmp_path, tags))


def test_words_without_room_are_untagged_and_counted(tmp_path):
    folder = saved(tmp_path, max_position_embeddings=20)
    model = hf_token_classification(model=folder)
    cut, whole, _ = model.span_candidates(SENTENCES, ["PER", "LOC"], threshold=0.0)
    assert model.cost.truncated_items == 2
    # <s> and 19 bytes: Ada, Lovelace, met, Charl.
    assert all(m.end <= 3 for m in cut)
    assert len(whole) <= 1
    assert hf_token_classification(model=folder, max_words=3).max_words == 3


def test_words_of_byte_level_vocabularies_begin_with_a_blank(tmp_path):
    from tokenizers import pre_tokenizers

    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    saved(tmp_path, kind="Roberta")
    words = transformers.RobertaTokenizer(vocab={name: number for number, name in enumerate(names)}, merges=[])
    words.save_pretrained(tmp_path)
    model = hf_token_classification(model=str(tmp_path))
    model.span_candidates(SENTENCES[1:2], ["PER", "LOC"], threshold=0.0)
    assert model.cost.tokens == len("London") + len(["<s>", "Ġ", "</s>"])
