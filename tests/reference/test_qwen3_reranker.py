"""Qwen3 Reranker's prompt and score, put together from tokens as the README of QwenLM/Qwen3-Embedding does."""

import pytest
import torch

from tests.models import _tiny
from zsbench.data.collections.documents import Document, RankItem
from zsbench.methods.rerank.qwen3_reranker import Qwen3Prompt, qwen3_reranker
from zsbench.models.language.hf_causal_lm import hf_causal_lm

WORDS = ("<|im_start|>", "<|im_end|>", "<think>", "</think>", "yes", "no")
BEFORE = (
    "<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided."
    ' Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n'
)
AFTER = "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
TASK = "Given a web search query, retrieve relevant passages that answer the query"
TEXTS = ["a long passage about nothing in particular, " * 3, "capital", "gravity pulls", "x"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    import transformers

    words = _tiny.tokenizer(bos=False, words=WORDS)
    words.model_max_length = 1024
    shape = {**_tiny.SHAPE, "max_position_embeddings": 1024, "num_key_value_heads": 2, "head_dim": 8}
    config = transformers.Qwen3Config(**shape, **_tiny.SPECIAL, vocab_size=len(words))
    folder = tmp_path_factory.mktemp("qwen3")
    return hf_causal_lm(model=_tiny.saved(_tiny.randomised(transformers.Qwen3ForCausalLM(config)), words, folder))


def order_by_tokens(model, query, max_length):
    """Rank as the authors' example: the pair is cut at its end, then stands between two lists of tokens."""
    words, network = model._tokenizer, model._model
    before, after = (words.encode(text, add_special_tokens=False) for text in (BEFORE, AFTER))
    yes, no = words.convert_tokens_to_ids("yes"), words.convert_tokens_to_ids("no")
    scores = []
    for text in TEXTS:
        pair = f"<Instruct>: {TASK}\n<Query>: {query}\n<Document>: {text}".strip()
        ids = words(pair, truncation="longest_first", max_length=max_length - len(before) - len(after))["input_ids"]
        with torch.no_grad():
            logits = network(torch.tensor([[*before, *ids, *after]])).logits[0, -1]
        scores.append(torch.log_softmax(logits[[no, yes]], dim=0)[1].item())
    return sorted(range(len(TEXTS)), key=lambda i: -scores[i]), scores


@pytest.mark.parametrize("max_length", [800, 410])
def test_order_and_prompt_are_those_of_the_authors_example(model, max_length):
    item = RankItem("q", "what?", [Document(str(i), text.strip()) for i, text in enumerate(TEXTS)])
    expected, scores = order_by_tokens(model, item.query, max_length)
    assert len(set(scores)) == len(scores)
    before = model.cost.truncated_items
    assert list(qwen3_reranker(max_tokens=max_length)(model, item, None)) == expected
    assert model.cost.truncated_items - before == (max_length == 410)


def test_the_instruction_is_the_users_to_choose():
    text = Qwen3Prompt(instruction="Find code.").asked().text
    assert text.startswith(BEFORE + "<Instruct>: Find code.\n<Query>: {query}\n<Document>: {document}")
    assert text.endswith(AFTER)
