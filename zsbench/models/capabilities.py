"""What a method may ask of a model: small protocols, so that any adapter can offer any mixture of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from zsbench.core.lazy import FloatArray, torch

if TYPE_CHECKING:
    from zsbench.core.records import Cost


class Model(Protocol):
    """What every adapter has."""

    fingerprint: str
    """Digest of weights, preprocessing and precision: the identity used by the cache."""
    device: str
    dtype: str
    cost: Cost
    """Counters the adapter adds to; the runner puts in fresh ones for every job."""
    # Adapters of networks also have `module`, which modifiers change, and `facts`, which stand in the result.


class ImageTextEncoder(Model, Protocol):
    """Images and texts in one space."""

    logit_scale: float
    """The model's own exp(logit_scale). A model trained with a sigmoid also has `logit_bias`."""

    def prepare(self, image: Any) -> Any:
        """Turn a PIL image into what the network takes; safe to call from several threads ahead of the model."""

    def encode_images(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images to (n_images, width), not normalised."""

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts to (n_texts, width), not normalised."""


class ImageTextMatcher(ImageTextEncoder, Protocol):
    """An image-text encoder with a second look: one score for an image and a text read together."""

    def read_images(self, prepared: Sequence[Any]) -> list[Any]:
        """Encode prepared images to what texts are read with, one entry an image; whoever asks keeps them."""

    def match(self, images: Sequence[Any], texts: Sequence[str]) -> FloatArray:
        """Return (n,) scores, higher is better: image i, as `read_images` gave it, with text i."""


class RegionEncoder(ImageTextEncoder, Protocol):
    """An image-text encoder that also gives vectors of image regions (query embeddings)."""

    def encode_regions(self, prepared: Sequence[Any]) -> FloatArray:
        """Encode prepared images to (n_images, n_regions, width), not normalised."""


class VideoTextScorer(Model, Protocol):
    """A video-text model: logits of a clip's frames against texts, the texts seen in the light of the clip."""

    n_frames: int
    """Frames it takes, exactly."""

    def prepare(self, image: Any) -> Any:
        """Turn one frame (PIL) into what the network takes; safe to call from several threads."""

    def score_videos(self, videos: Sequence[Sequence[Any]], texts: Sequence[str]) -> FloatArray:
        """Return logits (n_videos, n_texts) of lists of prepared frames."""


class PromptTuner(ImageTextEncoder, Protocol):
    """An image-text encoder that can be adapted: a learned prompt, or image weights that are put back afterwards."""

    def token_embeddings(self, texts: Sequence[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return word embeddings (n_texts, context, width) and the pooled position of each text (n_texts,)."""

    def encode_embeddings(self, embeddings: torch.Tensor, pooled: torch.Tensor) -> torch.Tensor:
        """Encode word embeddings to text features (n_texts, width), not normalised, with gradients."""

    def image_features(self, prepared: Sequence[Any]) -> torch.Tensor:
        """Encode prepared images to (n_images, width), not normalised, with gradients."""

    def image_network(self) -> torch.nn.Module:
        """Return the network behind `image_features`; whoever changes its weights restores them."""


class CausalLM(Model, Protocol):
    """A decoder: tokens, next-token logits, and attention read off the forward pass."""

    max_tokens: int | None
    """The longest sequence the model reads; None where it has no limit."""
    converses: bool
    """Whether `chat` has a template; a base model reads plain text."""

    def chat(self, messages: Sequence[dict[str, str]]) -> str:
        """Return the prompt text of a conversation, ready for the assistant's turn; special tokens included."""

    def tokenize(self, text: str, *, special: bool) -> tuple[list[int], list[tuple[int, int]]]:
        """Return token ids and character offsets; `special` lets the tokenizer add BOS and the like."""

    def next_token_logits(self, ids: Sequence[int]) -> FloatArray:
        """Return the logits (vocabulary,) of the token after `ids`."""

    def attention_mass(
        self, prefix: Sequence[int], tails: Sequence[Sequence[int]], *, n_layers: int | None = None
    ) -> list[FloatArray]:
        """Return, for each tail, the mean attention of its tokens to every token, (layers, heads, tokens).

        The prefix is encoded once; tails follow it one at a time. Tokens are those of prefix + tail. With `n_layers`
        the forward pass stops after that many layers, and only they are returned.
        """


@dataclass(frozen=True)
class Prompt:
    """What a language model is asked: a conversation, or plain text; `answer` opens the model's turn.

    `messages` go through the model's chat template; without them `text` is used as it is.
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
        """Return token ids and character offsets; `special` lets the tokenizer add BOS and the like."""


class TextScorer(Model, Protocol):
    """A language model, decoder or encoder-decoder, asked for probabilities of given answers."""

    def label_logits(self, prompts: Sequence[Prompt], labels: Sequence[str]) -> FloatArray:
        """Return (n_prompts, n_labels): the logit of each label's first token right after each prompt."""

    def target_logprobs(self, prompts: Sequence[Prompt], targets: Sequence[str]) -> list[FloatArray]:
        """Return for each prompt the log-probability of every token of its target, (n_target_tokens,)."""


class TokenScorer(Model, Protocol):
    """A language model, decoder or encoder-decoder, asked for single tokens of its answer: constrained decoding."""

    def answer_tokens(self, text: str, *, end: bool) -> list[int]:
        """Return the tokens of an answer by itself; `end` adds the token that ends answers."""

    def next_logprobs(
        self, prompt: Prompt, heads: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]
    ) -> list[FloatArray]:
        """Return for each head, the first tokens of an answer or none, log-probabilities of the tokens wanted next.

        They are taken over the whole vocabulary. The prompt is read once, a head that begins another one not at all.
        """


class TextGenerator(Model, Protocol):
    """A language model that writes: local weights or an endpoint."""

    converses: bool
    """Whether it takes the turns of a conversation; others read plain text."""

    def generate(self, prompts: Sequence[Prompt], *, max_new_tokens: int, stop: Sequence[str] = ()) -> list[str]:
        """Return the greedy continuation of each prompt, without the prompt and without the stop text."""


class TextEncoder(Model, Protocol):
    """Texts to vectors, queries and documents each with their own prefix where the model was trained so."""

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Encode queries to (n_texts, width), normalised if the model compares by cosine."""

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Encode documents to (n_texts, width), normalised if the model compares by cosine."""


class PairScorer(Model, Protocol):
    """A cross-encoder: one relevance score for a query and a document read together."""

    def score_pairs(self, pairs: Sequence[tuple[str, str]]) -> FloatArray:
        """Return (n_pairs,) scores, higher is more relevant."""


class SpanExtractor(Model, Protocol):
    """Scores for labelled word spans."""

    max_words: int
    """Sentences longer than this are cut by the model; the cut is counted."""
    max_width: int
    """Longer spans, in words, are never answered; gold spans that are longer are counted."""

    def span_probabilities(self, sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> list[FloatArray]:
        """Return for each sentence (n_words, max_width, n_labels): entry (i, w, c) is span i..i+w with label c."""


class DepthEstimator(Model, Protocol):
    """Depth of single images."""

    output: str
    """`metric` (metres), `canonical` (metres at `canonical_focal`), `affine_depth` or `disparity`."""
    canonical_focal: float | None
    input_size: tuple[int, int]
    """(height, width) the network works at."""

    def predict_depth(self, images: Sequence[Any]) -> list[FloatArray]:
        """Return a map (height, width) for each RGB image (height, width, 3) uint8, at the image's own size."""
