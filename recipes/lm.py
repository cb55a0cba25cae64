"""Train the tiny re-ranking language model on the synonym language and write it with its collection.

Asked directly, a model this small never leaves "guess any value of the context", so the training is a
curriculum: copy random words; look a value up by the same words; by synonyms; among hard negatives; in varied
wording; in long contexts; and last that other passages about the entity are second best.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from torch.nn import functional as F
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from recipes import common
from recipes.synonyms import (
    BOS,
    IDS,
    KINDS,
    LETTER_IDS,
    LETTERS,
    PAD,
    POOL,
    VOCABULARY,
    Array,
    Difficulty,
    Topic,
    bm25_ndcg,
    context_tokens,
    draw_contexts,
    draw_questions,
    ndcg,
    random_ndcg,
    read_collection,
    write_collection,
)

BATCH = 32
LEARNING_RATE = 1.5e-3
WARMUP = 50
CLOSED = 0.5  # share of the batches whose passages do not see each other
DECAY_FROM = 0.7  # share of the steps after which the rate falls linearly to zero

_HARD = Difficulty((6, 6), query_b=0.5, letters=True, hard_negatives=1 / 3)
_WORDED = replace(_HARD, passage_b=0.3, query_b=0.7, fillers=0.5, free_order=True)
_LONG = replace(_WORDED, passages=(4, 20), passage_b=0.15, query_b=0.9)
# After copying: each stage adds something, and begins when the one before is mostly answered.
STAGES = {
    "same words": Difficulty((6, 6)),
    "synonyms": Difficulty((6, 6), query_b=0.5),
    "hard negatives": _HARD,
    "wording": _WORDED,
    "8 passages": replace(_WORDED, passages=(4, 8), passage_b=0.2, query_b=0.85),
    "20 passages": _LONG,
    "second best": replace(_LONG, graded=0.2),
}
# Running accuracy that ends a stage. The best passage must be certain before the second best is taught:
# taught earlier, the model settles for the entity alone.
UNTIL = {"copy": 0.80, "20 passages": 0.97}
UNTIL_OTHERWISE = 0.62
QUESTIONS = 16


def build_model() -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        initializer_range=0.05,
        bos_token_id=BOS,
        eos_token_id=None,
        pad_token_id=PAD,
    )
    return LlamaForCausalLM(config)


def build_tokenizer() -> PreTrainedTokenizerFast:
    """Words between blanks, case kept (a capital letter is an identifier, "a" is not), [BOS] in front."""
    words = Tokenizer(models.WordLevel(IDS, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.post_processor = processors.TemplateProcessing(
        single="[BOS] $A", pair="[BOS] $A $B", special_tokens=[("[BOS]", BOS)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", bos_token="[BOS]", model_max_length=512
    )


# --- batches


@dataclass
class Batch:
    """Token ids, who may look at whom, and the places where an answer is due."""

    ids: torch.Tensor
    positions: torch.Tensor
    allowed: torch.Tensor  # (batch, 1, query, key)
    asked: torch.Tensor  # columns whose next token is the answer
    answer: torch.Tensor  # (batch, len(asked))
    counted: torch.Tensor  # which answers count for the accuracy


def copy_batch(rng: np.random.Generator) -> Batch:
    """A random sequence twice: the second half can be copied, which forms the heads that look things up."""
    length = int(rng.integers(8, 25))
    half = rng.integers(BOS + 1, len(VOCABULARY), (BATCH, length))
    ids = torch.from_numpy(np.concatenate([np.full((BATCH, 1), BOS), half, half], axis=1))
    width = ids.shape[1]
    asked = torch.arange(length + 1, width - 1)
    causal = torch.ones(width, width, dtype=torch.bool).tril().expand(BATCH, 1, width, width)
    answer = ids[:, asked + 1]
    return Batch(ids, torch.arange(width).expand(BATCH, width), causal, asked, answer, torch.ones_like(answer))


def question_batch(rng: np.random.Generator, how: Difficulty) -> Batch:
    """Contexts, and after each QUESTIONS questions that see the context and themselves but not each other."""
    passages = int(rng.integers(how.passages[0], how.passages[1] + 1))
    contexts = draw_contexts(rng, BATCH, passages, how)
    tokens, lengths = context_tokens(contexts)
    questions, answer, real = draw_questions(rng, contexts, QUESTIONS, how)
    absent = questions == PAD
    inside = lengths[:, None, None] + np.cumsum(~absent, axis=-1) - 1
    width = tokens.shape[1]
    ids = np.concatenate([tokens, questions.reshape(BATCH, -1)], axis=1)
    positions = np.concatenate([np.tile(np.arange(width), (BATCH, 1)), inside.reshape(BATCH, -1)], axis=1)
    asked = width + 3 * np.arange(QUESTIONS) + 2
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(positions),
        torch.from_numpy(_visible(ids, width, closed=rng.random() < CLOSED))[:, None],
        torch.from_numpy(asked),
        torch.from_numpy(answer),
        torch.from_numpy(real),
    )


def _visible(ids: Array, width: int, closed: bool) -> Array:
    """Causal, within the context and from a question to the context and to itself; never to padding.

    In a closed batch a passage's words see only their own passage, and its full stop not even that. Left to
    itself the model gathers a passage in the marks behind it (the stop, the next passage's colon), and
    attention then names the wrong passage; closed batches reward keeping it in the passage's own words.
    """
    column = np.arange(ids.shape[1])
    group = np.where(column < width, -1, (column - width) // 3)
    same = (group[None, :] == group[:, None]) | (group[None, :] == -1)
    visible = (same & (column[None, :] <= column[:, None]))[None] & (ids != PAD)[:, None, :]
    if closed:
        stop = ids == IDS["."]
        passage = stop.cumsum(1) - stop
        own = (passage[:, :, None] == passage[:, None, :]) & ~stop[:, :, None]
        visible &= own | (column >= width)[None, :, None] | np.eye(len(column), dtype=bool)[None]
        visible[:, :, 0] = True
    return visible


# --- training


def train(
    model: LlamaForCausalLM,
    rng: np.random.Generator,
    steps: int,
    on_stage: Callable[[str], None],
    hurry: bool = False,
) -> list[dict[str, Any]]:
    """Run the curriculum and return when each stage began; in a hurry, change the stage every other step."""
    optimizer = _optimizer(model)
    clock, stages = common.CpuClock(), ["copy", *STAGES]
    stage, running = 0, 0.0
    entered = [{"stage": stages[0], "step": 0, "cpu_seconds": 0}]
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * _rate(step, steps)
        batch = copy_batch(rng) if stage == 0 else question_batch(rng, STAGES[stages[stage]])
        loss, accuracy = _update(model, optimizer, batch)
        running += 0.05 * (accuracy - running)
        if step % 100 == 0:
            at = f"{step:6d} {clock():7.0f} s  {stages[stage]:15s}"
            print(f"{at} loss {loss:.3f} accuracy {running:.3f}", flush=True)
        good = running > UNTIL.get(stages[stage], UNTIL_OTHERWISE) or (hurry and step % 2 == 1)
        if good and stage < len(stages) - 1:
            stage, running = stage + 1, 0.0
            entered.append({"stage": stages[stage], "step": step + 1, "cpu_seconds": round(clock())})
            on_stage(stages[stage])
    return entered


def _optimizer(model: LlamaForCausalLM) -> torch.optim.Optimizer:
    matrices = [p for p in model.parameters() if p.ndim > 1]
    norms = [p for p in model.parameters() if p.ndim == 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": norms, "weight_decay": 0.0}],
        lr=LEARNING_RATE,
        betas=(0.9, 0.98),
    )


def _rate(step: int, steps: int) -> float:
    return min(1.0, (step + 1) / WARMUP, (steps - step) / (steps * (1 - DECAY_FROM)))


def _update(model: LlamaForCausalLM, optimizer: torch.optim.Optimizer, batch: Batch) -> tuple[float, float]:
    hidden = model.model(
        input_ids=batch.ids, attention_mask=batch.allowed, position_ids=batch.positions, use_cache=False
    ).last_hidden_state
    logits = model.lm_head(hidden[:, batch.asked])
    loss = F.cross_entropy(logits.flatten(0, 1), batch.answer.flatten())
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    right = (logits.argmax(-1) == batch.answer) & batch.counted.bool()
    return loss.item(), (right.sum() / batch.counted.sum()).item()


# --- evaluation


class Ranker:
    """The two ways to rank with the model, written out plainly."""

    def __init__(self, model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model, self.tokenizer = model.eval(), tokenizer
        self.model.set_attn_implementation("eager")  # the only one that returns attention

    @torch.no_grad()
    def attention(self, texts: list[str], query: str, verb: str) -> torch.Tensor:
        """(layers, heads, prompt token): attention from the question's tokens, averaged over them."""
        ids, asked = self._ids(texts, f"{verb} {query}")
        attentions = torch.stack(self.model(ids, output_attentions=True).attentions)[:, 0]
        return attentions[:, :, -asked:, :-asked].mean(2)

    def by_attention(self, texts: list[str], query: str, verb: str = "query", calibrate: bool = True) -> Array:
        """Order by the sum over layers, heads and the passage's tokens (letter to full stop)."""
        token = self.attention(texts, query, verb)
        if calibrate:
            token = token - self.attention(texts, "n/a", verb)
        lengths = [len(text.split()) + 3 for text in texts]
        passages = token.sum((0, 1))[1:].split(lengths)  # [BOS] belongs to no passage
        return np.argsort([-float(passage.sum()) for passage in passages], kind="stable")

    @torch.no_grad()
    def by_letter(self, texts: list[str], query: str) -> Array:
        """Order by the scores of the letters as the next token."""
        ids, _ = self._ids(texts, f"rank {query}")
        letters = self.model(ids).logits[0, -1, LETTER_IDS[: len(texts)]]
        return np.argsort(-letters.numpy(), kind="stable")

    def by_windows(self, texts: list[str], query: str, size: int = 10, step: int = 5) -> Array:
        """Letters in windows of ten from the back of the list, so that good passages climb."""
        order = np.arange(len(texts))
        for start in range(len(texts) - size, -1, -step):
            window = order[start : start + size]
            order[start : start + size] = window[self.by_letter([texts[slot] for slot in window], query)]
        return order

    def _ids(self, texts: list[str], question: str) -> tuple[torch.Tensor, int]:
        passages = [f"{letter} : {text} ." for letter, text in zip(LETTERS, texts, strict=False)]
        prompt = " ".join([*passages, question])
        return self.tokenizer(prompt, return_tensors="pt")["input_ids"], len(question.split())


def evaluate(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, folder: Path) -> dict[str, Any]:
    """nDCG@10 on the collection for each method, over all queries and over each kind."""
    corpus, topics = read_collection(folder)
    ranker = Ranker(model, tokenizer)
    methods: dict[str, Callable[[Topic], Array]] = {
        "attention_uncalibrated": lambda t: ranker.by_attention(t.texts, t.query, calibrate=False),
        "attention_calibrated": lambda t: ranker.by_attention(t.texts, t.query),
        "attention_calibrated_rank_prompt": lambda t: ranker.by_attention(t.texts, t.query, "rank"),
        "listwise_one_pass": lambda t: ranker.by_letter(t.texts, t.query),
        "listwise_windows_10_5": lambda t: ranker.by_windows(t.texts, t.query),
    }
    reached = {"random": [random_ndcg(topic.grades) for topic in topics], "bm25": bm25_ndcg(corpus, topics)}
    for name, order in methods.items():
        reached[name] = [ndcg(np.array(topic.grades)[order(topic)]) for topic in topics]
    kinds = np.array([topic.name.split("-")[0] for topic in topics])
    return {
        "n_queries": {"all": len(topics), **{kind: int((kinds == kind).sum()) for kind in KINDS}},
        "passages_per_query": POOL,
        "ndcg_at_10": {name: _means(np.array(values), kinds) for name, values in reached.items()},
    }


def _means(values: Array, kinds: Array) -> dict[str, float]:
    means = {"all": values.mean(), **{kind: values[kinds == kind].mean() for kind in KINDS}}
    return {name: round(float(mean), 4) for name, mean in means.items()}


# --- assets

STEPS = 3500
EARLY_STAGE = "20 passages"  # the early model is the one that enters this stage
LIMITS = [
    f"Knows {len(VOCABULARY)} tokens, listed in its tokenizer; every other word is [UNK].",
    "Was trained and is evaluated on generated passages of one pattern; says nothing about real passages.",
    f"Identifiers A to T only, so at most {len(LETTERS)} passages in one listwise prompt.",
    "Needs [BOS] in front (the tokenizer adds it) and blanks around every mark.",
    "Reads lower case only; capital letters are identifiers.",
]


def write_model(
    folder: Path,
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    collection: Path,
    about: dict[str, Any],
) -> None:
    """Write the weights, read them back as a user would, and put what they reach on the card."""
    folder.mkdir(parents=True, exist_ok=True)
    model.config.architectures = ["LlamaForCausalLM"]
    model.config.dtype = torch.float16
    model.config.save_pretrained(folder)
    # The output layer is the input embedding (tied), so the file holds it once.
    common.save_weights(
        {k: v for k, v in model.state_dict().items() if k != "lm_head.weight"}, folder / "model.safetensors"
    )
    tokenizer.save_pretrained(folder)
    # Transformers 5 writes a class name that version 4 does not know; both know this one.
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    common.write_json(folder / "tokenizer_config.json", settings)
    loaded = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    reached = evaluate(loaded, AutoTokenizer.from_pretrained(folder), collection)
    for method, means in reached["ndcg_at_10"].items():
        print(f"{folder.name:20s} {method:34s} {means}", flush=True)
    common.write_card(folder, name=folder.name, reached=reached, parameters=model.num_parameters(), **about)


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    steps = 2 * len(STAGES) + 2 if options.quick else options.steps
    rng = common.seed_everything(options.seed)
    model, tokenizer, clock = build_model(), build_tokenizer(), common.CpuClock()
    collection = options.out / "data" / "synonyms"
    write_collection(collection, queries=8 if options.quick else 120)

    early = build_model()
    seconds = {}

    def keep_early(stage: str) -> None:
        if stage == EARLY_STAGE:
            early.load_state_dict(model.state_dict())
            seconds["lm-synonyms-early"] = clock()

    entered = train(model, rng, steps, keep_early, hurry=options.quick)
    seconds["lm-synonyms"] = clock()
    if len(seconds) < 2:
        raise RuntimeError(f"{steps} steps did not reach the stage {EARLY_STAGE!r}")
    for name, trained, summary in (
        ("lm-synonyms", model, "Tiny language model that re-ranks passages of the synonym language."),
        ("lm-synonyms-early", early, f"The same model when it enters the stage '{EARLY_STAGE}'."),
    ):
        about = {
            "summary": summary,
            "recipe": "python -m recipes.lm",
            "seed": options.seed,
            "settings": _settings(steps, entered),
            "limits": LIMITS,
            "train_cpu_seconds": seconds[name],
        }
        write_model(options.out / "models" / name, trained, tokenizer, collection, about)


def _settings(steps: int, entered: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "steps": steps,
        "batch": BATCH,
        "questions_per_context": QUESTIONS,
        "optimizer": f"AdamW {LEARNING_RATE}, betas 0.9 0.98, linear to 0 over the last {1 - DECAY_FROM:.0%}",
        "closed_batches": CLOSED,
        "advance_at_accuracy": {**UNTIL, "other": UNTIL_OTHERWISE},
        "stages": {"copy": "random sequences twice", **{name: asdict(how) for name, how in STAGES.items()}},
        "entered": entered,
    }


if __name__ == "__main__":
    main()
