"""What a method may ask of a model: small protocols, so that any adapter can offer any mixture of them.

An adapter is a file in this folder: a function whose options a YAML may set, and a class with the methods it offers.

    @model(offers=(PairScorer,), files=runtime.folder_files)
    def my_scorer(*, model: ModelRef, revision: Revision | None = None) -> MyScorer:
        return MyScorer(huggingface.load("AutoModelForSequenceClassification", model, revision=revision))

    class MyScorer(huggingface.Adapter):
        def score_pairs(self, pairs): ...

What holds for every method below:

- Arrays are numpy, float32 and finite, on the CPU; `decoding.finite` makes a `RunError` of NaN and infinity.
- Row i answers item i of the call. The same text, image or pair gets the same numbers wherever it stands.
- No answer depends on the other items of a call: a batch of one gives what a batch of many gives, up to rounding.
- Texts and prompts come all at once, and the adapter forms batches of like length (`core.batching.map_by_length`).
  Images, frames and sentences come in batches of the run's `batch_size`, one forward pass each.
- Calls run without gradients and in evaluation mode, except where a docstring says "with gradients".
- The adapter counts what it does in `cost`: forward passes, tokens or images, and items that it had to cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from zsbench.core.lazy import FloatArray, torch

if TYPE_CHECKING:
    from zsbench.core.records import Cost
    from zsbench.data.sentences.sentence import Mention, Sentence


class Model(Protocol):
    """What every adapter has; `huggingface.Adapter` brings all of it.

    An adapter over a network also has `module`, the network that modifiers change, and may have `facts`, a mapping of
    what a reader needs to reproduce its numbers, which stands in the result.
    """

    fingerprint: str
    """Digest of weights, preprocessing, precision and options: two adapters share cached vectors if it is the same."""
    device: str
    """Where it computes, as torch calls it; "remote" for an endpoint."""
    dtype: str
    """The precision of its weights: float32, float16 or bfloat16. Results are float32 whatever it is."""
    cost: Cost
    """Counters the adapter adds to; the runner puts in fresh ones for every job, so keep no reference to them."""


class ImageTextEncoder(Model, Protocol):
    """Images and texts as vectors of one space, compared by cosine."""

    logit_scale: float
    """The model's own factor on cosines, exp(logit_scale). A model trained with a sigmoid also has `logit_bias`."""

    def prepare(self, image: Any) -> Any:
        """Turn a PIL image into what the network takes; threads call it ahead of the model, so it changes nothing."""

    def encode_images(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images, at least one, to (n_images, width), not normalised."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts, at least one, to (n_texts, width), not normalised; texts that are too long are cut, counted."""


class ImageTextMatcher(ImageTextEncoder, Protocol):
    """An image-text encoder that can also read an image and a text together, and give one score for the pair."""

    def read_images(self, prepared: Sequence[Any]) -> list[Any]:
        """Encode prepared images to the states that texts are read with, one entry an image; the caller keeps them."""

    def match(self, images: Sequence[Any], texts: Sequence[str]) -> FloatArray:
        """Return (n,) scores, higher is better: image i, as `read_images` returned it, with text i."""


class RegionEncoder(ImageTextEncoder, Protocol):
    """An image-text encoder that also gives vectors of image regions (query embeddings)."""

    def encode_regions(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images to (n_images, n_regions, width), not normalised; n_regions is one for all images."""


class VideoTextScorer(Model, Protocol):
    """A model of videos and texts whose text features depend on the video, so that only their logits are of use."""

    n_frames: int
    """The number of frames of every video, exactly."""

    def prepare(self, image: Any) -> Any:
        """Turn a frame (PIL) into what the network takes; threads call it ahead of the model, so it changes nothing."""

    def score_videos(self, videos: Sequence[Sequence[Any]], texts: Sequence[str]) -> FloatArray:
        """Return logits (n_videos, n_texts), the model's factor on cosines included.

        A video is a list of `n_frames` prepared frames in their order. The same texts come with every call of a run.
        """


class PromptTuner(ImageTextEncoder, Protocol):
    """An image-text encoder that a rule can train at test time: a learned prompt, or its image weights.

    Tensors are float32 on the adapter's device.
    """

    def token_embeddings(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return word embeddings (n_texts, context, width) and the pooled position of each text (n_texts,), int64."""

    def encode_embeddings(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Encode word embeddings to text features (n_texts, width), not normalised, with gradients."""

    def image_features(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Encode prepared images to (n_images, width), not normalised, with gradients."""

    def image_network(self) -> torch.nn.Module:
        """Return the network behind `image_features`; a caller that changes its weights restores them."""


class CausalLM(Model, Protocol):
    """A decoder in tokens: logits of the next one, and attention read off the forward pass."""

    max_tokens: int | None
    """The longest sequence the model reads, in tokens; None where it has no limit. A longer one is a `RunError`."""
    converses: bool
    """Whether `chat` has a template; a base model reads plain text."""

    def chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return the prompt text of a conversation (`role`, `content`), ready for the assistant's turn.

        Some templates write BOS and some leave it to the tokenizer: `tokenize` with `special` has it once either way.
        Without a template, or with one that fails, it is a `UserError`.
        """

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their (start, end) character offsets.

        With `special` the text opens with what the tokenizer puts in front of texts (BOS), once, even where the text
        has it already; nothing is put behind it.
        """

    def next_token_logits(self, ids: Sequence[int]) -> FloatArray:
        """Return the logits (vocabulary,) of the token after `ids`, which hold their special tokens already."""

    def attention_mass(
        self, prefix: Sequence[int], tails: Sequence[Sequence[int]], *, n_layers: int | None = None
    ) -> list[FloatArray]:
        """Return for each tail the mean over its tokens of their attention, (layers, heads, prefix + tail tokens).

        Attention is after the softmax, causal, a share of 1 from every token. The prefix is encoded once, and every
        tail goes on from it as if it were the only one. With `n_layers` the forward pass ends after that many layers,
        and only they are returned.
        """


@dataclass(frozen=True)
class Prompt:
    """What a language model is asked: a conversation, or plain text.

    Attributes
    ----------
    text : the prompt where there are no messages, used as it is.
    messages : turns (`role`, `content`), which go through the model's chat template.
    answer : how the model's turn opens; what is scored or written goes on from there.
    """

    text: str = ""
    messages: tuple[dict[str, str], ...] = ()
    answer: str = ""

    def described(self) -> str:
        """Return the prompt for readers: turns by role, or the text, and how the answer opens."""
        if not self.messages:
            return self.text + self.answer
        turns = [f"{message['role']}: {message['content']}" for message in self.messages]
        return "\n".join([*turns, f"assistant: {self.answer}"] if self.answer else turns)


class Tokenizer(Model, Protocol):
    """A model whose tokens can be counted: what texts are cut by."""

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and their (start, end) character offsets; `special` lets the tokenizer add BOS and EOS."""


class LabelScorer(Model, Protocol):
    """A language model, on this machine or behind an endpoint, asked how probable each of a few labels is.

    A prompt longer than the model reads is a `RunError`, or cut and counted, as the adapter's `on_overflow` says.
    """

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the logit of each label's first token right after each prompt.

        Tokens that all labels begin with count as part of the prompt. Labels that still begin alike, or that the
        tokenizer does not know, are a `RunError`. Only differences within a row mean anything.
        """


class TextScorer(LabelScorer, Protocol):
    """A language model that also gives the probabilities of whole texts."""

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for prompt i the natural log-probability of every token of target i, (n_target_tokens,).

        Each is taken over the whole vocabulary, after the prompt and the tokens before it; no end token is added.
        """


class TokenScorer(Model, Protocol):
    """A language model, decoder or encoder-decoder, asked for single tokens of its answer: constrained decoding."""

    def answer_tokens(self, text: str, *, end: bool) -> list[int]:
        """Return the tokens of an answer by itself, without BOS; `end` adds the token that ends answers."""

    def next_logprobs(
        self, prompt: Prompt, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
    ) -> list[FloatArray]:
        """Return for head i the natural log-probabilities (n_wanted,) of the tokens `wanted[i]` as the next one.

        A head holds the first tokens of an answer, or none. Probabilities are taken over the whole vocabulary. The
        prompt is read once for all heads, and a head that another one begins with needs no row of its own.
        """


@dataclass(frozen=True)
class Sampling:
    """How texts are drawn, where they are not greedy: every token from softmax(logits / temperature).

    Attributes
    ----------
    temperature : above 0.
    seeds : one a prompt; the same prompt with the same seed gives the same text, whatever else is asked for.
    top_p : tokens are drawn among the most probable ones alone, as few as have this share together.
    """

    temperature: float
    seeds: tuple[int, ...]
    top_p: float = 1.0


class TextGenerator(Model, Protocol):
    """A language model that writes, be it local weights or an endpoint."""

    converses: bool
    """Whether it takes the turns of a conversation; others read plain text."""

    def generate(
        self,
        prompts: Sequence[Prompt],
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        sampling: Sampling | None = None,
    ) -> list[str]:
        """Return the continuation of each prompt, at most `max_new_tokens` tokens long; greedy without `sampling`.

        It ends at an end token or before the first of the `stop` texts, and holds neither these nor the prompt.
        """

    def fits(self, prompt: Prompt, *, max_new_tokens: int) -> bool:
        """Say whether the model reads a prompt whole and can go on; yes where nobody knows, as of an endpoint."""


class TextEncoder(Model, Protocol):
    """Texts as vectors that are compared by dot product.

    The adapter puts the prefixes of queries and of documents before them where the model was trained so, and makes
    vectors of length 1 where the model compares by cosine. Texts that are too long are cut and counted. An encoder over
    a network also has `max_tokens`, the longest text it reads; one that looks its vectors up has none.
    """

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Encode queries, at least one, to (n_texts, width)."""

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Encode documents, at least one, to (n_texts, width)."""


class PairScorer(Model, Protocol):
    """A cross-encoder: one relevance score for a query and a document read together."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return (n_pairs,) scores of (query, document), higher is more relevant; pairs that are cut are counted."""


class PairClassifier(Model, Protocol):
    """A classifier that reads two texts together, such as one of entailment (premise, hypothesis)."""

    labels: tuple[str, ...]
    """What the checkpoint calls its labels, in the order of the logits."""

    def classify_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return logits (n_pairs, n_labels) of pairs, at least one; pairs that are cut are counted."""


class SpanExtractor(Model, Protocol):
    """Labelled word spans with scores, for label names that were never trained on."""

    max_words: int | None
    """The longest sentence, in words, that the model reads; None where it has no limit. A longer one is a `RunError`:
    the rule cuts it or parts it."""
    max_width: int | None
    """The longest span, in words, that the model can answer with; the task counts gold spans that are longer."""
    answers: str
    """How the model itself settled which spans overlap, in words for the table's head, where its spans are an answer;
    empty where they are candidates, of which a rule chooses."""

    def span_candidates(
        self, sentences: Sequence[Sentence], labels: Sequence[str], *, threshold: float
    ) -> list[list[Mention]]:
        """Return for each sentence the placed spans, with scores above `threshold` (never equal to it).

        Candidates come in the order of start, width and label, of which equal scores keep the earlier.
        """


class DepthEstimator(Model, Protocol):
    """Depth of single images."""

    output: str
    """What a map holds: `metric` (metres), `canonical` (metres as if the camera had `canonical_focal`),
    `affine_depth` (up to scale and shift) or `disparity` (the inverse of that, larger is nearer)."""
    canonical_focal: float | None
    """Focal length in pixels of the canonical camera; None for other outputs."""
    input_size: tuple[int, int]
    """(height, width) in pixels that the network works at."""

    def predict_depth(self, images: Sequence[Any]) -> list[FloatArray]:
        """Return a map (height, width) of each RGB image (height, width, 3), values from 0 to 255, at its own size."""
