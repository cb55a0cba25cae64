"""ICR equals the reference implementation: tokens, spans, scores, rankings."""

import numpy as np
import pytest

from tests.models import _tiny
from tests.reference._golden import load_json, model_folder, some
from zsbench.config import catalog
from zsbench.config.paths import unset_variables
from zsbench.core.errors import RunError, UserError
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank._icr import Reader, Spans, paper_prompt
from zsbench.methods.rerank._windows import slide
from zsbench.methods.rerank.icr import calibrated, icr
from zsbench.methods.rerank.scores import best_first
from zsbench.models.language.hf_causal_lm import hf_causal_lm
from zsbench.plan import planning
from zsbench.plan.choices import Choices

CASES = load_json("icr", "cases.json") or []


@pytest.fixture(scope="module")
def model():
    return hf_causal_lm(model=str(model_folder("icr")))


def ranker(case, **options):
    window = case.get("window_size", -1)
    return icr(
        prompt=case["retrieval_type"].lower(),
        doc_order="best_last" if case["reverse_doc_order"] else "best_first",
        window=None if window < 0 else window,
        step=case["stride"],
        **options,
    )


def test_rankings_equal_the_reference(model):
    for case in some(CASES, "icr"):
        item = RankItem("q", case["query"], tuple(Document(str(i), d) for i, d in enumerate(case["documents"])))
        assert ranker(case)(model, item, None) == case["ranking"], case["name"]


def test_prompt_tokens_and_spans_equal_the_reference(model):
    for case in some([c for c in CASES if "prompt" in c], "icr"):
        texts = [case["documents"][i] for i in case["prompt_order"]]
        spans = Spans(model, paper_prompt(model, case["retrieval_type"].lower()), texts, case["query"])
        assert spans.text == case["prompt"]
        assert spans.ids == case["input_ids"]
        assert [[s[0], s[-1] + 1] for s in spans.documents] == case["doc_spans_prompt_order"]
        assert [spans.query_start, len(spans.ids) - 1] == case["query_span_inclusive"]
        blank = Spans(model, paper_prompt(model, case["retrieval_type"].lower()), texts, "N/A")
        assert blank.text == case["prompt_na"]
        assert [blank.query_start, len(blank.ids) - 1] == case["query_span_na_inclusive"]


def test_scores_equal_the_reference(model):
    for case in some([c for c in CASES if "scores_calibrated" in c], "icr"):
        texts = [case["documents"][i] for i in case["prompt_order"]]
        pieces = paper_prompt(model, case["retrieval_type"].lower())
        asked, blank = (Spans(model, pieces, texts, q) for q in (case["query"], "N/A"))
        prefix = asked.ids[: asked.query_start]
        tails = [p.ids[p.query_start :] for p in (asked, blank)]
        mass, mass_na = (m.sum(axis=(0, 1)) for m in model.attention_mass(prefix, tails))
        for place, (tokens, number) in enumerate(zip(asked.documents, case["prompt_order"], strict=True)):
            assert mass[tokens] == pytest.approx(case["token_scores_query_prompt_order"][place], abs=1e-4)
            assert mass_na[tokens] == pytest.approx(case["token_scores_na_prompt_order"][place], abs=1e-4)
            assert mass[tokens].sum() == pytest.approx(case["scores_query"][number], abs=1e-4)
            assert mass_na[tokens].sum() == pytest.approx(case["scores_na"][number], abs=1e-4)
            got = calibrated(mass[tokens].astype(np.float64), mass_na[tokens].astype(np.float64))
            assert got == pytest.approx(case["scores_calibrated"][number], abs=1e-4)


def test_scores_of_every_ranking_equal_the_reference(model):
    """A passage keeps the score of the last window that it stood in."""
    for case in some([c for c in CASES if "ranking_scores" in c], "icr"):
        order = "best_last" if case["reverse_doc_order"] else "best_first"
        reader, scores = Reader(prompt=case["retrieval_type"].lower(), doc_order=order), {}

        def sort(numbers, case=case, reader=reader, scores=scores):
            texts = [case["documents"][number] for number in numbers]
            attention = reader.read(model, texts, case["query"], n_layers=None)
            own = [calibrated(a.asked.sum(axis=(0, 1)), a.blank.sum(axis=(0, 1))) for a in attention]
            scores.update(zip(numbers, own, strict=True))
            return best_first(own, numbers)

        window = None if case["window_size"] < 0 else case["window_size"]
        assert slide(len(case["documents"]), window, case["stride"], sort) == case["ranking"], case["name"]
        assert [scores[i] for i in case["ranking"]] == pytest.approx(case["ranking_scores"], abs=1e-4), case["name"]


def test_scores_of_the_last_token_equal_the_reference(model):
    for case in some([c for c in CASES if "scores_last_token_only" in c], "icr"):
        kind, query = case["retrieval_type"].lower(), case["query"]
        read = Reader(prompt=kind, aggregate="last_token", doc_order="best_first").read
        texts = [case["documents"][i] for i in case["prompt_order"]]
        for found, number in zip(read(model, texts, query, n_layers=None), case["prompt_order"], strict=True):
            asked, blank = (mass.sum(axis=(0, 1)) for mass in (found.asked, found.blank))
            assert asked.sum() == pytest.approx(case["scores_last_token_only"][number], abs=1e-4)
            if "scores_last_token_calibrated" in case:
                wanted = case["scores_last_token_calibrated"][number]
                assert calibrated(asked, blank, outliers=True) == pytest.approx(wanted, abs=1e-4)


def test_rankings_of_the_ablations_follow_their_scores(model):
    for case in some([c for c in CASES if "scores_last_token_only" in c], "icr"):
        item = RankItem("q", case["query"], tuple(Document(str(i), d) for i, d in enumerate(case["documents"])))
        ablations = {
            "scores_query": {"calibration": "none"},
            "scores_last_token_only": {"calibration": "none", "aggregate": "last_token"},
            "scores_last_token_calibrated": {"aggregate": "last_token"},
        }
        for key, options in ablations.items():
            if key in case:
                order = sorted(range(len(case[key])), key=lambda i: -case[key][i])
                assert ranker(case, **options)(model, item, None) == order, (case["name"], key)


def test_a_passage_of_one_token_scores_zero():
    assert calibrated(np.array([3.0]), np.array([1.0])) == 0.0


def test_tokens_that_lose_much_attention_are_left_out():
    change = np.array([0.1] * 20 + [-9.0])
    assert calibrated(change, np.zeros(21)) == pytest.approx(2.0)
    assert calibrated(-change, np.zeros(21)) == pytest.approx(7.0)  # only low ones


def eager_maps(model, ids, rows):
    """Mean attention (layers, heads, tokens) of the last tokens by a plain eager pass."""
    import torch
    import transformers

    plain = transformers.AutoModelForCausalLM.from_pretrained(
        model._model.name_or_path, attn_implementation="eager", dtype=torch.float32
    ).eval()
    with torch.no_grad():
        maps = plain(torch.tensor([ids]), output_attentions=True).attentions
    return np.stack([layer[0, :, -rows:].mean(dim=1).numpy() for layer in maps]).astype(np.float64)


def test_selected_layers_and_heads_sum_what_eager_attention_gives_them(model):
    case = some([c for c in CASES if "prompt" in c], "icr")[0]
    item = RankItem("q", case["query"], tuple(Document(str(i), d) for i, d in enumerate(case["documents"])))
    pieces = paper_prompt(model, case["retrieval_type"].lower())
    texts = case["documents"][::-1]
    masses = []
    for query in (case["query"], "N/A"):
        spans = Spans(model, pieces, texts, query)
        masses.append((eager_maps(model, spans.ids, len(spans.ids) - spans.query_start), spans.documents))
    n_layers, n_heads = masses[0][0].shape[:2]
    last = n_layers - 1
    choices = {
        "one layer": ({"layers": [0]}, [(0, h) for h in range(n_heads)]),
        "a range": ({"layers": f"0-{last}"}, [(i, h) for i in range(n_layers) for h in range(n_heads)]),
        "heads": ({"heads": [[last, 0], [0, n_heads - 1]]}, [(last, 0), (0, n_heads - 1)]),
    }
    for options, pairs in choices.values():
        wanted = []
        for asked, blank in zip(masses[0][1], masses[1][1], strict=True):
            tokens = sum(masses[0][0][i, h, asked] for i, h in pairs)
            wanted.append(calibrated(tokens, sum(masses[1][0][i, h, blank] for i, h in pairs)))
        order = sorted(range(len(texts)), key=lambda i: -wanted[::-1][i])
        rank = icr(prompt=case["retrieval_type"].lower(), doc_order="best_last", **options)
        assert rank(model, item, None) == order


def test_only_the_layers_in_use_are_computed(model):
    case = some([c for c in CASES if "prompt" in c], "icr")[0]
    item = RankItem("q", case["query"], tuple(Document(str(i), d) for i, d in enumerate(case["documents"])))
    ran = []
    layers = model._model.model.layers
    hooks = [layer.register_forward_pre_hook(lambda *_, i=i: ran.append(i)) for i, layer in enumerate(layers)]
    try:
        icr(layers=[0])(model, item, None)
    finally:
        for hook in hooks:
            hook.remove()
    assert set(ran) == {0}


@pytest.mark.parametrize(
    "options",
    [
        {"layers": "3-1"},
        {"layers": "middle"},
        {"layers": []},
        {"layers": [-1]},
        {"heads": []},
        {"heads": [[1]]},
        {"heads": [[0, -1]]},
        {"heads": [[0, 0]], "layers": [0]},
        {"heads": "no-such-file.json"},
    ],
)
def test_selections_that_make_no_sense_are_refused(options):
    with pytest.raises(UserError):
        icr(**options)


@pytest.mark.parametrize("options", [{"layers": [99]}, {"heads": [[0, 99]]}, {"layers": "0-99"}])
def test_layers_and_heads_that_the_model_lacks_are_named(model, options):
    item = RankItem("q", "query", (Document("a", "one"), Document("b", "two")))
    with pytest.raises(RunError, match="does not have"):
        icr(**options)(model, item, None)


def test_a_template_that_writes_bos_does_not_get_two(tmp_path):
    import transformers

    chat = "<s>{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}{% endfor %}<assistant>"
    words = _tiny.tokenizer(chat=chat)
    config = transformers.LlamaConfig(**{**_tiny.SHAPE, **_tiny.SPECIAL, "vocab_size": len(words)})
    model = hf_causal_lm(model=_tiny.saved(transformers.LlamaForCausalLM(config), words, tmp_path))
    spans = Spans(model, paper_prompt(model, "qa"), ["a"], "q")
    assert spans.ids.count(1) == 1
    assert spans.text.startswith("<s><user> Here are")
    assert spans.text.endswith("Query: q<assistant>")


QA = {"trec-covid", "fiqa", "webis-touche2020", "dbpedia-entity", "nq", "hotpotqa"}


def test_every_set_is_asked_in_the_wording_of_the_public_code():
    with unset_variables():
        names = [name for name in catalog.configs("tasks") if name.startswith(("beir-", "trec-dl-"))]
        jobs = [job for name in names for job in planning.make(name, Choices(("lm-synonyms",), ("icr",))).jobs]
    kinds = {job.task_name: job.method.parts[0].options["prompt"] for job in jobs}
    assert kinds == {name: "qa" if name.removeprefix("beir-") in QA else "ie" for name in kinds}
    assert len(kinds) > 20
