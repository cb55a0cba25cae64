"""What an endpoint's answer says: the text, why it ends there, what it cost, and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from zsbench.models.thinking import final_answer

Ending = Literal["answer", "thinking", "filtered", "refused"]


@dataclass(frozen=True)
class Written:
    """One answer.

    Attributes
    ----------
    text : the final answer, without thoughts; empty where there is none.
    ending : `thinking` when the limit of length came before the answer, `filtered` and `refused` when the endpoint or
        the model would not answer.
    tokens, tokens_generated : of the prompt and of all that was written, None where the endpoint did not count.
    by : the name of the model that answered, with the build that served it where the endpoint tells.
    """

    text: str
    ending: Ending
    tokens: int | None
    tokens_generated: int | None
    by: str


def parsed(answer: Any, api: Literal["chat", "completions"]) -> Written:
    """Return what an answer says.

    Raises
    ------
    ValueError
        It has no text where the interface puts one.
    """
    try:
        choice = answer["choices"][0]
        said = choice["message"] if api == "chat" else choice
        raw = joined(said["content"] if api == "chat" else said["text"])
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ValueError("the answer has no text") from None
    final, reason = final_answer(raw), choice.get("finish_reason")
    ending: Ending = "answer"
    if said.get("refusal"):
        final, ending = "", "refused"
    elif reason == "content_filter":
        final, ending = "", "filtered"
    elif final is None or (not final.strip() and reason == "length"):
        final, ending = "", "thinking"
    usage = answer.get("usage") or {}
    by = " ".join(str(answer[key]) for key in ("model", "system_fingerprint") if answer.get(key))
    return Written(_whole(final or ""), ending, _count(usage, "prompt_tokens"), _count(usage, "completion_tokens"), by)


def _whole(text: str) -> str:
    """Return a text without halves of characters, which no file can hold: limits of length cut some in two."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def joined(content: Any) -> str:
    """Return the text of an answer's content: a text, nothing, or a list of parts, of which thoughts are left out.

    Raises
    ------
    TypeError, KeyError
        It is none of these.
    """
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise TypeError("content is neither a text nor a list of parts")
    parts = [part if isinstance(part, dict) else {"text": part} for part in content]
    return "".join(part["text"] for part in parts if part.get("type", "text") in ("text", "output_text"))


def _count(usage: Any, key: str) -> int | None:
    """Return a count of tokens, None where it is no number: some servers send null for what they did not count."""
    value = usage.get(key) if isinstance(usage, dict) else None
    return int(value) if isinstance(value, int | float) and value >= 0 else None


def served(models: Any, model: str) -> str:
    """Return what an endpoint's list of models says it serves under a name; empty where it does not say.

    A server that has one model answers to any name with it, so that its name is what counts.
    """
    listed = models.get("data") if isinstance(models, dict) else None
    entries = (
        [entry for entry in listed if isinstance(entry, dict) and entry.get("id")] if isinstance(listed, list) else []
    )
    named = [entry for entry in entries if entry["id"] == model] or (entries if len(entries) == 1 else [])
    return " ".join(dict.fromkeys(str(named[0][key]) for key in ("id", "root") if named[0].get(key))) if named else ""
