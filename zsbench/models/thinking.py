"""The final answer of a model that thinks aloud: what stands behind its thoughts, or nothing where they never end.

    <think> ... </think> answer               most open models; also <thinking>, <reasoning>, [THINK]
    ... </think> answer                       the opening tag stood in the chat template
    <|channel|>analysis<|message|> ... <|channel|>final<|message|> answer
    analysis ... assistantfinal answer        the same, its special tokens left out by the server

Numbers and letters of thoughts are no answer: a text whose thoughts were cut off by the limit of length has none.
"""

from __future__ import annotations

import re

_NAMES = "think|thinking|thought|reasoning|reflection|seed:think"
_OPENING = re.compile(rf"<(?:{_NAMES})>|\[THINK\]|◁think▷", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷", re.IGNORECASE)
_FINAL = "<|channel|>final<|message|>"
_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_BARE = re.compile(r"\Aanalysis(?=\S).*?assistantfinal", re.DOTALL)


def final_answer(text: str) -> str | None:
    """Return the answer behind the thoughts of a text, None where it has thoughts only.

    >>> final_answer("<think>[3] before [1]?</think>[1] > [3]")
    '[1] > [3]'
    >>> final_answer("<think>perhaps [1]") is None
    True
    """
    if "<|channel|>" in text:
        if _FINAL not in text:
            return None
        return _END.split(text.rpartition(_FINAL)[2])[0]
    bare = _BARE.match(text)
    if bare:
        return text[bare.end() :]
    closings = list(_CLOSING.finditer(text))
    if closings:
        text = text[closings[-1].end() :]
    opening = _OPENING.search(text)
    # A tag that is named in the middle of an answer opens nothing.
    return None if opening and not text[: opening.start()].strip() else text
