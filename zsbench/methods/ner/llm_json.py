"""A language model lists entities as JSON, one label at a time or all at once.

Each text is found again in its sentence; one that is nowhere there stays a mention without borders, which is no span,
but a text that metrics of texts judge. An answer that is no such list is counted and says nothing. Papers that ask so
(UniversalNER, GoLLIE, InstructUIE) compare texts and place none: where a text stands is this rule's own choice.

Source: the conversation of `universalner`: Zhou et al. 2024 (ICLR), arXiv:2308.03279.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from zsbench.config.components import method
from zsbench.config.options import Count
from zsbench.core.context import RunContext
from zsbench.data.sentences.sentence import Mention, Sentence
from zsbench.methods.ner import Problem, Rule, Tagger, _written
from zsbench.methods.ner._entity_prompts import STYLES, EntityPrompt, all_labels, one_label
from zsbench.models.capabilities import TextGenerator


@method(family="ner", needs=(TextGenerator,), shown=("prompt", "occurrences"))
def llm_json(
    *,
    prompt: Literal["universalner", "json-list"] | EntityPrompt = "universalner",
    occurrences: Literal["all", "first"] = "all",
    max_new_tokens: Count = 256,
) -> Rule:
    """Ask for lists.

    Parameters
    ----------
    prompt : a published conversation for every label, one question for all of them (`json-list`), or turns of one's
        own: {first, receipt, question, system, plain}, of which `first` has to be there. `{text}` stands for the
        sentence, and `{label}` (asked one at a time) or `{labels}` for what is asked; `receipt` is the model's own
        answer before `question`, `plain` what a model without turns reads.
    occurrences : a text that is listed stands for `all` places where it is in the sentence, or for the `first` that no
        earlier listing of it has.
    max_new_tokens : length of an answer.
    """
    turns = _turns(prompt)
    by_label = turns.by_label()
    read = one_label if by_label else all_labels

    def rule(model: TextGenerator, problem: Problem, _run: RunContext) -> Tagger:
        chat = turns.talks(model)
        groups = [[label] for label in problem.labels] if by_label else [list(problem.labels)]

        def tag(sentences: Sequence[Sentence]) -> list[list[Mention]]:
            prompts = [turns.asked(s.written(), group, chat=chat) for s in sentences for group in groups]
            answers = iter(model.generate(prompts, max_new_tokens=max_new_tokens))
            rows: list[list[Mention]] = []
            for sentence in sentences:
                listed = [read(next(answers), group) for group in groups]
                model.cost.answers += len(listed)
                model.cost.malformed_outputs += sum(texts is None for texts in listed)
                written = [pair for texts in listed for pair in texts or ()]
                rows.append(_written.mentions(sentence, written, occurrences))
            return rows

        return tag

    return rule


def _turns(prompt: str | EntityPrompt) -> EntityPrompt:
    return prompt if isinstance(prompt, EntityPrompt) else STYLES[prompt]


def describe_prompt(options: dict[str, Any], task: dict[str, Any], *, chat: bool = True) -> str:  # noqa: ARG001
    """Return the prompt with stand-ins for the sentence and a label, for `zsbench show`."""
    raw = options.get("prompt", "universalner")
    turns = _turns(EntityPrompt.model_validate(raw) if isinstance(raw, dict) else raw)
    return turns.asked("<text>", ["<label>"] if turns.by_label() else ["<label 1>", "<label 2>"], chat=chat).described()
