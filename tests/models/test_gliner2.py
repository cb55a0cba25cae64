"""Checkpoints of the gliner2 package: its answers in words, what it hides said or undone, overlaps as it settles them."""

import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from tests.models import _gliners2
from tests.models._gliners import LABELS, WORDS
from tests.models.test_gliner import Runs
from zsbench.core.cache import Cache
from zsbench.core.context import RunContext
from zsbench.core.errors import RunError, UserError
from zsbench.data.sentences.sentence import Sentence
from zsbench.methods.ner import Problem
from zsbench.methods.ner.span_threshold import span_threshold
from zsbench.models.spans.gliner2 import gliner2

pytest.importorskip("gliner2")
SENTENCES = [Sentence("0", tuple(WORDS)), Sentence("1", ("London",)), Sentence("2", (*WORDS[:-1], "e.g", "Ada"))]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("gliner2")
    return {name: Path(_gliners2.saved(root / name, name)) for name in _gliners2.ARCHITECTURES}


def copied(folders, tmp_path, name="span"):
    return Path(shutil.copytree(folders[name], tmp_path / "m"))


@pytest.mark.parametrize("overlaps", [None, "flat", "nested", "longest", "allow"])
@pytest.mark.parametrize("name", _gliners2.ARCHITECTURES)
def test_spans_are_what_the_package_answers_for_the_text(name, overlaps, folders):
    import gliner2 as library

    theirs = library.AutoExtractor.from_pretrained(str(folders[name]))
    ours = gliner2(model=str(folders[name]), overlaps=overlaps)
    sentences = SENTENCES[:2]
    answers = theirs.batch_extract_entities(
        [" ".join(s.words) for s in sentences],
        LABELS,
        threshold=0.5,
        include_spans=True,
        include_confidence=True,
        overlap_policy=overlaps,
    )
    found = ours.span_candidates(sentences, LABELS, threshold=0.5)
    for sentence, mentions, answer in zip(sentences, found, answers, strict=True):
        places, length = sentence.places(), len(" ".join(sentence.words))
        wanted = {
            (entity["start"], entity["end"], label): entity["confidence"]
            for label, entities in answer["entities"].items()
            for entity in entities
            # The full stop that the package puts behind "London" is no word of the sentence.
            if entity["end"] <= length
        }
        got = {(places[m.start][0], places[m.end][1], m.label): m.score for m in mentions}
        assert got.keys() == wanted.keys()
        assert [got[key] for key in wanted] == pytest.approx(list(wanted.values()), abs=1e-5)
        order = [(m.start, m.end, LABELS.index(m.label)) for m in mentions]
        assert order == sorted(order)
    assert len(found[0]) > 5
    # What the package settles is taken as it is; what it does not settle is decoded here.
    run = RunContext("auto", Cache(None), 0, ours.cost)
    tagged = span_threshold()(ours, Problem(LABELS), run)(sentences)
    assert ([[m[:3] for m in row] for row in tagged] == [[m[:3] for m in row] for row in found]) is (
        overlaps != "allow"
    )
    assert bool(ours.answers) is (overlaps != "allow")


@pytest.mark.parametrize("name", _gliners2.ARCHITECTURES)
def test_a_batch_of_one_gives_what_any_batch_gives_and_every_word_is_a_word(name, folders):
    model = gliner2(model=str(folders[name]), overlaps="allow")
    together = model.span_candidates([*SENTENCES, Sentence("3", ())], LABELS, threshold=0.4)
    assert together.pop() == []
    assert model.cost.forward_passes == 1
    # Sub-tokens are bytes here: those of the sentences, of the labels and of what the package puts around them.
    assert model.cost.tokens > sum(len(word) for s in SENTENCES for word in s.words)
    for sentence, found in zip(SENTENCES, together, strict=True):
        [alone] = model.span_candidates([sentence], LABELS, threshold=0.4)
        assert [m[:3] for m in alone] == [m[:3] for m in found]
        assert [m.score for m in alone] == pytest.approx([m.score for m in found], abs=1e-5)
        assert all(m.end < len(sentence.words) for m in found)
    assert {m.end for m in together[2]} >= {7, 8}  # "e.g" and "Ada", neither joined nor parted
    assert (model.max_words, model.max_width) == (None, 3 if name == "span" else None)


def test_a_score_must_exceed_the_threshold(folders):
    model = gliner2(model=str(folders["span"]), overlaps="allow")
    [found] = model.span_candidates(SENTENCES[:1], LABELS, threshold=0.5)
    lowest = min(found, key=lambda m: m.score)
    [above] = model.span_candidates(SENTENCES[:1], LABELS, threshold=lowest.score)
    assert above == [m for m in found if m.score > lowest.score]


def test_options_are_part_of_what_it_is(folders):
    models = [
        gliner2(model=str(folders["span"]), **options) for options in ({}, {"overlaps": "flat"}, {"max_words": 4})
    ]
    assert len({model.fingerprint for model in models}) == 3
    assert models[2].max_words == 4
    assert models[0].answers == "within a label: best score first"
    boundary = gliner2(model=str(folders["boundary"]))
    assert boundary.answers == models[1].answers == "within a label: highest total score"
    assert boundary.facts["architecture"] == "boundary"


def test_more_sub_tokens_than_positions_is_one_sentence(tmp_path):
    model = gliner2(model=_gliners2.saved(tmp_path, "span", positions=60))
    with pytest.raises(RunError, match="sub-tokens, the encoder reads 60; expected fewer labels, or a lower `max_w"):
        model.span_candidates(SENTENCES, LABELS, threshold=0.5)


def test_nan_is_an_error(folders):
    model = gliner2(model=str(folders["boundary"]))
    next(model.module.parameters()).data.fill_(float("nan"))
    with pytest.raises(RunError, match="NaN"):
        model.span_candidates(SENTENCES, LABELS, threshold=0.5)


def test_a_folder_is_loaded_without_a_network(folders, no_network):
    assert gliner2(model=str(folders["boundary"])).fingerprint


@pytest.mark.parametrize("shorter", [False, True])
def test_weights_that_are_missing_are_never_random(shorter, folders, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copied(folders, tmp_path)
    weights = load_file(folder / "model.safetensors")
    name = next(n for n in weights if n.endswith("word_embeddings.weight")) if shorter else sorted(weights)[0]
    weights[name], cut = weights[name][:-3].clone(), weights.pop(name)
    if not shorter:
        weights.pop(name)
    assert len(cut)
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(UserError, match=r"lacks weights|does not match"):
        gliner2(model=str(folder))


def test_neither_pickles_nor_code_run(folders, tmp_path, monkeypatch):
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    folder = copied(folders, tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Runs(tmp_path / "ran")))
    with pytest.raises(UserError, match="weights alone"):
        gliner2(model=str(folder))
    shape = folder / "encoder_config" / "config.json"
    shape.write_text(
        json.dumps(json.loads(shape.read_text()) | {"auto_map": {"AutoModel": "own.Own"}, "_name_or_path": str(folder)})
    )
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Own: pass\n")
    with pytest.raises(UserError, match="code of its own"):
        gliner2(model=str(folder))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"[]", b"{", b""])
@pytest.mark.parametrize("name", ["config.json", "encoder_config/config.json"])
def test_a_damaged_config_is_one_sentence(name, content, folders, tmp_path):
    folder = copied(folders, tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        gliner2(model=str(folder))
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_named_with_its_extra(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "gliner2", None)
    with pytest.raises(UserError, match=r"pip install 'zsbench\[ner\]'"):
        gliner2(model=str(folders["span"]))
