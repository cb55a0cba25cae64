"""Let a language model list a product's values, and score the candidates by what it lists.

    binary   1 for a candidate that is listed, 0 for all others
    rank     1 / r for the r-th listed candidate, 0 for all others

`together` asks for all `attribute: value` at once, `apart` for one attribute after another (those of the candidates).
What is listed is compared with the candidates without regard to case and blanks; what is none of them scores nothing.
An answer in which nothing can be read as values is counted as malformed; one that says there are none is not.

This is the rule for generation baselines (Gong & Eldardiry 2024, arXiv:2402.08802, compare with such models): nothing
published says how a generated text becomes the score matrix of the metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from zsbench.config.companions import companions
from zsbench.config.components import method
from zsbench.config.options import Blanks, Count
from zsbench.core.errors import UserError
from zsbench.core.lazy import DoubleArray, np
from zsbench.core.templates import blanks, fill
from zsbench.data.products.product import Product
from zsbench.methods.attribute_values import Linker, Scorer
from zsbench.methods.attribute_values._listed import plain, read
from zsbench.methods.shared.document_texts import Piece, Wording, put
from zsbench.models.capabilities import Prompt, TextGenerator

Ask = Literal["together", "apart"]
TEXTS = {
    "together": "Product: {product}\n\nWhich attributes does this product have, and with which values? Write one a "
    "line, as `attribute: value`, and nothing else. If nothing is said of any, write `none`.",
    "apart": "Product: {product}\n\nWhat is the {attribute} of this product? Write the value and nothing else, several "
    "with commas between them. If nothing is said of it, write `none`.",
}


class ValuesPrompt(Wording):
    """The question and how the model's turn opens; `text: null` is the wording that fits `ask`."""

    system: Piece | None = None
    text: Annotated[str, Blanks("product", "attribute", needed=("product",))] | None = None
    answer: Piece = ""

    def asked(self, ask: Ask, product: str, attribute: str, *, chat: bool) -> Prompt:
        """Return the prompt about a product, or about one attribute of it."""
        content = fill(self.text or TEXTS[ask], product=product, attribute=attribute)
        return put(content, chat=chat, answer=self.answer, system=self.system)


def _check(options: dict[str, Any]) -> None:
    raw = options["prompt"]
    text = (raw.get("text") if isinstance(raw, dict) else raw.text) or TEXTS[options["ask"]]
    if ("attribute" in blanks(text)) != (options["ask"] == "apart"):
        says = "names" if options["ask"] == "together" else "lacks"
        found = f"`ask: {options['ask']}` with a text that {says} {{attribute}}"
        raise UserError("ask", found, "{attribute} in the text where attributes are asked apart, and nowhere else")


@method(family="attribute-values", needs=(TextGenerator,), shown=("ask", "score"))
@companions(check=_check)
def generated_values(
    *,
    ask: Ask = "together",
    score: Literal["binary", "rank"] = "binary",
    prompt: ValuesPrompt = ValuesPrompt(),
    max_new_tokens: Count = 256,
) -> Linker:
    """Score the values that the model writes.

    Parameters
    ----------
    ask : all attributes at once, or one after another.
    score : 1 for every candidate that is listed, or one over its place in the list.
    prompt : wording.
    max_new_tokens : length of an answer. Models that think aloud need more.
    """

    def link(model: TextGenerator, values: Sequence[str]) -> Scorer:
        column = {plain(value): number for number, value in enumerate(values)}
        attributes = attributes_of(values) if ask == "apart" else [""]
        chat = prompt.talks(model)

        def scores(products: Sequence[Product]) -> DoubleArray:
            asked = [prompt.asked(ask, item.text, name, chat=chat) for item in products for name in attributes]
            answers = iter(model.generate(asked, max_new_tokens=max_new_tokens))
            rows = np.zeros((len(products), len(values)))
            for row in rows:
                readings = [read(next(answers), name) for name in attributes]
                model.cost.answers += len(readings)
                model.cost.malformed_outputs += sum(reading is None for reading in readings)
                listed = (pair for reading in readings for pair in reading or ())
                numbers = dict.fromkeys(column[pair] for pair in listed if pair in column)
                for place, number in enumerate(numbers, 1):
                    row[number] = 1 if score == "binary" else 1 / place
            return rows

        return scores

    return link


def attributes_of(values: Sequence[str]) -> list[str]:
    """Return the attributes of the candidates, each once, in their order.

    Raises
    ------
    UserError
        A candidate has none.
    """
    bare = next((value for value in values if not value.partition(":")[1]), None)
    if bare is not None:
        raise UserError("", f"candidate '{bare}' names no attribute", "`attribute: value`, or `ask: together`")
    return list(dict.fromkeys(value.partition(":")[0].strip() for value in values))


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins, for `zsbench show`."""
    prompt = ValuesPrompt.model_validate(options.get("prompt", {}))
    return prompt.asked(options.get("ask", "together"), "<product>", "<attribute>", chat=False).described()
