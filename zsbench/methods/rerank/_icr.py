"""What in-context re-ranking reads: passages in one prompt, and the attention that the query behind them pays each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from zsbench.config.components import Strict
from zsbench.config.options import Blanks, Text
from zsbench.core.errors import RunError, UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.templates import fill, literal
from zsbench.data.collections.documents import Document
from zsbench.methods.rerank import cuts
from zsbench.methods.shared.document_texts import Piece, converses
from zsbench.models.capabilities import CausalLM

QA = "Please answer the following question based on the information in the paragraphs above."
IE = "Please find information that are relevant to the following query in the paragraphs above."
# The two chat formats of the paper, which leave out blank lines that the models' own templates have.
LLAMA3 = (
    "<|start_header_id|>user<|end_header_id|>",
    "<|eot_id|><|start_header_id|>assistant<|end_header_id|>",
    " \n\n",
)
MISTRAL = ("[INST]", "[/INST]", "\n\n")


class IcrPrompt(Strict):
    """A prompt of one's own, in the order of its pieces; `{i}` counts from 1, `{letter}` from A.

    `prefix` and `suffix` open and end the user's turn in a model's chat format; base models need none. `blank` stands
    for the query in the calibration.
    """

    prefix: Piece = ""
    intro: Piece = " Here are some paragraphs:"
    separator: Piece = "\n\n"
    document: Annotated[str, Blanks("i", "letter", "text", needed=("text",))] = "[{i}] {text}"
    instruction: Piece = QA
    query: Annotated[str, Blanks("query", needed=("query",))] = "Query: {query}"
    suffix: Piece = ""
    blank: Text = "N/A"


class Spans:
    """A prompt, its tokens, the token span of each passage and the first token of the query span."""

    def __init__(self, model: CausalLM, pieces: IcrPrompt, texts: Sequence[str], query: str) -> None:
        separator = fill(pieces.separator)
        text = fill(pieces.prefix + pieces.intro)
        bounds: list[tuple[int, int]] = []
        for number, passage in enumerate(texts):
            text += separator if text else ""
            shown = fill(pieces.document, i=number + 1, letter=chr(ord("A") + number % 26), text=passage)
            bounds.append((len(text), len(text) + len(shown)))
            text += shown
        start = len(text) + len(separator)
        asked = fill(pieces.query, query=query.strip())
        for piece in (fill(pieces.instruction), asked):
            text += separator + piece if piece else ""
        self.text = text + fill(pieces.suffix)
        self.ids, offsets = model.tokenize(self.text, special=True)
        self.documents = [[t for t, (a, b) in enumerate(offsets) if a < end and b > begin] for begin, end in bounds]
        self.query_start = next(t for t, (a, b) in enumerate(offsets) if b > start and b > a)


@dataclass(frozen=True)
class Attention:
    """Attention to the tokens of one passage, (layers, heads, tokens); `blank` is that of the query "N/A"."""

    asked: DoubleArray
    blank: DoubleArray | None


@dataclass(frozen=True)
class Reader:
    """How passages are put to a model and which of its attention counts; the options are those of `icr`."""

    prompt: Literal["qa", "ie"] | IcrPrompt = "qa"
    calibration: Literal["na", "none"] = "na"
    aggregate: Literal["all_query_tokens", "last_token"] = "all_query_tokens"
    doc_order: Literal["best_first", "best_last"] = "best_last"
    max_words: int = 300

    def passage(self, document: Document) -> str:
        """Return title and text as the prompt shows them; the text is cut, the title is not counted."""
        if cuts.unparted(document.text):
            text = cuts.first_words(document.text, self.max_words)
        else:
            text = " ".join(document.text.split(" ")[: self.max_words])
        return f"{document.title}\n{text}".strip()

    def fitted(self, model: CausalLM, texts: Sequence[str], query: str) -> list[str]:
        """Return texts cut so that both prompts fit the model, as they are where they do.

        Raises
        ------
        RunError
            There is no room for a token of each text.
        """
        return cuts.fitted(model, texts, lambda shown: max(len(p.ids) for p in self._prompts(model, shown, query)))

    def _prompts(self, model: CausalLM, texts: Sequence[str], query: str) -> list[Spans]:
        """Return the prompt of the query and, where there is a calibration, that of the blank one."""
        shown = list(texts) if self.doc_order == "best_first" else list(texts)[::-1]
        pieces = self.prompt if isinstance(self.prompt, IcrPrompt) else paper_prompt(model, self.prompt)
        queries = [query] if self.calibration == "none" else [query, pieces.blank]
        return [Spans(model, pieces, shown, asked) for asked in queries]

    def read(self, model: CausalLM, texts: Sequence[str], query: str, *, n_layers: int | None) -> list[Attention]:
        """Return the attention to each of the texts, which stand best first.

        Raises
        ------
        RunError
            Attention is NaN or infinite, or a token belongs to both a passage and the query.
        """
        prompts = self._prompts(model, texts, query)
        model.cost.asked(prompts[0].text)
        masses = self._masses(model, prompts, n_layers)
        attention = []
        for number in range(len(texts)):
            of_text = [mass[..., prompt.documents[number]] for mass, prompt in zip(masses, prompts, strict=True)]
            attention.append(Attention(of_text[0], of_text[1] if len(of_text) > 1 else None))
        return attention if self.doc_order == "best_first" else attention[::-1]

    def _masses(self, model: CausalLM, prompts: list[Spans], n_layers: int | None) -> list[DoubleArray]:
        """Return the attention (layers, heads, tokens) of each prompt's query span, the shared prefix encoded once."""
        prefix = prompts[0].ids[: prompts[0].query_start]
        if any(p.ids[: p.query_start] != prefix for p in prompts):
            raise RunError("", "the tokenizer merges the passages with the query", "a separator that ends a token")
        if self.aggregate == "all_query_tokens":
            mass = model.attention_mass(prefix, [p.ids[len(prefix) :] for p in prompts], n_layers=n_layers)
        else:
            mass = [model.attention_mass(p.ids[:-1], [p.ids[-1:]], n_layers=n_layers)[0] for p in prompts]
        if any(not np.isfinite(m).all() for m in mass):
            raise RunError("", "attention is NaN or infinite", "another dtype (float32 or bfloat16)")
        return [np.asarray(m, dtype=np.float64) for m in mass]


def paper_prompt(model: CausalLM, kind: str) -> IcrPrompt:
    """Return the paper's wording in its chat format, in that of the model's own template, or for base models as text.

    Raises
    ------
    UserError
        The chat template does not show the user's text as it is.
    """
    instruction = QA if kind == "qa" else IE
    if not converses(model):
        return IcrPrompt(instruction=instruction)
    marker = "\u241fuser\u241f"
    template = model.chat([{"role": "user", "content": marker}])
    if "<|start_header_id|>" in template:
        prefix, suffix, separator = LLAMA3
    elif "[INST]" in template:
        prefix, suffix, separator = MISTRAL
    else:
        prefix, met, suffix = template.partition(marker)
        if not met:
            raise UserError(
                "", "the chat template changes the user's text", "pieces of your own: `prompt: {prefix: ...}`"
            )
        separator = "\n\n"
    return IcrPrompt(prefix=literal(prefix), suffix=literal(suffix), separator=separator, instruction=instruction)
