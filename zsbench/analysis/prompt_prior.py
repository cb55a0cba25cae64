"""What the prompts of a classification result cost: which texts count, on which split, under which prior.

A template shared by all classes counts once, without the class name, which is given. Prompts of single classes
count each. A prior is uniform over the tokens of the image-text model, or a language model's probability.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from zsbench.analysis.pac_bayes import kl_of_tokens, kl_uniform
from zsbench.config import catalog
from zsbench.config.blocks import Block
from zsbench.core.errors import UserError
from zsbench.models import checkpoints, letter_case
from zsbench.models.capabilities import Prompt, TextScorer

_TRAIN = re.compile(r"(?<![a-z])train(?:ing)?(?![a-z])")
_TEST = re.compile(r"(?<![a-z])(?:test|testing|val|valid|validation|dev|eval)(?![a-z])")


def split_of(result: dict[str, Any]) -> str:
    """Return `train`, `test` (which validation is too) or an empty string, by the split or file a result names."""
    data = dict(_configured(result, dict, "task", "data"))
    source = inspect.signature(catalog.load_component("data", str(data.pop("name", "")))).parameters
    default = source["split"].default if "split" in source else ""
    words = str(data.get("split", default) or Path(str(data.get("path", ""))).stem).lower()
    if _TEST.search(words) and not _TRAIN.search(words):
        return "test"
    return "train" if _TRAIN.search(words) else ""


def prompts_of(result: dict[str, Any]) -> list[str]:
    """Return the texts that make up a result's classifier, each to be paid for.

    Raises
    ------
    UserError
        The method's prompts are not known from its result.
    """
    notes = result.get("notes", {})
    chosen = notes.get("chosen prompts")
    if isinstance(chosen, dict):
        return [text for texts in chosen.values() for text in ([texts] if isinstance(texts, str) else texts)]
    method = result.get("config", {}).get("method")
    links = method if isinstance(method, list) else [method]
    names = [str(link.get("name")) for link in links if isinstance(link, dict)]
    if names != ["prompt-ensemble"]:
        problem = f"the result of {'+'.join(names)} does not tell its prompts"
        raise UserError(result["task"], problem, "a result of prompt-ensemble or greedy-prompts", "or --prompts FILE")
    # Templates that came with the data, from a file or from another task stand in the notes.
    written = _configured(result, dict, "task").get("templates")
    templates = written if isinstance(written, list) else notes.get("templates")
    if not isinstance(templates, list):
        problem = "the result does not tell the templates, which its task's YAML does not list"
        raise UserError(result["task"], problem, "a result of today's `zsbench eval`", "or --prompts FILE")
    return [without_class(str(template)) for template in templates]


def set_of(result: dict[str, Any]) -> tuple[str, str]:
    """Return what the training and the test result of one data set share: their task's name and their data.

    What only says which split it is has no part in either: `digits-train` and `digits-test` are `digits`, and so are
    `{path: digits, split: train}` and `{path: digits, split: test}`.
    """
    data = {key: str(value) for key, value in _configured(result, dict, "task", "data").items() if key != "split"}
    return _without_split(result["task"]), _without_split(repr(sorted(data.items())))


def _without_split(text: str) -> str:
    return re.sub(r"[-_ /.]*(?:" + f"{_TRAIN.pattern}|{_TEST.pattern}" + ")", "", text.lower())


def _configured(result: dict[str, Any], kind: type, *keys: str) -> Any:
    """Return a part of a result's config.

    Raises
    ------
    UserError
        The result lacks it, as one that was written by hand may.
    """
    part: Any = result.get("config")
    for key in keys:
        part = part.get(key) if isinstance(part, dict) else None
    if not isinstance(part, kind):
        raise UserError(result["task"], f"its result has no '{'.'.join(('config', *keys))}'", "one that eval wrote")
    return part


def without_class(template: str) -> str:
    """Return a template's own words."""
    return " ".join(template.replace("{c}", "").replace("{}", "").split())


def uniform_kl(texts: Sequence[str], result: dict[str, Any]) -> float:
    """Return KL in nats of texts under a uniform prior over the tokens of the result's own model.

    Raises
    ------
    UserError
        The model's tokenizer is not known here.
    """
    model = result.get("config", {}).get("model")
    encode, vocabulary = _tokenizer(model if isinstance(model, dict) else None)
    return kl_uniform(sum(len(encode(text)) for text in texts), vocabulary)


def lm_kl(texts: Sequence[str], model: TextScorer) -> float:
    """Return KL in nats of texts under a language model, the first token given the begin-of-text token.

    Raises
    ------
    UserError
        The model begins texts with nothing, so that a first token has no probability.
    """
    tokenize = getattr(model, "tokenize", None)
    if tokenize is not None and not tokenize("", special=True)[0]:
        raise UserError("--prior", "the model has no begin-of-text token", "one that gives a first token a probability")
    return kl_of_tokens([[float(v) for v in row] for row in model.target_logprobs([Prompt()] * len(texts), texts)])


def _tokenizer(model: dict[str, Any] | None) -> tuple[Callable[[str], Sequence[int]], int]:
    """Return the encoder of an image-text model's tokenizer, without special tokens, and its vocabulary's size."""
    options = {key: value for key, value in (model or {"name": "none"}).items() if key != "name"}
    adapter = str((model or {}).get("name", "none"))
    if adapter not in ("open-clip", "hf-clip"):
        raise UserError(
            "--prior", f"no uniform prior over the tokens of '{adapter}'", "--prior MODEL, a language model"
        )
    reference = str(Block("models", adapter, options, base=Path.cwd()).resolved()["model"])
    if adapter == "hf-clip":
        revision = options.get("revision")
        tokenizer: Any = checkpoints.reader("AutoTokenizer", reference, revision=revision)
        kind = checkpoints.reader("AutoConfig", reference, revision=revision).model_type
        cleaned: Callable[[str], str] = str.lower if letter_case.is_lower(kind, tokenizer) else str
    else:
        name = reference if reference.startswith("hf-hub:") else reference.partition("/")[0]
        name = f"local-dir:{reference}" if Path(reference).is_dir() else name
        tokenizer = checkpoints.open_clip_tokenizer(name, where=reference)
        if not hasattr(tokenizer, "tokenizer"):
            return tokenizer.encode, int(tokenizer.vocab_size)
        tokenizer, cleaned = tokenizer.tokenizer, tokenizer.clean_fn
    return (lambda text: tokenizer(cleaned(text), add_special_tokens=False)["input_ids"]), len(tokenizer)
