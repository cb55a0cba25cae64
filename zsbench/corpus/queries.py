"""Few-shot prompts that make a language model write queries for documents, and what is kept of its answers.

DUQGen: three examples of the domain, one greedy query a document, cut at the first line end or question mark.
Promptagator: up to eight examples in the words of the task ("Argument" / "Counter argument"), as many as the model
reads, and eight queries a document that are drawn at temperature 0.7.

Source: Chandradevan et al. 2024, arXiv:2404.02489, section 3.3; Dai et al. 2022, arXiv:2209.11755, section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from zsbench.methods.rerank.cuts import cut_words
from zsbench.models.capabilities import Prompt

Style = Literal["duqgen", "promptagator"]
SHOTS: dict[Style, int] = {"duqgen": 3, "promptagator": 8}
"""Examples in a prompt."""
PER_DOCUMENT: dict[Style, int] = {"duqgen": 1, "promptagator": 8}
"""Queries asked for with one document."""
TEMPERATURE: dict[Style, float] = {"duqgen": 0.0, "promptagator": 0.7}
"""Of the draw of a query; 0 is greedy."""

# Where a model stops writing the query and starts to talk: of another part of the prompt, or of the examples.
_TALK = re.compile(
    r"\?|(?:Answer|Document|Explanation|Note|Passage|(?:Relevant )?Query|Question|Example \d+):"
    r"|In (?:each|both|this|the (?:above|first|first three))(?: of (?:the|these))? (?:examples?|case)\b"
    r"|Note that (?:in each example|the (?:examples|relevant queries))|By analyzing the provided documents"
)
_OPENINGS = re.compile(
    r"^(sure|certainly|of course|here(?: is|'s)|the query (?:is|could be))\b[^:]*:\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Example:
    """A document of the target task and a query that asks for it."""

    document: str
    query: str


@dataclass(frozen=True)
class Wording:
    """How a prompt is written.

    Attributes
    ----------
    document, query : what the task calls its two sides.
    end : stands behind both of these words.
    numbered : `Example 1:` stands above the first example, and so on to the document itself.
    instruction : stands before the examples; with no example at all it is the zero-shot prompt.
    max_words : words of a document that are shown; in scripts without blanks every character is one.
    """

    document: str = "Document"
    query: str = "Query"
    instruction: str = ""
    max_words: int = 512
    end: str = ":"
    numbered: bool = False


WORDING: dict[Style, Wording] = {
    "duqgen": Wording(query="Relevant Query", numbered=True),
    "promptagator": Wording(),
}
"""DUQGen's as in its authors' template for FiQA, the only one they publish; Promptagator's words are the task's."""


def prompt(document: str, examples: Sequence[Example], wording: Wording = Wording()) -> Prompt:
    """Return the prompt that the model goes on from with a query for `document`."""
    asked = [f"{_asked(example.document, wording)} {example.query}" for example in examples]
    asked.append(_asked(document, wording))
    if wording.numbered:
        asked = [f"Example {number}:\n{text}" for number, text in enumerate(asked, 1)]
    return Prompt(text="\n\n".join([*([wording.instruction] if wording.instruction else []), *asked]))


def _asked(document: str, wording: Wording) -> str:
    end = wording.end
    return f"{wording.document}{end} {cut_words(document, wording.max_words)}\n{wording.query}{end}"


def fitted(
    document: str, examples: Sequence[Example], wording: Wording, fits: Callable[[Prompt], bool]
) -> tuple[Prompt, int]:
    """Return the prompt with as many of the examples, from the first, as fit, and their number."""
    for n in range(len(examples), 0, -1):
        asked = prompt(document, examples[:n], wording)
        if fits(asked):
            return asked, n
    return prompt(document, (), wording), 0


def clean(text: str, examples: Sequence[Example], *, style: Style) -> str:
    """Return the query in what the model wrote; an empty text means that it is dropped.

    Both styles end at the first line end and drop the query of an example. `duqgen` also ends at the first question
    mark (the mark goes too) and where the model starts to talk, forgets boilerplate openings, and drops what is not
    ASCII.
    """
    query = _cut(text, style)
    if style == "duqgen" and not query.isascii():
        return ""
    # An example is known by what would be left of it, had the model written it.
    return "" if query in {_cut(example.query, style) for example in examples} else query


def _cut(text: str, style: Style) -> str:
    """Return what a style leaves of a text that the model goes on with after its query."""
    line = text.strip().split("\n", 1)[0].strip()
    if style == "duqgen":
        line = _TALK.split(_OPENINGS.sub("", line), maxsplit=1)[0].strip().strip('"').strip()
    return line
