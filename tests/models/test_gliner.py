"""Checkpoints of the gliner package: their candidates, decoded here, are what the package answers."""

import itertools
import json
import pickle
import shutil
import sys
from pathlib import Path

import pytest

from tests.models import _gliners
from tests.models._gliners import LABELS, WORDS
from zsbench.core.errors import RunError, UserError
from zsbench.data.sentences.sentence import Sentence
from zsbench.methods.ner.decoding import decode
from zsbench.models.spans.gliner import gliner

pytest.importorskip("gliner")
pytestmark = pytest.mark.filterwarnings("ignore:Resizing embeddings")  # of a bi-encoder, which the package need not do
SENTENCES = [Sentence("0", tuple(WORDS)), Sentence("1", ("London",)), Sentence("2", tuple(WORDS[::-1]))]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("gliner")
    return {name: Path(_gliners.saved(root / name, name)) for name in _gliners.ARCHITECTURES}


def copied(folders, tmp_path, name="uni-span"):
    return Path(shutil.copytree(folders[name], tmp_path / "m"))


def package(folder):
    import gliner as library

    return library.GLiNER.from_pretrained(str(folder), local_files_only=True)


def rows(spans):
    return [(span.start, span.end, span.label) for span in spans]


@pytest.mark.parametrize("name", _gliners.ARCHITECTURES)
def test_candidates_decoded_here_are_the_answers_of_the_package(name, folders):
    ours, theirs = gliner(model=str(folders[name])), package(folders[name])
    # Beyond the end of a short sentence in a batch, models that score proposed spans answer with spans of padding.
    parts = [[sentence] for sentence in SENTENCES] if name == "uni-token-spans" else [SENTENCES]
    some = 0
    for part in parts:
        batch = theirs.collate_batch(theirs.prepare_base_input([list(s.words) for s in part]), LABELS)
        for threshold in (0.3, 0.55):
            output = theirs.run_batch(batch, threshold=threshold)
            candidates = ours.span_candidates(part, LABELS, threshold=threshold)
            for flat, multi_label in itertools.product((True, False), repeat=2):
                answered = theirs.decode_batch(
                    output, batch, threshold=threshold, flat_ner=flat, multi_label=multi_label
                )
                for found, wanted in zip(candidates, answered, strict=True):
                    spans = decode(found, decoding="flat" if flat else "nested", multi_label=multi_label)
                    # Such models may propose a span once for every label, and then answer with each of these.
                    once = {(s.start, s.end, s.entity_type): s.score for s in wanted}
                    assert rows(spans) == list(once)
                    assert [s.score for s in spans] == pytest.approx(list(once.values()), abs=1e-6)
                    some += len(spans)
    assert some > 30
    texts = [" ".join(sentence.words) for sentence in SENTENCES]
    places = [sentence.places() for sentence in SENTENCES]
    # For the same reason such a model fails in the package's own `inference` of several sentences.
    product = [theirs.inference([text], LABELS, threshold=0.5)[0] for text in texts]
    for found, where, wanted in zip(
        ours.span_candidates(SENTENCES, LABELS, threshold=0.5), places, product, strict=True
    ):
        assert [(where[s.start][0], where[s.end][1], s.label) for s in decode(found)] == [
            (entity["start"], entity["end"], entity["label"]) for entity in wanted
        ]


@pytest.mark.parametrize("name", _gliners.ARCHITECTURES)
def test_a_batch_of_one_gives_what_any_batch_gives(name, folders):
    model = gliner(model=str(folders[name]))
    # A word that is the package's mark of a label makes a sentence look as if it asked one more.
    sentences = [*SENTENCES, Sentence("3", ("<<ENT>>", "London"))]
    together = model.span_candidates([*sentences, Sentence("4", ())], LABELS, threshold=0.2)
    assert together.pop() == []
    assert model.cost.forward_passes == 1
    for sentence, found in zip(sentences, together, strict=True):
        [alone] = model.span_candidates([sentence], LABELS, threshold=0.2)
        assert rows(alone) == rows(found)
        assert [s.score for s in alone] == pytest.approx([s.score for s in found], abs=1e-5)
    token = "token" in name
    assert (model.max_words, model.max_width, model.answers) == (12, None if token else 3, "")
    assert max(s.end - s.start for s in together[0]) >= (3 if token else 2)


def test_the_order_of_labels_matters_to_an_encoder_that_reads_them_and_not_to_one_apart(folders):
    for name, moves in (("uni-span", True), ("bi-span", False)):
        model = gliner(model=str(folders[name]))
        scores = [
            {row: s.score for row, s in zip(rows(spans), spans, strict=True)}
            for labels in (LABELS, LABELS[::-1])
            for spans in model.span_candidates(SENTENCES[:1], labels, threshold=0.0)
        ]
        assert (scores[0] != pytest.approx(scores[1], abs=1e-4)) is moves


def test_labels_in_lower_case_are_shown_so_and_answered_as_asked(folders):
    lower, plain = (gliner(model=str(folders["uni-span"]), lower_labels=on) for on in (True, False))
    loud = [label.upper() for label in LABELS]
    [found], [wanted], [other] = (
        model.span_candidates(SENTENCES[:1], labels, threshold=0.5)
        for model, labels in ((lower, loud), (plain, LABELS), (plain, loud))
    )
    assert [s._replace(label=s.label.lower()) for s in found] == wanted
    assert [s.score for s in other] != [s.score for s in wanted]
    assert {s.label for s in found} <= set(loud)
    assert lower.fingerprint != plain.fingerprint
    assert lower.facts["labels"] == "lower-cased"
    with pytest.raises(UserError, match="two labels are 'city' in lower case"):
        lower.span_candidates(SENTENCES, ["City", "city"], threshold=0.5)


def test_words_past_the_last_sub_token_are_in_no_span_and_counted(folders, tmp_path):
    folder = copied(folders, tmp_path)
    (folder / "tokenizer_config.json").write_text(
        json.dumps(json.loads((folder / "tokenizer_config.json").read_text()) | {"model_max_length": 30})
    )
    model = gliner(model=str(folder))
    [cut], [whole] = (model.span_candidates([s], ["x"], threshold=0.0) for s in SENTENCES[:2])
    # <<ENT>>, x and <<SEP>> leave 27 of bytes, one a sub-token: Ada, Lovelace, met, Charles, Babba.
    assert {s.end for s in cut} == {0, 1, 2, 3, 4}
    assert {s.end for s in whole} == {0}
    assert model.cost.truncated_items == 1
    with pytest.raises(RunError, match="2 labels fill all of the 30 sub-tokens"):
        model.span_candidates(SENTENCES[:1], ["a" * 20, "b" * 20], threshold=0.5)


def test_an_encoder_with_fewer_positions_than_the_tokenizer_allows_does_not_fail(tmp_path):
    folder = _gliners.saved(
        tmp_path, "uni-span", encoder_config={"model_type": "bert", **_gliners.SHAPE, "max_position_embeddings": 20}
    )
    model = gliner(model=folder)
    [found] = model.span_candidates(SENTENCES[:1], ["x"], threshold=0.0)
    assert max(s.end for s in found) == 3
    assert model.cost.truncated_items == 1


def test_fewer_words_at_once(folders):
    assert gliner(model=str(folders["uni-span"]), max_words=5).max_words == 5


def test_nan_is_an_error(folders):
    model = gliner(model=str(folders["uni-token"]))
    next(model.module.parameters()).data.fill_(float("nan"))
    with pytest.raises(RunError, match="NaN"):
        model.span_candidates(SENTENCES, LABELS, threshold=0.5)


def test_a_whole_folder_is_loaded_without_a_network(folders, no_network):
    for name in ("uni-span", "bi-token"):
        assert gliner(model=str(folders[name])).fingerprint


def test_a_folder_that_takes_its_tokenizer_from_a_hub_says_so_offline(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    folder = copied(folders, tmp_path)
    _gliners.changed(folder, model_name="somebody/backbone")
    assert gliner(model=str(folder)).max_words == 12
    (folder / "tokenizer_config.json").unlink()
    with pytest.raises(UserError, match="that of 'somebody/backbone', which is not on this machine"):
        gliner(model=str(folder))
    with pytest.raises(UserError, match="'urchade/none' is not on this machine"):
        gliner(model="urchade/none")


def test_of_a_hub_id_only_the_files_that_are_read_are_fetched(folders, monkeypatch):
    import huggingface_hub

    asked = []

    def fetch(reference, *, revision, allow_patterns, local_files_only):
        asked.append((reference, revision, allow_patterns[-1], local_files_only))
        return str(folders["bi-token"])

    monkeypatch.setattr(huggingface_hub, "snapshot_download", fetch)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert gliner(model="somebody/model", revision="v2").max_words == 12
    weights = ["model.safetensors", "pytorch_model.bin"]
    assert asked == [("somebody/model", "v2", name, False) for name in weights]


def test_weights_that_are_missing_are_never_random(folders, tmp_path):
    from safetensors.torch import load_file, save_file

    folder = copied(folders, tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights.pop("prompt_rep_layer.0.weight")
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(UserError, match=r"lacks weights \(prompt_rep_layer.0.weight"):
        gliner(model=str(folder))
    weights["prompt_rep_layer.0.weight"] = weights["prompt_rep_layer.3.bias"].clone()
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(UserError, match="gliner cannot load this checkpoint"):
        gliner(model=str(folder))
    (folder / "model.safetensors").unlink()
    with pytest.raises(UserError, match="No model file"):
        gliner(model=str(folder))


class Runs:
    def __init__(self, marker):
        self.marker = str(marker)

    def __reduce__(self):
        return open, (self.marker, "w")


def test_a_pickle_is_read_as_weights_alone(folders, tmp_path):
    folder = copied(folders, tmp_path, "bi-token")
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Runs(tmp_path / "ran")))
    with pytest.raises(UserError, match="weights alone"):
        gliner(model=str(folder))
    assert not (tmp_path / "ran").exists()


def test_code_of_a_backbone_never_runs_though_the_package_permits_it(folders, tmp_path, monkeypatch):
    from transformers import dynamic_module_utils

    monkeypatch.setattr(dynamic_module_utils, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(str(tmp_path / "modules"))
    folder = copied(folders, tmp_path)
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\nclass Own: pass\n")
    shape = json.loads((folder / "gliner_config.json").read_text())["encoder_config"]
    own = {"auto_map": {"AutoModel": "own.Own"}, "_name_or_path": str(folder)}
    _gliners.changed(folder, encoder_config=shape | own)
    with pytest.raises(UserError, match="code of its own"):
        gliner(model=str(folder))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [b"[]", b"{", b"", b"null"])
def test_a_damaged_config_is_one_sentence(content, folders, tmp_path):
    folder = copied(folders, tmp_path)
    (folder / "gliner_config.json").write_bytes(content)
    with pytest.raises(UserError) as caught:
        gliner(model=str(folder))
    assert "\n" not in str(caught.value)


def test_models_that_do_more_are_refused(tmp_path):
    folder = _gliners.saved(tmp_path, "uni-span", relations_layer="dot")
    with pytest.raises(UserError, match="a UniEncoderSpanRelexGLiNER; expected one of UniEncoderSpan, UniEncoderToken"):
        gliner(model=folder)


def test_a_missing_package_is_named_with_its_extra(folders, monkeypatch):
    monkeypatch.setitem(sys.modules, "gliner", None)
    with pytest.raises(UserError, match=r"pip install 'zsbench\[ner\]'"):
        gliner(model=str(folders["uni-span"]))
