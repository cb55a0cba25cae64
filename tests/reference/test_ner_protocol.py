"""Span metrics, BIO decoding, answers as texts and greedy span decoding equal the reference packages."""

import numpy as np
import pytest

from tests.reference._golden import load_json, load_npz, model_folder, needs, some
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.data.sentences.tags import bio_spans
from zsbench.methods.ner.decoding import decode
from zsbench.metrics import naming
from zsbench.metrics.spans.answers import normalised, parsed
from zsbench.models.spans.candidates import above

SPANS = load_json("ner-protocol", "spans.json") or []
SPANS = SPANS["cases"] if isinstance(SPANS, dict) else SPANS
SHARES = {"precision": "precision", "recall": "recall", "f_score": "F1", "f1": "F1"}
MODES = {"strict": "strict", "exact": "exact", "partial": "partial", "ent_type": "type"}
OF_EVERY_CASE = pytest.mark.parametrize(
    "case", SPANS, ids=lambda case: "nested" if case["nested"] else f"{len(case['lengths'])}"
)


def both(case):
    return ([[tuple(span) for span in row] for row in case[key]] for key in ("pred", "gold"))


def value(case, share, suffix=""):
    return naming.resolve(SHARES[share] + suffix, kinds=("spans",)).compute(*both(case))


@OF_EVERY_CASE
def test_span_metrics(case):
    averages = {
        "gliner_micro": "", "seqeval_micro": "", "seqeval_strict_iob2": "", "seqeval_macro": "(average=macro)",
        "seqeval_weighted": "(average=weighted)",
    }  # fmt: skip
    for key in averages.keys() & case.keys():
        for share, expected in case[key].items():
            assert value(case, share, averages[key]) == pytest.approx(expected, abs=1e-12), (key, share)
    assert value(case, "f1", "(average=macro)") == pytest.approx(case["macro_f1"], abs=1e-12)
    assert value(case, "f1", "(average=weighted)") == pytest.approx(case["weighted_f1"], abs=1e-12)
    for side in ("gold", "pred"):
        for spans, length in zip(case[side], case["lengths"], strict=True):
            assert all(0 <= start <= end < length for start, end, _ in spans)
    assert case["per_class"].keys() == set(case["labels"])


@OF_EVERY_CASE
def test_every_label_alone(case):
    pred, gold = both(case)
    for label, expected in case["per_class"].items():
        names = [f"{count}(label={label})" for count in ("TP", "FP", "FN", "support")]
        tp, fp, fn, support = (naming.resolve(name).compute(pred, gold) for name in names)
        assert [tp, tp + fp, tp + fn, support] == [expected[key] for key in ("tp", "pred", "true", "true")]
        if tp + fn:
            for share in ("precision", "recall", "f1"):
                assert value(case, share, f"(label={label})") == pytest.approx(expected[share], abs=1e-12)


@OF_EVERY_CASE
def test_nervaluate(case):
    found = case["nervaluate"]
    for mode, expected in found["overall"].items():
        of_package(case, mode, expected, "flavour=reference")
    for label, modes in found["entities"].items():
        for mode, expected in modes.items():
            of_package(case, mode, expected, f"flavour=reference,label={label}")
    for mode, expected in case["nervaluate_min50"].items():
        of_package(case, mode, expected, "flavour=reference,min_overlap=50")
    assert found["entities"].keys() == set(case["labels"])


def of_package(case, mode, expected, suffix):
    """Compare counts and shares as the package gives them, and with half credit where the golden case has it."""
    pred, gold = both(case)

    def metric(name, suffix=suffix):
        return naming.resolve(f"nervaluate-{name}(mode={MODES[mode]},{suffix})")

    counts = {
        name: metric(name).compute(pred, gold) for name in ("correct", "incorrect", "partial", "missed", "spurious")
    }
    assert counts == {name: expected[name] for name in counts}
    assert sum(counts.values()) - counts["missed"] == expected["actual"]
    assert sum(counts.values()) - counts["spurious"] == expected["possible"]
    for share, name in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        table = metric(name).statistics(pred, gold)
        if expected["possible"]:
            assert metric(name).reduce(table) == pytest.approx(expected[share], abs=1e-12)
        if "half_credit" in expected:
            with_credit = metric(name, "flavour=half-credit")
            assert with_credit.reduce(table) == pytest.approx(expected["half_credit"][share], abs=1e-12)
            if not case["nested"]:  # whose spans stand in no order
                assert with_credit.compute(pred, gold) == pytest.approx(expected["half_credit"][share], abs=1e-12)


def test_answers_as_texts():
    case = load_json("ner-protocol", "text_level.json")
    needs(case)
    sides = {}
    for side in ("gold", "pred"):
        lists = [parsed(answer) or [] for answer in case[side]]
        assert [normalised(texts) for texts in lists] == case[f"normalised_{side}"]
        sides[side] = [[Mention(None, None, "label", None, text) for text in texts] for texts in lists]
    for share, expected in case["result"].items():
        name = f"text-{SHARES[share]}(flavour=universalner,smoothing=1e-10)"
        assert naming.resolve(name).compute(sides["pred"], sides["gold"]) == pytest.approx(expected, abs=1e-12)
        plain = naming.resolve(f"text-{SHARES[share]}").compute(sides["pred"], sides["gold"])
        assert plain == pytest.approx(expected, abs=1e-9)


def test_bio_tags_of_the_same_spans():
    for case in some([c for c in SPANS if "gold_bio" in c], "ner-protocol"):
        for side in ("gold", "pred"):
            for tags, spans, length in zip(case[f"{side}_bio"], case[side], case["lengths"], strict=True):
                assert len(tags) == length
                assert sorted(bio_spans(tags)) == sorted(map(tuple, spans))


def test_greedy_decoding():
    arrays, cases = load_npz("ner-protocol", "span_decode.npz"), load_json("ner-protocol", "span_decode.json")
    needs(arrays, cases is not None)
    for number, case in enumerate(some(cases, "ner-protocol")):
        logits = arrays[f"logits_{number}"]
        assert logits.shape == (case["L"], case["K"], case["C"])
        table = 1 / (1 + np.exp(-logits[: case["n_tokens"]].astype(float)))
        for settings, expected in case["decoded"].items():
            flat, multi_label = (part.endswith("True") for part in settings.split(","))
            decoding = "flat" if flat else "nested"
            spans = decode(above(table, case["labels"], case["threshold"]), decoding=decoding, multi_label=multi_label)
            assert [span[:3] for span in spans] == [tuple(span[:3]) for span in expected], settings
            assert [span[3] for span in spans] == pytest.approx([span[3] for span in expected], abs=1e-6)


def offsets(text, tokens):
    """Return where each token begins and ends in a text."""
    found, end = [], 0
    for token in tokens:
        start = text.index(token, end)
        end = start + len(token)
        found.append((start, end))
    return found


def test_greedy_decoding_of_gliner_logits():
    arrays, case = load_npz("ner-protocol", "tiny_gliner_io.npz"), load_json("ner-protocol", "tiny_gliner_io.json")
    needs(arrays, case)
    for number, text in enumerate(case["texts"]):
        places, logits = offsets(text, case["tokens"][number]), arrays[f"logits_{number}"]
        assert logits.shape == (len(places), case["max_width"], len(case["labels"]))
        for settings, expected in case["decoded"].items():
            flat, multi_label = (part.endswith("True") for part in settings.split(","))
            table = 1 / (1 + np.exp(-logits.astype(float)))
            decoding = "flat" if flat else "nested"
            spans = decode(above(table, case["labels"], case["threshold"]), decoding=decoding, multi_label=multi_label)
            got = [(places[span.start][0], places[span.end][1], span.label) for span in spans]
            assert got == [(e["start"], e["end"], e["label"]) for e in expected[number]], settings
            assert [text[start:end] for start, end, _ in got] == [e["text"] for e in expected[number]]
            assert [s[3] for s in spans] == pytest.approx([e["score"] for e in expected[number]], abs=1e-4)


def test_a_tiny_gliner_reads_and_scores_as_the_package_did():
    pytest.importorskip("gliner")
    from zsbench.models.spans.gliner import gliner

    arrays, case = load_npz("ner-protocol", "tiny_gliner_io.npz"), load_json("ner-protocol", "tiny_gliner_io.json")
    folder = model_folder("ner-protocol")
    needs(arrays, case, folder.is_dir())
    model = gliner(model=str(folder))
    assert (model.max_words, model.max_width) == (case["max_len"], case["max_width"])
    tokenizer, labels = model._gliner.data_processor.transformer_tokenizer, case["labels"]
    for number, (text, tokens) in enumerate(zip(case["texts"], case["tokens"], strict=True)):
        sentence = Sentence(str(number), tuple(tokens))
        batch = model.batch([sentence.words], labels)
        ids = arrays[f"input_ids_{number}"]
        assert batch["input_ids"][0].tolist() == ids.tolist()
        assert batch["words_mask"][0].tolist() == arrays[f"words_mask_{number}"].tolist()
        markers = [tokenizer.convert_tokens_to_ids(case[key]) for key in ("ent_token", "sep_token")]
        assert [list(ids).count(marker) for marker in markers] == [len(labels), 1]
        expected, got = arrays[f"logits_{number}"], model._gliner.run_batch(batch).logits[0].numpy()
        assert got.shape == expected.shape
        inside = np.arange(len(tokens))[:, None] + np.arange(case["max_width"]) < len(tokens)
        assert np.abs(got - expected)[inside].max() < 1e-4
        [candidates] = model.span_candidates([sentence], labels, threshold=case["threshold"])
        places = offsets(text, tokens)
        for settings, answers in case["decoded"].items():
            flat, multi_label = (part.endswith("True") for part in settings.split(","))
            spans = decode(candidates, decoding="flat" if flat else "nested", multi_label=multi_label)
            found = [(places[s.start][0], places[s.end][1], s.label) for s in spans]
            assert found == [(e["start"], e["end"], e["label"]) for e in answers[number]], settings
            assert [s.score for s in spans] == pytest.approx([e["score"] for e in answers[number]], abs=1e-4)
